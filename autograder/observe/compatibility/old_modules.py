"""Inside the kernel: old locations of modules and names of Keras 2, found only if today's Keras does not define them.

A finder at the end of `sys.meta_path` and a module-level `__getattr__` are used last, so that existing names do not
change.
"""

from __future__ import annotations

import ast
import functools
import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow.keras.backend
import tensorflow.keras.layers
import tensorflow.keras.models
import tensorflow.keras.optimizers
import tensorflow.keras.optimizers.legacy
import tensorflow.keras.preprocessing.image
import tensorflow.keras.utils
from keras.src.legacy import backend as _legacy_backend

from autograder.observe.compatibility.old_initializers import OF_KERAS_1
from autograder.observe.compatibility.stand_in_log import note_stand_in

_ROOTS = ("keras", "tensorflow.keras", "tensorflow.contrib.keras", "tensorflow.contrib.keras.api.keras")
_LAYERS = (
    "core convolutional normalization pooling advanced_activations embeddings recurrent merge local noise wrappers "
    "convolutional_recurrent experimental experimental.preprocessing preprocessing normalization_v2 dense_attention "
    "normalization.batch_normalization merging regularization reshaping rnn attention"
)
_UTILS = "np_utils generic_utils vis_utils layer_utils data_utils io_utils training_utils all_utils visualize_util"
_TOPOLOGY = "engine engine.topology engine.training engine.input_layer engine.base_layer engine.sequential"
_OPTIMIZERS = (
    "optimizers.adam_v2 optimizers.gradient_descent_v2 optimizers.rmsprop_v2 optimizers.adagrad_v2 optimizer_v2 "
    "optimizer_v2.adam optimizer_v2.gradient_descent optimizer_v2.rmsprop optimizers.optimizer_v2"
)
# By the module name relative to Keras: today's modules that provide its names.
_MOVED: Mapping[str, tuple[str, ...]] = {
    **{f"layers.{name}": ("keras.layers",) for name in _LAYERS.split()},
    **{f"utils.{name}": ("keras.utils",) for name in _UTILS.split()},
    **dict.fromkeys(_TOPOLOGY.split(), ("keras.layers", "keras.models")),
    **dict.fromkeys(_OPTIMIZERS.split(), ("keras.optimizers",)),
    "objectives": ("keras.losses",),
    "initializations": ("keras.initializers",),
    "wrappers.scikit_learn": ("keras.wrappers",),
    "callbacks.callbacks": ("keras.callbacks",),
    "backend.tensorflow_backend": ("keras.backend",),
    "preprocessing.text": ("keras.src.legacy.preprocessing.text",),
    # The location in TensorFlow 1.
    **dict.fromkeys(("models", "layers", "utils", "optimizers", "callbacks", "datasets", "backend", "losses"), ()),
}
_PARENTS = ("tensorflow.contrib", *_ROOTS[2:], "tensorflow.contrib.keras.api")


def _target(name: str) -> tuple[str, ...] | None:
    """The modules that provide the names of an old module; () for a package that only contains other modules."""
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
        module = _Merge(spec.name) if spec.name.endswith("layers.merge") else ModuleType(spec.name)
        for name in reversed(_target(spec.name) or ()):
            if name in sys.modules or name.startswith("keras.src."):
                found = vars(importlib.import_module(name))
                vars(module).update({key: value for key, value in found.items() if not key.startswith("_")})
        for name in (_target(spec.name) or ("keras",))[::-1]:
            _offer(module, _NAMES.get(name.removeprefix("keras."), {}))
        if spec.name.endswith("initializations"):
            vars(module).update(OF_KERAS_1)
        if spec.name.endswith("np_utils"):
            vars(module).update(to_categorical=_to_categorical)
        if spec.name.endswith((".engine.training", ".generic_utils")):
            _offer(module, _SLICES)
        if spec.name.endswith("wrappers.scikit_learn"):
            wrappers = importlib.import_module("autograder.observe.compatibility.old_wrappers")
            vars(module).update({name: getattr(wrappers, name) for name in ("KerasClassifier", "KerasRegressor")})
        return module

    def exec_module(self, module: ModuleType) -> None:
        targets = _target(module.__name__)
        if targets and not targets[0].startswith("keras.src."):
            note_stand_in("module", module.__name__, targets[0])


class _Merge(ModuleType):
    """`keras.layers.merge`: a module in Keras 2, a function in Keras 1."""

    _MODES: Mapping[str, str] = {
        "sum": "Add",
        "mul": "Multiply",
        "concat": "Concatenate",
        "ave": "Average",
        "max": "Maximum",
        "dot": "Dot",
    }

    def __call__(self, inputs: Any, mode: str = "sum", concat_axis: int = -1, dot_axes: Any = -1, **named: Any) -> Any:
        kind = self._MODES[mode]
        note_stand_in("name", f"merge(…, mode='{mode}')", f"keras.layers.{kind}")
        settings = {"Concatenate": {"axis": concat_axis}, "Dot": {"axes": dot_axes}}.get(kind, {})
        return getattr(keras.layers, kind)(**settings, name=named.get("name"))(inputs)


