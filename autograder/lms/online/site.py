"""What both platforms are reduced to: an assignment, its students with attempts and grades, and gradings to send."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from autograder.core.errors import UserError
from autograder.records.result import Person

MARKER_DIGITS = 12
# In the comment, so that what stands on the platform tells whether it was sent already.
_MARKER = re.compile(rf"\(autograder ([0-9a-f]{{{MARKER_DIGITS}}})\)")
_PAGE = re.compile(rf"feedback-([0-9a-f]{{{MARKER_DIGITS}}})\.html")


class PlatformError(UserError):
    """The platform refuses or cannot be reached: one sentence that says what to do."""


class Interrupted(PlatformError):
    """Something failed while grades were sent; what arrived is known only after the platform was read again."""


@dataclass(frozen=True)
class RemoteFile:
    """A file on the platform; `address` is never shown, since it may let anyone in who has it."""

    name: str
    address: str = field(repr=False)
    size: int | None = None


@dataclass(frozen=True)
class Attempt:
    """One attempt: its number from 1, and when it was handed in (ISO 8601, UTC)."""

    number: int
    at: str
    late: bool
    files: tuple[RemoteFile, ...] = ()


@dataclass(frozen=True)
class Participant:
    """One student as the platform has them now.

    `attempts` are in order, the latest last; empty if nothing was handed in. `grade` is the entered grade, before the
    platform's own deductions. `markers` are those of our comments and pages that stand there.
    """

    person: Person
    group: str = ""
    group_id: str = ""
    attempts: tuple[Attempt, ...] = ()
    grade: float | None = None
    excused: bool = False
    markers: frozenset[str] = frozenset()

    @property
    def at(self) -> str:
        """When the latest attempt was handed in; "" for none."""
        return self.attempts[-1].at if self.attempts else ""


@dataclass(frozen=True)
class Site:
    """The state of one assignment.

    `course` and `assignment` are the platform's ids. `deadline` is the last one of any student; None if there is none.
    `refuses` says why no grade can be sent; "" if they can. `takes_pages` is False if it has no place for pages.
    """

    platform: Literal["canvas", "moodle", "lti"]
    course: str
    assignment: str
    title: str
    maximum: float
    deadline: datetime | None
    participants: tuple[Participant, ...]
    anonymous: bool = False
    refuses: str = ""
    takes_pages: bool = True
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Grading:
    """What is sent for one student; `grade` is None if it stays. `page` goes with `comment`, or neither is sent."""

    participant: str
    grade: float | None
    comment: str = ""
    marker: str = ""
    page: Path | None = field(default=None, repr=False)

    @property
    def file_name(self) -> str:
        return f"feedback-{self.marker}.html"


class Connection(Protocol):
    """A connection to one platform. Every method raises PlatformError."""

    def read(self, course: str, assignment: str) -> Site:
        """The assignment, named by id or title, and everyone in it."""

    def download(self, file: RemoteFile, path: Path) -> None:
        """Store a file at `path`, all of it or nothing."""

    def send(self, site: Site, gradings: Sequence[Grading]) -> None:
        """Send gradings; Interrupted if it is unknown which of them arrived."""


def markers_in(text: str) -> frozenset[str]:
    """The markers of our comments, or of our pages' names, in a text."""
    return frozenset(_MARKER.findall(text)) | frozenset(_PAGE.findall(text))


def with_marker(comment: str, marker: str) -> str:
    """A comment with its marker."""
    return f"{comment} (autograder {marker})"


def parsed_time(text: str | None) -> datetime | None:
    """An ISO 8601 time of a platform; None for none."""
    return datetime.fromisoformat(text) if text else None


def named_one(wanted: str, found: Sequence[tuple[str, str]], what: str) -> str:
    """The id of the one called `wanted`, by id or by title, among (id, title) pairs.

    Raises:
        PlatformError: none or several are; the sentence lists them.
    """
    by_id = [identity for identity, _ in found if identity == wanted]
    ids = by_id or [identity for identity, title in found if title.strip().casefold() == wanted.strip().casefold()]
    if len(ids) == 1:
        return ids[0]
    number = "more than one is" if ids else "none is"
    listed = "; ".join(f"{title} ({identity})" for identity, title in found[:20])
    advice = f"; name the number of one of these: {listed}" if listed else ""
    raise PlatformError(f'{what} "{wanted}": {number} called that{advice}.')
