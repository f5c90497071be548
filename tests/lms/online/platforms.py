"""The two platforms by one interface, so that a rule is tested on both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import stub_canvas
import stub_moodle
from samples.sums_course import notebook, pulled_and_graded
from stub import Stub
from stub_canvas import StubCanvas
from stub_moodle import StubMoodle, seconds

IN_TIME = "2026-11-19T10:00:00+00:00"
BOOKS = {11: notebook(8, 9), 12: notebook(8, 6), 13: notebook(7, 9)}
GRADES = {11: 6.0, 12: 2.0, 13: 4.0}
# A student's grade, and how many of our comments stand there.
State = dict[int, tuple[float | None, int]]


class Platform:
    """A platform with one assignment; `sends`, `uploads` and `reads` are words by which faults find these requests.

    `pages` is the number of requests that reading the submissions takes, `servers` all that have to listen.
    """

    name: str
    where: tuple[str, str]
    sends: str
    uploads: str
    reads: str
    pages: int

    def __init__(self, stub: Any, *others: Stub) -> None:
        self.stub, self.token = stub, str(stub.token)
        self.servers: tuple[Stub, ...] = (stub, *others)

    def enrol(self, student: int, name: str) -> None:
        self.stub.enrol(student, name)

    def hand_in(self, student: int, content: bytes, at: str = IN_TIME) -> None:
        self.stub.hand_in(student, content, at)

    def leave(self, student: int) -> None:
        del self.stub.students[student]

    def set_maximum(self, points: float) -> None:
        self.stub.points = points

    def take_back(self, student: int) -> None:
        raise NotImplementedError

    def grade(self, student: int, points: float) -> None:
        raise NotImplementedError

    def set_deadline(self, at: str) -> None:
        raise NotImplementedError

    def extend(self, student: int, at: str) -> None:
        raise NotImplementedError

    def state(self) -> State:
        raise NotImplementedError


class OnCanvas(Platform):
    """Canvas, with its files on another host and its times in its own form."""

    name, pages = "canvas", 2
    where = (str(stub_canvas.COURSE), str(stub_canvas.ASSIGNMENT))
    sends, uploads = "update_grades", "/upload"
    reads = "GET /api/v1/courses/101/assignments/98765/submissions"

    def __init__(self) -> None:
        stub = StubCanvas()
        super().__init__(stub, stub.files)

    def hand_in(self, student: int, content: bytes, at: str = IN_TIME) -> None:
        super().hand_in(student, content, at.replace("+00:00", "Z"))

    def take_back(self, student: int) -> None:
        self.stub.students[student].attempts.clear()

    def grade(self, student: int, points: float) -> None:
        self.stub.grade(student, points)

    def set_deadline(self, at: str) -> None:
        self.stub.due = at.replace("+00:00", "Z") or None

    def extend(self, student: int, at: str) -> None:
        self.stub.students[student].due = at.replace("+00:00", "Z")

    def state(self) -> State:
        return {number: (one.entered, len(one.comments)) for number, one in self.stub.students.items()}


class OnMoodle(Platform):
    """Moodle, whose times are seconds and whose maximum is a whole number."""

    name, pages = "moodle", 1
    where = (str(stub_moodle.COURSE), str(stub_moodle.CM))
    sends, uploads, reads = "save_grades", "upload.php", "mod_assign_get_submissions"

    def __init__(self) -> None:
        super().__init__(StubMoodle())

    def take_back(self, student: int) -> None:
        self.stub.students[student].attempts[-1]["status"] = "draft"

    def grade(self, student: int, points: float) -> None:
        self.stub.students[student].grade = points

    def set_maximum(self, points: float) -> None:
        super().set_maximum(int(points))

    def set_deadline(self, at: str) -> None:
        self.stub.due = seconds(at) if at else 0

    def extend(self, student: int, at: str) -> None:
        self.stub.students[student].extension = seconds(at)

    def state(self) -> State:
        return {number: (one.grade, one.comment.count("(autograder ")) for number, one in self.stub.students.items()}


def graded_class(platform: Platform, tmp_path: Path) -> Path:
    """Students 11 to 13 have handed in; their submissions are pulled, and the report of them is returned."""
    for number, book in BOOKS.items():
        platform.enrol(number, f"Student {number}")
        platform.hand_in(number, book)
    return pulled_and_graded(tmp_path, platform.name, *platform.where)
