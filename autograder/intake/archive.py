"""Lists a zip archive. Nothing is ever extracted to disk: members are read into memory one at a time, up to a limit.

So a path that leaves the archive has no effect, and a zip bomb affects only its own submission: reading a member stops
at the limit, whatever sizes the archive states.
"""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO, cast

from autograder.core.messages import NOTHING, Message, message
from autograder.intake.listing import (
    HIDDEN,
    LINK,
    MAX_ENTRIES,
    MAX_ENTRIES_INSIDE,
    MAX_FOLDER_DEPTH,
    Entry,
    Listing,
    is_hidden,
)
from autograder.intake.member_names import member_names
from autograder.intake.names import shown_name
from autograder.intake.submission import (
    MAX_NOTEBOOK_BYTES,
    Ignored,
    IntakeError,
    UnreadableSubmission,
    read_bounded,
)

# The central directory is read into memory as a whole; 20,000 entries with names of any length fit.
MAX_DIRECTORY_BYTES = 8 * 2**20
# Text with long repetitions is compressed up to 100-fold; deflate's maximum is about 1,000-fold, for a file of zeros.
MAX_RATIO = 300
_RATIO_MATTERS_ABOVE = 5 * 2**20
# What otter puts next to the notebook.
OTTER_MARKS = frozenset({".OTTER_LOG", "__zip_filename__"})
_ABSOLUTE = re.compile(r"[/\\]|[A-Za-z]:[/\\]")
_ENCRYPTED = 0x1
_LOCAL_HEADER = 30  # bytes before a member's name
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    IndexError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)


def list_archive(path: Path) -> Listing:
    """Everything in the archive, in the order of the paths.

    Raises:
        IntakeError: it is not a zip archive, damaged, empty, encrypted as a whole, or holds more than 20,000 entries.
    """
    try:
        with _open(path) as archive:
            members = archive.infolist()
    except _DAMAGED:
        raise IntakeError(f"{path} is no zip archive, or a damaged one: download or pack it again.") from None
    if not members:
        raise IntakeError(f"{path} is an empty archive: pack the students' notebooks (.ipynb) into it.")
    if len(members) > MAX_ENTRIES:
        raise IntakeError(f"{path} holds more than {MAX_ENTRIES:,} entries: pack the submissions only.")
    encrypted = [bool(member.flag_bits & _ENCRYPTED) for member in members if not _is_folder(member)]
    if encrypted and all(encrypted):
        raise IntakeError(f"{path} is encrypted: unpack it with its password and name the folder instead.")
    return _listing(members, shown_name(path.stem), lambda index, name: partial(_fetch, path, index, name))


def is_otter_export(entry: Entry) -> bool:
    """Whether a file is the archive that `otter.Notebook.export` makes of a notebook and its log."""
    if not entry.is_zip or entry.problem:
        return False
    try:
        with _open_inside(entry) as archive:
            return not OTTER_MARKS.isdisjoint(archive.namelist())
    except (*_DAMAGED, UnreadableSubmission):
        return False


def list_inside(entry: Entry) -> tuple[Listing, int]:
    """Everything in a zip inside the input, under the zip's own path; and the size of the zip in bytes.

    Raises:
        UnreadableSubmission: it cannot be read.
    """
    content = entry.fetch(MAX_NOTEBOOK_BYTES)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
    except _DAMAGED:
        raise UnreadableSubmission(message("submission.damaged", "{file} is damaged.", file=entry.name)) from None
    inside = _listing(
        members[:MAX_ENTRIES_INSIDE], entry.stem, lambda index, name: partial(_fetch_inside, entry, index, name)
    )
    placed = replace(
        inside,
        files=tuple(replace(one, path=f"{entry.path}/{one.path}") for one in inside.files),
        folders=(),
        ignored=tuple(Ignored(f"{entry.path}/{one.path}", one.reason) for one in inside.ignored),
    )
    return placed, len(content)


def _listing(
    members: list[zipfile.ZipInfo], archive: str, fetch_of: Callable[[int, str], Callable[[int], bytes]]
) -> Listing:
    files: list[Entry] = []
    folders: set[str] = set()
    ignored: dict[str, str] = {}
    overlapping = _overlapping(members)
    for index, (member, meant) in enumerate(zip(members, member_names(members), strict=True)):
        name, reason = _placed(member, meant)
        if reason:
            ignored.setdefault(name, reason)
            continue
        parts = name.split("/")
        folders.update("/".join(parts[:depth]) for depth in range(1, len(parts)))
        if _is_folder(member):
            folders.add(name)
        else:
            problem = _problem(member, parts[-1])
            if index in overlapping:
                problem = message(
                    "submission.overlapping",
                    "{file} lies over another file in the archive. Pack it again.",
                    file=parts[-1],
                )
            files.append(Entry(name, fetch_of(index, member.orig_filename), problem))
    return Listing(
        name=archive,
        files=tuple(sorted(files, key=lambda entry: entry.path)),
        folders=tuple(sorted(folders)),
        ignored=tuple(Ignored(name, reason) for name, reason in sorted(ignored.items())),
        is_archive=True,
    )


