"""Layers that resize and rescale images."""

from __future__ import annotations

from autograder.core.language import gettext_noop
from autograder.network.architecture import Shape
from autograder.network.layers.fields import CHANNELS_LAST
from autograder.network.layers.record import Family, Field, Fields, Layer, add
from autograder.network.shapes import Measured, Settings, keep, need_rank
from autograder.network.values import boolean, choice, integer, number

RESCALING = Family(gettext_noop("a rescaling step"))
RESIZING = Family(gettext_noop("a layer that changes the size of the image"), "resizing")

_SIZE: Fields = {"height": Field(integer(1, 4096), ...), "width": Field(integer(1, 4096), ...)}


def _resize(settings: Settings, shape: Shape) -> Measured:
    need_rank(shape, 4, RESIZING.words)
    return Measured((shape[0], settings["height"], settings["width"], shape[-1]))


def _same_size(settings: Settings, shape: Shape | None) -> bool:
    return shape is not None and len(shape) == 4 and shape[1:3] == (settings["height"], settings["width"])


add(
    Layer(
        "Rescaling",
        RESCALING,
        {"scale": Field(number(-1e9, 1e9), ...), "offset": Field(number(-1e9, 1e9), 0.0)},
        keep,
        nothing=lambda settings, shape: settings["scale"] == 1.0 and settings["offset"] == 0.0,
    ),
    Layer(
        "Resizing",
        RESIZING,
        {
            **_SIZE,
            "interpolation": Field(
                choice("bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic"),
                "bilinear",
            ),
            "crop_to_aspect_ratio": Field(boolean, False),
            "pad_to_aspect_ratio": Field(boolean, False),
            "fill_mode": Field(choice("constant"), "constant"),
            "fill_value": Field(number(-1e6, 1e6), 0.0),
            "antialias": Field(boolean, False),
            **CHANNELS_LAST,
        },
        _resize,
        nothing=_same_size,
    ),
    Layer("CenterCrop", RESIZING, {**_SIZE, **CHANNELS_LAST}, _resize, nothing=_same_size),
)
