"""Operations in words, for findings and rows; what is said of an expected operation never tells how to write it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograder.network import kinds
from autograder.network.architecture import Operation, Shape

_FAMILY_WORDS: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"Dense"}), "a dense layer"),
    (kinds.CONVOLUTIONS, "a convolution"),
    (kinds.POOLINGS | kinds.GLOBAL_POOLINGS, "a pooling layer"),
    (kinds.NORMALIZATIONS, "a normalization layer"),
    (kinds.DROPOUTS, "a dropout layer"),
    (kinds.NOISES, "a noise layer"),
    (kinds.ACTIVATIONS, "an activation"),
    (frozenset({"Flatten"}), "the step that makes the image one long vector"),
    (kinds.RESHAPES | kinds.PADDINGS, "a layer that changes the shape"),
    (kinds.MERGES, "a layer that joins two branches"),
    (kinds.RECURRENTS, "a recurrent layer"),
    (kinds.AUGMENTATIONS, "an augmentation layer"),
    (frozenset({"Rescaling"}), "a rescaling step"),
    (frozenset({"Embedding"}), "an embedding"),
    (frozenset({"Input"}), "an input"),
)
_SETTING_WORDS = {
    "activation": "activation function",
    "alpha": "slope",
    "center": "shift (center)",
    "cropping": "cropping",
    "depth_multiplier": "depth multiplier",
    "dilation_rate": "dilation",
    "dims": "order of the axes",
    "filters": "number of filters",
    "input_dim": "size of the vocabulary",
    "kernel_size": "kernel size",
    "keepdims": "number of axes",
    "kind": "kind of layer",
    "max_value": "largest value",
    "merge_mode": "way of joining both directions",
    "n": "number of repetitions",
    "negative_slope": "slope",
    "output_dim": "size of the output",
    "pool_size": "pool size",
    "rate": "dropout rate",
    "return_sequences": "kind of output (the last step or all of them)",
    "scale": "scale",
    "shape": "shape",
    "stddev": "strength",
    "target_shape": "shape",
    "trainable": "trainable setting",
    "units": "number of units",
    "use_bias": "bias setting",
}


def in_words(kind: str) -> str:
    """The kind of thing that an operation is, with its article ("a pooling layer")."""
    return next((words for family, words in _FAMILY_WORDS if kind in family), "a layer")


def setting_in_words(name: str) -> str:
    """A setting's name as a reader says it."""
    return _SETTING_WORDS.get(name, name.replace("_", " "))


def joined(words: list[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


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
        return f"{settings['layer']['class_name']}, {settings['layer']['config']['units']} units"
    if "filters" in settings:
        parts.append(f"{settings['filters']} filters of {_times(settings['kernel_size'])}")
    elif "kernel_size" in settings:
        parts.append(f"kernel {_times(settings['kernel_size'])}")
    if "units" in settings:
        parts.append(f"{settings['units']} units")
    if "pool_size" in settings:
        parts.append(_times(settings["pool_size"]))
    parts += _window_in_words(settings)
    if "activation" in settings and kind != "Bidirectional":
        parts.append(str(settings["activation"]))
    if "rate" in settings:
        parts.append(f"rate {settings['rate']:g}")
    if settings.get("use_bias") is False:
        parts.append("no bias")
    if "shape" in settings or "target_shape" in settings:
        sizes = settings.get("shape", settings.get("target_shape"))
        parts.append(_times(sizes))
    for name in ("center", "scale"):
        if settings.get(name) is False:
            parts.append(f"no {setting_in_words(name)}")
    if settings.get("trainable") is False:
        parts.append("not trainable")
    return ", ".join(parts)


def _window_in_words(settings: Mapping[str, Any]) -> list[str]:
    parts = []
    strides = settings.get("strides")
    if strides and strides != settings.get("pool_size", [1] * len(strides)):
        parts.append(f"strides {_times(strides)}")
    if settings.get("padding") in ("same", "causal"):
        parts.append(f"padding {settings['padding']}")
    dilation = settings.get("dilation_rate", [1])
    if any(step != 1 for step in dilation):
        parts.append(f"dilation {_times(dilation)}")
    return parts


def _times(sizes: Any) -> str:
    return "×".join("?" if size is None else str(size) for size in sizes)
