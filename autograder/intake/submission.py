"""A submission, and the errors that can occur before it is opened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO

from autograder.core.errors import UserError
from autograder.core.messages import NOTHING, Message, message
from autograder.records.result import HandedIn

MAX_NOTEBOOK_BYTES = 50 * 2**20
_CHUNK = 2**20
# The codes for submissions with nothing in them. Every other problem of a submission without a notebook means that
# something was handed in but not opened, in which a person may find the work: a page of it, a PDF, a script.
NOTHING_HANDED_IN = frozenset(
    {"submission.empty", "submission.empty_folder", "submission.no_notebook", "submission.nothing"}
)


class IntakeError(UserError):
    """Nothing can be graded from this input: one sentence that names the path and how to fix it."""


class UnreadableSubmission(Exception):
    """One student's submission cannot be read; `reason` is a sentence for that student."""

    def __init__(self, reason: Message) -> None:
        super().__init__(reason)
        self.reason = reason


class SubmissionTooLarge(UnreadableSubmission):
    """A submission is larger than its limit."""


@dataclass(frozen=True)
class Ignored:
    """Something that was found but is not a submission; `path` is relative to the input."""

    path: str
    reason: str


@dataclass(frozen=True)
class Submission:
    """What one student handed in.

    `student` is the identity as shown, `submission` the notebook's path relative to the input, `slug` a file stem that
    is unique within the intake. A `problem` that is not empty tells the student why no notebook could be chosen.
    `handed_in` is what a platform's download says about it.
    """

    student: str
    submission: str
    fetch: Callable[[int], bytes] = field(repr=False, compare=False)
    slug: str = ""
    problem: Message = NOTHING
    handed_in: HandedIn | None = None

    def read(self, limit: int = MAX_NOTEBOOK_BYTES) -> bytes:
        """The notebook's bytes, at most `limit` of them, read again at each call.

        Raises:
            SubmissionTooLarge: it has more than `limit` bytes.
            UnreadableSubmission: `problem` is set, or the file is missing or damaged.
        """
        if self.problem:
            raise UnreadableSubmission(self.problem)
        return self.fetch(limit)


@dataclass(frozen=True)
class Intake:
    """Everything that was found, sorted by student: the submissions, and what was left out and why."""

    submissions: tuple[Submission, ...]
    ignored: tuple[Ignored, ...] = ()


def student_order(student: str) -> tuple[str, str]:
    """The sort key for every list of students."""
    return student.casefold(), student


def nothing_to_read(limit: int) -> bytes:
    """The `fetch` of a submission without a chosen file."""
    raise UnreadableSubmission(message("submission.nothing", "There is no notebook to read."))


def read_bounded(stream: IO[bytes], limit: int, name: str) -> bytes:
    """All of `stream`, never holding more than `limit` bytes and one chunk.

    Raises:
        SubmissionTooLarge: there are more than `limit` bytes; `name` is the file's name in the message.
    """
    chunks: list[bytes] = []
    size = 0
    while chunk := stream.read(_CHUNK):
        size += len(chunk)
        if size > limit:
            raise SubmissionTooLarge(
                message(
                    "submission.too_large",
                    "{file} is larger than {megabytes:.0f} MB. Clear its outputs (in Jupyter: Edit, Clear Outputs of "
                    "All Cells), save it and hand it in again.",
                    file=name,
                    megabytes=limit / 2**20,
                )
            )
        chunks.append(chunk)
    return b"".join(chunks)
