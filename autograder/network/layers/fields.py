"""Settings that many layers have, with their ranges and Keras' defaults."""

from __future__ import annotations

from typing import Any

from autograder.network.layers.record import Field, Fields
from autograder.network.learning import constraint, initializer, regularizer
from autograder.network.values import boolean, integer, integers, number, only

GLOROT = {"class_name": "GlorotUniform", "config": {}}
ZEROS: dict[str, Any] = {"class_name": "Zeros", "config": {}}
ONES: dict[str, Any] = {"class_name": "Ones", "config": {}}
ORTHOGONAL = {"class_name": "Orthogonal", "config": {"gain": 1.0}}
UNIFORM = {"class_name": "RandomUniform", "config": {"minval": -0.05, "maxval": 0.05}}

# Settings that every layer accepts. None changes what is computed, except `trainable` and `activation`, which are read
# where they matter.
COMMON = frozenset({"name", "dtype", "trainable", "seed", "activation"})

CHANNELS_LAST: Fields = {"data_format": Field(only("channels_last", None), "channels_last", kept=False)}
NOT = Field(only(False, None), False, kept=False)
UNSET = Field(only(None), None, kept=False)
BIAS = Field(boolean, True)
SHARE = Field(number(0, 1), 0.0)
UNITS = Field(integer(1), ...)
REGULARIZED: Fields = {"activity_regularizer": Field(regularizer)}
QUANTIZATION: Fields = {"quantization_config": UNSET}


def weights(*names: str, **defaults: dict[str, Any]) -> Fields:
    """The settings of named weights that matter for learning."""
    fields: Fields = {}
    for name in names:
        fallback = ZEROS if name == "bias" else GLOROT
        fields[f"{name}_initializer"] = Field(initializer, defaults.get(name, fallback))
        fields[f"{name}_regularizer"] = Field(regularizer)
        fields[f"{name}_constraint"] = Field(constraint)
    return fields


def one_axis(value: object) -> int:
    """An axis, alone or in a list."""
    (axis,) = integers(-8, 8, 1)(value) if isinstance(value, list | tuple) and value else [integer(-8, 8)(value)]
    return int(axis)


def axes(value: object) -> list[int]:
    """One axis or several, as a list."""
    return list(integers(-8, 8)(value if isinstance(value, list | tuple) else [value]))


def pair_or_number(value: object) -> Any:
    """A fraction, or a pair of them: how far an image may be changed."""
    one = number(-1000, 1000)
    return [one(item) for item in value] if isinstance(value, list | tuple) and len(value) == 2 else one(value)


def any_number(value: object) -> float:
    """A number of any usual size; whole numbers stay whole."""
    found: float = integer(-(10**9), 10**9)(value) if isinstance(value, int) else number(-1e9, 1e9)(value)
    return found
