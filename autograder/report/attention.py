"""The students a lecturer should look at, collected one result at a time."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

from autograder.checks.mean_of_runs import spread
from autograder.core.messages import Message
from autograder.grading.machine_faults import is_fault, remedy
from autograder.records.metrics import METRICS
from autograder.records.result import (
    AppliedOverride,
    CurveExhibit,
    Result,
    TextExhibit,
)

# Shorter answers can agree by chance.
LONG_ENOUGH = 60


@dataclass(frozen=True, slots=True)
class Decision:
    """A lecturer's decision: about whom (by row) and which question, the score that counts now, out of `points`."""

    row: int
    question: str
    score: float
    points: float
    override: AppliedOverride

    @property
    def changed(self) -> bool:
        """Whether the autograder had decided otherwise, so that its score was changed."""
        return self.override.judged_status != "needs_review"


@dataclass
class Attention:
    """The rows that a lecturer should look at, by reason; `answers` are equal long answers by question and text.

    `decisions` are the lecturers' decisions so far; `machine` has the rows affected by each machine fault.
    """

    machine: dict[Message, list[int]] = field(default_factory=dict)

    waiting: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    unfinished: list[int] = field(default_factory=list)
    near: list[int] = field(default_factory=list)
    outdated: list[int] = field(default_factory=list)
    late: list[int] = field(default_factory=list)
    again: list[int] = field(default_factory=list)
    answers: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)

    def add(self, row: int, result: Result, images: int) -> None:
        """Look at the result of this row; `images` is how many validate a network."""
        statuses = {verdict.status for verdict in result.questions}
        curves = [one for verdict in result.questions for one in verdict.exhibits if isinstance(one, CurveExhibit)]
        found = {
            "waiting": "needs_review" in statuses and result.status != "unreadable",
            "failed": "error" in statuses,
            "unfinished": result.status != "graded",
            "near": any(near_threshold(curve, images) for curve in curves),
            "outdated": any(verdict.override and verdict.override.outdated for verdict in result.questions),
            "late": bool(result.handed_in and result.handed_in.late),
            "again": bool(result.handed_in and result.handed_in.earlier),
        }
        for reason, applies in found.items():
            if applies:
                getattr(self, reason).append(row)
        for fault in dict.fromkeys(note.message for note in result.notes if is_fault(note)):
            self.machine.setdefault(fault, []).append(row)
        for verdict in result.questions:
            if verdict.override:
                self.decisions.append(Decision(row, verdict.title, verdict.score, verdict.points, verdict.override))
            for exhibit in verdict.exhibits:
                if isinstance(exhibit, TextExhibit):
                    text = re.sub(r"\W+", " ", exhibit.text).strip().casefold()
                    if len(text) >= LONG_ENOUGH:
                        self.answers.setdefault((verdict.title, text), []).append(row)

    def of_the_machine(self) -> list[tuple[Message, Message, list[int]]]:
        """What the grading machine lacked, how to fix it, and who needed it: the most affected first."""
        return [
            (fault, remedy(fault), rows)
            for fault, rows in sorted(self.machine.items(), key=lambda one: (-len(one[1]), one[0].english))
        ]

    @property
    def hit_by_the_machine(self) -> int:
        """How many submissions needed something that the grading machine lacked."""
        return len({row for rows in self.machine.values() for row in rows})

    def same_answers(self) -> list[tuple[str, list[int]]]:
        """Long answers that several students gave word for word: the question and who, the largest groups first."""
        shared = [(title, rows) for (title, _), rows in self.answers.items() if len(rows) > 1]
        return sorted(shared, key=lambda one: (-len(one[1]), one[0], one[1]))

    def changed(self) -> list[Decision]:
        """Scores of the autograder that a lecturer changed, in the order of the class."""
        return [one for one in self.decisions if one.changed]

    def given(self) -> list[Decision]:
        """Answers that needed review and have their points now."""
        return [one for one in self.decisions if not one.changed]


def near_threshold(curve: CurveExhibit, images: int) -> bool:
    """Whether the accuracy was missed so narrowly that other images or starts might have decided otherwise.

    If the network was trained from several starts, that is so if the interval of their mean contains the threshold.
    Otherwise the margin is one standard error of the required share p of n images, sqrt(p (1 - p) / n). A run that
    clearly reached the threshold ended there, so it is unknown how far above it would have come.
    """
    metric = METRICS[curve.metric]
    finite = [value for value in curve.validation_accuracy if math.isfinite(value)]
    if not finite or curve.threshold is None:
        return False
    reached = metric.best(finite)
    if curve.interval is not None:
        return curve.interval[0] <= curve.threshold <= curve.interval[1]
    p = curve.threshold
    return images > 0 and 0 < metric.lead(p, reached) <= spread((), p, images, metric)
