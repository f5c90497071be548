"""Inside the kernel: supports the argument names of Keras 1 and 2 for layers, optimizers and methods.

Constructors and methods of Keras are wrapped; calls without old names are passed on unchanged.
"""

from __future__ import annotations

import functools
import inspect
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

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
    **dict.fromkeys(("MaxPooling2D", "AveragePooling2D", "UpSampling2D", "ZeroPadding2D"), _IMAGES),
    **dict.fromkeys(("MaxPooling1D", "AveragePooling1D"), _SEQUENCES),
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN"), _RECURRENT),
    "Dropout": {"p": "rate"},
    "SpatialDropout2D": {"p": "rate"},
    "GaussianNoise": {"sigma": "stddev"},
    "GaussianDropout": {"p": "rate"},
    "Embedding": {"init": "embeddings_initializer", "W_regularizer": "embeddings_regularizer"},
    "BatchNormalization": {"beta_init": "beta_initializer", "gamma_init": "gamma_initializer"},
}
_DROPPED: Mapping[str, frozenset[str]] = {"BatchNormalization": frozenset(("mode",))}
_VALUES: Mapping[str, Mapping[Any, Any]] = {
    "data_format": {"tf": "channels_last", "th": "channels_first"},
    "kernel_initializer": {"normal": "random_normal", "uniform": "random_uniform"},
}
_CONVOLUTIONS = {"Conv1D": 1, "Conv2D": 2, "Conv3D": 3}
_STEPS = ("steps_per_epoch", "validation_steps", "steps", "epochs")
_GONE = frozenset(
    ("workers", "use_multiprocessing", "max_queue_size", "max_q_size", "pickle_safe", "nb_worker", "show_accuracy")
)
_CALLBACKS: Mapping[str, tuple[Mapping[str, str], frozenset[str]]] = {
    "ReduceLROnPlateau": ({"epsilon": "min_delta"}, frozenset()),
    "TensorBoard": (
        {},
        frozenset(("batch_size", "write_grads", "embeddings_layer_names", "embeddings_data")),
    ),
}
_ADAPTIVE = ("Adam", "AdamW", "Nadam", "Adamax", "RMSprop", "Adagrad", "Adadelta")
_ENDS = {"input": "inputs", "output": "outputs"}
_SHAPES = frozenset(("input_shape", "output_shape"))
_METHODS: Mapping[str, Mapping[str, str]] = {
    "fit": {"nb_epoch": "epochs", "nb_val_samples": "validation_steps"},
    "evaluate": {"val_samples": "steps"},
    "predict": {"val_samples": "steps"},
}
_OF_TF_NN = (tf.nn.relu, tf.nn.softmax, tf.nn.sigmoid, tf.nn.tanh, tf.nn.elu, tf.nn.selu, tf.nn.leaky_relu)
# Requested file names and the names under which the files were saved, because Keras 3 requires a suffix.
_saved: dict[str, str] = {}


def _before(owner: Any, name: str, change: Callable[[tuple[Any, ...], dict[str, Any]], tuple[Any, ...]]) -> None:
    """Pass the arguments of a function of `owner` through `change`, which edits the keyword arguments in place and
    returns the positional ones."""
    original = getattr(owner, name)

    @functools.wraps(original)
    def call(*positional: Any, **named: Any) -> Any:
        return original(*change(positional, named), **named)

    # Keras inspects the signature of constructors.
    call.__signature__ = inspect.signature(original)  # type: ignore[attr-defined]
    setattr(owner, name, call)


def _rename(named: dict[str, Any], renamed: Mapping[str, str], dropped: frozenset[str] = frozenset()) -> None:
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
            _rename(named, renamed, dropped)
            return positional

        _before(getattr(keras.layers, name), "__init__", change)
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

    _before(getattr(keras.layers, name), "__init__", change)


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

    _before(BaseOptimizer, "__init__", change)
    for name in _ADAPTIVE:
        _before(getattr(keras.optimizers, name), "__init__", without_epsilon)
    setattr(BaseOptimizer, "lr", property(read, write))  # noqa: B010


