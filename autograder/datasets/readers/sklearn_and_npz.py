"""Reads the five data sets in scikit-learn, and `.npz` files."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

from autograder.datasets.readers.examples import DatasetUnusable, Examples, refuse_large
from autograder.datasets.source import Declaration

# The data sets in the package; its others would have to be downloaded.
SKLEARN = ("iris", "wine", "digits", "breast_cancer", "diabetes")
# The usual names of inputs and targets in an `.npz`.
PAIRS = (("x_train", "y_train"), ("x", "y"), ("X", "y"), ("data", "target"), ("images", "labels"))


def read_sklearn(name: str) -> Examples:
    """One of the data sets in scikit-learn; the digits as 8×8 images with values from 0 to 16."""
    import numpy as np
    from sklearn import datasets

    bunch: Any = getattr(datasets, f"load_{name}")()
    names = tuple(str(one) for one in getattr(bunch, "target_names", ()))
    x = np.asarray(bunch.images, np.uint8) if name == "digits" else np.asarray(bunch.data, np.float32)
    features = () if name == "digits" else tuple(str(one) for one in bunch.feature_names)
    return Examples(x, {"target": np.asarray(bunch.target)}, lambda row: f"{name}, example {row}", features, names)


def read_npz(path: Path, name: str, declared: Declaration) -> Examples:
    """The arrays of an `.npz`: those that `columns` and `target` name, else one of the usual pairs of names.

    Raises:
        DatasetUnusable: it is not an `.npz`, an array is missing, the lengths differ, or an input is not finite.
    """
    given = open_npz(path, name)
    pair = (declared.columns[0] if declared.columns else "", declared.targets[0] if declared.targets else "")
    pairs = [one for one in PAIRS if (not pair[0] or one[0] == pair[0]) and (not pair[1] or one[1] == pair[1])]
    x, y = pair if all(pair) else next((one for one in pairs if set(one) <= given.keys()), pair)
    if declared.target_kind == "input" and not y:
        x = x or next((one for one, _ in PAIRS if one in given), "")
    for wanted, key in ((x, "columns"), *([(y, "target")] if declared.target_kind != "input" or y else [])):
        if wanted not in given:
            held = ", ".join(f'"{one}"' for one in given) or "no arrays"
            which = (
                f'no array "{wanted}"' if wanted else f"no usual names; name its arrays in columns and target ({key})"
            )
            raise DatasetUnusable(f"{name} has {which}; it holds {held}.")
    for one in (x, *([y] if y else [])):
        if not given[one].shape or not len(given[one]):
            raise DatasetUnusable(f'{name}: array "{one}" holds no examples.')
    if y and len(given[x]) != len(given[y]):
        raise DatasetUnusable(
            f'{name}: "{x}" has {len(given[x]):,} examples and "{y}" {len(given[y]):,}; each needs its target.'
        )
    return Examples(
        input_array(given, x, name), {y: given[y]} if y else {}, lambda row: f'{name}, array "{y}", row {row}'
    )


def open_npz(path: Path, name: str) -> dict[str, Any]:
    """The arrays of an `.npz`, which messages call `name`.

    Raises:
        DatasetUnusable: it is no such file, unpacks to too much, or an array holds Python objects.
    """
    import numpy as np

    try:
        with zipfile.ZipFile(path) as archive:
            refuse_large(f"{name}, unpacked,", sum(member.file_size for member in archive.infolist()))
        with np.load(path, allow_pickle=False) as file:
            stored = {key: _array(file, key, name) for key in file.files}
            return {key: array for key, array in stored.items() if isinstance(array, np.ndarray)}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError, MemoryError) as error:
        # RuntimeError: it is encrypted, or compressed in another way; MemoryError: a header claims far too much.
        raise DatasetUnusable(f"{name} is no .npz file that can be read ({error}).") from None


def input_array(given: dict[str, Any], key: str, name: str) -> Any:
    """One array of an `.npz` as an input; float64 becomes float32, in which networks compute.

    Raises:
        DatasetUnusable: a value is no finite number, or the array holds something that no network reads.
    """
    import numpy as np

    if given[key].dtype.kind == "f" and not np.isfinite(given[key]).all():
        row = int(np.argwhere(~np.isfinite(given[key]))[0][0])
        raise DatasetUnusable(f'{name}: array "{key}" has a value in row {row} that is no finite number.')
    if given[key].dtype.kind not in "fiubU":
        raise DatasetUnusable(f'{name}: array "{key}" holds {given[key].dtype}, which no network reads.')
    return given[key].astype(np.float32) if given[key].dtype == np.float64 else given[key]


def _array(file: Any, key: str, name: str) -> Any:
    try:
        return file[key]
    except ValueError:
        raise DatasetUnusable(
            f'{name}: array "{key}" holds Python objects, which are not read; save numbers.'
        ) from None
