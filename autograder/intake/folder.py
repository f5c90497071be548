"""Lists a folder. Links are never followed and only regular files are ever opened.

A link is refused even if it stays inside the folder: with `mallory/cnn2.ipynb` pointing to `../anna/cnn2.ipynb`, one
student would be graded for another's work, and see it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from autograder.core.messages import message
from autograder.intake.listing import HIDDEN, LINK, MAX_ENTRIES, MAX_FOLDER_DEPTH, Entry, Listing, is_hidden
from autograder.intake.names import shown_name
from autograder.intake.submission import Ignored, IntakeError, UnreadableSubmission, read_bounded

# A fifo or device that replaced a file since it was listed must not block or act; some systems lack these flags.
_OPEN_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


def list_folder(path: Path) -> Listing:
    """Everything in the folder, at most 12 folders deep.

    Raises:
        IntakeError: it cannot be read, or holds more than 20,000 files.
    """
    files: list[Entry] = []
    folders: list[str] = []
    ignored: list[Ignored] = []
    for count, found in enumerate(_walk(path, "", 1)):
        if count >= MAX_ENTRIES:
            raise IntakeError(f"{path} holds more than {MAX_ENTRIES:,} files: name the folder of the submissions only.")
        if isinstance(found, Entry):
            files.append(found)
        elif isinstance(found, Ignored):
            ignored.append(found)
        else:
            folders.append(found)
    return Listing(shown_name(path.resolve().name), tuple(files), tuple(folders), tuple(ignored))


def file_entry(path: Path) -> Entry:
    """One file that was given by its own path."""
    return Entry(shown_name(path.name), partial(_fetch, path))


def _walk(folder: Path, above: str, depth: int) -> Iterator[Entry | Ignored | str]:
    try:
        with os.scandir(folder) as scan:
            found = sorted(scan, key=lambda item: item.name)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        if not above:
            raise IntakeError(f"{folder} cannot be read ({reason}): check its permissions.") from None
        yield Ignored(above.removesuffix("/"), f"cannot be read: {reason}")
        return
    for item in found:
        name = above + (shown_name(item.name) or "unnamed")
        if is_hidden(item.name):
            yield Ignored(name, HIDDEN)
        elif item.is_symlink():
            yield Ignored(name, LINK)
        elif item.is_file(follow_symlinks=False):
            yield Entry(name, partial(_fetch, Path(item.path)))
        elif not item.is_dir(follow_symlinks=False):
            yield Ignored(name, "neither a file nor a folder")
        elif depth >= MAX_FOLDER_DEPTH:
            yield Ignored(name, f"more than {MAX_FOLDER_DEPTH} folders deep")
        else:
            yield name
            yield from _walk(Path(item.path), name + "/", depth + 1)


def _fetch(path: Path, limit: int) -> bytes:
    name = shown_name(path.name)
    try:
        descriptor = os.open(path, _OPEN_FLAGS)
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise UnreadableSubmission(message("submission.no_file", "{file} is no ordinary file.", file=name))
            return read_bounded(stream, limit, name)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        sentence = message("submission.unreadable", "{file} could not be read ({reason}).", file=name, reason=reason)
        raise UnreadableSubmission(sentence) from None
