"""What every kind of question has in common.

A kind is one file with one class: its fields are the question's TOML table, `judge` is the verdict. Kinds are found by
the entry point group `autograder.checks`, so that a course can add its own.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, Literal, TypeVar

from pydantic import Field

from autograder.core.caching import BoundedCache
from autograder.core.data import Data, digest
from autograder.network.architecture import Architecture
from autograder.network.compilation import Compilation
from autograder.network.table import SummaryTable
from autograder.records.evidence import CapturedFit, Evidence
from autograder.records.external_tests.model import ExternalTest
from autograder.records.result import Exhibit, Finding, Override, Verdict, applied
from autograder.records.training import Recipe, TrainingRun, TrainingTask

_Value = TypeVar("_Value")
# Of one submission so much that was worked out is kept: more than an assignment has questions and networks.
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
        """Changes with what a student's network is compared with."""
        return digest(self.architecture, self.table)


@dataclass(frozen=True)
class Calibration:
    """The reference solution's own short runs: validation accuracies (0..1) by seed, and the threshold they give."""

    minimum: float
    accuracies: tuple[float, ...] = ()


# Of a cell so many characters are read, and lines up to so many: a student wrote them.
_READ, _LINE = 100_000, 500
_TARGETS = re.compile(r"[\s(]*\*?\w+(?:[\s)]*,[\s(]*\*?\w+)*[\s),]*")
_DEFINED = re.compile(r"\s*(?:async\s+)?(?:def|class)\s+(\w+)")
_IMPORTED = re.compile(r"\s*(?:from\s+[\w.]+\s+)?import\s+([^#]*)")


class NotebookCell(Data):
    """A cell of the notebook as it was handed in: its position among all cells (0-based), its text and its metadata."""

    index: int = Field(ge=0)
    kind: Literal["markdown", "code", "raw"]
    source: str
    metadata: dict[str, Any] = {}

    def makes(self) -> frozenset[str]:
        """The names to which a line of it gives a value: by an assignment, a definition or an import.

        Read line by line, so that it is told of a cell that is no Python as well, in time that grows with its length.
        """
        lines = self.source[:_READ].splitlines()
        return frozenset(name for line in lines if len(line) <= _LINE for name in _made_by(line))


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
    """All that a check may read. `cells` is the notebook as it was handed in, without its outputs; `handout` holds the
    lines of the assignment's own notebook, where that is known.

    `decided` is what persons have given on questions, by question; whatever builds on such a question reads that.
    `no_more_runs`: a question that lacks a run of ours waits for it, instead of failing.

    `known` keeps what was worked out, for the questions that need it again: of the evidence, the expected networks and
    the cells. Where one of these is exchanged, `anew` begins with nothing known.
    """

    evidence: Evidence
    expected: Mapping[str, ExpectedNetwork]
    cells: tuple[NotebookCell, ...] = ()
    handout: frozenset[str] = frozenset()
    calibrations: Mapping[str, Calibration] = field(default_factory=dict)
    runs: Mapping[str, TrainingRun] = field(default_factory=dict)
    earlier: Mapping[str, Verdict] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()
    decided: Mapping[str, Override] = field(default_factory=dict)
    no_more_runs: bool = False
    known: BoundedCache[Any] = field(default_factory=lambda: BoundedCache(_MOST_KEPT), compare=False, repr=False)

    def once(self, what: Hashable, work: Callable[[], _Value]) -> _Value:
        """What `work` gives, worked out once under the name `what`."""
        found: _Value = self.known(what, work)
        return found

    def counting(self, verdict: Verdict) -> Verdict:
        """What counts of a verdict for the questions that build on it: a person's word where there is one."""
        override = self.decided.get(verdict.id)
        return verdict if override is None else applied(verdict, override, override.seen)

    def anew(self, **changes: Any) -> Context:
        """The context with other evidence, expected networks or cells (and whatever else), and nothing known yet."""
        return replace(self, **changes, known=BoundedCache(_MOST_KEPT))

    def run_of(self, task: TrainingTask) -> TrainingRun | None:
        """The run of a task, where enough of it was made."""
        run = self.runs.get(task.key)
        return run if run is not None and run.answers(task) else None


class Dependency(Data):
    """This question counts only where `question` earned at least `share` (0..1) of its points.

    `because` is a sentence for the student: why an answer to this one says nothing without the other.
    """

    question: str
    share: float = Field(default=0.5, gt=0, le=1)
    because: str = Field(default="", max_length=500)


class Question(Data, ABC):
    """A question of an assignment: its id (the column in grades.csv), its title (the student reads it), its points.

    `part` is the part of the exercise that it is about, by its heading: where a student whose answer is wrong reads on.
    """

    kind: str
    id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")
    title: str = Field(min_length=1, max_length=200)
    points: float = Field(gt=0, le=1000)
    hidden: bool = False
    part: str = Field(default="", max_length=200)
    depends: Dependency | None = None

    # Whether the verdict reads the evidence and the assignment alone, neither runs nor earlier verdicts: then a
    # question that is looked at in several rounds is judged in the first. Its fields must be hashable.
    from_evidence_alone: ClassVar[bool] = False
    # Whether the verdict reads the layers of its networks: where they cannot be read, a person has to.
    about_layers: ClassVar[bool] = False

    # The settings of its own with which students may judge their answer before they hand in (`autograder.selfcheck`);
    # none of them tells what is right. Where there are none, it is only said there how the answer is understood.
    public: ClassVar[tuple[str, ...]] = ()

    @property
    def requires_training(self) -> bool:
        """Whether the verdict needs trusted runs, so that the assignment has to say how networks are trained."""
        return False

    @property
    def beside_student_code(self) -> bool:
        """Whether the verdict rests on what was said in the process that the student's code shares."""
        return False

    @property
    def needs_manual_grading(self) -> bool:
        """Whether nothing is ever decided here, and its points wait for a person."""
        return False

    @property
    def needs_calibration(self) -> bool:
        """Whether the verdict needs a threshold computed from the reference solution's own runs."""
        return False

    @property
    def calibration_share(self) -> float:
        """How much of each of those runs counts for the threshold, as a share (0..1)."""
        return 1.0

    def variables(self) -> tuple[str, ...]:
        """The names in the student's notebook whose values the capture should bring."""
        return ()

    def tests(self) -> tuple[ExternalTest, ...]:
        """The external tests that are to be run beside the student's code."""
        return ()

    def networks(self) -> tuple[str, ...]:
        """The names of the assignment's networks that the question is about."""
        return ()

    def reading(self, context: Context) -> dict[str, Any]:
        """What has to be known to read an answer; nothing in it tells what is right."""
        return {}

    def builds_on(self, questions: tuple[Question, ...]) -> frozenset[str]:
        """The ids of the questions whose verdicts this one reads."""
        return frozenset() if self.depends is None else frozenset({self.depends.question})

    def training(self, context: Context) -> tuple[TrainingTask, ...]:
        """The trusted runs that the verdict needs; their results stand in `context.runs` under the task's key."""
        return ()

    def explaining(self, context: Context) -> tuple[TrainingTask, ...]:
        """Further runs, not yet in `context.runs`, that would say why an answer is wrong; no score depends on them."""
        return ()

    @abstractmethod
    def judge(self, context: Context) -> Verdict:
        """The verdict, from the evidence alone. Raises nothing for whatever a student did."""

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
