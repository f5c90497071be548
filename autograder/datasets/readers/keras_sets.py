"""The other data sets of `keras.datasets`: reads the published files without executing code in pickles."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.datasets.arrays import load_arrays
from autograder.datasets.cache import stored
from autograder.datasets.catalogue import DATASETS, KERAS_STORE
from autograder.datasets.formats import ArraysOnly, DatasetMissing, damaged
from autograder.datasets.places import DOWNLOAD_ADVICE, data_folder, find, keras_folder, may_download
from autograder.datasets.readers.examples import DatasetUnusable, Examples, refuse_large
from autograder.datasets.source import Declaration

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Keras' numbers in word sequences: the start of a text, a word that is not in the vocabulary, and the offset of the
# other words (`keras.datasets.imdb.load_data`).
_START, _UNKNOWN, _FROM = 1, 2, 3


@dataclass(frozen=True)
class KerasSet:
    """A data set of Keras: its title, its files by name with address and SHA-256, and its classes.

    The first file has the data; the others are further files that its module reads, such as a word index.
    """

    title: str
    files: tuple[tuple[str, str], ...]
    classes: tuple[str, ...] = ()
    sequences: bool = False


_REUTERS = (
    *("cocoa", "grain", "veg-oil", "earn", "acq", "wheat", "copper", "housing", "money-supply", "coffee", "sugar"),
    *("trade", "reserves", "ship", "cotton", "carcass", "crude", "nat-gas", "cpi", "money-fx", "interest", "gnp"),
    *("meal-feed", "alum", "oilseed", "gold", "tin", "strategic-metal", "livestock", "retail", "ipi", "iron-steel"),
    *(
        "rubber",
        "heat",
        "jobs",
        "lei",
        "bop",
        "zinc",
        "orange",
        "pet-chem",
        "dlr",
        "gas",
        "silver",
        "wpi",
        "hog",
        "lead",
    ),
)
KERAS_SETS = {
    # Harrison and Rubinfeld 1978; Keras advises against it, older courses use it.
    "boston_housing": KerasSet(
        "Boston housing",
        (("boston_housing.npz", "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"),),
    ),
    # Pace and Barry 1997, from the census of 1990.
    "california_housing": KerasSet(
        "California housing",
        (("california_housing.npz", "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"),),
    ),
    # Maas et al. 2011.
    "imdb": KerasSet(
        "IMDB reviews",
        (
            ("imdb.npz", "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"),
            ("imdb_word_index.json", ""),
        ),
        classes=("negative", "positive"),
        sequences=True,
    ),
    "reuters": KerasSet(
        "Reuters newswires",
        (
            ("reuters.npz", "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"),
            ("reuters_word_index.json", ""),
        ),
        classes=_REUTERS,
        sequences=True,
    ),
    # Krizhevsky 2009.
    "cifar100": KerasSet("CIFAR-100", (("cifar-100-python", ""),)),
}
_TARGET_FOLDER = "cifar-100-python-target"


def keras_title(name: str) -> str:
    """The usual name of a data set of Keras."""
    return DATASETS[name].title if name in DATASETS else KERAS_SETS[name].title


def keras_file(name: str, *, download: bool = False) -> Path:
    """The file (or folder, for CIFAR-100) of a data set of Keras: in AUTOGRADER_DATA, Keras' cache or our cache.

    Raises:
        DatasetUnusable: Keras has no data set with this name.
        DatasetMissing: it is not on this machine.
    """
    if name in DATASETS:
        return find(name, download=download).path
    if name not in KERAS_SETS:
        raise DatasetUnusable(f'keras.datasets has no "{name}"; it has {", ".join((*DATASETS, *KERAS_SETS))}.')
    file, digest = KERAS_SETS[name].files[0]
    below = (file, f"{_TARGET_FOLDER}/{file}")
    folders = [folder for folder in (data_folder(), keras_folder()) if folder]
    for path in (folder / one for folder in folders for one in below):
        if os.path.exists(path):
            return path
    if (ours := stored(file)) is not None:
        return ours
    if download and digest and may_download():
        from autograder.datasets.download import fetch_file

        return fetch_file(name, KERAS_STORE + file, digest)
    raise DatasetMissing(
        name,
        f"The dataset {name} is not on this machine (looked in {', '.join(map(str, folders))}): put {file} into a "
        "folder and name that folder in the environment variable AUTOGRADER_DATA, or as `autograder --data FOLDER`"
        f"{'; ' + DOWNLOAD_ADVICE if digest else ''}.",
    )


def served_by_keras(name: str, main: Path) -> dict[str, Path]:
    """The files of a data set, by the path where Keras looks for them, relative to the notebook's folder."""
    if name in DATASETS:
        return {}  # served from memory
    if main.is_dir():
        files = (path for path in sorted(main.iterdir()) if path.name in ("train", "test", "meta"))
        return {f".keras/datasets/{_TARGET_FOLDER}/{main.name}/{path.name}": path for path in files}
    found = {file: main.with_name(file) for file, _ in KERAS_SETS[name].files}
    return {f".keras/datasets/{file}": path for file, path in found.items() if path.is_file()}


