"""Pooling."""

from __future__ import annotations

from typing import Any

from autograder.core.language import gettext_noop
from autograder.network.architecture import Shape
from autograder.network.layers.fields import CHANNELS_LAST
from autograder.network.layers.record import Family, Field, Layer, add
from autograder.network.shapes import Formula, Measured, Settings, need_rank, slide
from autograder.network.values import boolean, choice, optional, sizes

POOLING = Family(gettext_noop("a pooling layer"), "pooling")


def _pool(settings: Settings, shape: Shape) -> Measured:
    extents = settings["pool_size"]
    need_rank(shape, len(extents) + 2, f"Pooling{len(extents)}D")
    return Measured((shape[0], *slide(settings, shape, extents), shape[-1]))


def _pool_of_one(settings: Settings, shape: Shape | None) -> bool:
    return all(size == 1 for size in [*settings["pool_size"], *settings["strides"]])


def _strides(settings: dict[str, Any]) -> None:
    if settings["strides"] is None:
        settings["strides"] = list(settings["pool_size"])


def _global_pool(rank: int) -> Formula:
    def formula(settings: Settings, shape: Shape) -> Measured:
        need_rank(shape, rank + 2, f"GlobalPooling{rank}D")
        middle = (1,) * rank if settings["keepdims"] else ()
        return Measured((shape[0], *middle, shape[-1]))

    return formula


def _adaptive(rank: int) -> Formula:
    def formula(settings: Settings, shape: Shape) -> Measured:
        need_rank(shape, rank + 2, f"AdaptivePooling{rank}D")
        return Measured((shape[0], *settings["output_size"], shape[-1]))

    return formula


for _how, _short in (("Max", "Max"), ("Average", "Avg")):
    for _n in (1, 2, 3):
        add(
            Layer(
                f"{_how}Pooling{_n}D",
                POOLING,
                {
                    "pool_size": Field(sizes(_n, 1, 256), [2] * _n, spread=True),
                    "strides": Field(optional(sizes(_n, 1, 256)), spread=True),
                    "padding": Field(choice("valid", "same"), "valid"),
                    **CHANNELS_LAST,
                },
                _pool,
                aliases=(f"{_short}Pool{_n}D",),
                positional=("pool_size",),
                complete=_strides,
                nothing=_pool_of_one,
            ),
            Layer(
                f"Global{_how}Pooling{_n}D",
                POOLING,
                {**CHANNELS_LAST, "keepdims": Field(boolean, False)},
                _global_pool(_n),
                aliases=(f"Global{_short}Pool{_n}D",),
            ),
            Layer(
                f"Adaptive{_how}Pooling{_n}D",
                POOLING,
                {"output_size": Field(sizes(_n, 1, 4096), ..., spread=True), **CHANNELS_LAST},
                _adaptive(_n),
            ),
        )
