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

from autograder.observe.compatibility.stand_in_log import note

_MODULES = "keras.src.applications."
# It downloads the names of the classes, which are not weights.
_NO_NETWORKS = frozenset({"imagenet_utils"})


class _NotDownloaded(str):
    """The name of a file of weights that Keras would have downloaded."""

    __slots__ = ()


class _Files:
    """Stands in for Keras' `file_utils` in one module of `keras.applications`."""

    def __init__(self, original: ModuleType, name: str) -> None:
        self._original = original
        self._name = name

    def get_file(self, fname: Any = "weights", *_: Any, **__: Any) -> _NotDownloaded:
        note("pretrained", f"keras.applications.{self._name}")
        return _NotDownloaded(fname)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


def install() -> None:
    """Put the stand-in where the applications look for their weights."""
    importlib.import_module("keras.applications")
    for path, module in list(sys.modules.items()):
        name = path.removeprefix(_MODULES)
        if name == path or name in _NO_NETWORKS:
            continue
        if isinstance(original := vars(module).get("file_utils"), ModuleType):
            setattr(module, "file_utils", _Files(original, name))  # noqa: B010
    keras.Model.load_weights = _passing_over(keras.Model.load_weights)


def _passing_over(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def load_weights(self: Any, filepath: Any, *arguments: Any, **named: Any) -> Any:
        if type(filepath) is not _NotDownloaded:
            return original(self, filepath, *arguments, **named)
        return None

    return load_weights
