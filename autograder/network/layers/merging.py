"""Layers that join branches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograder.core.language import gettext_noop
from autograder.core.messages import phrase
from autograder.network.activations import Applied
from autograder.network.architecture import Shape
from autograder.network.layers.record import Family, Field, Layer, add
from autograder.network.shapes import Measured, Misfit, Settings, all_words, axis_of
from autograder.network.values import boolean, integer, integers

MERGE = Family(gettext_noop("a layer that joins two branches"), "merging")

_MOST = 1000


def _elementwise(settings: Settings, *shapes: Shape) -> Measured:
    if len(shapes) < 2:
        raise Misfit(phrase("it joins at least two inputs"))
    if len({len(shape) for shape in shapes}) != 1:
        raise Misfit(phrase("its inputs have different numbers of axes: {shapes}", shapes=all_words(shapes)))
    sizes: list[int | None] = []
    for column in zip(*shapes, strict=True):
        wide = {size for size in column if size != 1}
        if len(wide - {None}) > 1:
            raise Misfit(phrase("its inputs do not have the same shape: {shapes}", shapes=all_words(shapes)))
        sizes.append(1 if not wide else next(iter(wide - {None}), None))
    return Measured(tuple(sizes))


def _concatenate(settings: Settings, *shapes: Shape) -> Measured:
    if len(shapes) < 2 or len({len(shape) for shape in shapes}) != 1:
        raise Misfit(phrase("it joins at least two inputs with the same number of axes"))
    axis = axis_of(settings["axis"], shapes[0])
    sizes: list[int | None] = []
    for position, column in enumerate(zip(*shapes, strict=True)):
        if position == axis:
            sizes.append(None if None in column else sum(size or 0 for size in column))
        elif len(set(column) - {None}) > 1:
            raise Misfit(phrase("its inputs do not fit side by side: {shapes}", shapes=all_words(shapes)))
        else:
            sizes.append(next((size for size in column if size is not None), None))
    return Measured(tuple(sizes))


def _last_axis(settings: Mapping[str, Any], shape: Shape) -> Applied:
    return Applied("Concatenate", {"axis": -1 if settings["axis"] == len(shape) - 1 else settings["axis"]})


def _pair_of_axes(value: object) -> Any:
    return integers(1, 8, 2)(value) if isinstance(value, list | tuple) else integer(-8, 8)(value)


def _dot(settings: Settings, *shapes: Shape) -> Measured:
    one, other = shapes
    given = settings["axes"] if isinstance(settings["axes"], list) else [settings["axes"]] * 2
    first, second = axis_of(given[0], one), axis_of(given[-1], other)
    if None not in (one[first], other[second]) and one[first] != other[second]:
        raise Misfit(phrase("its inputs do not fit side by side: {shapes}", shapes=all_words(shapes)))
    rest = [size for axis, size in enumerate(one) if axis != first]
    rest += [size for axis, size in enumerate(other) if axis not in (0, second)]
    return Measured((*rest, 1) if len(rest) == 1 else tuple(rest))


def _alone(settings: Settings, shape: Shape | None) -> bool:
    """Only called with one input: joining a single input computes nothing."""
    return True


for _name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"):
    _order = _name == "Subtract"
    add(
        Layer(
            _name,
            MERGE,
            measure=_elementwise,
            inputs=(1, _MOST),
            commutative=not _order,
            nothing=None if _order else _alone,
        )
    )
add(
    Layer(
        "Concatenate",
        MERGE,
        {"axis": Field(integer(-8, 8), -1)},
        _concatenate,
        inputs=(1, _MOST),
        normal=_last_axis,
        nothing=_alone,
    ),
    Layer(
        "Dot",
        MERGE,
        {"axes": Field(_pair_of_axes, ...), "normalize": Field(boolean, False)},
        _dot,
        inputs=(2, 2),
    ),
)
