"""What a folder or an archive holds, before anyone asks whose it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from autograder.intake.submission import Ignored

# More files than any class hands in, listed in two seconds; enough to notice that the wrong folder was named.
MAX_ENTRIES = 20_000
# The most that is looked at of an archive that a student made.
MAX_ENTRIES_INSIDE = 1_000
MAX_DEPTH = 12

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
    problem: str = ""

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(self.path.split("/"))

    @property
    def name(self) -> str:
        return self.parts[-1]

    @property
    def stem(self) -> str:
        return self.name.rpartition(".")[0].strip() or self.name

    @property
    def is_notebook(self) -> bool:
        """Whether it is called a notebook; whether it is one shows when it is parsed."""
        return self.name.lower().endswith(".ipynb")


@dataclass(frozen=True)
class Listing:
    """Files and folders in a stable order; `name` is that of the folder or archive itself, without its suffix."""

    name: str
    files: tuple[Entry, ...]
    folders: tuple[str, ...]
    ignored: tuple[Ignored, ...]
    is_archive: bool = False


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
