"""External tests as data: what the sandbox runs, and how it is scored."""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from pydantic import Field

from autograder.core.data import Data, digest
from autograder.core.errors import UserError

_MAX_CASES = 500
MAX_SOURCE = 500_000


class ExternalTestsError(UserError):
    """External tests cannot be used; the message is one sentence that names the file and says what to do."""


class OtterTest(Data):
    """An otter test file, run after the notebook's last cell with the notebook's variables.

    Either `doctests` hold the code of each case (otter's OK format), or `functions` are the names of the test
    functions in `source`, the text of the file (its exception format).
    """

    kind: Literal["otter"] = "otter"
    name: str = Field(max_length=200)
    doctests: tuple[str, ...] = Field(default=(), max_length=_MAX_CASES)
    source: str = Field(default="", max_length=MAX_SOURCE)
    functions: tuple[str, ...] = Field(default=(), max_length=_MAX_CASES)

    @property
    def count(self) -> int:
        """How many cases it has."""
        return len(self.functions) if self.source else len(self.doctests)

    @cached_property
    def key(self) -> str:
        """The key of its results; a digest of everything that is run."""
        return digest("otter", self.name, self.doctests, self.source, self.functions)[:16]


class NbgraderCell(Data):
    """A locked code cell of an nbgrader source, run in place of the student's copy.

    `graded` says whether it is a test. `before` are the ids of the nbgrader cells before it in the source, nearest
    first. In the task of a particular notebook it has a position: it `replaces` that code cell, or is inserted after
    the code cell `after` (-1: before all).
    """

    kind: Literal["nbgrader"] = "nbgrader"
    name: str = Field(max_length=200)
    source: str = Field(max_length=MAX_SOURCE)
    graded: bool
    before: tuple[str, ...] = ()
    replaces: int | None = None
    after: int = -1

    @property
    def count(self) -> int:
        """How many cases it has."""
        return 1 if self.graded else 0

    @cached_property
    def key(self) -> str:
        """The key of its results; a digest of everything that is run."""
        return digest("nbgrader", self.name, self.source)[:16]


ExternalTest = OtterTest | NbgraderCell


class Case(Data):
    """One test of a suite, for scoring: its points, and whether students can see it."""

    name: str = Field(max_length=200)
    points: float = Field(ge=0, le=1000)
    hidden: bool = False
    success: str = Field(default="", max_length=2000)
    failure: str = Field(default="", max_length=2000)


class Suite(Data):
    """The external tests of one question.

    `tests` are run in the sandbox; their cases are `cases`, in this order. A `manual` suite has none: a grader reads
    the cell `name` and awards up to `manual` points.
    """

    name: str = Field(max_length=200)
    platform: Literal["otter", "nbgrader"]
    tests: tuple[ExternalTest, ...] = ()
    cases: tuple[Case, ...] = Field(default=(), max_length=_MAX_CASES)
    all_or_nothing: bool = False
    manual: float = Field(default=0.0, ge=0, le=1000)

    @property
    def points(self) -> float:
        """The points that its author assigned."""
        return self.manual or sum(case.points for case in self.cases)
