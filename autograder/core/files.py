"""Atomic file writes: to a temporary file in the same folder, flushed to disk, then renamed."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from autograder.core.errors import UserError


class Unwritable(UserError, OSError):
    """A file cannot be written; the message names the path, the reason and what to do."""

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(f"{path} cannot be written ({error.strerror}): name another place for it.")


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write `content` (text as UTF-8) to `path` completely; on any failure `path` keeps its previous content.

    Missing parent folders are created. A reader never sees a partial file, not even after a power cut.

    Raises:
        Unwritable: the place takes no file.
    """
    with replacing(path) as file:
        file.write(content.encode("utf-8") if isinstance(content, str) else content)


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file to write in pieces; it replaces `path` when the block ends without an exception.

    Raises:
        Unwritable: the place takes no file.
    """
    # Not tempfile: its files are readable by their owner only, also after the rename.
    temporary = path.with_name(f".{path.name[:60]}.{secrets.token_hex(6)}.tmp")
    try:
        with _placing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            opened = temporary.open("xb")
        with opened as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        with _placing(path):
            os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(path.parent)


@contextmanager
def _placing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unwritable(path, error) from error


def _sync_folder(folder: Path) -> None:
    """Flush the rename to disk; where folders cannot be opened (Windows) the system does so itself."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
