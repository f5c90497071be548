"""Convolutions."""

from __future__ import annotations

from math import prod
from typing import Any

from autograder.core.language import gettext_noop
from autograder.core.messages import phrase
from autograder.network.architecture import Shape
from autograder.network.layers.fields import BIAS, CHANNELS_LAST, REGULARIZED, weights
from autograder.network.layers.record import Family, Field, Fields, Layer, add
from autograder.network.shapes import Measured, Misfit, Settings, known, need_rank, slide
from autograder.network.values import choice, integer, optional, sizes

CONVOLUTION = Family(gettext_noop("a convolution"), "convolution")

_FILTERS: Fields = {"filters": Field(integer(1), ...)}
_DEPTH: Fields = {"depth_multiplier": Field(integer(1, 1024), 1)}
_GROUPS: Fields = {"groups": Field(integer(1), 1)}


def sliding(axes: int) -> Fields:
    """The settings of a window that moves over `axes` axes."""
    paddings = ("valid", "same", "causal") if axes == 1 else ("valid", "same")
    return {
        "kernel_size": Field(sizes(axes, 1, 64), ..., spread=True),
        "strides": Field(sizes(axes, 1, 64), [1] * axes, spread=True),
        "padding": Field(choice(*paddings), "valid"),
        "dilation_rate": Field(sizes(axes, 1, 64), [1] * axes, spread=True),
        **CHANNELS_LAST,
        "use_bias": BIAS,
        **REGULARIZED,
    }


def _conv(settings: Settings, shape: Shape) -> Measured:
    kernel, filters = settings["kernel_size"], settings["filters"]
    need_rank(shape, len(kernel) + 2, f"Conv{len(kernel)}D")
    channels, groups = known(shape[-1], CONVOLUTION.words), settings["groups"]
    if channels % groups or filters % groups:
        raise Misfit(
            phrase(
                "{groups} groups do not divide {channels} channels into {filters} filters",
                groups=groups,
                channels=channels,
                filters=filters,
            )
        )
    count = prod(kernel) * (channels // groups) * filters + filters * settings["use_bias"]
    return Measured((shape[0], *slide(settings, shape, kernel), filters), count, count)


def _depthwise(settings: Settings, shape: Shape) -> Measured:
    kernel = settings["kernel_size"]
    need_rank(shape, len(kernel) + 2, f"DepthwiseConv{len(kernel)}D")
    channels = known(shape[-1], CONVOLUTION.words) * settings["depth_multiplier"]
    count = prod(kernel) * channels + channels * settings["use_bias"]
    return Measured((shape[0], *slide(settings, shape, kernel), channels), count, count)


def _separable(settings: Settings, shape: Shape) -> Measured:
    kernel, filters = settings["kernel_size"], settings["filters"]
    need_rank(shape, len(kernel) + 2, f"SeparableConv{len(kernel)}D")
    channels = known(shape[-1], CONVOLUTION.words) * settings["depth_multiplier"]
    count = prod(kernel) * channels + channels * filters + filters * settings["use_bias"]
    return Measured((shape[0], *slide(settings, shape, kernel), filters), count, count)


def _transposed(settings: Settings, shape: Shape) -> Measured:
    kernel, filters, ends = settings["kernel_size"], settings["filters"], settings.get("output_padding")
    need_rank(shape, len(kernel) + 2, f"Conv{len(kernel)}DTranspose")
    channels = known(shape[-1], CONVOLUTION.words)
    spatial: list[int | None] = []
    for i, size in enumerate(shape[1:-1]):
        extent, stride = (kernel[i] - 1) * settings["dilation_rate"][i] + 1, settings["strides"][i]
        same = settings["padding"] == "same"
        if size is None:
            spatial.append(None)
        elif ends is not None:
            spatial.append((size - 1) * stride + extent - (2 * (extent // 2) if same else 0) + ends[i])
        elif same:
            spatial.append(size * stride)
        else:
            spatial.append(size * stride + max(extent - stride, 0))
    count = prod(kernel) * channels * filters + filters * settings["use_bias"]
    return Measured((shape[0], *spatial, filters), count, count)


def _without_output_padding(settings: dict[str, Any]) -> None:
    if settings["output_padding"] is None:
        del settings["output_padding"]


for _n in (1, 2, 3):
    add(
        Layer(
            f"Conv{_n}D",
            CONVOLUTION,
            _FILTERS | sliding(_n) | _GROUPS | weights("kernel", "bias"),
            _conv,
            aliases=(f"Convolution{_n}D", *(("AtrousConvolution2D",) if _n == 2 else ())),
            activated=True,
            weighted=True,
        ),
        Layer(
            f"Conv{_n}DTranspose",
            CONVOLUTION,
            _FILTERS
            | sliding(_n)
            | {"output_padding": Field(optional(sizes(_n, 0, 64)), spread=True)}
            | weights("kernel", "bias"),
            _transposed,
            aliases=(f"Convolution{_n}DTranspose", *(("Deconvolution2D",) if _n == 2 else ())),
            activated=True,
            weighted=True,
            complete=_without_output_padding,
        ),
    )
for _n in (1, 2):
    add(
        Layer(
            f"DepthwiseConv{_n}D",
            CONVOLUTION,
            _DEPTH | sliding(_n) | weights("depthwise", "bias"),
            _depthwise,
            aliases=("DepthwiseConvolution2D",) if _n == 2 else (),
            positional=("kernel_size",),
            activated=True,
            weighted=True,
        ),
        Layer(
            f"SeparableConv{_n}D",
            CONVOLUTION,
            _FILTERS | _DEPTH | sliding(_n) | weights("depthwise", "pointwise", "bias"),
            _separable,
            aliases=(f"SeparableConvolution{_n}D",),
            positional=("filters", "kernel_size"),
            activated=True,
            weighted=True,
        ),
    )
