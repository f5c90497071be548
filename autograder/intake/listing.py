"""What a folder or an archive holds, before anyone asks whose it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from autograder.core.messages import NOTHING, Message
from autograder.intake.submission import Ignored

# More files than any class hands in, listed in two seconds; enough to notice that the wrong folder was named.
MAX_ENTRIES = 20_000
# The most that is looked at of an archive that a student made.
MAX_ENTRIES_INSIDE = 1_000
MAX_FOLDER_DEPTH = 12

# Browsers save a notebook as cnn2.ipynb.json or cnn2.ipynb.txt, file systems of old as CNN2~1.IPY; platforms put a
# number before the last suffix.
_NOTEBOOK = re.compile(
    r"(?P<stem>.*?)(?:\.ipynb(?P<again>[ _-]?\(?\d{1,3}\)?)?(?:\.(?:json|txt|ipynb))*|~\d\.ipy)",
    re.IGNORECASE | re.DOTALL,
)
_PACKED = (".zip", ".tar", ".gz", ".tgz", ".7z", ".rar", ".xz", ".bz2", ".zst")

HIDDEN = "a hidden file or folder"
LINK = "a link: only what stands in the folder or archive itself is read"
# What operating systems leave in folders and archives without being asked.
LITTER = frozenset({"__MACOSX", "__pycache__", "Thumbs.db", "desktop.ini"})


@dataclass(frozen=True)
class Entry:
    """A file: its path from the top ("/"-separated, as it may be shown) and how to read it.

    `problem` is not empty where its bytes cannot be had, and says why, to the student.
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
        """Whether it is called a notebook; whether it is one shows when it is parsed."""
        return _NOTEBOOK.fullmatch(self.name) is not None

    @property
    def is_zip(self) -> bool:
        return self.name.lower().endswith(".zip")

    @property
    def is_packed(self) -> bool:
        """Whether it is called an archive, of whatever kind. In a listing that was opened up, one that stayed shut."""
        return self.name.lower().endswith(_PACKED)

    @property
    def is_script(self) -> bool:
        """Whether it is called a Python file, which may be a notebook in another form."""
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
    """A file's name without its suffix, or without all that makes it a notebook's name."""
    found = _NOTEBOOK.fullmatch(name)
    return (found["stem"] + (found["again"] or "") if found else name.rpartition(".")[0]).strip()


def is_hidden(part: str) -> bool:
    """Whether a name is one that no student chose: dotted, an editor's or office program's lock, or litter."""
    return part.startswith((".", "~$")) or part in LITTER


def without_wrapper(listing: Listing) -> Listing:
    """The listing without the single folder around everything, which packing a tree leaves."""
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
