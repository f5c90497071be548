"""The autograder's cache folder for datasets: downloaded files, and files converted from another format."""

from __future__ import annotations

import functools
import hashlib
import io
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import platformdirs

from autograder.core.files import write_atomically
from autograder.datasets.formats import Arrays


def own_folder() -> Path:
    """The cache folder; a temporary one is used if it is not writable."""
    return platformdirs.user_cache_path("keras-autograder") / "datasets"


def file_digest(path: Path) -> str:
    """The SHA-256 of a file's bytes; each process reads an unchanged file only once."""
    state = path.stat()
    return _digest_of_state(path, state.st_size, state.st_mtime_ns)


@functools.lru_cache(maxsize=64)
def _digest_of_state(path: Path, size: int, modified: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_fingerprint(files: list[Path]) -> str:
    """A value that changes when one of the files changes, computed without reading them."""
    states = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return hashlib.sha256(repr(states).encode()).hexdigest()[:12]


def stored(file_name: str) -> Path | None:
    """The kept file with this name; None if there is none."""
    paths = (folder / file_name for folder in kept_folders())
    return next((path for path in paths if os.path.isfile(path)), None)


def store_in_cache(file_name: str, content: bytes) -> Path:
    """Write a file to the cache folder, or to a temporary one if that is not writable."""
    path = own_folder() / file_name
    try:
        write_atomically(path, content)
    except OSError:
        path = _temporary_folder() / file_name
        write_atomically(path, content)
    return path


def converted(stem: str, build: Callable[[], Arrays]) -> Path:
    """The file with the arrays of `build()`, written on first use.

    The file name contains the digest of the content, so that a damaged file is recognized, and concurrent writers write
    the same bytes to the same name.
    """
    for folder in kept_folders():
        for path in sorted(folder.glob(f"{stem}-*.npz")):
            with suppress(OSError):  # a file of another user in a shared cache
                if file_digest(path).startswith(path.stem.rpartition("-")[2]):
                    return path
    content = npz_bytes(build())
    return store_in_cache(f"{stem}-{hashlib.sha256(content).hexdigest()[:16]}.npz", content)


def closed_folder(name: str) -> Path:
    """A folder in the cache folder that other users cannot access; in a temporary one if that is not writable."""
    for parent in (own_folder, _temporary_folder):
        path = parent() / name
        with suppress(OSError):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            state = path.stat()
            if hasattr(os, "getuid") and state.st_uid == os.getuid() and state.st_mode & 0o077:
                path.chmod(0o700)  # made by an earlier version, or unpacked from a backup
            if os.access(path, os.W_OK | os.X_OK):
                break
    return path


def npz_bytes(arrays: Arrays) -> bytes:
    """The arrays as an uncompressed `.npz`: equal arrays give equal bytes, independent of the zlib version."""
    import numpy as np

    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def kept_folders() -> Iterator[Path]:
    """The folders that may have kept files; none is created."""
    yield own_folder()
    folder = _private_folder(tempfile.gettempdir())
    if _is_private(folder):
        yield folder


def _temporary_folder() -> Path:
    return _created_folder(tempfile.gettempdir())


@functools.cache
def _created_folder(parent: str) -> Path:
    """A folder for files if the cache is not writable: one for each user, never one that another user created."""
    folder = _private_folder(parent)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        if _is_private(folder):
            return folder
    except OSError:
        pass
    return Path(tempfile.mkdtemp(prefix="keras-autograder-", dir=parent))


def _private_folder(parent: str) -> Path:
    return Path(parent) / f"keras-autograder-{os.getuid() if hasattr(os, 'getuid') else 'datasets'}"


def _is_private(folder: Path) -> bool:
    try:
        state = folder.lstat()
    except OSError:
        return False
    ours = not hasattr(os, "getuid") or (state.st_uid == os.getuid() and not state.st_mode & 0o077)
    return stat.S_ISDIR(state.st_mode) and ours
