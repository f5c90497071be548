"""The grader's side of the datasets: each is unpacked once, into memory that every kernel maps and none can change."""

from __future__ import annotations

import fcntl
import math
import os
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder import datasets

_ARRAYS = ("x_train", "y_train", "x_test", "y_test")
_ALIGNMENT = 64


@dataclass(frozen=True)
class ServedDataset:
    """Where a dataset lies: an open descriptor, and the layout that `serving.serve` reads it by."""

    descriptor: int
    layout: dict[str, Any]


class ServedData:
    """Unpacks datasets when they are first asked for. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._served: dict[str, ServedDataset] = {}

    def get(self, name: str) -> ServedDataset:
        """The dataset `name`.

        Raises:
            autograder.datasets.DatasetMissing: it is not on this machine.
        """
        with self._lock:
            if name not in self._served:
                self._served[name] = _unpack(name)
            return self._served[name]

    def close(self) -> None:
        """Give the memory back."""
        with self._lock:
            for served in self._served.values():
                os.close(served.descriptor)
            self._served.clear()


def at_published_size(name: str, arrays: dict[str, Any]) -> dict[str, Any]:
    """The arrays with as many images as were published, so that `reshape(60000, 784)` is right on every machine.

    Where there are fewer here they are repeated behind the last one. The first value of a repeated image, in its
    corner, is raised by the number of the repetition: a student who validates with images from behind the training
    images has not taken the same ones twice, and nobody is to find so.
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
    descriptor = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(descriptor, offset)
    for entry, array in zip(layout, arrays.values(), strict=True):
        data, at = array.data.cast("B"), entry["offset"]
        while data:
            written = os.pwrite(descriptor, data, at)
            data, at = data[written:], at + written
    # Sealed, because all kernels get this very descriptor: none may change what another student trains on.
    seals = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
    return ServedDataset(descriptor, {"name": name, "bytes": offset, "arrays": layout})
