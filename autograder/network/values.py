"""Typed readers for the values of a hostile configuration: each returns the canonical value or refuses."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, overload

from autograder.core.messages import Message, phrase

Reader = Callable[[object], Any]

MAX_SIZE = 2**16


class UnknownNetwork(ValueError):
    """A network that cannot be rebuilt and compared.

    `reason` is for the student, as a part of a sentence; `layer` is the name of the layer it is about, "" if it is
    about the whole network.
    """

    def __init__(self, reason: Message, layer: str = "") -> None:
        super().__init__(f"{layer}: {reason}" if layer else reason)
        self.reason = reason
        self.layer = layer


@overload
def shown_value(value: str, longest: int = 60) -> str: ...
@overload
def shown_value(value: object, longest: int = 60) -> str | Message: ...
def shown_value(value: object, longest: int = 60) -> str | Message:
    """An untrusted value, short and printable, for a message; for a text, the first `longest` characters."""
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, int):
        return str(value) if abs(value) < 10**12 else phrase("a huge number")
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, str):
        return "".join(character if character.isprintable() else "?" for character in value[:longest])
    return phrase("a list") if isinstance(value, list | tuple) else phrase("something else")


def integer(low: int, high: int = MAX_SIZE) -> Reader:
    """A whole number in low..high; True is not one."""

    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise UnknownNetwork(phrase("{value} stands where a whole number belongs", value=shown_value(value)))
        if not low <= value <= high:
            raise UnknownNetwork(
                phrase("{value} is not between {low:,} and {high:,}", value=shown_value(value), low=low, high=high)
            )
        return value

    return read


def number(low: float, high: float) -> Reader:
    """A finite number in low..high, rounded to the precision of a 32-bit float."""

    def read(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UnknownNetwork(phrase("{value} stands where a number belongs", value=shown_value(value)))
        if not low <= value <= high or (isinstance(value, float) and not math.isfinite(value)):
            raise UnknownNetwork(
                phrase("{value} is not between {low:g} and {high:g}", value=shown_value(value), low=low, high=high)
            )
        return float(f"{value:.7g}")

    return read


def boolean(value: object) -> bool:
    """True or False."""
    if not isinstance(value, bool):
        raise UnknownNetwork(phrase("{value} stands where True or False belongs", value=shown_value(value)))
    return value


def choice(*options: str) -> Reader:
    """One of the given words."""

    def read(value: object) -> str:
        if not isinstance(value, str) or value not in options:
            raise UnknownNetwork(
                phrase("{value} is none of {options}", value=shown_value(value), options=", ".join(options))
            )
        return value

    return read


def optional(reader: Reader) -> Reader:
    """None, or what `reader` reads."""

    def read(value: object) -> Any:
        return None if value is None else reader(value)

    return read


def only(*allowed: object) -> Reader:
    """A setting that must have one of the given values: others are not supported."""

    def read(value: object) -> object:
        if not any(type(value) is type(candidate) and value == candidate for candidate in allowed):
            raise UnknownNetwork(phrase("it is set to {value}, which is not understood here", value=shown_value(value)))
        return value

    return read


def read_list(value: object, most: int = 16) -> list[object]:
    """A list (or tuple) of at most `most` values."""
    if not isinstance(value, list | tuple):
        raise UnknownNetwork(phrase("{value} stands where a list belongs", value=shown_value(value)))
    if len(value) > most:
        raise UnknownNetwork(
            phrase("a list has {count:,} entries; at most {most:,} are read", count=len(value), most=most)
        )
    return list(value)


def sizes(count: int, low: int, high: int = MAX_SIZE) -> Reader:
    """`count` whole numbers in low..high; a single number is repeated."""
    one = integer(low, high)

    def read(value: object) -> list[int]:
        if not isinstance(value, list | tuple):
            return [one(value)] * count
        if len(value) != count:
            raise UnknownNetwork(phrase("{given:,} numbers stand where {count} belong", given=len(value), count=count))
        return [one(item) for item in value]

    return read


def integers(low: int, high: int, most: int = 8) -> Reader:
    """A list of whole numbers in low..high."""
    one = integer(low, high)
    return lambda value: [one(item) for item in read_list(value, most)]


def amounts(axes: int) -> Reader:
    """What padding or cropping takes at both ends of `axes` axes: [before, after], or a list of them, one per axis."""
    pair = sizes(2, 0, 4096)

    def read(value: object) -> list[Any]:
        if axes == 1:
            inner = value[0] if isinstance(value, list | tuple) and len(value) == 1 else value
            return list(pair(inner))
        if not isinstance(value, list | tuple):
            return [pair(value)] * axes
        if len(value) != axes:
            raise UnknownNetwork(phrase("{given:,} amounts stand where {count} belong", given=len(value), count=axes))
        return [pair(item) for item in value]

    return read


def shape(value: object) -> list[int | None]:
    """A shape with its batch axis, of at most 8 axes; the batch axis becomes None."""
    one = optional(integer(1))
    axes = [one(item) for item in read_list(value, 8)]
    if not axes:
        raise UnknownNetwork(phrase("its input shape is empty"))
    return [None, *axes[1:]]


def mapping(value: object, most: int = 200) -> Mapping[str, object]:
    """An object with at most `most` string keys."""
    if not isinstance(value, dict) or len(value) > most or not all(isinstance(key, str) for key in value):
        raise UnknownNetwork(phrase("{value} stands where a description belongs", value=shown_value(value)))
    return value
