"""Operations in words, for findings and rows; words about an expected operation never reveal how to write it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograder.core.language import gettext_noop
from autograder.core.messages import Message, nphrase, phrase
from autograder.network.architecture import Operation, Shape
from autograder.network.layers import LAYERS

_ANY = gettext_noop("a layer")
_SETTING_WORDS = {
    "activation": gettext_noop("activation function"),
    "alpha": gettext_noop("slope"),
    "axes": gettext_noop("axes"),
    "axis": gettext_noop("axis"),
    "base_weights": gettext_noop("weights of the base model"),
    "center": gettext_noop("shift (center)"),
    "cropping": gettext_noop("cropping"),
    "depth_multiplier": gettext_noop("depth multiplier"),
    "dilation_rate": gettext_noop("dilation"),
    "dims": gettext_noop("order of the axes"),
    "equation": gettext_noop("equation"),
    "factor": gettext_noop("strength"),
    "filters": gettext_noop("number of filters"),
    "groups": gettext_noop("number of groups"),
    "head_dim": gettext_noop("size of a head"),
    "height": gettext_noop("height"),
    "input_dim": gettext_noop("size of the vocabulary"),
    "keepdims": gettext_noop("number of axes"),
    "key_dim": gettext_noop("size of the keys"),
    "kernel_size": gettext_noop("kernel size"),
    "kind": gettext_noop("kind of layer"),
    "layer": gettext_noop("layer inside"),
    "max_tokens": gettext_noop("size of the vocabulary"),
    "max_value": gettext_noop("largest value"),
    "merge_mode": gettext_noop("way of joining both directions"),
    "n": gettext_noop("number of repetitions"),
    "negative_slope": gettext_noop("slope"),
    "num_bins": gettext_noop("number of bins"),
    "num_heads": gettext_noop("number of heads"),
    "output_dim": gettext_noop("size of the output"),
    "output_mode": gettext_noop("kind of output"),
    "output_size": gettext_noop("size of the output"),
    "padding": gettext_noop("padding"),
    "pool_size": gettext_noop("pool size"),
    "rate": gettext_noop("dropout rate"),
    "return_sequences": gettext_noop("kind of output (the last step or all of them)"),
    "scale": gettext_noop("scale"),
    "shape": gettext_noop("shape"),
    "stddev": gettext_noop("strength"),
    "strides": gettext_noop("strides"),
    "target_shape": gettext_noop("shape"),
    "trainable": gettext_noop("trainable setting"),
    "units": gettext_noop("number of units"),
    "use_bias": gettext_noop("bias setting"),
    "use_causal_mask": gettext_noop("way of looking back only"),
    "vocabulary": gettext_noop("vocabulary"),
    "width": gettext_noop("width"),
}
_WITHOUT = {"center": gettext_noop("no shift (center)"), "scale": gettext_noop("no scale")}


def in_words(kind: str) -> Message:
    """The kind of an operation in words, with its article ("a pooling layer")."""
    return phrase(LAYERS[kind].family.words if kind in LAYERS else _ANY)


def setting_in_words(name: str) -> str | Message:
    """A setting's name for the reader: ours, or Keras' own."""
    return phrase(_SETTING_WORDS[name]) if name in _SETTING_WORDS else name.replace("_", " ")


def named(operation: Operation) -> Message:
    """An operation of the student's network by its label and kind: "conv2d_3 (Conv2D)".

    The label is the student's own; the common part of classes is in the `kind` among the values.
    """
    label, kind = operation.label, operation.shown or operation.kind
    if label and label != kind:
        return phrase("{label} ({kind})", label=label, kind=kind)
    return phrase("{kind}", kind=kind)


def shape_in_words(shape: Shape) -> str:
    """A shape as `model.summary()` prints it: (None, 28, 28, 32)."""
    inner = ", ".join("None" if size is None else str(size) for size in shape)
    return f"({inner},)" if len(shape) == 1 else f"({inner})"


def settings_in_words(operation: Operation) -> tuple[str | Message, ...]:
    """The settings that matter to a reader, without the class: "64 filters of 3×3", "padding same"."""
    kind, settings = operation.kind, operation.settings
    parts: list[str | Message] = []
    if "layer" in settings:
        held = Operation(kind=settings["layer"]["class_name"], settings=settings["layer"]["config"])
        units_only = kind == "Bidirectional"
        return (held.kind, *([_units(held.settings["units"])] if units_only else settings_in_words(held)))
    if "filters" in settings:
        filters, size = settings["filters"], _times(settings["kernel_size"])
        parts.append(
            nphrase("{count} filter of {size}", "{count} filters of {size}", filters, count=filters, size=size)
        )
    elif "kernel_size" in settings:
        parts.append(phrase("kernel {size}", size=_times(settings["kernel_size"])))
    if "units" in settings:
        parts.append(_units(settings["units"]))
    if "num_heads" in settings:
        heads = settings["num_heads"]
        parts.append(nphrase("{count} head", "{count} heads", heads, count=heads))
    if "pool_size" in settings:
        parts.append(_times(settings["pool_size"]))
    parts += _window_in_words(settings)
    if "activation" in settings:
        parts.append(str(settings["activation"]))
    if "rate" in settings:
        parts.append(phrase("rate {rate:g}", rate=settings["rate"]))
    if settings.get("use_bias") is False:
        parts.append(phrase("no bias"))
    if "shape" in settings or "target_shape" in settings:
        sizes = settings.get("shape", settings.get("target_shape"))
        parts.append(_times(sizes))
    for name in _WITHOUT:
        if settings.get(name) is False:
            parts.append(phrase(_WITHOUT[name]))
    if settings.get("trainable") is False:
        parts.append(phrase("not trainable"))
    if "base_weights" in settings:
        parts.append(phrase("weights of the base model"))
    return tuple(parts)


def _window_in_words(settings: Mapping[str, Any]) -> list[Message]:
    parts = []
    strides = settings.get("strides")
    if strides and strides != settings.get("pool_size", [1] * len(strides)):
        parts.append(phrase("strides {sizes}", sizes=_times(strides)))
    if settings.get("padding") in ("same", "causal"):
        parts.append(phrase("padding {how}", how=settings["padding"]))
    dilation = settings.get("dilation_rate", [1])
    if any(step != 1 for step in dilation):
        parts.append(phrase("dilation {sizes}", sizes=_times(dilation)))
    return parts


def _units(count: int) -> Message:
    return nphrase("{count} unit", "{count} units", count, count=count)


def _times(sizes: Any) -> str:
    return "×".join("?" if size is None else str(size) for size in sizes)
