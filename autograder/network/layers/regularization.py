"""Dropout, noise and penalties: layers that act in training only."""

from __future__ import annotations

from typing import Any

from autograder.core.language import gettext_noop
from autograder.network.architecture import Shape
from autograder.network.layers.fields import CHANNELS_LAST
from autograder.network.layers.record import Family, Field, Layer, add
from autograder.network.shapes import Settings, same_shape, same_shape_of_rank
from autograder.network.values import integer, number, optional, read_list

DROPOUT = Family(gettext_noop("a dropout layer"), "noise")
NOISE = Family(gettext_noop("a noise layer"), "noise")
PENALTY = Family(gettext_noop("a regularization layer"))

_RATE = Field(number(0, 1), 0.5)


def _none_dropped(settings: Settings, shape: Shape | None) -> bool:
    return bool(settings["rate"] == 0.0)


def _no_noise(settings: Settings, shape: Shape | None) -> bool:
    return bool(settings["stddev"] == 0.0)


def _no_penalty(settings: Settings, shape: Shape | None) -> bool:
    return bool(settings["l1"] == 0.0 and settings["l2"] == 0.0)


def _noise_shape(value: object) -> list[int | None]:
    one = optional(integer(1))
    return [one(size) for size in read_list(value, 8)]


def _without_usual(settings: dict[str, Any]) -> None:
    """Leave out the usual shape of the noise: a drawing for each value."""
    if all(size is None for size in settings["noise_shape"] or ()):
        del settings["noise_shape"]


for _name in ("Dropout", "AlphaDropout"):
    # EfficientNet drops whole images of a branch: (None, 1, 1, 1).
    _fields = {"rate": _RATE, "noise_shape": Field(optional(_noise_shape))}
    add(
        Layer(_name, DROPOUT, _fields, same_shape, positional=("rate",), nothing=_none_dropped, complete=_without_usual)
    )
for _n in (1, 2, 3):
    add(
        Layer(
            f"SpatialDropout{_n}D",
            DROPOUT,
            {"rate": _RATE, **(CHANNELS_LAST if _n > 1 else {})},
            same_shape_of_rank(_n + 2, f"SpatialDropout{_n}D"),
            positional=("rate",),
            nothing=_none_dropped,
        )
    )
add(
    Layer("GaussianDropout", NOISE, {"rate": _RATE}, same_shape, positional=("rate",), nothing=_none_dropped),
    Layer("GaussianNoise", NOISE, {"stddev": Field(number(0, 1e4), ...)}, same_shape, nothing=_no_noise),
    Layer(
        "ActivityRegularization",
        PENALTY,
        {"l1": Field(number(0, 1e6), 0.0), "l2": Field(number(0, 1e6), 0.0)},
        same_shape,
        nothing=_no_penalty,
    ),
)
