"""Activations as layers. Most are the same as the activation of that name, and are read as such."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from autograder.core.language import gettext_noop
from autograder.network.activations import Applied, leaky_relu, named_activation
from autograder.network.architecture import Shape
from autograder.network.layers.fields import ZEROS, one_axis, weights
from autograder.network.layers.record import Family, Field, Layer, add
from autograder.network.shapes import Measured, Settings, axis_of, known, same_shape
from autograder.network.values import Reader, integers, number, optional

ACTIVATION = Family(gettext_noop("an activation"), "activation")


def _or_nought(reader: Reader) -> Reader:
    return lambda value: reader(value or 0.0)


_SLOPE = number(-1e3, 1e3)


def _relu(settings: dict[str, Any]) -> Applied | None:
    slope, most = settings["negative_slope"], settings["max_value"]
    if settings["threshold"] == 0.0 and most is None:
        return leaky_relu(slope)
    if settings["threshold"] == 0.0 and slope == 0.0 and most == 6.0:
        return named_activation("relu6")
    return Applied("ReLU", settings)


def _elu(settings: dict[str, Any]) -> Applied | None:
    return named_activation("elu") if settings["alpha"] == 1.0 else Applied("ELU", settings)


def _softmax(settings: dict[str, Any]) -> Applied | None:
    return named_activation("softmax") if settings["axis"] == -1 else Applied("Softmax", settings)


def _softmax_at_the_end(settings: Mapping[str, Any], shape: Shape) -> Applied:
    if settings["axis"] == len(shape) - 1:
        return Applied("Activation", {"activation": "softmax"})
    return Applied("Softmax", dict(settings))


def _prelu(settings: Settings, shape: Shape) -> Measured:
    shared = {axis_of(axis, shape) for axis in settings["shared_axes"] or []}
    count = prod(1 if axis in shared else known(shape[axis], "PReLU") for axis in range(1, len(shape)))
    return Measured(shape, count, count)


add(
    # Its activation is read like that of any other layer; the layer itself adds nothing to it.
    Layer("Activation", ACTIVATION, measure=same_shape, activated=True, simplest=lambda settings: None),
    Layer(
        "ReLU",
        ACTIVATION,
        {
            "negative_slope": Field(_or_nought(_SLOPE), 0.0),
            "max_value": Field(optional(number(0, 1e6))),
            "threshold": Field(_or_nought(_SLOPE), 0.0),
        },
        same_shape,
        simplest=_relu,
    ),
    Layer(
        "LeakyReLU",
        ACTIVATION,
        {"negative_slope": Field(_SLOPE, 0.3)},
        same_shape,
        positional=("negative_slope",),
        simplest=lambda settings: leaky_relu(settings["negative_slope"]),
    ),
    Layer("ELU", ACTIVATION, {"alpha": Field(_SLOPE, 1.0)}, same_shape, simplest=_elu),
    Layer(
        "PReLU",
        ACTIVATION,
        {**weights("alpha", alpha=ZEROS), "shared_axes": Field(optional(integers(-8, 8)))},
        _prelu,
        weighted=True,
    ),
    Layer(
        "Softmax",
        ACTIVATION,
        {"axis": Field(one_axis, -1)},
        same_shape,
        simplest=_softmax,
        normal=_softmax_at_the_end,
    ),
)
