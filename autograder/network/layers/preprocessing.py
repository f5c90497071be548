"""Layers that prepare numbers and categories. What they learn from data is not a setting, and is not compared."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from autograder.core.language import gettext_noop
from autograder.core.messages import phrase
from autograder.network.activations import Applied
from autograder.network.architecture import Shape
from autograder.network.layers.fields import axes
from autograder.network.layers.record import Family, Field, Fields, Layer, add
from autograder.network.shapes import Measured, Misfit, Settings, all_words, axis_of, known
from autograder.network.values import (
    MAX_SIZE,
    UnknownNetwork,
    boolean,
    choice,
    integer,
    number,
    only,
    optional,
    read_list,
    shown_value,
)

PREPROCESSING = Family(gettext_noop("a preprocessing layer"), "preprocessing")

_MOST_NUMBERS = 10_000
_MOST_LETTERS = 200
_DEEPEST_LIST = 8
CATEGORIES: Fields = {"sparse": Field(only(False), False, kept=False)}


def word(value: object) -> str:
    """One short text, as it is."""
    if not isinstance(value, str) or len(value) > _MOST_LETTERS:
        raise UnknownNetwork(phrase("{value} stands where a short text belongs", value=shown_value(value)))
    return value


def word_or_number(value: object) -> str | int:
    """A short text or a whole number."""
    return word(value) if isinstance(value, str) else integer(-(2**62), 2**62)(value)


def number_list(value: object) -> list[float]:
    """A list of numbers."""
    one = number(-1e12, 1e12)
    return [one(item) for item in read_list(value, _MOST_NUMBERS)]


def salt(value: object) -> list[int]:
    """Two whole numbers; a single one is used for both."""
    one = integer(-(2**62), 2**62)
    return [one(item) for item in (value if isinstance(value, list | tuple) and len(value) == 2 else [value, value])]


def categories(settings: Settings, shape: Shape, depth: int | None) -> Shape:
    """The output shape of a category encoding: the numbers themselves, or a row of `depth` for each or for all."""
    mode = settings["output_mode"]
    if mode == "int":
        return shape
    if mode == "one_hot":
        return (*shape[:-1], depth) if len(shape) > 1 and shape[-1] == 1 else (*shape, depth)
    return (*shape[:-1], depth) if len(shape) > 1 else (*shape, depth)


def encoding(*modes: str, usual: str = "int") -> Fields:
    """How categories are encoded."""
    return {"output_mode": Field(choice(*modes), usual), **CATEGORIES}


def _axes_or_none(value: object) -> list[int]:
    return [] if value is None else axes(value)


def _nested_numbers(value: object) -> Any:
    """A number, or nested lists of numbers; their total count is bounded."""
    left = _MOST_NUMBERS

    def read(item: object, depth: int) -> Any:
        nonlocal left
        left -= 1
        if left < 0 or depth > _DEEPEST_LIST:
            raise UnknownNetwork(phrase("it holds more than {most:,} numbers", most=_MOST_NUMBERS))
        if isinstance(item, list | tuple):
            return [read(one, depth + 1) for one in read_list(item, _MOST_NUMBERS)]
        return number(-1e12, 1e12)(item)

    return read(value, 0)


def _normalization(settings: Settings, shape: Shape) -> Measured:
    sizes = [known(shape[axis_of(axis, shape)], "Normalization") for axis in settings["axis"]]
    return Measured(shape, 2 * prod(sizes) + 1 if settings["mean"] is None else 0)


def _axes_from_the_end(settings: Mapping[str, Any], shape: Shape) -> Applied:
    rank = len(shape)
    if not all(-rank <= axis < rank for axis in settings["axis"]):
        return Applied("Normalization", dict(settings))
    return Applied("Normalization", {**settings, "axis": sorted(axis % rank - rank for axis in settings["axis"])})


def _both_or_none(settings: dict[str, Any]) -> None:
    if (settings["mean"] is None) != (settings["variance"] is None):
        raise UnknownNetwork(phrase("it has a mean without a variance, or a variance without a mean"))


def _bins(settings: dict[str, Any]) -> None:
    """Boundaries learned from the data are not settings."""
    if settings["num_bins"] is not None:
        settings["bin_boundaries"] = None
    elif settings["bin_boundaries"] is None:
        raise UnknownNetwork(phrase("it has neither boundaries nor a number of bins"))


def _discretization(settings: Settings, shape: Shape) -> Measured:
    given = settings["bin_boundaries"]
    depth = settings["num_bins"] if given is None else len(given) + 1
    return Measured(_per_category(settings, shape, depth))


def _per_category(settings: Settings, shape: Shape, depth: int) -> Shape:
    """Discretization counts along the first axis after the batch."""
    if settings["output_mode"] in ("multi_hot", "count") and len(shape) > 2:
        return (shape[0], *shape[2:], depth)
    return categories(settings, shape, depth)


def _category_encoding(settings: Settings, shape: Shape) -> Measured:
    return Measured(categories(settings, shape, settings["num_tokens"]))


def _hashing(settings: Settings, shape: Shape) -> Measured:
    return Measured(categories(settings, shape, settings["num_bins"]))


def _hashed_crossing(settings: Settings, *shapes: Shape) -> Measured:
    if shapes[0] != shapes[1] or len(shapes[0]) > 2 or (len(shapes[0]) == 2 and shapes[0][1] != 1):
        raise Misfit(phrase("its inputs do not have the same shape: {shapes}", shapes=all_words(shapes)))
    return Measured(categories(settings, shapes[0], settings["num_bins"]))


_BINS = integer(1, MAX_SIZE)
add(
    Layer(
        "Normalization",
        PREPROCESSING,
        {
            "axis": Field(_axes_or_none, [-1]),
            "mean": Field(optional(_nested_numbers)),
            "variance": Field(optional(_nested_numbers)),
            "invert": Field(boolean, False),
        },
        _normalization,
        weighted=True,
        complete=_both_or_none,
        normal=_axes_from_the_end,
        adapts=lambda settings: settings["mean"] is None,
    ),
    Layer(
        "Discretization",
        PREPROCESSING,
        {
            "bin_boundaries": Field(optional(number_list)),
            "num_bins": Field(optional(_BINS)),
            "epsilon": Field(number(0, 1), 0.01),
            **encoding("int", "one_hot", "multi_hot", "count"),
        },
        _discretization,
        complete=_bins,
        adapts=lambda settings: settings["bin_boundaries"] is None,
    ),
    Layer(
        "CategoryEncoding",
        PREPROCESSING,
        {
            "num_tokens": Field(_BINS, ...),
            **encoding("one_hot", "multi_hot", "count", usual="multi_hot"),
        },
        _category_encoding,
        dtype="int32",
    ),
    Layer(
        "Hashing",
        PREPROCESSING,
        {
            "num_bins": Field(_BINS, ...),
            "mask_value": Field(optional(word_or_number)),
            "salt": Field(optional(salt)),
            **encoding("int", "one_hot", "multi_hot", "count"),
        },
        _hashing,
        dtype="int64",
    ),
    Layer(
        "HashedCrossing",
        PREPROCESSING,
        {"num_bins": Field(_BINS, ...), **encoding("int", "one_hot")},
        _hashed_crossing,
        inputs=(2, 2),
        dtype="int64",
    ),
)
