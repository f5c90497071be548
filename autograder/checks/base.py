"""What all kinds of question have in common.

A kind is one file with one class: its fields are the question's TOML table, `judge` gives the verdict. Kinds are found
through the entry point group `autograder.checks`, so that a course can add its own.
"""

from __future__ import annotations

import dataclasses
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Literal, TypeVar

from pydantic import Field

from autograder.core.caching import BoundedCache
from autograder.core.data import Data, digest
from autograder.datasets import DatasetSource
from autograder.network.architecture import Architecture
from autograder.network.compilation import Compilation
from autograder.network.table import SummaryTable
from autograder.records.evidence import CapturedFit, Evidence
from autograder.records.external_tests.model import ExternalTest
from autograder.records.predictions import PredictionRequest
from autograder.records.result import Exhibit, Finding, Override, Verdict, applied
from autograder.records.training import Recipe, TrainingRun, TrainingTask

_Value = TypeVar("_Value")
# The most results cached per submission: more than an assignment has questions and networks.
_MOST_KEPT = 1024


@dataclass(frozen=True)
class ExpectedNetwork:
    """What a network of the assignment should be: in full from the reference solution, and as the handout prints it.

    `counts` says which of several networks under its name is judged: the nearest ("best") or the "last" one.
    `compilation` and `fit` are how the solution compiles it and its last call of `fit`, for the diagnosis.
    """

    name: str
    architecture: Architecture
    table: SummaryTable | None = None
    recipe: Recipe | None = None
    compilation: Compilation | None = None
    fit: CapturedFit | None = None
    counts: Literal["best", "last"] = "best"

    @cached_property
    def key(self) -> str:
        """A key that changes with anything a student's network is compared with."""
        return digest(self.architecture, self.table)


@dataclass(frozen=True)
class Calibration:
    """The reference solution's own short runs: validation scores by seed, and the threshold they give."""

    minimum: float
    accuracies: tuple[float, ...] = ()


def of_framework(question: str, framework: str) -> str:
    """The name of a question's calibration for students of another framework than the solution's."""
    return f"{question}:{framework}"


# Limits on untrusted text: the characters read per cell, and the longest line that is read.
_READ, _LINE = 100_000, 500
_TARGETS = re.compile(r"[\s(]*\*?\w+(?:[\s)]*,[\s(]*\*?\w+)*[\s),]*")
_DEFINED = re.compile(r"\s*(?:async\s+)?(?:def|class)\s+(\w+)")
_IMPORTED = re.compile(r"\s*(?:from\s+[\w.]+\s+)?import\s+([^#]*)")


class NotebookCell(Data):
    """A cell of the notebook as handed in: its position among all cells (0-based), its text and its metadata."""

    index: int = Field(ge=0)
    kind: Literal["markdown", "code", "raw"]
    source: str
    metadata: dict[str, Any] = {}

    def makes(self) -> frozenset[str]:
        """The names that a line of it assigns: by an assignment, a definition or an import.

        Reads line by line, so that a cell that is not valid Python works too, in time linear in its length.
        """
        lines = self.source[:_READ].splitlines()
        return frozenset(name for line in lines if len(line) <= _LINE for name in _made_by(line))


def bare_code(source: str) -> str:
    """The code of a cell without blank lines and lines of comments."""
    lines = (line.rstrip() for line in source.splitlines())
    return "\n".join(line for line in lines if line and not line.lstrip().startswith("#"))


def _made_by(line: str) -> list[str]:
    if match := _DEFINED.match(line):
        return [match[1]]
    if match := _IMPORTED.match(line):
        parts = [part.split() for part in match[1].strip(" \t()").split(",")]
        return [part[-1] if "as" in part else part[0].partition(".")[0] for part in parts if part]
    left, equals, right = line.partition("=")
    targets = left.partition(":")[0]
    if not equals or right.startswith("=") or not _TARGETS.fullmatch(targets):
        return []
    return re.findall(r"\w+", targets)


@dataclass(frozen=True)
class Context:
    """What a check may read. `cells` is the notebook as handed in, without its outputs; `handout` holds the lines
    of the assignment's own notebook, `handout_code` its code cells as `bare_code`, if that is known.

    `decided` holds the overrides given in review, by question; questions that build on such a question read those.
    `no_more_runs`: a question that lacks a trusted run waits for it instead of failing.

    `known` caches results for other questions that need them. They depend on the evidence, the expected networks and
    the cells; if one of these changes, `replace` starts with an empty cache.
    """

    evidence: Evidence
    expected: Mapping[str, ExpectedNetwork]
    cells: tuple[NotebookCell, ...] = ()
    handout: frozenset[str] = frozenset()
    handout_code: frozenset[str] = frozenset()
    calibrations: Mapping[str, Calibration] = field(default_factory=dict)
    runs: Mapping[str, TrainingRun] = field(default_factory=dict)
    earlier: Mapping[str, Verdict] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()
    decided: Mapping[str, Override] = field(default_factory=dict)
    no_more_runs: bool = False
    known: BoundedCache[Any] = field(default_factory=lambda: BoundedCache(_MOST_KEPT), compare=False, repr=False)

    def once(self, what: Hashable, work: Callable[[], _Value]) -> _Value:
        """The result of `work`, computed once and cached under the name `what`."""
        found: _Value = self.known(what, work)
        return found

    def counting(self, verdict: Verdict) -> Verdict:
        """The verdict that counts for dependent questions: as overridden in review, if it was."""
        override = self.decided.get(verdict.id)
        return verdict if override is None else applied(verdict, override, override.seen)

    def replace(self, **changes: Any) -> Context:
        """A copy with other evidence, expected networks, cells or other fields, and an empty cache."""
        return dataclasses.replace(self, **changes, known=BoundedCache(_MOST_KEPT))

    def is_handout(self, code_cell: int) -> bool:
        """Whether the code cell with this index (0-based, among the code cells) is an unchanged cell of the handout."""
        sources = self.once(
            "code cells", lambda: [bare_code(cell.source) for cell in self.cells if cell.kind == "code"]
        )
        return code_cell < len(sources) and sources[code_cell] in self.handout_code

    def run_of(self, task: TrainingTask) -> TrainingRun | None:
        """The run of a task; None if it is missing or too short for it."""
        run = self.runs.get(task.key)
        return run if run is not None and run.answers(task) else None


