"""A Keras model from our canonical operations, never from a Keras configuration. Imported only where TensorFlow is.

Every class comes from our own tables and every setting is a plain value, so nothing that a student wrote is looked up,
imported or called.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras

from autograder.core.weight_fingerprint import BASE_WEIGHTS
from autograder.network.architecture import Architecture, Operation
from autograder.network.compilation import Loss, Optimizer
from autograder.network.layers import LAYERS
from autograder.records.training_messages import CannotTrain, part_name, problem

KERAS_LAYERS: dict[str, type[keras.layers.Layer]] = {
    name: getattr(keras.layers, name) for name, layer in LAYERS.items() if layer.measure is not None
}

_INITIALIZERS = (
    *("Zeros", "Ones", "Constant", "Identity", "Orthogonal", "VarianceScaling"),
    *("RandomNormal", "RandomUniform", "TruncatedNormal"),
    *("GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "LecunNormal", "LecunUniform"),
)
_REGULARIZERS = ("L1", "L2", "L1L2", "OrthogonalRegularizer")
_CONSTRAINTS = ("MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm")
# The tables that a setting's value is built from, by the suffix of the setting's name.
_PARTS: dict[str, dict[str, Any]] = {
    "_initializer": {name: getattr(keras.initializers, name) for name in _INITIALIZERS},
    "_regularizer": {name: getattr(keras.regularizers, name) for name in _REGULARIZERS},
    "_constraint": {name: getattr(keras.constraints, name) for name in _CONSTRAINTS},
}

_OPTIMIZERS = (
    *("SGD", "RMSprop", "Adam", "AdamW", "Adamax", "Nadam"),
    *("Adagrad", "Adadelta", "Ftrl", "Lion"),
)
OPTIMIZERS: dict[str, Any] = {name.lower(): getattr(keras.optimizers, name) for name in _OPTIMIZERS}
_SCHEDULES = ("ExponentialDecay", "InverseTimeDecay", "PolynomialDecay", "CosineDecay", "PiecewiseConstantDecay")
SCHEDULES: dict[str, Any] = {name: getattr(keras.optimizers.schedules, name) for name in _SCHEDULES}
KERAS_LOSSES: dict[str, Any] = {
    "categorical_crossentropy": keras.losses.CategoricalCrossentropy,
    "sparse_categorical_crossentropy": keras.losses.SparseCategoricalCrossentropy,
    "binary_crossentropy": keras.losses.BinaryCrossentropy,
    "categorical_focal_crossentropy": keras.losses.CategoricalFocalCrossentropy,
    "kl_divergence": keras.losses.KLDivergence,
    "poisson": keras.losses.Poisson,
    "mean_squared_error": keras.losses.MeanSquaredError,
    "mean_absolute_error": keras.losses.MeanAbsoluteError,
    "mean_absolute_percentage_error": keras.losses.MeanAbsolutePercentageError,
    "mean_squared_logarithmic_error": keras.losses.MeanSquaredLogarithmicError,
    "cosine_similarity": keras.losses.CosineSimilarity,
    "huber": keras.losses.Huber,
    "log_cosh": keras.losses.LogCosh,
    "hinge": keras.losses.Hinge,
    "squared_hinge": keras.losses.SquaredHinge,
    "categorical_hinge": keras.losses.CategoricalHinge,
}


# Settings in the network's description that the layer's constructor does not take.
_DESCRIBED = frozenset({"vocabulary_size", BASE_WEIGHTS})
# Enough images for a good estimate of mean and variance.
_ADAPTED_TO = 4096
# What every layer accepts, even if its own constructor does not name it.
_ANY_LAYER = ("trainable", "activity_regularizer")


@dataclass(frozen=True)
class Built:
    """A new Keras model, and for each operation its layer (None for an input) and its output tensor."""

    model: keras.Model
    layers: list[Any]
    tensors: list[Any]


def build(architecture: Architecture) -> keras.Model:
    """The network as a new Keras model, with weights drawn from Keras' global seed.

    Raises:
        CannotTrain: an operation or one of its settings is not among those that are known.
    """
    return build_open(architecture).model


def build_open(architecture: Architecture) -> Built:
    """Like `build`, but with access to the layers and tensors.

    Raises:
        CannotTrain: an operation or one of its settings is not among those that are known.
    """
    layers: list[Any] = []
    tensors: list[Any] = []
    for place, operation in enumerate(architecture.operations):
        if operation.kind == "Input":
            layers.append(None)
            tensors.append(_input(operation.settings, _dtype(architecture, place)))
            continue
        layer = _layer(operation) if operation.shares is None else layers[operation.shares]
        layers.append(layer)
        tensors.append(_called(operation, layer, [tensors[index] for index in operation.inputs]))
    inputs = [tensors[index] for index, layer in enumerate(layers) if layer is None]
    outputs = [tensors[index] for index in architecture.outputs]
    model = keras.Model(inputs[0] if len(inputs) == 1 else inputs, outputs[0] if len(outputs) == 1 else outputs)
    return Built(model, layers, tensors)


def adapt(built: Built, architecture: Architecture, images: Any) -> None:
    """Adapt layers that compute statistics of the data (Normalization) to the training images, first to last.

    `images` is an array, or a list with one for each input.
    """
    images = [part[:_ADAPTED_TO] for part in images] if isinstance(images, list) else images[:_ADAPTED_TO]
    for layer, operation in zip(built.layers, architecture.operations, strict=True):
        adapts = None if layer is None else LAYERS[operation.kind].adapts
        own = operation.shares is None and BASE_WEIGHTS not in operation.settings
        if adapts is not None and adapts(operation.settings) and own:
            before = keras.Model(built.model.inputs, built.tensors[operation.inputs[0]])
            layer.adapt(before.predict(images, verbose=0))


def load_base_weights(built: Built, architecture: Architecture, weights: Mapping[str, Any]) -> None:
    """Give the layers that start with the weights of a base model these weights.

    Args:
        built: the new model.
        architecture: its operations; the fingerprints in their settings come from a student's kernel.
        weights: the weights in the declared files, by their fingerprints. A layer with others keeps its new weights.

    Raises:
        CannotTrain: they do not fit into a layer.
    """
    for layer, operation in zip(built.layers, architecture.operations, strict=True):
        wanted = operation.settings.get(BASE_WEIGHTS)
        if layer is None or operation.shares is not None or not wanted or not weights.keys() >= set(wanted):
            continue
        try:
            layer.set_weights([weights[one] for one in wanted])
        except ValueError as error:
            cause = f"{type(error).__name__}: {str(error)[:300]}"
            raise CannotTrain(problem("refused", cause=cause)) from None


def make_optimizer(optimizer: Optimizer) -> keras.optimizers.Optimizer:
    """The optimizer with its settings.

    Raises:
        CannotTrain: it is not known here.
    """
    settings = dict(optimizer.settings)
    rate = settings.get("learning_rate")
    if isinstance(rate, Mapping):
        settings["learning_rate"] = _made(SCHEDULES, str(rate.get("class_name")), rate.get("config", {}), "schedule")
    return _made(OPTIMIZERS, optimizer.name, settings, "optimizer")


def make_loss(loss: Loss) -> keras.losses.Loss:
    """The loss with its settings.

    Raises:
        CannotTrain: it is not known here.
    """
    return _made(KERAS_LOSSES, loss.name, loss.settings, "loss")


def _dtype(architecture: Architecture, place: int) -> str | None:
    """The dtype of an input, as implied by the layers that read it."""
    readers = (LAYERS.get(one.kind) for one in architecture.operations if place in one.inputs)
    return next((reader.dtype for reader in readers if reader is not None and reader.dtype), None)


def _input(settings: Mapping[str, Any], dtype: str | None) -> Any:
    return keras.Input(tuple(settings["shape"]), dtype=settings.get("dtype", dtype))


def _called(operation: Operation, layer: keras.layers.Layer, sources: list[Any]) -> Any:
    """The output of a layer applied to its sources, each in its role and with the settings of the call."""
    known = LAYERS[operation.kind]
    call = {name: operation.settings[name] for name in known.call}
    if known.roles:
        return layer(**dict(zip(known.roles, sources, strict=False)), **call)
    return layer(sources[0] if len(sources) == 1 else sources, **call)


def _layer(operation: Operation) -> keras.layers.Layer:
    left_out = LAYERS[operation.kind].call.keys() | _DESCRIBED if operation.kind in LAYERS else _DESCRIBED
    settings = {key: _value(key, value) for key, value in operation.settings.items() if key not in left_out}
    if "layer" in settings:
        held = operation.settings["layer"]
        settings["layer"] = _layer(Operation(kind=held["class_name"], settings=held["config"]))
    return _made(KERAS_LAYERS, operation.kind, settings, "layer")


def _value(key: str, value: Any) -> Any:
    """One setting in the form Keras takes: parts become objects, lists become tuples."""
    for ending, known in _PARTS.items():
        if key.endswith(ending):
            return None if value is None else _made(known, value["class_name"], value["config"], ending[1:])
    return value if isinstance(value, Mapping) else _tuples(value)


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list | tuple) else value


def _made(known: Mapping[str, Any], name: str, settings: Mapping[str, Any], what: str) -> Any:
    maker = known.get(name)
    if maker is None:
        raise CannotTrain(problem("unknown", part=part_name(what), name=name))
    accepted = {*inspect.signature(maker.__init__).parameters, *(_ANY_LAYER if what == "layer" else ())}
    for key in settings:
        if key not in accepted:
            raise CannotTrain(problem("unknown_setting", part=part_name(what), name=name, key=key))
    try:
        return maker(**settings)
    except (TypeError, ValueError) as error:
        raise CannotTrain(problem("bad_settings", part=part_name(what), name=name, error=str(error))) from None
