"""Our own folder of datasets: what was downloaded, and what was converted from another format."""

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
    """Where datasets are kept, unless it cannot be written."""
    return platformdirs.user_cache_path("keras-autograder") / "datasets"


def file_digest(path: Path) -> str:
    """The SHA-256 of a file's bytes; a file that did not change is read once in a process."""
    state = path.stat()
    return _digest_of_state(path, state.st_size, state.st_mtime_ns)


@functools.lru_cache(maxsize=64)
def _digest_of_state(path: Path, size: int, modified: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint(files: list[Path]) -> str:
    """What tells an unchanged source from a changed one, without reading it."""
    states = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return hashlib.sha256(repr(states).encode()).hexdigest()[:12]


def kept(file_name: str) -> Path | None:
    """The file of that name, where we kept one."""
    paths = (folder / file_name for folder in kept_folders())
    return next((path for path in paths if os.path.isfile(path)), None)


def keep(file_name: str, content: bytes) -> Path:
    """Write a file into our folder, or, where that cannot be written, into a temporary one."""
    path = own_folder() / file_name
    try:
        write_atomically(path, content)
    except OSError:
        path = _temporary_folder() / file_name
        write_atomically(path, content)
    return path


def converted(stem: str, build: Callable[[], Arrays]) -> Path:
    """The file of `build()`'s arrays, written on first use.

    The name carries the digest of the content, so a file that was damaged later is not believed, and concurrent
    writers all write the same bytes under the same name.
    """
    for folder in kept_folders():
        for path in sorted(folder.glob(f"{stem}-*.npz")):
            with suppress(OSError):  # another user's, in a cache that two of them share
                if file_digest(path).startswith(path.stem.rpartition("-")[2]):
                    return path
    content = npz_bytes(build())
    return keep(f"{stem}-{hashlib.sha256(content).hexdigest()[:16]}.npz", content)


def closed_folder(name: str) -> Path:
    """A folder in ours that is closed to other users, or, where that cannot be written, in a temporary one."""
    for parent in (own_folder, _temporary_folder):
        path = parent() / name
        with suppress(OSError):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if os.access(path, os.W_OK | os.X_OK):
                break
    return path


def npz_bytes(arrays: Arrays) -> bytes:
    """The arrays as an uncompressed `.npz`: equal arrays give equal bytes, whatever zlib is installed."""
    import numpy as np

    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def kept_folders() -> Iterator[Path]:
    """Where there may be something that we kept; nothing is created by looking."""
    yield own_folder()
    folder = _private_folder(tempfile.gettempdir())
    if _is_private(folder):
        yield folder


def _temporary_folder() -> Path:
    return _created_folder(tempfile.gettempdir())


@functools.cache
def _created_folder(parent: str) -> Path:
    """A folder for files where the cache cannot be written: one for each user, never one that another user made."""
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
