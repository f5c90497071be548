"""Inside the kernel: puts the files of declared data sets next to the notebook, under the names that students use."""

from __future__ import annotations

import functools
import json
import os
import struct
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from autograder.observe.compatibility.other_machines import local_path

# Keras' download cache, relative to the notebook's folder.
KERAS_FOLDER = ".keras/datasets"
_HEAD = struct.Struct("<Q")
_OF_KERAS = {"cifar-100-python-target": "cifar100"}
_FROM_FOLDERS = ("image_dataset_from_directory", "text_dataset_from_directory", "audio_dataset_from_directory")


def lay(descriptors: Sequence[int]) -> set[str]:
    """Put the files into the working folder; they are read-only.

    Args:
        descriptors: the result of `dataset_memory.pack`; may be empty.

    Returns:
        The names of the data sets of Keras among them.
    """
    if not descriptors:
        return set()
    first = descriptors[0]
    (size,) = _HEAD.unpack(os.pread(first, _HEAD.size, 0))
    of_keras = set()
    for name, place, offset, length in json.loads(os.pread(first, size, _HEAD.size)):
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if place:
            # The sealed memory itself. By this process's id instead of "self", so that child processes find it, too.
            path.symlink_to(f"/proc/{os.getpid()}/fd/{descriptors[place]}")
        else:
            _copy(first, _HEAD.size + size + offset, length, path)
        if path.is_relative_to(KERAS_FOLDER):
            file = path.relative_to(KERAS_FOLDER).parts[0]
            of_keras.add(_OF_KERAS.get(file, file.partition(".")[0]))
    _accept_other_folders()
    return of_keras


def local_file(refuse: Callable[[str], Exception]) -> Callable[..., str]:
    """`keras.utils.get_file` for the data sets that are here; for others it raises the exception `refuse` returns."""

    def get_file(fname: str = "", *_: Any, **__: Any) -> str:
        path = os.path.abspath(os.path.join(KERAS_FOLDER, os.path.basename(fname)))
        if not os.path.exists(path):
            raise refuse(os.path.basename(fname).partition(".")[0])
        return path

    return get_file


def _copy(descriptor: int, offset: int, size: int, path: Path) -> None:
    with path.open("xb") as file:
        while size:
            sent = os.sendfile(file.fileno(), descriptor, offset, size)
            offset, size = offset + sent, size - sent
    path.chmod(0o444)


def _accept_other_folders() -> None:
    """Let Keras' functions that read folders, under all their names, accept a folder of Colab or Kaggle."""
    for path, module in list(sys.modules.items()):
        if path.endswith(("keras.utils", "keras.preprocessing")):
            for name in _FROM_FOLDERS:
                if (original := vars(module).get(name)) is not None:
                    setattr(module, name, _nearby(original))


def _nearby(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def read(directory: Any, *arguments: Any, **named: Any) -> Any:
        return original(local_path(directory), *arguments, **named)

    return read