class Dependency(Data):
    """This question counts only if `question` earned at least `share` (0..1) of its points.

    `because` is a sentence for the student: why an answer to this one is meaningless without the other.
    """

    question: str
    share: float = Field(default=0.5, gt=0, le=1)
    because: str = Field(default="", max_length=500)


class Question(Data, ABC):
    """A question of an assignment: its id (the column in grades.csv), its title (shown to the student), its points.

    `part` is the heading of the exercise part it belongs to: where a student whose answer is wrong should read again.
    """

    kind: str
    id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")
    title: str = Field(min_length=1, max_length=200)
    points: float = Field(gt=0, le=1000)
    hidden: bool = False
    part: str = Field(default="", max_length=200)
    depends: Dependency | None = None

    # Whether the verdict reads only the evidence and the assignment, neither runs nor earlier verdicts: then it is
    # judged once, in the first of several rounds. Its fields must be hashable.
    from_evidence_alone: ClassVar[bool] = False
    # Whether the verdict reads the layers of its networks: if they cannot be read, it needs review.
    about_layers: ClassVar[bool] = False

    # The settings with which students may check their answer before they hand in (`autograder.selfcheck`); none of them
    # reveals the right answer. If there are none, the self-check only says how the answer is understood.
    public: ClassVar[tuple[str, ...]] = ()

    @property
    def requires_training(self) -> bool:
        """Whether the verdict needs trusted runs, so that the assignment must say how networks are trained."""
        return False

    @property
    def beside_student_code(self) -> bool:
        """Whether the verdict relies on claims from the process that the student's code shares."""
        return False

    @property
    def needs_manual_grading(self) -> bool:
        """Whether the question is never decided automatically, and its points need review."""
        return False

    @property
    def needs_calibration(self) -> bool:
        """Whether the verdict needs a threshold computed from the reference solution's own runs."""
        return False

    @property
    def calibration_share(self) -> float:
        """How much of each of those runs counts for the threshold, as a share (0..1)."""
        return 1.0

    def training_problem(self, recipe: Recipe) -> str:
        """Why a network trained like this cannot answer the question, for the assignment's author; "" if it can."""
        return ""

    def variables(self) -> tuple[str, ...]:
        """The names in the student's notebook whose values the capture should record."""
        return ()

    def tests(self) -> tuple[ExternalTest, ...]:
        """The external tests to run next to the student's code."""
        return ()

    def predictions(self) -> tuple[PredictionRequest, ...]:
        """The predictions on hidden rows to ask for, without the record of their data set."""
        return ()

    def prediction_problem(self, source: DatasetSource, training: str) -> str:
        """Why such predictions cannot be asked for, for the assignment's author; "" if they can.

        Args:
            source: the record of the data set.
            training: `training` in `[observe]`.
        """
        return ""

    def networks(self) -> tuple[str, ...]:
        """The names of the assignment's networks that the question is about."""
        return ()

    def reading(self, context: Context) -> dict[str, Any]:
        """What is needed to read an answer; nothing in it reveals what is right."""
        return {}

    def builds_on(self, questions: tuple[Question, ...]) -> frozenset[str]:
        """The ids of the questions whose verdicts this one reads."""
        return frozenset() if self.depends is None else frozenset({self.depends.question})

    def training(self, context: Context) -> tuple[TrainingTask, ...]:
        """The trusted runs that the verdict needs; their results are in `context.runs` under the task's key."""
        return ()

    def explaining(self, context: Context) -> tuple[TrainingTask, ...]:
        """Further runs, not yet in `context.runs`, that explain why an answer is wrong; no score depends on them."""
        return ()

    @abstractmethod
    def judge(self, context: Context) -> Verdict:
        """The verdict, from the evidence alone. Never raises because of something a student did."""

    def verdict(self, status: str, score: float, *findings: Finding, exhibits: tuple[Exhibit, ...] = ()) -> Verdict:
        """A verdict on this question, with the score rounded to a thousandth of a point."""
        return Verdict.model_validate(
            {
                "id": self.id,
                "title": self.title,
                "status": status,
                "score": round(score, 3),
                "points": self.points,
                "findings": findings,
                "exhibits": exhibits,
                "beside_student_code": self.beside_student_code,
            }
        )
