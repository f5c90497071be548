"""The base classes of the pipeline's data: frozen, strict, hashable by content."""

from __future__ import annotations

import hashlib
import json
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer


class Data(BaseModel):
    """Immutable data without unknown fields; everything passed between stages is an instance."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class OmitsNewDefaults(Data):
    """Data whose `added_later` fields are omitted from the serialized form when they have their default.

    These fields were added after keys had been stored: omitting them keeps the serialized form and the keys stable.
    """

    added_later: ClassVar[tuple[str, ...]] = ()

    @model_serializer(mode="wrap")
    def _without_defaults(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        plain: dict[str, Any] = handler(self)
        for name in self.added_later:
            if getattr(self, name) == type(self).model_fields[name].default:
                plain.pop(name, None)
        return plain


DataType = TypeVar("DataType", bound=Data)


def packed(data: Data) -> bytes:
    """JSON that round-trips: NaN stays NaN, and lone surrogates survive as escapes."""
    return json.dumps(data.model_dump()).encode("ascii")


def unpacked(kind: type[DataType], content: bytes) -> DataType:
    """The inverse of `packed`.

    Raises:
        ValueError, RecursionError: the content is damaged or has another shape.
    """
    return kind.model_validate(json.loads(content))


def digest(*parts: Any) -> str:
    """A SHA-256 over the canonical JSON of `parts` (models, plain JSON values or bytes).

    Equal content gives an equal digest on every machine and in every run, so it is used as a stage's key.
    """
    sha = hashlib.sha256()
    for part in parts:
        if isinstance(part, bytes):
            sha.update(b"bytes:" + hashlib.sha256(part).digest())
            continue
        plain = part.model_dump(mode="json") if isinstance(part, BaseModel) else part
        text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)
        sha.update(b"json:" + text.encode("utf-8", "surrogatepass"))
    return sha.hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(f"{type(value).__name__} has no canonical JSON")
