"""Downloads datasets from their publishers and checks their digests."""

from __future__ import annotations

import hashlib
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from autograder.datasets.cache import npz_bytes, store_in_cache
from autograder.datasets.catalogue import DATASETS
from autograder.datasets.formats import DatasetMissing

if TYPE_CHECKING:
    from rich.console import Console


def fetch(name: str, console: Console | None = None) -> Path:
    """Download a dataset to the cache folder, with a progress bar on `console` (stderr by default).

    Raises:
        DatasetMissing: the download failed, or the digest is wrong.
    """
    dataset = DATASETS[name]
    with tempfile.TemporaryDirectory(prefix="keras-autograder-") as folder:
        files = [_fetch(name, address, digest, Path(folder), console) for address, digest in dataset.downloads]
        place = Path(folder)
        if dataset.read is None:
            content = files[0].read_bytes()
        else:
            if tarfile.is_tarfile(files[0]):
                with tarfile.open(files[0]) as archive:
                    archive.extractall(folder, filter="data")
                place /= Path(dataset.folders[-1]).name
            content = npz_bytes(dataset.read(name, place, dataset.files))
    return store_in_cache(f"{name}.npz", content)


def fetch_file(name: str, address: str, digest: str, console: Console | None = None) -> Path:
    """Download one file of a data set to the cache folder, unchanged.

    Raises:
        DatasetMissing: the download failed, or the digest is wrong.
    """
    with tempfile.TemporaryDirectory(prefix="keras-autograder-") as folder:
        content = _fetch(name, address, digest, Path(folder), console).read_bytes()
    return store_in_cache(address.rpartition("/")[2], content)


def _fetch(name: str, address: str, digest: str, folder: Path, console: Console | None) -> Path:
    import urllib.request

    from rich.console import Console
    from rich.progress import Progress

    path = folder / address.rpartition("/")[2]
    sha = hashlib.sha256()
    try:
        with (
            urllib.request.urlopen(address, timeout=30) as answer,
            Progress(console=console or Console(stderr=True), transient=True) as progress,
            path.open("wb") as file,
        ):
            bar = progress.add_task(path.name, total=int(answer.headers.get("Content-Length") or 0) or None)
            for block in _blocks(answer):
                file.write(block)
                sha.update(block)
                progress.advance(bar, len(block))
    except OSError as error:
        raise DatasetMissing(
            name,
            f"The dataset {name} is not on this machine, and {address} could not be fetched ({error}): put {name}.npz "
            "into a folder and name that folder in the environment variable AUTOGRADER_DATA, or as "
            "`autograder --data FOLDER`.",
        ) from None
    if sha.hexdigest() != digest:
        raise DatasetMissing(name, f"What {address} sent is not the file that is published there; nothing was kept.")
    return path


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    while block := file.read(2**18):
        yield block
