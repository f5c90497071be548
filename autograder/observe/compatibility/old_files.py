"""Inside the kernel: file names of networks as Keras 2 took them; Keras 3 requires a suffix."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from autograder.observe.compatibility.old_arguments import before, rename
from autograder.observe.compatibility.stand_in_log import note_stand_in

_OF_TF_NN = (tf.nn.relu, tf.nn.softmax, tf.nn.sigmoid, tf.nn.tanh, tf.nn.elu, tf.nn.selu, tf.nn.leaky_relu)
# Requested file names and the names under which the files were saved.
_saved: dict[str, str] = {}


def _ending(path: Any, endings: tuple[str, ...], added: str) -> Any:
    """The path with a suffix that Keras 3 accepts; unchanged if it has one."""
    if not isinstance(path, str | os.PathLike) or str(path).endswith(endings):
        return path
    old = os.fspath(path)
    if not isinstance(old, str) or old.startswith("hf://"):
        return path
    # Without a suffix Keras 2 saved a folder, whose name may end with a slash, and made those above it.
    base = old.removesuffix(".hdf5").removesuffix(".h5") if added == ".weights.h5" else old.removesuffix(".hdf5")
    new = base.rstrip("/") + added
    if old == base and (folder := os.path.dirname(new)):
        with contextlib.suppress(OSError):
            os.makedirs(folder, exist_ok=True)
    _saved[old] = new
    note_stand_in("file", os.path.basename(old.rstrip("/")), os.path.basename(new))
    return new


def accept_old_files() -> None:
    """Support them in everything that saves and loads."""

    def saved(positional: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        if named.pop("save_format", None) is not None:
            note_stand_in("dropped", "save_format")
        return _at(positional, named, lambda path: _ending(path, (".keras", ".h5", ".hdf5"), ".keras"))

    def weights(positional: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        if named.get("max_shard_size") is not None:
            return positional
        return _at(positional, named, lambda path: _ending(path, (".weights.h5",), ".weights.h5"))

    def loaded(positional: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        positional = _at(positional, named, _found)
        path = positional[1] if len(positional) > 1 else named.get("filepath")
        if "by_name" in named and str(path).endswith(".weights.h5"):  # Keras 3 matches these by the layers themselves
            del named["by_name"]
            note_stand_in("dropped", "by_name")
        return positional

    before(keras.Model, "save", saved)
    before(keras.Model, "save_weights", weights)
    before(keras.Model, "load_weights", loaded)
    load = keras.models.load_model

    @functools.wraps(load)
    def load_model(filepath: Any, *positional: Any, **named: Any) -> Any:
        try:
            return load(_found(filepath), *positional, **named)
        except (TypeError, ValueError):
            # Keras 2 could load what it had saved with `activation=tf.nn.relu`; Keras 3 does not find the function.
            with keras.saving.custom_object_scope({one.__name__: one for one in _OF_TF_NN}):
                return load(_found(filepath), *positional, **named)

    save = keras.models.save_model

    @functools.wraps(save)
    def save_model(*positional: Any, **named: Any) -> Any:
        return save(*saved(positional, named), **named)

    for root in ("keras", "tensorflow.keras", "keras._tf_keras.keras"):
        for name in ("models", "saving"):
            module = sys.modules.get(f"{root}.{name}")
            for function in (load_model, save_model):
                if hasattr(module, function.__name__):
                    setattr(module, function.__name__, function)

    def checkpoint(positional: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        rename(named, {}, frozenset(("period",)))
        if named.get("save_weights_only"):
            return weights(positional, named)
        return _at(positional, named, lambda path: _ending(path, (".keras", ".h5"), ".keras"))

    before(keras.callbacks.ModelCheckpoint, "__init__", checkpoint)


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