def read_keras(name: str, path: Path, declared: Declaration) -> Examples:
    """The examples of a data set of Keras; word sequences are padded with leading zeros.

    Raises:
        DatasetMissing: the file is damaged.
    """
    import numpy as np

    if name in DATASETS:
        arrays = load_arrays(name, path)
        return _examples(name, arrays["x_train"], arrays["y_train"].reshape(-1), DATASETS[name].classes)
    try:
        if name == "cifar100":
            return _cifar100(path)
        arrays = read_objects(path)
        if not KERAS_SETS[name].sequences:
            return _examples(name, arrays["x"].astype(np.float32), arrays["y"].astype(np.float32), ())
        texts, labels = (arrays["x_train"], arrays["y_train"]) if "x_train" in arrays else (arrays["x"], arrays["y"])
        words = _padded(texts, declared.num_words, declared.maxlen)
        return _examples(name, words, labels.astype(np.int64), KERAS_SETS[name].classes)
    except (OSError, EOFError, KeyError, TypeError, ValueError, pickle.UnpicklingError, zipfile.BadZipFile) as error:
        raise damaged(name, path, str(error)) from None


def read_objects(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of an `.npz` with sequences of different lengths, which NumPy stores as pickles of lists.

    Raises:
        DatasetUnusable: it unpacks to more than a data set may have.
    """
    import numpy as np

    found: dict[str, NDArray[Any]] = {}
    with zipfile.ZipFile(path) as archive:
        refuse_large(path.name, sum(one.file_size for one in archive.infolist()))
        for member in archive.namelist():
            stream = io.BytesIO(archive.read(member))
            version = np.lib.format.read_magic(stream)
            header = np.lib.format.read_array_header_1_0 if version[0] == 1 else np.lib.format.read_array_header_2_0
            dtype = header(stream)[2]
            stream.seek(0)
            if dtype.hasobject:
                np.lib.format.read_magic(stream)
                header(stream)
                found[member.removesuffix(".npy")] = np.asarray(ArraysOnly(stream).load(), dtype=object)
            else:
                found[member.removesuffix(".npy")] = np.lib.format.read_array(stream, allow_pickle=False)
    return found


def _examples(name: str, x: NDArray[Any], y: NDArray[Any], classes: tuple[str, ...]) -> Examples:
    return Examples(x, {"target": y}, lambda row: f"{name}, example {row}", names=classes)


def _padded(texts: NDArray[Any], num_words: int | None, maxlen: int | None) -> NDArray[Any]:
    """Word numbers as returned by `keras.datasets.imdb.load_data`, int32, padded; the last `maxlen` of each text."""
    import numpy as np

    longest = min(maxlen or 2**31, 1 + max(len(text) for text in texts))
    rows = np.zeros((len(texts), longest), np.int32)
    for row, text in zip(rows, texts, strict=True):
        words = np.asarray([_START, *(word + _FROM for word in text)], np.int32)[-longest:]
        if num_words is not None:
            words[words >= num_words] = _UNKNOWN
        row[longest - len(words) :] = words
    return rows


def _cifar100(folder: Path) -> Examples:
    import numpy as np

    with (folder / "train").open("rb") as file:
        batch = ArraysOnly(file, encoding="bytes").load()
    with (folder / "meta").open("rb") as file:
        names = ArraysOnly(file, encoding="bytes").load()[b"fine_label_names"]
    images = np.asarray(batch[b"data"], np.uint8).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    labels = np.asarray(batch[b"fine_labels"], np.int64)
    return _examples("cifar100", np.ascontiguousarray(images), labels, tuple(name.decode() for name in names))
