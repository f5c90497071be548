"""What `autograder pull` fetched: a file beside the submissions with the platform's own ids, times and grades.

Everything that goes back later is matched by these ids, never by file names. `grade` keeps the file's content in the
gradebook as a fact, so that `push` needs the report folder only.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from autograder.core.data import Data
from autograder.records.result import Person

PULLED_FILE = "pulled.json"
PULLED_FACT = "pulled"
PULLED_FOLDER_FACT = "pulled folder"
SENT_FACT = "sent"

OnlinePlatform = Literal["canvas", "moodle"]


class PulledSubmission(Data):
    """One submission: whose it is, and the folder of its files.

    `persons` is one student, or the members of a group; their `id` is the platform's user id, or the anonymous id.
    `at` is when the attempt was handed in (ISO 8601) and identifies it. `grade` is what stood on the platform at the
    pull, before any deduction of the platform's; None for no grade.
    """

    persons: tuple[Person, ...] = Field(min_length=1)
    group: str = ""
    folder: str = Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z-]{0,60}$")
    at: str
    late: bool
    attempt: int
    files: tuple[str, ...] = ()
    grade: float | None = None
    excused: bool = False


class Pulled(Data):
    """The content of `pulled.json`. `maximum` is the points of the assignment on the platform at the pull."""

    format: Literal[1] = 1
    platform: OnlinePlatform
    url: str
    course: str
    assignment: str
    title: str
    maximum: float
    anonymous: bool = False
    attempts: Literal["latest", "all"] = "latest"
    submissions: tuple[PulledSubmission, ...] = ()

    @property
    def grades(self) -> dict[str, float | None]:
        """By student's id, what stood there at the pull."""
        return {person.id: one.grade for one in self.submissions for person in one.persons}


class SentGrade(Data):
    """What `push` wrote for one student: `grades` are those that may stand there by our doing."""

    grades: tuple[float, ...]


class Sent(Data):
    """Everything that `push` wrote from a gradebook, by platform, assignment and student's id."""

    grades: dict[str, SentGrade] = Field(default_factory=dict)
