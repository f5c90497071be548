"""Normalization."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from autograder.core.language import gettext_noop
from autograder.core.messages import phrase
from autograder.network.activations import Applied
from autograder.network.architecture import Shape
from autograder.network.layers.fields import NOT, ONES, UNSET, ZEROS, axes, one_axis, weights
from autograder.network.layers.record import Family, Field, Fields, Layer, add
from autograder.network.learning import initializer
from autograder.network.shapes import Measured, Misfit, Settings, axis_of, known
from autograder.network.values import boolean, integer, number

NORMALIZATION = Family(gettext_noop("a normalization layer"), "normalization")

_SHIFTED: Fields = {
    "epsilon": Field(number(0, 1), 0.001),
    "center": Field(boolean, True),
    "scale": Field(boolean, True),
}
_LEARNED = weights("beta", "gamma", beta=ZEROS, gamma=ONES)


def _batch(settings: Settings, shape: Shape) -> Measured:
    size = known(shape[axis_of(settings["axis"], shape)], "BatchNormalization")
    learned = size * (settings["center"] + settings["scale"])
    return Measured(shape, learned + 2 * size, learned)


def _layer(settings: Settings, shape: Shape) -> Measured:
    size = prod(known(shape[axis_of(axis, shape)], "LayerNormalization") for axis in settings["axis"])
    count = size * (settings["center"] + settings["scale"])
    return Measured(shape, count, count)


def _group(settings: Settings, shape: Shape) -> Measured:
    size, groups = known(shape[axis_of(settings["axis"], shape)], "GroupNormalization"), settings["groups"]
    if groups != -1 and (groups < 1 or size % groups):
        raise Misfit(phrase("{groups} groups do not divide {size} channels", groups=groups, size=size))
    count = size * (settings["center"] + settings["scale"])
    return Measured(shape, count, count)


def _root_mean_square(settings: Settings, shape: Shape) -> Measured:
    size = prod(known(shape[axis_of(axis, shape)], "RMSNormalization") for axis in settings["axis"])
    return Measured(shape, size, size)


def _unit(settings: Settings, shape: Shape) -> Measured:
    for axis in settings["axis"]:
        axis_of(axis, shape)
    return Measured(shape)


def _last_axis(name: str) -> Any:
    def normal(settings: Mapping[str, Any], shape: Shape) -> Applied:
        return Applied(name, {**settings, "axis": -1} if settings["axis"] == len(shape) - 1 else dict(settings))

    return normal


def _from_the_end(name: str) -> Any:
    def normal(settings: Mapping[str, Any], shape: Shape) -> Applied:
        rank = len(shape)
        if not all(-rank <= axis < rank for axis in settings["axis"]):
            return Applied(name, dict(settings))
        return Applied(name, {**settings, "axis": sorted(axis % rank - rank for axis in settings["axis"])})

    return normal


def _channels_as_groups(settings: Mapping[str, Any], shape: Shape) -> Applied:
    """-1 means as many groups as there are channels."""
    axis, groups = settings["axis"], settings["groups"]
    size = shape[axis] if -len(shape) <= axis < len(shape) else None
    found = {"axis": -1 if axis == len(shape) - 1 else axis, "groups": (size or -1) if groups == -1 else groups}
    return Applied("GroupNormalization", {**settings, **found})


add(
    Layer(
        "BatchNormalization",
        NORMALIZATION,
        {"axis": Field(one_axis, -1), "momentum": Field(number(0, 1), 0.99), **_SHIFTED}
        | {"synchronized": Field(boolean, False, kept=False), "renorm": NOT}
        | {"renorm_clipping": UNSET, "renorm_momentum": Field(number(0, 1), 0.99, kept=False)}
        | _LEARNED
        | {
            "moving_mean_initializer": Field(initializer, ZEROS),
            "moving_variance_initializer": Field(initializer, ONES),
        },
        _batch,
        weighted=True,
        normal=_last_axis("BatchNormalization"),
    ),
    Layer(
        "LayerNormalization",
        NORMALIZATION,
        {"axis": Field(axes, [-1]), **_SHIFTED, "rms_scaling": NOT} | _LEARNED,
        _layer,
        weighted=True,
        normal=_from_the_end("LayerNormalization"),
    ),
    Layer(
        "GroupNormalization",
        NORMALIZATION,
        {"groups": Field(integer(-1), 32), "axis": Field(one_axis, -1), **_SHIFTED} | _LEARNED,
        _group,
        weighted=True,
        normal=_channels_as_groups,
    ),
    Layer(
        "RMSNormalization",
        NORMALIZATION,
        {"axis": Field(axes, [-1]), "epsilon": Field(number(0, 1), 1e-06)},
        _root_mean_square,
        weighted=True,
        normal=_from_the_end("RMSNormalization"),
    ),
    Layer(
        "UnitNormalization",
        NORMALIZATION,
        {"axis": Field(axes, [-1])},
        _unit,
        normal=_from_the_end("UnitNormalization"),
    ),
)