def _to_categorical(y: Any, nb_classes: int | None = None, **named: Any) -> Any:
    """`np_utils.to_categorical`, whose second parameter was named `nb_classes` in Keras 1."""
    return keras.utils.to_categorical(y, num_classes=named.pop("num_classes", nb_classes), **named)


def _passed_over(*_: Any, **__: Any) -> None:
    note_stand_in("session")


def _image_generator() -> Any:
    note_stand_in("image_generator")
    return importlib.import_module("keras.src.legacy.preprocessing.image").ImageDataGenerator


def _time_series() -> Any:
    note_stand_in("name", "TimeseriesGenerator", "keras.utils.timeseries_dataset_from_array")
    return importlib.import_module("keras.src.legacy.preprocessing.sequence").TimeseriesGenerator


def _one_device() -> Any:
    note_stand_in("torch_gpu", "multi_gpu_model")
    return lambda model, *_, **__: model


def _optimizer(old: str, name: str) -> Callable[[], Any]:
    def get() -> Any:
        note_stand_in("name", old, f"keras.optimizers.{name}")
        return getattr(keras.optimizers, name)

    return get


def _layer(old: str, name: str) -> Callable[[], Any]:
    def get() -> Any:
        note_stand_in("name", old, f"keras.layers.{name}")
        return getattr(keras.layers, name)

    return get


def _thresholded(theta: float = 1.0, **named: Any) -> Any:
    return keras.layers.ReLU(threshold=theta, **named)


def _thresholded_relu() -> Any:
    note_stand_in("name", "ThresholdedReLU(theta=…)", "keras.layers.ReLU(threshold=…)")
    return _thresholded


def _version_1(name: str) -> Callable[[], Any]:
    def get() -> Any:
        note_stand_in("session")
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
        note_stand_in("name", f"tf.train.{name}", f"keras.optimizers.{of_keras}")
        return make

    return get


def _renamed(module: str, old: str, new: str) -> Callable[[], Any]:
    def get() -> Any:
        note_stand_in("name", old, f"keras.{module}.{new}")
        return getattr(getattr(keras, module), new)

    return get


def _backend(name: str) -> Callable[[], Any]:
    """A function of the old backend, which Keras 3 provides only as `tf.keras.backend`."""

    def get() -> Any:
        of_today = getattr(keras.ops, name, None)
        note_stand_in("name", f"keras.backend.{name}", f"keras.ops.{name}" if of_today else "keras.ops")
        old = getattr(_legacy_backend, name)
        if of_today is None:
            return old

        @functools.wraps(old)
        def call(*positional: Any, **named: Any) -> Any:
            # The old functions compute with TensorFlow, which does not accept symbolic Keras tensors.
            symbolic = any(isinstance(one, keras.KerasTensor) for one in positional)
            return (of_today if symbolic else old)(*positional, **named)

        return call

    return get


def _old_function(name: str, value: Any, new: str) -> Callable[[], Any]:
    def get() -> Any:
        note_stand_in("name", f"keras.backend.{name}", new)
        return value

    return get


def _function(inputs: Any, outputs: Any, **_: Any) -> Callable[[Any], Any]:
    """`K.function`: computes tensors of a network from others; the learning phase among the inputs is ignored."""
    ends = [one for one in inputs if isinstance(one, keras.KerasTensor)]
    several = isinstance(outputs, list | tuple)
    network = keras.Model(ends, list(outputs) if several else [outputs])

    def call(values: Any) -> Any:
        given = list(values)[: len(ends)] if isinstance(values, list | tuple) else [values]
        found = network([np.asarray(one) for one in given])
        found = [np.asarray(one) for one in (found if isinstance(found, list | tuple) else [found])]
        return found if several else found[0]

    return call


def _slice_arrays(arrays: Any, start: Any = None, stop: Any = None) -> Any:
    """`slice_X`: rows `start` to `stop` of an array, or of each in a list; the rows in `start` where that is a list."""
    if isinstance(arrays, list):
        return [_slice_arrays(one, start, stop) for one in arrays]
    return arrays[start] if hasattr(start, "__len__") else arrays[start:stop]


def _sliced() -> Any:
    note_stand_in("name", "slice_X", "X[start:stop]")
    return _slice_arrays


def _ordering() -> str:
    return "th" if keras.backend.image_data_format() == "channels_first" else "tf"


def _set_ordering(ordering: str) -> None:
    keras.backend.set_image_data_format({"th": "channels_first", "tf": "channels_last"}[ordering])


