"""A network without branches written as the lines of Keras code that build it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from autograder.network.architecture import Architecture, Operation

LayerSettings = Mapping[str, Any]


class NotWritable(ValueError):
    """The network cannot be written as plain layers one after the other; the message says because of what."""


@dataclass(frozen=True)
class LayerCode:
    """The code of one layer and the name of the row it stands for."""

    label: str
    code: str


def layer_codes(architecture: Architecture) -> tuple[tuple[int | None, ...], list[LayerCode]]:
    """The input shape (without the batch axis) and the code of every layer, in order.

    An activation that belongs to the row of another layer becomes that layer's `activation` argument.

    Raises:
        NotWritable: the network has branches, or a layer with settings that have no plain spelling here.
    """
    if not architecture.is_chain or architecture.operations[0].kind != "Input":
        raise NotWritable("it has branches, or more than one input")
    codes: list[LayerCode] = []
    for operation in architecture.operations[1:]:
        if operation.kind == "Activation" and codes and codes[-1].label == operation.label:
            fused = f"{codes[-1].code[:-1]}, activation={_activation(operation)})"
            codes[-1] = LayerCode(operation.label, fused)
        else:
            codes.append(LayerCode(operation.label, _call(operation)))
    return tuple(architecture.operations[0].settings["shape"]), codes


def _call(operation: Operation) -> str:
    if operation.kind == "Activation":
        return f"layers.Activation({_activation(operation)})"
    arguments = _ARGUMENTS.get(operation.kind)
    if arguments is None:
        raise NotWritable(f"{operation.label} is a layer of the kind {operation.kind}")
    return f"layers.{operation.kind}({', '.join(arguments(operation.settings))})"


def _activation(operation: Operation) -> str:
    if set(operation.settings) != {"activation"}:
        raise NotWritable(f"{operation.label} is an activation with settings of its own")
    return f'"{operation.settings["activation"]}"'


def _size(sizes: list[int]) -> str:
    """One number where all axes have the same size, as people write it."""
    return str(sizes[0]) if len(set(sizes)) == 1 else f"({', '.join(map(str, sizes))})"


def _window(settings: LayerSettings, strides: list[int]) -> list[str]:
    """What of strides, padding, dilation and bias differs from what Keras takes when nothing is said."""
    words = []
    if settings["strides"] != strides:
        words.append(f"strides={_size(settings['strides'])}")
    if settings["padding"] != "valid":
        words.append(f'padding="{settings["padding"]}"')
    if any(step != 1 for step in settings.get("dilation_rate", [])):
        words.append(f"dilation_rate={_size(settings['dilation_rate'])}")
    return words + _bias(settings)


def _bias(settings: LayerSettings) -> list[str]:
    return [] if settings.get("use_bias", True) else ["use_bias=False"]


def _convolution(settings: LayerSettings) -> list[str]:
    kernel = settings["kernel_size"]
    first = [str(settings["filters"])] if "filters" in settings else []
    return [*first, _size(kernel), *_window(settings, [1] * len(kernel))]


def _pooling(settings: LayerSettings) -> list[str]:
    return [_size(settings["pool_size"]), *_window(settings, settings["pool_size"])]


def _dense(settings: LayerSettings) -> list[str]:
    return [str(settings["units"]), *_bias(settings)]


def _recurrent(settings: LayerSettings) -> list[str]:
    return [str(settings["units"]), *(f"{name}=True" for name in ("return_sequences",) if settings.get(name))]


def _flags(**defaults: bool) -> Callable[[LayerSettings], list[str]]:
    def words(settings: LayerSettings) -> list[str]:
        return [f"{name}={settings[name]}" for name, usual in defaults.items() if settings.get(name, usual) != usual]

    return words


def _plain(*names: str) -> Callable[[LayerSettings], list[str]]:
    def words(settings: LayerSettings) -> list[str]:
        return [repr(tuple(value)) if isinstance(value := settings[name], list) else repr(value) for name in names]

    return words


_ARGUMENTS: dict[str, Callable[[LayerSettings], list[str]]] = {
    **dict.fromkeys(("Conv1D", "Conv2D", "Conv3D", "DepthwiseConv2D"), _convolution),
    **{f"{how}Pooling{axes}D": _pooling for how in ("Max", "Average") for axes in (1, 2, 3)},
    **{f"Global{how}Pooling{axes}D": _flags(keepdims=False) for how in ("Max", "Average") for axes in (1, 2, 3)},
    **dict.fromkeys(("Dropout", "SpatialDropout1D", "SpatialDropout2D", "AlphaDropout"), _plain("rate")),
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN"), _recurrent),
    "BatchNormalization": _flags(center=True, scale=True),
    "LayerNormalization": _flags(center=True, scale=True),
    "Dense": _dense,
    "Embedding": _plain("input_dim", "output_dim"),
    "Flatten": _plain(),
    "GaussianNoise": _plain("stddev"),
    "Rescaling": _plain("scale"),
    "Reshape": _plain("target_shape"),
    "UpSampling2D": _plain("size"),
}
