"""Augmentation: layers that change images at random in training, each with Keras' own settings."""

from __future__ import annotations

from typing import Any

from autograder.core.language import gettext_noop
from autograder.network.architecture import Shape
from autograder.network.layers.fields import CHANNELS_LAST, any_number, pair_or_number
from autograder.network.layers.record import Family, Field, Fields, Layer, add
from autograder.network.shapes import Measured, Settings, need_rank, same_shape
from autograder.network.values import boolean, choice, integer, number, optional, read_list, sizes

AUGMENTATION = Family(gettext_noop("an augmentation layer"), "augmentation")


def _pair(value: object) -> list[float]:
    low, high = read_list(value, 2) if isinstance(value, list | tuple) and len(value) == 2 else (None, value)
    return [any_number(low), any_number(high)]


_RANGE: Fields = {"value_range": Field(_pair, [0, 255])}
_FACTOR = Field(pair_or_number, ...)
_OFTEN = Field(pair_or_number, [0.0, 1.0])
_BILINEAR: Fields = {"interpolation": Field(choice("bilinear", "nearest"), "bilinear")}
_FILL: Fields = {
    "fill_mode": Field(choice("constant", "reflect", "wrap", "nearest"), "reflect"),
    "fill_value": Field(number(-1e6, 1e6), 0.0),
    **_BILINEAR,
}
_SETTINGS: dict[str, Fields] = {
    "AugMix": {
        **_RANGE,
        "num_chains": Field(integer(1, 64), 3),
        "chain_depth": Field(integer(-1, 64), 3),
        "factor": Field(pair_or_number, [0.0, 0.3]),
        "alpha": Field(number(0, 1e6), 1.0),
        "all_ops": Field(boolean, True),
        **_BILINEAR,
    },
    "AutoContrast": _RANGE,
    "ContrastLimitedAdaptiveHistogramEqualization": {
        **_RANGE,
        "clip_limit": Field(number(0, 1e6), 4.0),
        "tile_grid_size": Field(sizes(2, 1, 1024), [8, 8], spread=True),
    },
    "CutMix": {"factor": _OFTEN},
    "Equalization": {**_RANGE, "bins": Field(integer(1), 256)},
    "MaxNumBoundingBoxes": {
        "max_number": Field(integer(1), ...),
        "fill_value": Field(integer(-(2**16)), -1, kept=False),
    },
    "MixUp": {"alpha": Field(number(0, 1e6), 0.2)},
    "RandAugment": {
        **_RANGE,
        "num_ops": Field(integer(1, 64), 2),
        "factor": Field(pair_or_number, [0.0, 0.5]),
        **_BILINEAR,
    },
    "RandomBrightness": {"factor": _FACTOR, **_RANGE},
    "RandomColorDegeneration": {"factor": _FACTOR, **_RANGE},
    "RandomColorJitter": {
        **_RANGE,
        **{f"{what}_factor": Field(optional(pair_or_number)) for what in ("brightness", "contrast")},
        **{f"{what}_factor": Field(optional(pair_or_number)) for what in ("saturation", "hue")},
    },
    "RandomContrast": {"factor": _FACTOR, **_RANGE},
    "RandomElasticTransform": {
        "factor": _OFTEN,
        "scale": Field(pair_or_number, [0.0, 1.0]),
        **_FILL,
        **_RANGE,
    },
    "RandomErasing": {
        "factor": _OFTEN,
        "scale": Field(pair_or_number, [0.02, 0.33]),
        "fill_value": Field(optional(number(-1e6, 1e6))),
        **_RANGE,
    },
    "RandomFlip": {
        "mode": Field(choice("horizontal", "vertical", "horizontal_and_vertical"), "horizontal_and_vertical")
    },
    "RandomGaussianBlur": {
        "factor": _OFTEN,
        "kernel_size": Field(sizes(2, 1, 256), [3, 3], spread=True),
        "sigma": Field(pair_or_number, [0.0, 1.0]),
        **_RANGE,
    },
    "RandomGrayscale": {"factor": Field(number(0, 1), 0.5)},
    "RandomHue": {"factor": _FACTOR, **_RANGE},
    "RandomInvert": {"factor": _OFTEN, **_RANGE},
    "RandomPerspective": {
        "factor": _OFTEN,
        "scale": Field(number(0, 1), 1.0),
        **_BILINEAR,
        "fill_value": Field(number(-1e6, 1e6), 0.0),
    },
    "RandomPosterization": {"factor": Field(sizes(2, 1, 8), ...), **_RANGE},
    "RandomRotation": {"factor": _FACTOR, **_FILL},
    "RandomSaturation": {"factor": _FACTOR, **_RANGE},
    "RandomSharpness": {"factor": _FACTOR, **_RANGE},
    "RandomShear": {
        "x_factor": Field(pair_or_number, 0.0),
        "y_factor": Field(pair_or_number, 0.0),
        **_FILL,
    },
    "RandomTranslation": {"height_factor": _FACTOR, "width_factor": _FACTOR, **_FILL},
    "RandomZoom": {"height_factor": _FACTOR, "width_factor": Field(optional(pair_or_number)), **_FILL},
    "Solarization": {
        "addition_factor": Field(pair_or_number, [0.0, 0.0]),
        "threshold_factor": Field(pair_or_number, [0.0, 0.0]),
        **_RANGE,
    },
}


def _random_crop(settings: Settings, shape: Shape) -> Measured:
    need_rank(shape, 4, "RandomCrop")
    return Measured((shape[0], settings["height"], settings["width"], shape[-1]))


def _to_both_sides(settings: dict[str, Any]) -> None:
    """Keras describes a shear of 0.1 as one from -0.1 to 0.1, but does not accept such a pair itself."""
    for name in ("x_factor", "y_factor"):
        given = settings[name]
        if isinstance(given, list) and given[0] == -given[1]:
            settings[name] = abs(given[1])


for _name, _fields in _SETTINGS.items():
    _complete = _to_both_sides if _name == "RandomShear" else None
    add(Layer(_name, AUGMENTATION, {**CHANNELS_LAST, **_fields}, same_shape, complete=_complete))
add(
    Layer(
        "RandomCrop",
        AUGMENTATION,
        {**CHANNELS_LAST, "height": Field(integer(1, 4096), ...), "width": Field(integer(1, 4096), ...)},
        _random_crop,
    )
)
