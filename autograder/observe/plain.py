"""Inside the kernel: converts values to plain JSON.

Only the exact built-in and NumPy types are read: a subclass may misreport its content, so only its name is captured.
Values of other libraries that can hold an answer are converted first, see `unwrapping`.
"""

from __future__ import annotations

import contextlib
import math
from typing import Any

import numpy as np

from autograder.observe.unwrapping import unwrapped

_MAX_DEPTH = 56
MAX_TEXT = 20_000
MAX_ELEMENTS = 10_000
_MAX_BITS = 1024

_SCALARS = frozenset(
    kind
    for kind in (*np.sctypeDict.values(), np.bool_, np.str_)
    if kind not in (np.object_, np.void, np.bytes_, np.datetime64, np.timedelta64)
)


class NotPlain(Exception):
    """The value contains something that is not plain data, or is too large.

    `reason` is a code among the reasons of `execution_messages`, `detail` the object concerned.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason, self.detail = reason, detail


def plain(value: Any, depth: int = 1) -> Any:
    """`value` with tuples as lists and NumPy scalars as numbers; NaN and infinities become None.

    Raises:
        NotPlain: it contains anything else, or is nested too deeply.
    """
    if depth > _MAX_DEPTH:
        raise NotPlain("too_deep")
    kind = type(value)
    if value is None or kind is bool:
        return value
    if kind is str:
        if len(value) > MAX_TEXT:
            raise NotPlain("long_text")
        return value.encode("utf-8", "replace").decode()
    if kind is int:
        if value.bit_length() > _MAX_BITS:
            raise NotPlain("large_number")
        return value
    if kind is float:
        return value if math.isfinite(value) else None
    if kind in _SCALARS:
        return plain(value.item(), depth)
    if kind is list or kind is tuple:
        return [plain(item, depth + 1) for item in list.copy(list(value))]
    if kind is dict:
        if any(type(key) is not str for key in value):
            raise NotPlain("keys_no_texts")
        return {plain(key): plain(item, depth + 1) for key, item in dict.copy(value).items()}
    raise NotPlain("holds_object", type_name(value))


def describe_value(value: Any) -> dict[str, Any]:
    """The fields `kind`, `value`, `shape`, `dtype` and `type_name` of a captured value."""
    facts: dict[str, Any] = {"kind": "other", "type_name": type_name(value)}
    with contextlib.suppress(Exception):  # for example a symbolic tensor; then only its type is captured
        value = unwrapped(value)
    kind = type(value)
    if kind is np.ndarray:
        return facts | _array(value)
    try:
        if value is None:
            facts["kind"] = "none"
        elif kind is bool or kind is np.bool_:
            facts |= {"kind": "boolean", "value": bool(value)}
        elif kind is str or kind is np.str_:
            facts |= {"kind": "text", "value": plain(value)}
        elif kind is list or kind is tuple:
            facts |= {"kind": "sequence", "shape": [len(value)]}
            if _count(value) <= MAX_ELEMENTS:
                facts["value"] = plain(value)
        elif kind in (int, float) or kind in _SCALARS:
            number = plain(value)
            if number is not None and type(number) in (int, float):
                facts |= {"kind": "number", "value": number}
    except (NotPlain, RecursionError):
        pass
    return facts


def _array(array: np.ndarray[Any, Any]) -> dict[str, Any]:
    facts: dict[str, Any] = {"kind": "array", "shape": list(array.shape), "dtype": str(array.dtype)[:64]}
    if array.size <= MAX_ELEMENTS and array.dtype.kind in "biufU":
        with contextlib.suppress(NotPlain):
            facts["value"] = plain(array.tolist())
    return facts


def _count(value: Any) -> int:
    """The number of elements in a nested list, counted no further than needed."""
    count, stack = 0, [value]
    while stack and count <= MAX_ELEMENTS:
        item = stack.pop()
        if type(item) in (list, tuple):
            count += len(item)
            stack.extend(item[: MAX_ELEMENTS + 1])
        elif type(item) is dict:
            count += len(item)
    return count


def type_name(value: Any) -> str:
    """The name of the value's class, with its module unless it is built in."""
    kind = type(value)
    name = type.__dict__["__qualname__"].__get__(kind)
    module = type.__dict__["__module__"].__get__(kind)
    return (name if module == "builtins" or type(module) is not str else f"{module}.{name}")[:200]
