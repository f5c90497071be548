"""Layers that resize and rescale images."""

from __future__ import annotations

from typing import Any

from autograder.core.language import gettext_noop
from autograder.core.messages import phrase
from autograder.network.architecture import Shape
from autograder.network.layers.fields import CHANNELS_LAST
from autograder.network.layers.record import Family, Field, Fields, Layer, add
from autograder.network.shapes import Measured, Misfit, Settings, need_rank, words
from autograder.network.values import boolean, choice, integer, number, read_list

RESCALING = Family(gettext_noop("a rescaling step"))
RESIZING = Family(gettext_noop("a layer that changes the size of the image"), "resizing")

_MOST_CHANNELS = 64
_SIZE: Fields = {"height": Field(integer(1, 4096), ...), "width": Field(integer(1, 4096), ...)}


def _for_channels(value: object) -> Any:
    """A number, or a list with one for each channel."""
    one = number(-1e9, 1e9)
    if not isinstance(value, list | tuple):
        return one(value)
    found = [one(each) for each in read_list(value, _MOST_CHANNELS)]
    return found[0] if found and len(set(found)) == 1 else found


def _rescale(settings: Settings, shape: Shape) -> Measured:
    for given in (settings["scale"], settings["offset"]):
        if isinstance(given, list) and len(given) != shape[-1]:
            raise Misfit(
                phrase("it has {count} values for the channels of {shape}", count=len(given), shape=words(shape))
            )
    return Measured(shape)


def _resize(settings: Settings, shape: Shape) -> Measured:
    need_rank(shape, 4, RESIZING.words)
    return Measured((shape[0], settings["height"], settings["width"], shape[-1]))


def _same_size(settings: Settings, shape: Shape | None) -> bool:
    return shape is not None and len(shape) == 4 and shape[1:3] == (settings["height"], settings["width"])


add(
    Layer(
        "Rescaling",
        RESCALING,
        {"scale": Field(_for_channels, ...), "offset": Field(_for_channels, 0.0)},
        _rescale,
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
