"""Reads the `.npz` of a dataset into arrays; the file is not trusted."""

from __future__ import annotations

import ast
import struct
import zipfile
from pathlib import Path

from autograder.datasets.catalogue import DATASETS
from autograder.datasets.formats import KEYS, Arrays, damaged
from autograder.datasets.source import DatasetSource


def load_arrays(name: str, path: Path, source: DatasetSource | None = None) -> Arrays:
    """The arrays of a dataset's file, fully checked; for a declared dataset against `source`.

    Raises:
        DatasetMissing: the file is damaged.
    """
    import numpy as np

    if source is None:
        count_images(name, path)
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in (KEYS if source is None else file.files)}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise damaged(name, path, str(error)) from None
    if source is not None:
        return arrays
    last = len(DATASETS[name].classes) - 1
    if max(int(arrays["y_train"].max()), int(arrays["y_test"].max())) > last:
        raise damaged(name, path, f"it has labels above {last}")
    return arrays


def count_images(name: str, path: Path) -> int:
    """The number of training images in the file, from its directory and headers only.

    Raises:
        DatasetMissing: the headers do not match the dataset.
    """
    dataset = DATASETS[name]
    counts = []
    try:
        with zipfile.ZipFile(path) as archive:
            for part in ("train", "test"):
                images, labels = (_npy_shape(archive, f"{axis}_{part}.npy") for axis in "xy")
                count = images[0] if images else 0
                if count == 0 or images != (count, *dataset.image) or labels != (count, *dataset.label):
                    raise ValueError(f"its {part} arrays have the shapes {images} and {labels}")
                counts.append(count)
    except (OSError, KeyError, ValueError, SyntaxError, EOFError, struct.error, zipfile.BadZipFile) as error:
        raise damaged(name, path, str(error)) from None
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
