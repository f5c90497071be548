"""Data sets that a student's own function has prepared: kept by their content in the cache, for training alone."""

from __future__ import annotations

import hashlib
from pathlib import Path

from autograder.core.files import write_atomically
from autograder.datasets.cache import closed_folder, file_digest, kept_folders, npz_bytes
from autograder.datasets.formats import Arrays, DatasetMissing
from autograder.datasets.places import DatasetFile

_FOLDER = "prepared"


def keep_prepared(arrays: Arrays) -> str:
    """Keep the arrays that a network is trained ("x_train", "y_train") and scored with ("x_test", "y_test").

    Returns:
        The SHA-256 of the file, under which `locate_prepared` finds it.
    """
    content = npz_bytes(arrays)
    found = hashlib.sha256(content).hexdigest()
    write_atomically(closed_folder(_FOLDER) / f"{found}.npz", content)
    return found


def locate_prepared(name: str, digest: str, rows: int) -> DatasetFile:
    """The kept file with this SHA-256, made from so many rows of the data set `name`.

    Raises:
        DatasetMissing: it is not on this machine, or was damaged.
    """
    for folder in kept_folders():
        path: Path = folder / _FOLDER / f"{digest}.npz"
        if path.is_file() and file_digest(path) == digest:
            return DatasetFile(path, digest, "prepared", rows)
    raise DatasetMissing(
        name,
        f"What a student's function made of {name} is not on this machine any more: grade again with --fresh, and on "
        "a cluster with a cache folder that all machines share.",
    )
