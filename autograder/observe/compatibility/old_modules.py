"""Inside the kernel: modules and names that Keras 2 had elsewhere, found only where today's Keras has nothing.

A finder at the end of `sys.meta_path` and a `__getattr__` of modules are asked last, so that whatever exists today is
what it always was.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import keras
import tensorflow as tf
import tensorflow.keras.backend
import tensorflow.keras.layers
import tensorflow.keras.models
import tensorflow.keras.optimizers
import tensorflow.keras.optimizers.legacy
import tensorflow.keras.preprocessing.image
import tensorflow.keras.utils

from autograder.observe.compatibility.stand_in_log import note

_ROOTS = ("keras", "tensorflow.keras", "tensorflow.contrib.keras", "tensorflow.contrib.keras.api.keras")
_LAYERS = (
    "core convolutional normalization pooling advanced_activations embeddings recurrent merge local noise wrappers "
    "convolutional_recurrent experimental experimental.preprocessing preprocessing normalization_v2 dense_attention "
    "normalization.batch_normalization merging regularization reshaping rnn attention"
)
_UTILS = "np_utils generic_utils vis_utils layer_utils data_utils io_utils training_utils all_utils"
_TOPOLOGY = "engine engine.topology engine.training engine.input_layer engine.base_layer engine.sequential"
_OPTIMIZERS = (
    "optimizers.adam_v2 optimizers.gradient_descent_v2 optimizers.rmsprop_v2 optimizers.adagrad_v2 optimizer_v2 "
    "optimizer_v2.adam optimizer_v2.gradient_descent optimizer_v2.rmsprop optimizers.optimizer_v2"
)
# By the name below Keras: the modules of today whose names stand in it.
_MOVED: Mapping[str, tuple[str, ...]] = {
    **{f"layers.{name}": ("keras.layers",) for name in _LAYERS.split()},
    **{f"utils.{name}": ("keras.utils",) for name in _UTILS.split()},
    **dict.fromkeys(_TOPOLOGY.split(), ("keras.layers", "keras.models")),
    **dict.fromkeys(_OPTIMIZERS.split(), ("keras.optimizers",)),
    "objectives": ("keras.losses",),
    "callbacks.callbacks": ("keras.callbacks",),
    "backend.tensorflow_backend": ("keras.backend",),
    "preprocessing.text": ("keras.src.legacy.preprocessing.text",),
    # Where TensorFlow 1 kept it.
    **dict.fromkeys(("models", "layers", "utils", "optimizers", "callbacks", "datasets", "backend", "losses"), ()),
}
_PARENTS = ("tensorflow.contrib", *_ROOTS[2:], "tensorflow.contrib.keras.api")


def _target(name: str) -> tuple[str, ...] | None:
    """The modules whose names a module of old has; () for a package that only holds others."""
    if name in _PARENTS:
        return ("keras",) if name.endswith("keras") else ()
    for root in sorted(_ROOTS, key=len, reverse=True):
        below = name.removeprefix(root + ".")
        if below != name and below in _MOVED:
            return _MOVED[below] or (f"keras.{below}",)
    return None


class _OldModules(MetaPathFinder, Loader):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return ModuleSpec(fullname, self, is_package=True) if _target(fullname) is not None else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = ModuleType(spec.name)
        for name in reversed(_target(spec.name) or ()):
            if name in sys.modules or name.startswith("keras.src."):
                found = vars(importlib.import_module(name))
                vars(module).update({key: value for key, value in found.items() if not key.startswith("_")})
        if spec.name.endswith("np_utils"):
            vars(module).update(to_categorical=_to_categorical)
        if spec.name.endswith("tensorflow_backend"):
            vars(module).update(set_session=_passed_over, get_session=_passed_over)
        return module

    def exec_module(self, module: ModuleType) -> None:
        targets = _target(module.__name__)
        if targets and not targets[0].startswith("keras.src."):
            note("module", module.__name__, targets[0])


def _to_categorical(y: Any, nb_classes: int | None = None, **named: Any) -> Any:
    """`np_utils.to_categorical`, whose second argument was called `nb_classes` in Keras 1."""
    return keras.utils.to_categorical(y, num_classes=named.pop("num_classes", nb_classes), **named)


def _passed_over(*_: Any, **__: Any) -> None:
    note("session")


def _image_generator() -> Any:
    note("image_generator")
    return importlib.import_module("keras.src.legacy.preprocessing.image").ImageDataGenerator


def _optimizer(old: str, name: str) -> Callable[[], Any]:
    def get() -> Any:
        note("name", old, f"keras.optimizers.{name}")
        return getattr(keras.optimizers, name)

    return get


def _layer(old: str, name: str) -> Callable[[], Any]:
    def get() -> Any:
        note("name", old, f"keras.layers.{name}")
        return getattr(keras.layers, name)

    return get


def _version_1(name: str) -> Callable[[], Any]:
    def get() -> Any:
        note("session")
        value: Any = tf.compat.v1
        for part in name.split("."):
            value = getattr(value, part)
        return value

    return get


def _train_optimizer(name: str, of_keras: str) -> Callable[[], Any]:
    def make(learning_rate: float = 0.001, *positional: Any, **named: Any) -> Any:
        known = {key: value for key, value in named.items() if key in ("momentum", "name", "beta_1", "beta_2")}
        if name == "MomentumOptimizer" and positional:
            known["momentum"] = positional[0]
        return getattr(keras.optimizers, of_keras)(learning_rate=learning_rate, **known)

    def get() -> Any:
        note("name", f"tf.train.{name}", f"keras.optimizers.{of_keras}")
        return make

    return get


_ADAM = ("Adam", "SGD", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Nadam", "Ftrl")
_LEGACY = {name: _optimizer(f"keras.optimizers.legacy.{name}", name) for name in _ADAM}
_VERSION_1 = (
    "Session InteractiveSession ConfigProto GPUOptions set_random_seed global_variables_initializer "
    "get_default_graph reset_default_graph logging OptimizerOptions"
)
_NAMES: Mapping[str, Mapping[str, Callable[[], Any]]] = {
    "preprocessing.image": {"ImageDataGenerator": _image_generator},
    "optimizers": {name.lower(): _optimizer(f"keras.optimizers.{name.lower()}", name) for name in _ADAM},
    "layers": {
        "CuDNNLSTM": _layer("CuDNNLSTM", "LSTM"),
        "CuDNNGRU": _layer("CuDNNGRU", "GRU"),
    },
    "backend": {"set_session": lambda: _passed_over, "get_session": lambda: _passed_over},
    "utils": {},
}
_OF_TENSORFLOW = {name: _version_1(name) for name in _VERSION_1.split()}
_OF_TRAIN = {
    "AdamOptimizer": _train_optimizer("AdamOptimizer", "Adam"),
    "GradientDescentOptimizer": _train_optimizer("GradientDescentOptimizer", "SGD"),
    "MomentumOptimizer": _train_optimizer("MomentumOptimizer", "SGD"),
    "RMSPropOptimizer": _train_optimizer("RMSPropOptimizer", "RMSprop"),
    "AdagradOptimizer": _train_optimizer("AdagradOptimizer", "Adagrad"),
    "AdadeltaOptimizer": _train_optimizer("AdadeltaOptimizer", "Adadelta"),
}


def _offer(module: ModuleType, names: Mapping[str, Callable[[], Any]]) -> None:
    """Give a module the names of old, for those that ask for what it lacks."""
    before = vars(module).get("__getattr__")

    def get(name: str) -> Any:
        if name in names:
            return names[name]()
        if _target(f"{module.__name__}.{name}"):
            return importlib.import_module(f"{module.__name__}.{name}")
        if before is not None:
            return before(name)
        raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")

    setattr(module, "__getattr__", get)  # noqa: B010


def install() -> None:
    """Let imports and attributes find what has moved."""
    sys.meta_path.append(_OldModules())
    for root in ("keras", "tensorflow.keras", "keras._tf_keras.keras"):
        for below, names in _NAMES.items():
            if module := sys.modules.get(f"{root}.{below}"):
                _offer(module, names)
        if module := sys.modules.get(f"{root}.optimizers.legacy"):
            for name in _LEGACY:
                vars(module).pop(name, None)
            _offer(module, _LEGACY)
    _offer(tf, _OF_TENSORFLOW)
    _offer(tf.train, _OF_TRAIN)
