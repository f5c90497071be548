"""What findings have in common: their code, and those values that are not one student's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from autograder.core.messages import Message, phrase

# Values of these names hold what a student wrote, what a cell printed or raised, and places in one notebook.
_OWN = frozenset(
    {
        *("answer", "cell", "cells", "error", "file", "files", "folder", "fraction", "function", "given", "got"),
        *("label", "line", "message", "named", "names", "percent", "position", "problem", "reading", "value"),
    }
)


class _LeftOut(str):
    """Replaces a number, in any format."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        return str(self)


_FIGURE = _LeftOut("…")


def generalized(message: Message) -> Message:
    """The message as shown for a group: layers by their kind only, "…" for figures.

    Texts stay: which wrong answers a class gave is worth reading.
    """
    values = message.values
    if "label" in values and "kind" in values:
        return phrase("{kind}", kind=values["kind"])
    shown = {name: value if name == "number" else _shown(value) for name, value in values.items()}
    return message.model_copy(update={"values": shown})


def group_key(message: Message) -> tuple[object, ...]:
    """What findings about the same mistake have in common; plain text is its own key."""
    common = (
        (name, _common(value))
        for name, value in sorted(message.values.items())
        if name not in _OWN and not _is_figure(value) and not (name == "layer" and isinstance(value, str))
    )
    return (message.code or message.text, *common)


def nested_messages(message: Message) -> Iterator[Message]:
    """The message and all messages in it, in order."""
    yield message
    yield from _inner(message.values)


def _inner(value: Any) -> Iterator[Message]:
    if isinstance(value, Message):
        yield from nested_messages(value)
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _inner(one)
    elif isinstance(value, tuple):
        for one in value:
            yield from _inner(one)


def _is_figure(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(value: Any) -> Any:
    if isinstance(value, Message):
        return generalized(value)
    if isinstance(value, tuple):
        return tuple(map(_shown, value))
    return _FIGURE if _is_figure(value) else value


def _common(value: Any) -> object:
    if isinstance(value, Message):
        return group_key(value)
    if isinstance(value, tuple):
        return tuple(_common(one) for one in value if not _is_figure(one))
    return value
