"""Inside the kernel: TensorFlow's own file functions find the paths of Colab and Kaggle, as Python's do."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from autograder.observe.compatibility.other_machines import local_path

_MAGIC = re.compile(r"[*?\[{]")


def _near(path: Any) -> Any:
    """As `here`, also for a string tensor; in a graph (`Dataset.map`) the path is known only when computed."""
    if not isinstance(path, tf.Tensor):
        return _near_pattern(path)
    if isinstance(path, tf.__internal__.EagerTensor):
        given = path.numpy()
        return _near_bytes(given) if isinstance(given, bytes) else path
    near = tf.numpy_function(_near_bytes, [path], tf.string)
    near.set_shape(path.shape)
    return near


def _near_bytes(path: Any) -> Any:
    return os.fsencode(local_path(os.fsdecode(path))) if isinstance(path, bytes) else path


def _near_pattern(path: Any) -> Any:
    """Of a pattern such as `/content/photos/*/*.png`, only the folder before the first wildcard is looked up."""
    if not isinstance(path, str):
        return [_near_pattern(one) for one in path] if isinstance(path, list | tuple) else local_path(path)
    wild = _MAGIC.search(path)
    if wild is None:
        return local_path(path)
    folder = os.path.dirname(path[: wild.start()])
    return os.path.join(local_path(folder, folder=True), path[len(folder) + 1 :]) if folder else path


def _wrapped(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def call(path: Any, *positional: Any, **named: Any) -> Any:
        return original(_near(path), *positional, **named)

    return call


def redirect_tensorflow_paths() -> None:
    """Wrap the functions in this process; the paths of other machines are the only ones that change."""
    tf.io.read_file = _wrapped(tf.io.read_file)
    for name in ("exists", "isdir", "listdir", "glob", "stat"):
        setattr(tf.io.gfile, name, _wrapped(getattr(tf.io.gfile, name)))
    tf.data.Dataset.list_files = staticmethod(_wrapped(tf.data.Dataset.list_files))
    for owner, name in ((tf.io.gfile, "GFile"), (tf.data, "TextLineDataset"), (tf.data, "TFRecordDataset")):
        _first_argument(getattr(owner, name))


def _first_argument(kind: Any) -> None:
    original = kind.__init__

    @functools.wraps(original)
    def begin(instance: Any, path: Any, *positional: Any, **named: Any) -> None:
        original(instance, _near(path), *positional, **named)

    kind.__init__ = begin
