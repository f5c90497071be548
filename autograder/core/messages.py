"""Sentences as data: a stable code, an English template and plain values.

What is stored or passed between stages says what was found as a `Message`. It becomes a sentence only where somebody
reads it: `str(message)` is the sentence in the language in use. No code looks into a sentence; it looks at the code and
at the values.
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, SerializerFunctionWrapHandler, model_serializer, model_validator

from autograder.core import language
from autograder.core.data import Data

# What stands in a placeholder. A tuple is read as a list: "a, b and c".
Value: TypeAlias = "str | int | float | bool | Message | tuple[Value, ...] | None"

_PLAIN = "{text}"
_DEEPEST = 12


class Message(Data):
    """One sentence, or a part of one, as data.

    Attributes:
        text: the English template, with placeholders as in `str.format`; "" says nothing.
        many: the template for any `number` but one, where the sentence counts something.
        code: what is said, in a stable word ("layer.missing"); "" for a part of a sentence and for plain text.
        values: what stands in the placeholders: plain values, messages, or tuples of these (read as a list).
    """

    text: str = ""
    many: str = ""
    code: str = ""
    values: dict[str, Any] = {}

    @model_validator(mode="before")
    @classmethod
    def _from_plain(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and isinstance(given.get("values"), Mapping):
            return {**given, "values": {name: _read(value, 0) for name, value in given["values"].items()}}
        return given

    @model_serializer(mode="wrap")
    def _in_short(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any] | str:
        if self.text in ("", _PLAIN):
            return str(self.values.get("text", ""))
        return {name: value for name, value in handler(self).items() if value}

    def __str__(self) -> str:
        if not self.text:
            return ""
        values: dict[str, object] = {name: _shown(value) for name, value in self.values.items()}
        if self.many:
            number = self.values.get("number")
            count = number if isinstance(number, int) else 0
            return language.ngettext(self.text, self.many, count, **{**values, "number": language.integer(count)})
        return language.gettext(self.text, **values)

    def __bool__(self) -> bool:
        return bool(self.text)

    def __hash__(self) -> int:
        return hash((self.code, self.text))

    @property
    def english(self) -> str:
        """The sentence in English, whatever language is in use."""
        with language.use_language(language.ENGLISH):
            return str(self)

    def plain_values(self) -> dict[str, Any]:
        """The values as plain data, messages among them as English text: for programs that read our files."""
        with language.use_language(language.ENGLISH):
            return {name: _plain(value) for name, value in self.values.items()}


NOTHING = Message()


def message(code: str, template: str, /, **values: Value) -> Message:
    """A sentence as data. `code` is stable and belongs to this template alone; programs and classes are told by it."""
    return Message(code=code, text=template, values=values)


def nmessage(code: str, one: str, many: str, number: int, /, **values: Value) -> Message:
    """A sentence as data that counts: `one` where `number` is one, else `many`; `{number}` is the number."""
    return Message(code=code, text=one, many=many, values={"number": number, **values})


def phrase(template: str, /, **values: Value) -> Message:
    """A part of a sentence as data, to stand in another message."""
    return Message(text=template, values=values)


def nphrase(one: str, many: str, number: int, /, **values: Value) -> Message:
    """A part of a sentence that counts."""
    return Message(text=one, many=many, values={"number": number, **values})


def plain(text: str) -> Message:
    """Text that is in no catalogue, such as a student's own words: shown as it is in every language."""
    return Message(text=_PLAIN, values={"text": text}) if text else NOTHING


def in_turn(*messages: Message | str, code: str = "") -> Message:
    """Several sentences one after the other, with a space between them; `code` is that of the whole."""
    said = [one if isinstance(one, Message) else plain(one) for one in messages if one]
    if len(said) < 2:
        return said[0] if said else NOTHING
    names = [f"part{place}" for place in range(1, len(said) + 1)]
    text = " ".join(f"{{{name}}}" for name in names)
    return Message(text=text, code=code, values=dict(zip(names, said, strict=True)))


def listed(words: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c", in the language in use."""
    if len(words) < 2:
        return "".join(words)
    return language.gettext("{some} and {last}", some=", ".join(words[:-1]), last=words[-1])


def placeholders(template: str) -> frozenset[str]:
    """The names of a template's placeholders."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(template) if name)


def _from_text(given: Any) -> Any:
    return plain(given) if isinstance(given, str) else given


# A field that takes plain text as well.
Text = Annotated[Message, BeforeValidator(_from_text)]


def _read(value: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        raise ValueError("a message is nested too deeply")
    if isinstance(value, Mapping):
        return Message.model_validate(value)
    if isinstance(value, list | tuple):
        return tuple(_read(one, depth + 1) for one in value)
    if value is None or isinstance(value, str | int | float | Message):
        return value
    raise ValueError(f"a message holds a {type(value).__name__}")


def _shown(value: Any) -> object:
    if isinstance(value, tuple):
        return listed([str(_shown(one)) for one in value])
    return str(value) if isinstance(value, Message) else value


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, Message) else value