def _callbacks() -> None:
    for name, (renamed, dropped) in _CALLBACKS.items():

        def change(
            positional: tuple[Any, ...],
            named: dict[str, Any],
            renamed: Mapping[str, str] = renamed,
            dropped: frozenset[str] = dropped,
        ) -> tuple[Any, ...]:
            _rename(named, renamed, dropped)
            return positional

        _before(getattr(keras.callbacks, name), "__init__", change)


def _networks() -> None:
    """`Model(input=…, output=…)`: Keras first chooses the class by the argument names, then initializes it."""
    from keras.src.models.functional import Functional

    def change(positional: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        if not named.keys().isdisjoint(_ENDS) and {*_ENDS.values()} <= {_ENDS.get(name, name) for name in named}:
            _rename(named, _ENDS)
        return positional

    for owner in (keras.Model, Functional):
        _before(owner, "__init__", change)
    _before(keras.Model, "__new__", change)


def _shapes() -> None:
    """`layer.output_shape`, `batch_input_shape=`, and `Input(784)` for `Input((784,))`."""

    def change(positional: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        shape = named.get("batch_input_shape")
        if isinstance(shape, tuple | list) and "input_shape" not in named:
            del named["batch_input_shape"]
            named["input_shape"] = tuple(shape[1:])
            note_stand_in("argument", "batch_input_shape", "input_shape")
        return positional

    def get(layer: Any, name: str) -> Any:
        # Keras itself checks whether a layer has the attribute, and then prints another summary.
        asking = str(sys._getframe(1).f_globals.get("__name__", "")).partition(".")[0]
        if name in _SHAPES and asking not in ("keras", "tensorflow", "autograder"):
            end = name.partition("_")[0]
            try:
                tensors = getattr(layer, end)
            except (AttributeError, ValueError):
                tensors = None
            if tensors is not None:
                note_stand_in("name", f"layer.{name}", f"layer.{end}.shape")
                return [one.shape for one in tensors] if isinstance(tensors, list) else tensors.shape
        raise AttributeError(f"{type(layer).__name__!r} object has no attribute {name!r}")

    def whole(positional: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        size = named.get("shape", positional[1] if len(positional) > 1 else None)
        if type(size) is not int:
            return positional
        note_stand_in("name", f"Input({size})", f"Input(({size},))")
        if "shape" in named:
            named["shape"] = (size,)
            return positional
        return positional[0], (size,), *positional[2:]

    _before(keras.layers.InputLayer, "__init__", whole)
    _before(keras.layers.Layer, "__init__", change)
    if not hasattr(keras.layers.Layer, "__getattr__"):
        setattr(keras.layers.Layer, "__getattr__", get)  # noqa: B010


def _methods() -> None:
    for name, renamed in _METHODS.items():

        def change(
            positional: tuple[Any, ...], named: dict[str, Any], renamed: Mapping[str, str] = renamed
        ) -> tuple[Any, ...]:
            _rename(named, renamed, _GONE)
            for step in _STEPS:
                if type(named.get(step)) is float or isinstance(named.get(step), np.floating):
                    named[step] = int(named[step])
            return positional

        owner = next(kind for kind in keras.Model.__mro__ if name in vars(kind))
        _before(owner, name, change)
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
        # Keras 1 counted images here, not batches.
        steps_per_epoch = max(1, int(samples) // (getattr(generator, "batch_size", None) or 32))
    if "nb_epoch" in named:
        epochs = named.pop("nb_epoch")
        note_stand_in("argument", "nb_epoch", "epochs")
    return self.fit(generator, steps_per_epoch=steps_per_epoch, epochs=epochs, **named)


def _of_generator(name: str) -> Callable[..., Any]:
    def method(self: Any, generator: Any, steps: Any = None, **named: Any) -> Any:
        note_stand_in("name", f"{name}_generator", name)
        return getattr(self, name)(generator, steps=steps, **named)

    return method


def _predict_proba(self: Any, x: Any, batch_size: int = 32, verbose: Any = 0, **named: Any) -> Any:
    note_stand_in("name", "predict_proba", "predict")
    return self.predict(x, batch_size=batch_size, verbose=verbose, **named)


def _predict_classes(self: Any, x: Any, batch_size: int = 32, verbose: Any = 0, **named: Any) -> Any:
    note_stand_in("name", "predict_classes", "predict(…).argmax(axis=-1)")
    predicted = np.asarray(self.predict(x, batch_size=batch_size, verbose=verbose, **named))
    return predicted.argmax(axis=-1) if predicted.shape[-1] > 1 else (predicted > 0.5).astype("int32")


def _ending(path: Any, endings: tuple[str, ...], added: str) -> Any:
    """The path with a suffix that Keras 3 accepts; unchanged if it has one."""
    if not isinstance(path, str | os.PathLike) or str(path).endswith(endings):
        return path
    old = os.fspath(path)
    if not isinstance(old, str) or old.startswith("hf://"):
        return path
    # Without a suffix Keras 2 saved a folder, whose name may end with a slash.
    base = old.removesuffix(".hdf5").removesuffix(".h5") if added == ".weights.h5" else old.removesuffix(".hdf5")
    new = base.rstrip("/") + added
    _saved[old] = new
    note_stand_in("file", os.path.basename(old.rstrip("/")), os.path.basename(new))
    return new


def _files() -> None:
    def saved(positional: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        if named.pop("save_format", None) is not None:
            note_stand_in("dropped", "save_format")
        return _at(positional, named, lambda path: _ending(path, (".keras", ".h5", ".hdf5"), ".keras"))

    def weights(positional: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        if named.get("max_shard_size") is not None:
            return positional
        return _at(positional, named, lambda path: _ending(path, (".weights.h5",), ".weights.h5"))

    def loaded(positional: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        return _at(positional, named, _found)

    _before(keras.Model, "save", saved)
    _before(keras.Model, "save_weights", weights)
    _before(keras.Model, "load_weights", loaded)
    load = keras.models.load_model

    @functools.wraps(load)
    def load_model(filepath: Any, *positional: Any, **named: Any) -> Any:
        try:
            return load(_found(filepath), *positional, **named)
        except (TypeError, ValueError):
            # Keras 2 could load what it had saved with `activation=tf.nn.relu`; Keras 3 does not find the function.
            with keras.saving.custom_object_scope({one.__name__: one for one in _OF_TF_NN}):
                return load(_found(filepath), *positional, **named)

    for root in ("keras", "tensorflow.keras", "keras._tf_keras.keras"):
        for name in ("models", "saving"):
            if hasattr(module := sys.modules.get(f"{root}.{name}"), "load_model"):
                setattr(module, "load_model", load_model)  # noqa: B010

    def checkpoint(positional: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        _rename(named, {}, frozenset(("period",)))
        if named.get("save_weights_only"):
            return weights(positional, named)
        return _at(positional, named, lambda path: _ending(path, (".keras", ".h5"), ".keras"))

    _before(keras.callbacks.ModelCheckpoint, "__init__", checkpoint)


def _at(positional: tuple[Any, ...], named: dict[str, Any], change: Callable[[Any], Any]) -> tuple[Any, ...]:
    """Apply `change` to the path, the first argument after `self`."""
    if len(positional) > 1:
        return positional[0], change(positional[1]), *positional[2:]
    if "filepath" in named:
        named["filepath"] = change(named["filepath"])
    return positional


def _found(path: Any) -> Any:
    """The actual path of a file that was requested under its original name."""
    return path if not isinstance(path, str) or os.path.exists(path) else _saved.get(path, path)


def accept_old_arguments(*, keras_1: bool) -> None:
    """Support the old arguments. Call it after all other wrappers of Keras' methods are installed."""
    _layers(keras_1)
    _shapes()
    _networks()
    _optimizers()
    _callbacks()
    _methods()
    _files()
