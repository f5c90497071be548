"""Networks as Keras configurations, made from their operations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from autograder.core.errors import UserError
from autograder.network.architecture import Architecture, Operation
from autograder.network.canonical import UnknownNetwork, canonicalize
from autograder.network.layers import LAYERS

LayerConfig = dict[str, Any]
KerasConfig = dict[str, Any]


class NotAChain(UserError):
    """The network branches, or holds something that cannot be written as a layer in a list."""


def layers_of(architecture: Architecture) -> list[LayerConfig]:
    """The layers of a network without branches, one for each operation, the input first.

    Raises:
        NotAChain: it branches, shares weights, or cannot be written so that the same network comes back.
    """
    if not architecture.is_chain or any(operation.shares is not None for operation in architecture.operations):
        raise NotAChain("The network branches or uses a layer twice.")
    layers = [keras_layer(operation) for operation in architecture.operations]
    try:
        same = canonicalize("Sequential", sequential(layers)) == architecture
    except UnknownNetwork as error:
        raise NotAChain(f"The network cannot be written down again: {error.reason}") from None
    if not same:
        raise NotAChain("The network cannot be written down again as a list of layers.")
    return layers


def layer(class_name: str, **config: Any) -> LayerConfig:
    """One entry of a configuration, as Keras 3 writes it."""
    return {"module": "keras.layers", "class_name": class_name, "config": config, "registered_name": None}


def sequential(layers: Sequence[LayerConfig], *, prefix: str = "") -> KerasConfig:
    """The configuration of a Sequential network; layers are numbered by their class, as Keras does."""
    return {"name": f"{prefix}sequential", "trainable": True, "layers": _named(layers, prefix)}


def functional(layers: Sequence[LayerConfig]) -> KerasConfig:
    """The configuration of the functional network in which each layer reads the one before it."""
    named = _named(layers, "functional_")
    entries = []
    for index, entry in enumerate(named):
        calls = [] if index == 0 else [{"args": [tensor(named[index - 1]["config"]["name"])], "kwargs": {}}]
        entries.append({**entry, "name": entry["config"]["name"], "inbound_nodes": calls})
    first, last = named[0]["config"]["name"], named[-1]["config"]["name"]
    return {
        "name": "functional",
        "trainable": True,
        "layers": entries,
        "input_layers": [[first, 0, 0]],
        "output_layers": [[last, 0, 0]],
    }


def keras_layer(operation: Operation) -> LayerConfig:
    """The layer that computes an operation, without a name."""
    if operation.kind == "Input":
        return layer("InputLayer", batch_shape=[None, *operation.settings["shape"]])
    return _as_layer(operation.kind, operation.settings)


def _as_layer(kind: str, settings: Mapping[str, Any]) -> LayerConfig:
    """One layer, and the layer that it holds."""
    config = {name: value for name, value in settings.items() if name not in LAYERS[kind].call}
    if "layer" in config:
        held = config["layer"]
        config["layer"] = _as_layer(held["class_name"], held["config"])
        if kind == "Bidirectional":
            turned = {**held["config"], "go_backwards": not held["config"]["go_backwards"]}
            config["backward_layer"] = _as_layer(held["class_name"], turned)
    return layer(kind, **config)


def _named(layers: Sequence[LayerConfig], prefix: str) -> list[LayerConfig]:
    counts: dict[str, int] = {}
    named = []
    for entry in layers:
        stem = prefix + entry["class_name"].lower()
        number = counts[stem] = counts.get(stem, -1) + 1
        named.append({**entry, "config": {**entry["config"], "name": f"{stem}_{number}" if number else stem}})
    return named


def tensor(name: str) -> LayerConfig:
    """The output of a layer of this name, as a functional network reads it."""
    return {"class_name": "__keras_tensor__", "config": {"keras_history": [name, 0, 0]}}
