"""Zip archives inside the input: a student's own, an otter export, the platform's download in a folder."""

from __future__ import annotations

from dataclasses import replace

from autograder.core.messages import message
from autograder.intake.archive import OTTER_MARKS, list_inside
from autograder.intake.listing import MAX_ENTRIES, Entry, Listing
from autograder.intake.submission import Ignored, IntakeError, UnreadableSubmission

# A student's zip, and one more level inside it.
LEVELS = 2
# The most zips inside a student's zip that are opened.
MOST_INSIDE = 30
# The most bytes, over all levels, that are unpacked only to list the zips of a class: about ten seconds of work.
MAX_LISTED_BYTES = 4 * 2**30


def with_archives(listing: Listing) -> Listing:
    """The listing with each zip replaced by its content, up to two levels deep.

    A zip that cannot be opened, or is empty, stays a file with a problem that says why.

    Raises:
        IntakeError: there are more than 20,000 files in all.
    """
    looked = _Look()
    files = [found for entry in listing.files for found in looked.into(entry, LEVELS, 0)]
    if looked.opened and len(files) > MAX_ENTRIES:
        raise IntakeError(f"The archives hold more than {MAX_ENTRIES:,} files: name the submissions only.")
    return replace(listing, files=tuple(files), ignored=(*listing.ignored, *looked.ignored))


class _Look:
    """Lists all the zips of a class within a limit on unpacked bytes."""

    def __init__(self) -> None:
        self.ignored: list[Ignored] = []
        self.opened = 0
        self._bytes = 0

    def into(self, entry: Entry, levels: int, around: int) -> list[Entry]:
        """The files in a zip, or the file itself; `around` bytes have to be unpacked first to reach it."""
        if not entry.is_zip or entry.problem:
            return [entry]
        if not levels or self._bytes > MAX_LISTED_BYTES:
            return [_shut(entry)]
        try:
            inside, size = list_inside(entry)
        except UnreadableSubmission as error:
            self._bytes += around
            return [replace(entry, problem=error.reason)]
        self._bytes += around + size
        self.opened += 1
        self.ignored += [one for one in inside.ignored if one.path.rpartition("/")[2] not in OTTER_MARKS]
        files = [one for one in inside.files if one.name not in OTTER_MARKS]
        if not files:
            return [replace(entry, problem=message("submission.empty_archive", "{file} is empty.", file=entry.name))]
        zips = [one.path for one in files if one.is_zip][:MOST_INSIDE]
        return [
            found
            for one in files
            for found in self.into(one, levels - 1 if not one.is_zip or one.path in zips else 0, around + size)
        ]


def _shut(entry: Entry) -> Entry:
    problem = message(
        "submission.archive_not_opened",
        "{file} lies in too many archives to be opened here. Hand in the notebook itself, or one ordinary zip.",
        file=entry.name,
    )
    return replace(entry, problem=problem)
