"""Configurations as `model.get_config()` gives them, without Keras: settings that are left out keep their defaults."""

from __future__ import annotations

from typing import Any

from autograder.network.architecture import Architecture
from autograder.network.canonical import canonicalize

Layer = dict[str, Any]


def layer(class_name: str, **config: Any) -> Layer:
    return {"module": "keras.layers", "class_name": class_name, "config": config, "registered_name": None}


def input_layer(*shape: int | None) -> Layer:
    return layer("InputLayer", batch_shape=[None, *shape], name="input_layer")


def sequential(*layers: Layer) -> dict[str, Any]:
    """The configuration of a Sequential network; layers without a name are numbered by class, as Keras does."""
    counts: dict[str, int] = {}
    named = []
    for entry in layers:
        stem = entry["class_name"].lower()
        number = counts[stem] = counts.get(stem, -1) + 1
        config = {"name": f"{stem}_{number}" if number else stem, **entry["config"]}
        named.append({**entry, "config": config})
    return {"name": "sequential", "trainable": True, "layers": named}


def functional(
    inputs: list[str], outputs: list[str], nodes: dict[str, tuple[Layer, list[list[str]]]]
) -> dict[str, Any]:
    """A Functional network: per layer name the layer and, per call of it, the names of what it reads.

    "a" is the first call of layer a, "a:1" the second.
    """

    def tensor(name: str) -> Layer:
        return {"class_name": "__keras_tensor__", "config": {"keras_history": history(name)}}

    def history(name: str) -> list[Any]:
        stem, _, call = name.partition(":")
        return [stem, int(call or 0), 0]

    def call(reads: list[str]) -> dict[str, Any]:
        tensors = [tensor(name) for name in reads]
        return {"args": [tensors[0] if len(tensors) == 1 else tensors], "kwargs": {}}

    layers = [
        {**entry, "config": {"name": name, **entry["config"]}, "name": name, "inbound_nodes": [*map(call, calls)]}
        for name, (entry, calls) in nodes.items()
    ]
    return {
        "name": "functional",
        "layers": layers,
        "input_layers": [history(name) for name in inputs],
        "output_layers": [history(name) for name in outputs],
    }


def build(*layers: Layer) -> Architecture:
    return canonicalize("Sequential", sequential(*layers))


def conv(filters: int, **settings: Any) -> Layer:
    return layer("Conv2D", **{"filters": filters, "kernel_size": [3, 3], "padding": "same", **settings})


def norm() -> Layer:
    return layer("BatchNormalization")


def act(name: str = "relu") -> Layer:
    return layer("Activation", activation=name)


def pool(**settings: Any) -> Layer:
    return layer("MaxPooling2D", **settings)


def dense(units: int, **settings: Any) -> Layer:
    return layer("Dense", units=units, **settings)


def dropout(rate: float) -> Layer:
    return layer("Dropout", rate=rate)


def flatten() -> Layer:
    return layer("Flatten")


def cnn2_layers() -> list[Layer]:
    """The solved network of the exercise cnn2, with the input layer in front."""
    block = [conv(32), norm(), act()]
    wide = [conv(64), norm(), act()]
    head = [flatten(), dense(200), norm(), dropout(0.3), act(), dense(10), act("softmax")]
    return [input_layer(28, 28, 1), *block, *block, pool(), *wide, *wide, pool(), *head]


# The positions of the missing layers in `cnn2_layers` (and in the operations of the network).
CNN2_MARKED = frozenset({11, 12, 13, 14})
