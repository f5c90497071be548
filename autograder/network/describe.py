"""Operations in words, for findings and rows; what is said of an expected operation never tells how to write it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograder.core.language import ENGLISH, active, mark, say, say_count
from autograder.network import kinds
from autograder.network.architecture import Operation, Shape

_FAMILY_WORDS: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"Dense"}), mark("a dense layer")),
    (kinds.CONVOLUTIONS, mark("a convolution")),
    (kinds.POOLINGS | kinds.GLOBAL_POOLINGS, mark("a pooling layer")),
    (kinds.NORMALIZATIONS, mark("a normalization layer")),
    (kinds.DROPOUTS, mark("a dropout layer")),
    (kinds.NOISES, mark("a noise layer")),
    (kinds.ACTIVATIONS, mark("an activation")),
    (frozenset({"Flatten"}), mark("the step that makes the image one long vector")),
    (kinds.RESHAPES | kinds.PADDINGS, mark("a layer that changes the shape")),
    (kinds.MERGES, mark("a layer that joins two branches")),
    (kinds.RECURRENTS, mark("a recurrent layer")),
    (kinds.AUGMENTATIONS, mark("an augmentation layer")),
    (frozenset({"Rescaling"}), mark("a rescaling step")),
    (frozenset({"Embedding"}), mark("an embedding")),
    (frozenset({"Input"}), mark("an input")),
)
_ANY = mark("a layer")
_SETTING_WORDS = {
    "activation": mark("activation function"),
    "alpha": mark("slope"),
    "center": mark("shift (center)"),
    "cropping": mark("cropping"),
    "depth_multiplier": mark("depth multiplier"),
    "dilation_rate": mark("dilation"),
    "dims": mark("order of the axes"),
    "filters": mark("number of filters"),
    "input_dim": mark("size of the vocabulary"),
    "keepdims": mark("number of axes"),
    "kernel_size": mark("kernel size"),
    "kind": mark("kind of layer"),
    "max_value": mark("largest value"),
    "merge_mode": mark("way of joining both directions"),
    "n": mark("number of repetitions"),
    "negative_slope": mark("slope"),
    "output_dim": mark("size of the output"),
    "padding": mark("padding"),
    "pool_size": mark("pool size"),
    "rate": mark("dropout rate"),
    "return_sequences": mark("kind of output (the last step or all of them)"),
    "scale": mark("scale"),
    "shape": mark("shape"),
    "stddev": mark("strength"),
    "strides": mark("strides"),
    "target_shape": mark("shape"),
    "trainable": mark("trainable setting"),
    "units": mark("number of units"),
    "use_bias": mark("bias setting"),
}
_WITHOUT = {"center": mark("no shift (center)"), "scale": mark("no scale")}


def in_words(kind: str) -> str:
    """The kind of thing that an operation is, with its article ("a pooling layer")."""
    return say(next((words for family, words in _FAMILY_WORDS if kind in family), _ANY))


def setting_in_words(name: str) -> str:
    """A setting's name as a reader says it."""
    if name in _SETTING_WORDS:
        return say(_SETTING_WORDS[name])
    # Keras' own name, which is made of English words.
    return name.replace("_", " ") if active() == ENGLISH else name


def joined(words: list[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return say("{some} and {last}", some=", ".join(words[:-1]), last=words[-1])


def named(operation: Operation) -> str:
    """An operation of the student's network by its label and kind: "conv2d_3 (Conv2D)"."""
    label = operation.label
    return f"{label} ({operation.kind})" if label and label != operation.kind else operation.kind


def shape_in_words(shape: Shape) -> str:
    """A shape as `model.summary()` prints it: (None, 28, 28, 32)."""
    inner = ", ".join("None" if size is None else str(size) for size in shape)
    return f"({inner},)" if len(shape) == 1 else f"({inner})"


def describe(operation: Operation) -> str:
    """The student's own operation with its settings: "Conv2D, 64 filters of 3×3, padding same"."""
    words = settings_in_words(operation)
    return f"{operation.kind}, {words}" if words else operation.kind


def settings_in_words(operation: Operation) -> str:
    """The settings that matter to a reader, without the class: "64 filters of 3×3, padding same"."""
    kind, settings = operation.kind, operation.settings
    parts: list[str] = []
    if kind == "Bidirectional":
        inner = settings["layer"]
        return f"{inner['class_name']}, {_units(inner['config']['units'])}"
    if "filters" in settings:
        filters, size = settings["filters"], _times(settings["kernel_size"])
        parts.append(
            say_count("{count} filter of {size}", "{count} filters of {size}", filters, count=filters, size=size)
        )
    elif "kernel_size" in settings:
        parts.append(say("kernel {size}", size=_times(settings["kernel_size"])))
    if "units" in settings:
        parts.append(_units(settings["units"]))
    if "pool_size" in settings:
        parts.append(_times(settings["pool_size"]))
    parts += _window_in_words(settings)
    if "activation" in settings and kind != "Bidirectional":
        parts.append(str(settings["activation"]))
    if "rate" in settings:
        parts.append(say("rate {rate:g}", rate=settings["rate"]))
    if settings.get("use_bias") is False:
        parts.append(say("no bias"))
    if "shape" in settings or "target_shape" in settings:
        sizes = settings.get("shape", settings.get("target_shape"))
        parts.append(_times(sizes))
    for name in _WITHOUT:
        if settings.get(name) is False:
            parts.append(say(_WITHOUT[name]))
    if settings.get("trainable") is False:
        parts.append(say("not trainable"))
    return ", ".join(parts)


def _window_in_words(settings: Mapping[str, Any]) -> list[str]:
    parts = []
    strides = settings.get("strides")
    if strides and strides != settings.get("pool_size", [1] * len(strides)):
        parts.append(say("strides {sizes}", sizes=_times(strides)))
    if settings.get("padding") in ("same", "causal"):
        parts.append(say("padding {how}", how=settings["padding"]))
    dilation = settings.get("dilation_rate", [1])
    if any(step != 1 for step in dilation):
        parts.append(say("dilation {sizes}", sizes=_times(dilation)))
    return parts


def _units(count: int) -> str:
    return say_count("{count} unit", "{count} units", count, count=count)


def _times(sizes: Any) -> str:
    return "×".join("?" if size is None else str(size) for size in sizes)
