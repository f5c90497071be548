"""Fetching datasets from where they are published, checked against their digests."""

from __future__ import annotations

import hashlib
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from autograder.datasets.cache import keep, npz_bytes
from autograder.datasets.formats import IDX_FILES, DatasetMissing, read_cifar, read_idx

if TYPE_CHECKING:
    from rich.console import Console

_KERAS_STORE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
# Address and SHA-256 of every file that a download fetches.
_DOWNLOADS: dict[str, tuple[tuple[str, str], ...]] = {
    "mnist": ((_KERAS_STORE + "mnist.npz", "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"),),
    "fashion_mnist": (
        (_KERAS_STORE + IDX_FILES["x_train"], "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
        (_KERAS_STORE + IDX_FILES["y_train"], "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
        (_KERAS_STORE + IDX_FILES["x_test"], "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
        (_KERAS_STORE + IDX_FILES["y_test"], "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
    ),
    "cifar10": (
        (
            "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
            "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
        ),
    ),
}


def fetch(name: str, console: Console | None = None) -> Path:
    """Fetch a dataset into our folder, with a progress bar on `console` (stderr, where none is given).

    Raises:
        DatasetMissing: it could not be fetched, or is not what is published.
    """
    with tempfile.TemporaryDirectory(prefix="keras-autograder-") as folder:
        files = [_fetch(name, address, digest, Path(folder), console) for address, digest in _DOWNLOADS[name]]
        if name == "mnist":
            content = files[0].read_bytes()
        elif name == "fashion_mnist":
            content = npz_bytes(read_idx(Path(folder)))
        else:
            with tarfile.open(files[0]) as archive:
                archive.extractall(folder, filter="data")
            content = npz_bytes(read_cifar(Path(folder) / "cifar-10-batches-py"))
    return keep(f"{name}.npz", content)


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