_ADAM = ("Adam", "SGD", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Nadam", "Ftrl")
_LEGACY = {name: _optimizer(f"keras.optimizers.legacy.{name}", name) for name in _ADAM}
_VERSION_1 = (
    "Session InteractiveSession ConfigProto GPUOptions set_random_seed global_variables_initializer "
    "get_default_graph reset_default_graph logging OptimizerOptions"
)
_ABBREVIATED: Mapping[str, str] = {
    "mse": "mean_squared_error",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error",
    "kld": "kl_divergence",
    "kullback_leibler_divergence": "kl_divergence",
    "cosine_proximity": "cosine_similarity",
}
_OF_BACKEND: Mapping[str, Callable[[], Any]] = {
    **{name: _backend(name) for name in vars(_legacy_backend) if callable(vars(_legacy_backend)[name])},
    "set_session": lambda: _passed_over,
    "get_session": lambda: _passed_over,
    "set_learning_phase": lambda: _passed_over,
    "learning_phase": _old_function("learning_phase", lambda: 0, "model(x, training=…)"),
    "set_value": _old_function("set_value", lambda variable, value: variable.assign(value), "variable.assign"),
    "function": _old_function("function", _function, "keras.Model"),
    "image_dim_ordering": _old_function("image_dim_ordering", _ordering, "image_data_format"),
    "set_image_dim_ordering": _old_function("set_image_dim_ordering", _set_ordering, "set_image_data_format"),
    "common": lambda: keras.backend,
}
_SLICES: Mapping[str, Callable[[], Any]] = {"slice_X": _sliced, "slice_arrays": _sliced}
_NAMES: Mapping[str, Mapping[str, Callable[[], Any]]] = {
    "preprocessing.image": {"ImageDataGenerator": _image_generator},
    "preprocessing.sequence": {"TimeseriesGenerator": _time_series},
    "optimizers": {name.lower(): _optimizer(f"keras.optimizers.{name.lower()}", name) for name in _ADAM},
    "layers": {
        "CuDNNLSTM": _layer("CuDNNLSTM", "LSTM"),
        "CuDNNGRU": _layer("CuDNNGRU", "GRU"),
        "ThresholdedReLU": _thresholded_relu,
        "BatchNormalizationV2": _layer("BatchNormalizationV2", "BatchNormalization"),
        "Deconvolution2D": _layer("Deconvolution2D", "Conv2DTranspose"),
    },
    "backend": _OF_BACKEND,
    "regularizers": {
        "activity_l1": _renamed("regularizers", "activity_l1", "L1"),
        "activity_l2": _renamed("regularizers", "activity_l2", "L2"),
        "l1l2": _renamed("regularizers", "l1l2", "L1L2"),
        "activity_l1l2": _renamed("regularizers", "activity_l1l2", "L1L2"),
    },
    "losses": {old: _renamed("losses", old, new) for old, new in _ABBREVIATED.items()},
    "metrics": {old: _renamed("metrics", old, new) for old, new in _ABBREVIATED.items()},
    "constraints": {
        "maxnorm": _renamed("constraints", "maxnorm", "MaxNorm"),
        "nonneg": _renamed("constraints", "nonneg", "NonNeg"),
        "unitnorm": _renamed("constraints", "unitnorm", "UnitNorm"),
    },
    "initializers": {
        "normal": _renamed("initializers", "normal", "RandomNormal"),
        "uniform": _renamed("initializers", "uniform", "RandomUniform"),
    },
    "utils": {"multi_gpu_model": _one_device, "plot": _renamed("utils", "plot", "plot_model")},
    "models": _SLICES,
}
_OF_TENSORFLOW = {name: _version_1(name) for name in _VERSION_1.split()}
for _name in ("enable_eager_execution", "enable_v2_behavior"):
    _OF_TENSORFLOW[_name] = lambda: _passed_over
_OF_TRAIN = {
    "AdamOptimizer": _train_optimizer("AdamOptimizer", "Adam"),
    "GradientDescentOptimizer": _train_optimizer("GradientDescentOptimizer", "SGD"),
    "MomentumOptimizer": _train_optimizer("MomentumOptimizer", "SGD"),
    "RMSPropOptimizer": _train_optimizer("RMSPropOptimizer", "RMSprop"),
    "AdagradOptimizer": _train_optimizer("AdagradOptimizer", "Adagrad"),
    "AdadeltaOptimizer": _train_optimizer("AdadeltaOptimizer", "Adadelta"),
}


def _offer(module: ModuleType, names: Mapping[str, Callable[[], Any]]) -> None:
    """Add old names to a module; they are found only if the module does not define them."""
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


def offer_old_modules() -> None:
    """Let imports and attribute lookups find moved names."""
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
    _offer(tf.random, {"set_random_seed": _version_1("set_random_seed")})


class PrivateKeras(ast.NodeTransformer):
    """An AST transformer for IPython: imports from `tensorflow.python.keras`, a private copy of Keras in TensorFlow.

    Automatic imports of editors often use it; here they get today's Keras, so that its networks are captured.
    """

    _PRIVATE = "tensorflow.python.keras"

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom:
        node.module = self._public(node.module or "") or node.module
        return node

    def visit_Import(self, node: ast.Import) -> ast.Import:
        for alias in node.names:
            # Without `as`, the rest of the cell uses the private name.
            alias.name = (alias.asname and self._public(alias.name)) or alias.name
        return node

    def _public(self, name: str) -> str:
        if name != self._PRIVATE and not name.startswith(self._PRIVATE + "."):
            return ""
        public = "tensorflow.keras" + name.removeprefix(self._PRIVATE)
        note_stand_in("module", name, public)
        return public
