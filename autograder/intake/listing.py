"""The files in a folder or an archive, before they are assigned to students."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from autograder.core.messages import NOTHING, Message
from autograder.intake.submission import Ignored

# More files than any class hands in, listed in two seconds; with more, the wrong folder was probably named.
MAX_ENTRIES = 20_000
# The most entries that are read of an archive that a student made.
MAX_ENTRIES_INSIDE = 1_000
MAX_FOLDER_DEPTH = 12

# Browsers save a notebook as cnn2.ipynb.json or cnn2.ipynb.txt, old file systems as CNN2~1.IPY; platforms put a
# number before the last suffix.
_NOTEBOOK = re.compile(
    r"(?P<stem>.*?)(?:\.ipynb(?P<again>[ _-]?\(?\d{1,3}\)?)?(?:\.(?:json|txt|ipynb))*|~\d\.ipy)",
    re.IGNORECASE | re.DOTALL,
)
_PACKED = (".zip", ".tar", ".gz", ".tgz", ".7z", ".rar", ".xz", ".bz2", ".zst")

HIDDEN = "a hidden file or folder"
LINK = "a link: only what stands in the folder or archive itself is read"
# Files that operating systems create in folders and archives by themselves.
LITTER = frozenset({"__MACOSX", "__pycache__", "Thumbs.db", "desktop.ini"})


@dataclass(frozen=True)
class Entry:
    """A file: its path from the top ("/"-separated, as it may be shown) and how to read it.

    `problem` tells the student why its bytes cannot be read; empty if they can.
    """

    path: str
    fetch: Callable[[int], bytes] = field(repr=False, compare=False)
    problem: Message = NOTHING

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(self.path.split("/"))

    @property
    def name(self) -> str:
        return self.parts[-1]

    @property
    def stem(self) -> str:
        return stem_of(self.name) or self.name

    @property
    def is_notebook(self) -> bool:
        """Whether it has a notebook's name; parsing shows whether it is one."""
        return _NOTEBOOK.fullmatch(self.name) is not None

    @property
    def is_zip(self) -> bool:
        return self.name.lower().endswith(".zip")

    @property
    def is_packed(self) -> bool:
        """Whether it has the name of an archive of any format; after `with_archives`, of one that was not opened."""
        return self.name.lower().endswith(_PACKED)

    @property
    def is_script(self) -> bool:
        """Whether it has the name of a Python file, which may be a notebook in another format."""
        return self.name.lower().endswith(".py")


@dataclass(frozen=True)
class Listing:
    """Files and folders in a stable order; `name` is that of the folder or archive itself, without its suffix."""

    name: str
    files: tuple[Entry, ...]
    folders: tuple[str, ...]
    ignored: tuple[Ignored, ...]
    is_archive: bool = False


def stem_of(name: str) -> str:
    """A file's name without its suffix; a notebook's without all its suffixes, but with a number that was added."""
    found = _NOTEBOOK.fullmatch(name)
    return (found["stem"] + (found["again"] or "") if found else name.rpartition(".")[0]).strip()


def is_hidden(part: str) -> bool:
    """Whether no student chose this name: a dotfile, a lock file, or a file of the operating system."""
    return part.startswith((".", "~$")) or part in LITTER


def without_wrapper(listing: Listing) -> Listing:
    """The listing without the single folder around everything that zipping a folder adds."""
    tops = {entry.parts[0] for entry in listing.files} | {path.split("/")[0] for path in listing.folders}
    if len(tops) != 1 or any(len(entry.parts) == 1 for entry in listing.files):
        return listing
    (top,) = tops
    return replace(
        listing,
        name=top,
        files=tuple(replace(entry, path=entry.path.removeprefix(f"{top}/")) for entry in listing.files),
        folders=tuple(path.removeprefix(f"{top}/") for path in listing.folders if path != top),
    )
