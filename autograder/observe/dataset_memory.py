"""The grader's side of the datasets: each is unpacked once, into read-only memory that all kernels map."""

from __future__ import annotations

import fcntl
import itertools
import json
import math
import os
import struct
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograder import datasets
from autograder.datasets import BaseModel, DatasetSource
from autograder.datasets.hidden import HiddenExamples, load_hidden
from autograder.records.predictions import PredictionRequest

# A file of this size or more is mapped by all kernels; smaller ones are copied, as a kernel accepts few descriptors.
_MAPPED_BYTES = 2**20
_MOST_MAPPED = 8
_HEAD = struct.Struct("<Q")
_ARRAYS = ("x_train", "y_train", "x_test", "y_test")
_ALIGNMENT = 64


@dataclass(frozen=True)
class ServedDataset:
    """An unpacked dataset: an open descriptor, and the layout for `dataset_loader.serve`."""

    descriptor: int
    layout: dict[str, Any]


class ServedData:
    """Unpacks datasets on first use. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._served: dict[str, ServedDataset] = {}
        self._files: dict[tuple[str, ...], tuple[int, ...]] = {}
        self._hidden: dict[str, HiddenExamples] = {}

    def get(self, name: str) -> ServedDataset:
        """The dataset `name`.

        Raises:
            autograder.datasets.DatasetMissing: it is not on this machine.
        """
        with self._lock:
            if name not in self._served:
                self._served[name] = _unpack(name)
            return self._served[name]

    def get_files(self, sources: Sequence[DatasetSource], base_models: Sequence[BaseModel] = ()) -> tuple[int, ...]:
        """The descriptors of the memory with the files of declared data sets and base models, for `dataset_files.lay`.

        Raises:
            autograder.datasets.DatasetMissing: one was not read on this machine.
        """
        key = (*(source.digest for source in sources), *(model.digest for model in base_models))
        with self._lock:
            if key not in self._files:
                found: dict[str, Path] = {}
                for source in sources:
                    found |= datasets.served_files(source.title, source)
                found |= {model.file: datasets.base_model_path(model.digest, model.file) for model in base_models}
                self._files[key] = sealed_files(found)
            return self._files[key]

    def hidden(self, request: PredictionRequest) -> HiddenExamples:
        """The hidden examples for predictions. They stay in this process: no memory is shared with a kernel.

        Raises:
            autograder.datasets.DatasetMissing: they are not on this machine.
        """
        assert request.source is not None
        with self._lock:
            if request.source.digest not in self._hidden:
                self._hidden[request.source.digest] = load_hidden(request.dataset, request.source)
            return self._hidden[request.source.digest]

    def close(self) -> None:
        """Release the memory."""
        with self._lock:
            for descriptor in (one for descriptors in self._files.values() for one in descriptors):
                os.close(descriptor)
            self._files.clear()
            for served in self._served.values():
                os.close(served.descriptor)
            self._served.clear()


def at_published_size(name: str, arrays: dict[str, Any]) -> dict[str, Any]:
    """The arrays with the published number of images, so that `reshape(60000, 784)` works on every machine.

    If this machine has fewer, they are repeated after the last one. The first value of a repeated image (a corner) is
    increased by the number of the repetition. So a student who validates on images after the training images is not
    reported for using the same images twice.
    """
    published = datasets.DATASETS[name].published if name in datasets.DATASETS else (0, 0)
    sizes = dict(zip(("train", "test"), published, strict=True))
    return {key: _repeated(array, sizes.get(key[2:], 0), marked=key[0] == "x") for key, array in arrays.items()}


def _repeated(array: Any, length: int, *, marked: bool) -> Any:
    count = len(array)
    if not 0 < count < length:
        return array
    places = np.arange(length)
    repeated = array[places % count]
    if marked:
        repeated.reshape(length, -1)[:, 0] += (places // count).astype(array.dtype)
    return repeated


def _unpack(name: str) -> ServedDataset:
    with np.load(datasets.find(name).path, allow_pickle=False) as file:
        arrays = {key: np.ascontiguousarray(file[key]) for key in _ARRAYS}
    arrays = at_published_size(name, arrays)
    layout: list[dict[str, Any]] = []
    offset = 0
    for key, array in arrays.items():
        layout.append({"name": key, "dtype": array.dtype.str, "shape": list(array.shape), "offset": offset})
        offset += math.ceil(array.nbytes / _ALIGNMENT) * _ALIGNMENT
    parts = [(entry["offset"], array.data.cast("B")) for entry, array in zip(layout, arrays.values(), strict=True)]
    return ServedDataset(_memory(name, offset, parts), {"name": name, "bytes": offset, "arrays": layout})


def sealed_files(files: Mapping[str, Path]) -> tuple[int, ...]:
    """Descriptors of sealed memory with these files; keys are paths next to the notebook. () for no files.

    The first holds the length of a list as JSON (8 bytes), the list, and the copied files. An entry of the list is
    [path, number of the file's own descriptor or 0, offset after the list, size in bytes].
    """
    if not files:
        return ()
    sizes = {path: file.stat().st_size for path, file in files.items()}
    large = sorted((path for path in files if sizes[path] >= _MAPPED_BYTES), key=lambda path: -sizes[path])
    mapped = {path: place for place, path in enumerate(large[:_MOST_MAPPED], start=1)}
    entries: list[tuple[str, int, int, int]] = []
    offset = 0
    for path in files:
        entries.append((path, mapped.get(path, 0), 0 if path in mapped else offset, sizes[path]))
        offset += 0 if path in mapped else sizes[path]
    index = json.dumps(entries).encode()
    start = _HEAD.size + len(index)
    head = [(0, memoryview(_HEAD.pack(len(index)) + index))]
    small = ((start + at, memoryview(files[path].read_bytes())) for path, place, at, _ in entries if not place)
    first = _memory("files", start + offset, itertools.chain(head, small))
    return (first, *(_memory("file", sizes[path], [(0, memoryview(files[path].read_bytes()))]) for path in mapped))


def _memory(name: str, size: int, parts: Iterable[tuple[int, memoryview]]) -> int:
    """Sealed memory with these contents at their offsets."""
    descriptor = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(descriptor, size)
    for start, content in parts:
        data, at = content, start
        while data:
            written = os.pwrite(descriptor, data, at)
            data, at = data[written:], at + written
    # Sealed, because all kernels share this descriptor: none may change the data of another student.
    seals = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
    return descriptor
