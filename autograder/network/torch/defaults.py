"""A network with the defaults of the other framework: for the threshold of students who use that one.

Only what is a default is exchanged: an initializer that the solution chose stays. The defaults of PyTorch are in
`learning` and in `torch.nn`; those of Keras in the records of the layers.
"""

from __future__ import annotations

from math import prod
from typing import Any, Literal

from autograder.network.architecture import Architecture, Operation, Row
from autograder.network.compilation import Compilation
from autograder.network.layers import LAYERS, read_layer
from autograder.network.measure import rows
from autograder.network.torch import learning
from autograder.network.torch.words import in_torch

Framework = Literal["keras", "torch"]

_RECURRENT = {"LSTM": False, "SimpleRNN": False, "GRU": True}
_EPSILONS = {"BatchNormalization": 1e-5, "LayerNormalization": 1e-5, "GroupNormalization": 1e-5}


def framework_of(architecture: Architecture) -> Framework:
    """The framework that a network is written in."""
    return "torch" if in_torch(architecture) else "keras"


def with_defaults_of(
    framework: Framework, architecture: Architecture, compilation: Compilation
) -> tuple[Architecture, Compilation]:
    """Network and compilation with the defaults of `framework` in the place of the other's."""
    measured = rows(architecture)
    operations = tuple(
        operation.model_copy(update={"settings": _exchanged(framework, operation, _source(measured, operation))})
        for operation in architecture.operations
    )
    return architecture.model_copy(update={"operations": operations}), _compiled(framework, compilation)


def _source(measured: tuple[Row, ...], operation: Operation) -> int:
    """The size of the last axis of what an operation reads."""
    return (measured[operation.inputs[0]].shape[-1] or 1) if operation.inputs else 1


def _exchanged(framework: Framework, operation: Operation, channels: int) -> dict[str, Any]:
    settings = operation.settings
    if operation.kind == "Bidirectional":
        held = settings["layer"]
        inner = Operation(kind=held["class_name"], settings=held["config"])
        return {**settings, "layer": {**held, "config": _exchanged(framework, inner, channels)}}
    layer, torch = LAYERS.get(operation.kind), _torch_defaults(operation, channels)
    if layer is None or not torch:
        return settings
    keras = {name: layer.fields[name].default for name in torch}
    old, new = (keras, torch) if framework == "torch" else (torch, keras)
    return {name: new[name] if name in new and _same(value, old[name]) else value for name, value in settings.items()}


def _same(one: Any, other: Any) -> bool:
    """Equal as far as settings are stored: numbers to seven digits."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= 1e-6 * max(abs(one), abs(other))
    return bool(one == other)


def _torch_defaults(operation: Operation, channels: int) -> dict[str, Any]:
    """The settings that PyTorch sets otherwise than Keras, as they are stored."""
    kind, settings = operation.kind, operation.settings
    found: dict[str, Any] = {}
    if kind in _RECURRENT:
        uniform = learning.uniform(settings["units"] ** -0.5)
        bias = uniform if _RECURRENT[kind] else learning.uniform((2 / settings["units"]) ** 0.5)
        found = {"kernel_initializer": uniform, "recurrent_initializer": uniform, "bias_initializer": bias}
        if kind == "LSTM":
            found["unit_forget_bias"] = False
    elif kind == "Embedding":
        found = {"embeddings_initializer": learning.STANDARD_NORMAL}
    elif kind in _EPSILONS:
        found = {"epsilon": _EPSILONS[kind]} | ({"momentum": 0.9} if kind == "BatchNormalization" else {})
    elif kind.startswith("DepthwiseConv"):
        bound = learning.of_bias(prod(settings["kernel_size"]))
        found = {"depthwise_initializer": bound, "bias_initializer": bound}
    elif kind == "Dense" or kind.startswith("Conv"):
        inputs = settings["filters"] if kind.endswith("Transpose") else channels // settings.get("groups", 1)
        fan_in = inputs * prod(settings.get("kernel_size", [1]))
        found = {"kernel_initializer": learning.KERNEL, "bias_initializer": learning.of_bias(fan_in)}
    if not settings.get("use_bias", True):
        found.pop("bias_initializer", None)
    return _stored(kind, settings, found)


def _stored(kind: str, settings: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """The same as the reader of layers stores it."""
    given = {name: value for name, value in settings.items() if name not in ("trainable", "layer")}
    return {name: read_layer(kind, {**given, **found})[0].settings[name] for name in found if name in settings}


def _compiled(framework: Framework, compilation: Compilation) -> Compilation:
    optimizer = compilation.optimizer
    old, new = (1e-7, 1e-8) if framework == "torch" else (1e-8, 1e-7)
    if optimizer.name not in ("adam", "adamw", "adamax", "nadam") or optimizer.settings.get("epsilon") != old:
        return compilation
    changed = optimizer.model_copy(update={"settings": {**optimizer.settings, "epsilon": new}})
    return compilation.model_copy(update={"optimizer": changed})
