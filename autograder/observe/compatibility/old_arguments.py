"""Inside the kernel: supports the argument names of Keras 1 and 2 for layers, optimizers and methods.

Constructors and methods of Keras are wrapped; calls without old names are passed on unchanged.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np

from autograder.observe.compatibility.stand_in_log import note_stand_in

_WEIGHTS = {
    "init": "kernel_initializer",
    "W_regularizer": "kernel_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "b_constraint": "bias_constraint",
    "bias": "use_bias",
}
_IMAGES = {"border_mode": "padding", "dim_ordering": "data_format"}
_SEQUENCES = {**_IMAGES, "pool_length": "pool_size", "stride": "strides"}
_CONVOLUTION = {
    **_WEIGHTS,
    **_IMAGES,
    "nb_filter": "filters",
    "filter_length": "kernel_size",
    "subsample": "strides",
    "subsample_length": "strides",
}
_RECURRENT = {
    **_WEIGHTS,
    "output_dim": "units",
    "inner_init": "recurrent_initializer",
    "inner_activation": "recurrent_activation",
    "U_regularizer": "recurrent_regularizer",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
}
_LAYERS: Mapping[str, Mapping[str, str]] = {
    "Dense": {**_WEIGHTS, "output_dim": "units"},
    **dict.fromkeys(("Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "SeparableConv2D"), _CONVOLUTION),
    **dict.fromkeys(("MaxPooling2D", "AveragePooling2D", "UpSampling2D", "ZeroPadding2D", "Cropping2D"), _IMAGES),
    **dict.fromkeys(("GlobalMaxPooling2D", "GlobalAveragePooling2D"), _IMAGES),
    **dict.fromkeys(("MaxPooling1D", "AveragePooling1D"), _SEQUENCES),
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN"), _RECURRENT),
    "Dropout": {"p": "rate"},
    "SpatialDropout2D": {"p": "rate"},
    "GaussianNoise": {"sigma": "stddev"},
    "GaussianDropout": {"p": "rate"},
    "Embedding": {"init": "embeddings_initializer", "W_regularizer": "embeddings_regularizer"},
    "BatchNormalization": {"beta_init": "beta_initializer", "gamma_init": "gamma_initializer"},
}
_DROPPED: Mapping[str, frozenset[str]] = {
    "BatchNormalization": frozenset(("mode",)),
    "Embedding": frozenset(("dropout",)),
    "Conv2DTranspose": frozenset(("output_shape",)),
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN"), frozenset(("forget_bias_init", "consume_less"))),
}
_VALUES: Mapping[str, Mapping[Any, Any]] = {
    "data_format": {"tf": "channels_last", "th": "channels_first"},
    "kernel_initializer": {"normal": "random_normal", "uniform": "random_uniform"},
}
_CONVOLUTIONS = {"Conv1D": 1, "Conv2D": 2, "Conv3D": 3, "Conv2DTranspose": 2, "SeparableConv2D": 2}
_STEPS = ("steps_per_epoch", "validation_steps", "steps", "epochs")
_GONE = frozenset(
    ("workers", "use_multiprocessing", "max_queue_size", "max_q_size", "pickle_safe", "nb_worker", "show_accuracy")
)
_GONE_OF_COMPILE = frozenset(("class_mode", "theano_mode", "sample_weight_mode", "target_tensors"))
_CALLBACKS: Mapping[str, tuple[Mapping[str, str], frozenset[str]]] = {
    "ReduceLROnPlateau": ({"epsilon": "min_delta"}, frozenset()),
    "TensorBoard": (
        {},
        frozenset(("batch_size", "write_grads", "embeddings_layer_names", "embeddings_data")),
    ),
}
_ADAPTIVE = ("Adam", "AdamW", "Nadam", "Adamax", "RMSprop", "Adagrad", "Adadelta")
_ENDS = {"input": "inputs", "output": "outputs"}
_METHODS: Mapping[str, Mapping[str, str]] = {
    "fit": {"nb_epoch": "epochs", "nb_val_samples": "validation_steps"},
    "evaluate": {"val_samples": "steps"},
    "predict": {"val_samples": "steps"},
    "compile": {},
}


def before(owner: Any, name: str, change: Callable[[tuple[Any, ...], dict[str, Any]], tuple[Any, ...]]) -> None:
    """Pass the arguments of a function of `owner` through `change`, which edits the keyword arguments in place and
    returns the positional ones."""
    original = getattr(owner, name)

    @functools.wraps(original)
    def call(*positional: Any, **named: Any) -> Any:
        return original(*change(positional, named), **named)

    # Keras inspects the signature of constructors.
    call.__signature__ = inspect.signature(original)  # type: ignore[attr-defined]
    setattr(owner, name, call)


def rename(named: dict[str, Any], renamed: Mapping[str, str], dropped: frozenset[str] = frozenset()) -> None:
    """Give keyword arguments, in place, the names of today, and leave out those that have none."""
    for old in [old for old in named if old in renamed and renamed[old] not in named]:
        new = renamed[old]
        value = named.pop(old)
        known = _VALUES.get(new, {})
        named[new] = known.get(value, value) if isinstance(value, str) else value
        note_stand_in("argument", old, new)
    for old in [old for old in named if old in dropped]:
        del named[old]
        note_stand_in("dropped", old)


def _layers(keras_1: bool) -> None:
    for name, renamed in _LAYERS.items():

        def change(
            positional: tuple[Any, ...],
            named: dict[str, Any],
            renamed: Mapping[str, str] = renamed,
            dropped: frozenset[str] = _DROPPED.get(name, frozenset()),
        ) -> tuple[Any, ...]:
            if "nb_row" in named and "nb_col" in named and "kernel_size" not in named:
                named["kernel_size"] = (named.pop("nb_row"), named.pop("nb_col"))
                note_stand_in("argument", "nb_row, nb_col", "kernel_size")
            rename(named, renamed, dropped)
            return positional

        before(getattr(keras.layers, name), "__init__", change)
    if keras_1:
        for name, rank in _CONVOLUTIONS.items():
            _convolution_of_keras_1(name, rank)


def _convolution_of_keras_1(name: str, rank: int) -> None:
    """`Convolution2D(32, 3, 3)` took the rows and columns of the kernel as separate arguments."""

    def change(positional: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        sizes = positional[2 : 2 + rank]
        if rank > 1 and len(sizes) == rank and all(isinstance(size, int | np.integer) for size in sizes):
            note_stand_in("convolution", name)
            positional = (*positional[:2], tuple(int(size) for size in sizes), *positional[2 + rank :])
        return positional

    before(getattr(keras.layers, name), "__init__", change)


def _optimizers() -> None:
    from keras.src.optimizers.base_optimizer import BaseOptimizer

    def change(positional: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        if "lr" in named:
            rate = named.pop("lr")
            note_stand_in("lr")
            if len(positional) > 1:
                positional = (positional[0], rate, *positional[2:])
            else:
                named["learning_rate"] = rate
        if named.get("decay"):
            note_stand_in("decay")
        return positional

    def read(optimizer: Any) -> Any:
        note_stand_in("lr")
        return optimizer.learning_rate

    def write(optimizer: Any, value: Any) -> None:
        note_stand_in("lr")
        optimizer.learning_rate = value

    def without_epsilon(positional: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        if "epsilon" in named and named["epsilon"] is None:  # Keras 2 used the default value
            del named["epsilon"]
            note_stand_in("dropped", "epsilon=None")
        return positional

    before(BaseOptimizer, "__init__", change)
    for name in _ADAPTIVE:
        before(getattr(keras.optimizers, name), "__init__", without_epsilon)
    setattr(BaseOptimizer, "lr", property(read, write))  # noqa: B010


def _callbacks() -> None:
    for name, (renamed, dropped) in _CALLBACKS.items():

        def change(
            positional: tuple[Any, ...],
            named: dict[str, Any],
            renamed: Mapping[str, str] = renamed,
            dropped: frozenset[str] = dropped,
        ) -> tuple[Any, ...]:
            rename(named, renamed, dropped)
            return positional

        before(getattr(keras.callbacks, name), "__init__", change)


def _networks() -> None:
    """`Model(input=…, output=…)`: Keras first chooses the class by the argument names, then initializes it."""
    from keras.src.models.functional import Functional

    def change(positional: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        if not named.keys().isdisjoint(_ENDS) and {*_ENDS.values()} <= {_ENDS.get(name, name) for name in named}:
            rename(named, _ENDS)
        return positional

    for owner in (keras.Model, Functional):
        before(owner, "__init__", change)
    before(keras.Model, "__new__", change)


def _methods() -> None:
    for name, renamed in _METHODS.items():

        def change(
            positional: tuple[Any, ...],
            named: dict[str, Any],
            renamed: Mapping[str, str] = renamed,
            gone: frozenset[str] = _GONE_OF_COMPILE if name == "compile" else _GONE,
        ) -> tuple[Any, ...]:
            rename(named, renamed, gone)
            for step in _STEPS:
                if type(named.get(step)) is float or isinstance(named.get(step), np.floating):
                    named[step] = int(named[step])
            return positional

        owner = next(kind for kind in keras.Model.__mro__ if name in vars(kind))
        before(owner, name, change)
    for name, method in (
        ("fit_generator", _fit_generator),
        ("evaluate_generator", _of_generator("evaluate")),
        ("predict_generator", _of_generator("predict")),
        ("predict_classes", _predict_classes),
        ("predict_proba", _predict_proba),
    ):
        if not hasattr(keras.Model, name):
            setattr(keras.Model, name, method)


def _fit_generator(self: Any, generator: Any, steps_per_epoch: Any = None, epochs: Any = 1, **named: Any) -> Any:
    note_stand_in("name", "fit_generator", "fit")
    samples = named.pop("samples_per_epoch", None)
    if samples is not None and steps_per_epoch is None:
        steps_per_epoch = _batches(samples, generator)
    if "nb_epoch" in named:
        epochs = named.pop("nb_epoch")
        note_stand_in("argument", "nb_epoch", "epochs")
    return self.fit(generator, steps_per_epoch=steps_per_epoch, epochs=epochs, **named)


def _batches(samples: Any, generator: Any) -> int:
    """The number of batches for a number of images, which Keras 1 counted instead."""
    return max(1, int(samples) // (getattr(generator, "batch_size", None) or 32))


def _of_generator(name: str) -> Callable[..., Any]:
    def method(self: Any, generator: Any, steps: Any = None, **named: Any) -> Any:
        note_stand_in("name", f"{name}_generator", name)
        samples = named.pop("val_samples", None)
        steps = _batches(samples, generator) if steps is None and samples is not None else steps
        return getattr(self, name)(generator, steps=steps, **named)

    return method


def _predict_proba(self: Any, x: Any, batch_size: int = 32, verbose: Any = 0, **named: Any) -> Any:
    note_stand_in("name", "predict_proba", "predict")
    return self.predict(x, batch_size=batch_size, verbose=verbose, **named)


def _predict_classes(self: Any, x: Any, batch_size: int = 32, verbose: Any = 0, **named: Any) -> Any:
    note_stand_in("name", "predict_classes", "predict(…).argmax(axis=-1)")
    predicted = np.asarray(self.predict(x, batch_size=batch_size, verbose=verbose, **named))
    return predicted.argmax(axis=-1) if predicted.shape[-1] > 1 else (predicted > 0.5).astype("int32")


def accept_old_arguments(*, keras_1: bool) -> None:
    """Support the old arguments. Call it after all other wrappers of Keras' methods are installed."""
    _layers(keras_1)
    _networks()
    _optimizers()
    _callbacks()
    _methods()
