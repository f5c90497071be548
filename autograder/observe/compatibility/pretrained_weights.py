"""Inside the kernel: `keras.applications` with `weights="imagenet"`, which Keras downloads, keeps its random weights.

Everything else is Keras' own: its checks of the arguments, and the layers that it adds for pretrained weights alone.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import keras

from autograder.observe.compatibility.stand_in_log import note_stand_in

_MODULES = "keras.src.applications."
# It downloads the names of the classes, which are not weights.
_NO_NETWORKS = frozenset({"imagenet_utils"})
# The means and standard deviations of ImageNet's channels, as in `keras.src.applications.imagenet_utils`.
_MEANS = {"caffe": (103.939, 116.779, 123.68), "torch": (0.485, 0.456, 0.406)}
_DEVIATIONS = (0.229, 0.224, 0.225)


class _NotDownloaded(str):
    """The name of a file of weights that Keras would have downloaded."""

    __slots__ = ()


class _Files:
    """Stands in for Keras' `file_utils` in one module of `keras.applications`."""

    def __init__(self, original: ModuleType, name: str) -> None:
        self._original = original
        self._name = name

    def get_file(self, fname: Any = "weights", *_: Any, **__: Any) -> _NotDownloaded:
        note_stand_in("pretrained", f"keras.applications.{self._name}")
        return _NotDownloaded(fname)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


def skip_weight_downloads() -> None:
    """Put the stand-in where the applications look for their weights."""
    importlib.import_module("keras.applications")
    for path, module in list(sys.modules.items()):
        name = path.removeprefix(_MODULES)
        if name == path or name in _NO_NETWORKS:
            continue
        if isinstance(original := vars(module).get("file_utils"), ModuleType):
            setattr(module, "file_utils", _Files(original, name))  # noqa: B010
    tools = sys.modules[_MODULES + "imagenet_utils"]
    setattr(tools, "_preprocess_tensor_input", _preprocess_symbolic(vars(tools)["_preprocess_tensor_input"]))  # noqa: B010
    keras.Model.load_weights = _passing_over(keras.Model.load_weights)


def _passing_over(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def load_weights(self: Any, filepath: Any, *arguments: Any, **named: Any) -> Any:
        if type(filepath) is not _NotDownloaded:
            return original(self, filepath, *arguments, **named)
        return None

    return load_weights


def _preprocess_symbolic(original: Callable[..., Any]) -> Callable[..., Any]:
    """`preprocess_input` inside a network, made of layers.

    Keras makes it of operations with constant tensors, which are not described in a network's configuration. What is
    computed is the same: the channels in reverse order for VGG and ResNet, then a factor and an offset for each.
    """

    @functools.wraps(original)
    def preprocess(x: Any, data_format: str, mode: str) -> Any:
        means = _MEANS.get(mode)
        if means is None or data_format != "channels_last" or len(x.shape) != 4 or x.shape[-1] != 3:
            return original(x, data_format=data_format, mode=mode)
        if mode == "torch":
            scales = [1 / (255.0 * one) for one in _DEVIATIONS]
            offsets = [-mean / one for mean, one in zip(means, _DEVIATIONS, strict=True)]
            return keras.layers.Rescaling(scales, offsets)(x)
        x = keras.layers.Permute((3, 1, 2))(x)
        channels = [keras.layers.Cropping2D(((one, 2 - one), (0, 0)))(x) for one in (2, 1, 0)]
        x = keras.layers.Permute((2, 3, 1))(keras.layers.Concatenate(axis=1)(channels))
        return keras.layers.Rescaling(1.0, [-mean for mean in means])(x)

    return preprocess