def _overlapping(members: list[zipfile.ZipInfo]) -> set[int]:
    """The members that share bytes with an earlier one: how a small archive can hold ten thousand large files."""
    found, end = set(), -1
    for offset, index in sorted((member.header_offset, index) for index, member in enumerate(members)):
        if offset < end:
            found.add(index)
        end = max(end, offset + _LOCAL_HEADER + members[index].compress_size)
    return found


class _Bounded(io.FileIO):
    """A file that refuses to be read in one large piece, so that an archive's directory cannot exhaust the memory."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MAX_DIRECTORY_BYTES:
            raise zipfile.BadZipFile("directory too large")
        return super().read(-1 if size is None else size) or b""


@contextmanager
def _open(path: Path) -> Iterator[zipfile.ZipFile]:
    with _Bounded(path) as stream, zipfile.ZipFile(cast(IO[bytes], stream)) as archive:
        yield archive


@contextmanager
def _open_inside(entry: Entry) -> Iterator[zipfile.ZipFile]:
    with zipfile.ZipFile(io.BytesIO(entry.fetch(MAX_NOTEBOOK_BYTES))) as archive:
        yield archive


def _is_folder(member: zipfile.ZipInfo) -> bool:
    # ZipInfo.is_dir fails on an empty name.
    return member.orig_filename.endswith(("/", "\\"))


def _placed(member: zipfile.ZipInfo, raw: str) -> tuple[str, str]:
    """The path of a member as it is shown, and why it is left out ("" if it is not)."""
    if "\0" in raw:
        return shown_name(raw), "its name holds a NUL character"
    parts = [part for part in raw.replace("\\", "/").split("/") if part not in ("", ".")]
    name = "/".join(shown_name(part) or "unnamed" for part in parts)
    if not parts or ".." in parts or _ABSOLUTE.match(raw):
        return shown_name(raw.replace("\\", "/")), "its path leads out of the archive"
    hidden = next((depth for depth, part in enumerate(parts, 1) if is_hidden(part)), 0)
    if hidden:
        return "/".join(name.split("/")[:hidden]), HIDDEN
    if any(len(part.encode("utf-8", "replace")) > 255 for part in parts) or len(parts) > MAX_FOLDER_DEPTH:
        return name[:300], "its path is longer than a file system allows"
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return name, LINK
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return name, "neither a file nor a folder"
    return name, ""


def _problem(member: zipfile.ZipInfo, name: str) -> Message:
    if member.flag_bits & _ENCRYPTED:
        return message(
            "submission.encrypted", "{file} is encrypted with a password. Hand it in without one.", file=name
        )
    # Other methods may allocate gigabytes before the first byte is decompressed.
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return message(
            "submission.packing",
            "{file} is packed in a way that is not read here. Hand in the notebook itself, or an ordinary zip.",
            file=name,
        )
    if member.file_size > max(_RATIO_MATTERS_ABOVE, MAX_RATIO * member.compress_size):
        return message(
            "submission.bomb",
            "{file} unpacks to more than {times} times its size, as no notebook does. Hand in your notebook.",
            file=name,
            times=MAX_RATIO,
        )
    return NOTHING


def _fetch(path: Path, index: int, name: str, limit: int) -> bytes:
    label = shown_name(name.replace("\\", "/").rpartition("/")[2])
    try:
        with _open(path) as archive:
            return _read(archive, index, name, limit, label)
    except _DAMAGED:
        raise _damaged(label, shown_name(path.name)) from None


def _fetch_inside(entry: Entry, index: int, name: str, limit: int) -> bytes:
    label = shown_name(name.replace("\\", "/").rpartition("/")[2])
    try:
        with _open_inside(entry) as archive:
            return _read(archive, index, name, limit, label)
    except _DAMAGED:
        raise _damaged(label, entry.name) from None


def _damaged(label: str, archive: str) -> UnreadableSubmission:
    return UnreadableSubmission(
        message(
            "submission.damaged_in_archive",
            "{file} could not be read from the archive {archive}: it is damaged there.",
            file=label,
            archive=archive,
        )
    )


def _read(archive: zipfile.ZipFile, index: int, name: str, limit: int, label: str) -> bytes:
    member = archive.infolist()[index]
    if member.orig_filename != name:
        raise zipfile.BadZipFile("another archive has taken its place")
    problem = _problem(member, label)
    if problem:
        raise UnreadableSubmission(problem)
    with archive.open(member) as stream:
        return read_bounded(stream, limit, label)
