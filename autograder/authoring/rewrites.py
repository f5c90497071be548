"""Harmless rewrites: other ways of writing the reference network, none of which may lose a point."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.authoring.keras_configs import LayerConfig, functional, layer, sequential
from autograder.network.architecture import Row
from autograder.network.kinds import POOLINGS

_FUSING = frozenset({"Dense", "Conv1D", "Conv2D", "Conv3D"})


@dataclass(frozen=True)
class Rewrite:
    """The same network written another way: how, and its Keras class and configuration."""

    how: str
    class_name: str
    config: dict[str, Any]


def rewrites(layers: Sequence[LayerConfig], rows: Sequence[Row]) -> Iterator[Rewrite]:
    """Other ways of writing a list of layers that begins with its input; `rows` holds what each layer produces."""
    yield Rewrite("as a functional network", "Functional", functional(layers))
    yield Rewrite("with other names", "Sequential", sequential(layers, prefix="my_own_"))
    variants = {
        "with activations inside the layers before them": _fused(layers),
        "with ReLU and Softmax layers": [_as_layer(entry) for entry in layers],
        "with Reshape for Flatten": [
            layer("Reshape", target_shape=[-1]) if entry["class_name"] == "Flatten" else entry for entry in layers
        ],
        "with the strides of pooling left out": [_without_strides(entry) for entry in layers],
        "with dropout of nothing and linear activations added": _with_nothing(layers),
    }
    for how, written in variants.items():
        if list(written) != list(layers):
            yield Rewrite(how, "Sequential", sequential(written))
    if len(layers) > 3:
        yield Rewrite("nested in two parts", "Sequential", sequential(_nested(layers, rows)))


def _fused(layers: Sequence[LayerConfig]) -> list[LayerConfig]:
    fused: list[LayerConfig] = []
    for entry in layers:
        before = fused[-1] if fused else entry
        if entry["class_name"] == "Activation" and before["class_name"] in _FUSING and _is_free(before):
            fused[-1] = {**before, "config": {**before["config"], "activation": entry["config"]["activation"]}}
        else:
            fused.append(entry)
    return fused


def _is_free(entry: LayerConfig) -> bool:
    return entry["config"].get("activation") in (None, "linear")


def _as_layer(entry: LayerConfig) -> LayerConfig:
    name = entry["config"].get("activation") if entry["class_name"] == "Activation" else None
    return {"relu": layer("ReLU"), "softmax": layer("Softmax")}.get(str(name), entry)


def _without_strides(entry: LayerConfig) -> LayerConfig:
    config = entry["config"]
    if entry["class_name"] not in POOLINGS or config.get("strides") != config.get("pool_size"):
        return entry
    return {**entry, "config": {key: value for key, value in config.items() if key != "strides"}}


def _with_nothing(layers: Sequence[LayerConfig]) -> list[LayerConfig]:
    return [layers[0], layer("Activation", activation="linear"), *layers[1:-1], layer("Identity"), layers[-1]]


def _nested(layers: Sequence[LayerConfig], rows: Sequence[Row]) -> list[LayerConfig]:
    """The second half as a network nested in the first."""
    half = len(layers) // 2
    inner_input = layer("InputLayer", batch_shape=list(rows[half - 1].shape))
    inner = sequential([inner_input, *layers[half:]], prefix="inner_")
    nested = {"module": "keras", "class_name": "Sequential", "config": inner, "registered_name": None}
    return [*layers[:half], nested]
