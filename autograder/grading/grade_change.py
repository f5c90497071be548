"""How judging again changes a student's grade: from what to what, and in which questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from autograder.core.total import total
from autograder.records.overrides import overridden
from autograder.records.result import Override, Result, Verdict

Direction = Literal["raised", "lowered", "other"]
# Points are rounded to three places, as they are when shown.
_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Earned:
    """Points earned, out of how many, and how many of them need review."""

    score: float
    points: float
    pending: float

    @property
    def share(self) -> float:
        """The share of the points that was earned, 0..1."""
        return self.score / self.points if self.points else 0.0

    def __str__(self) -> str:
        if self.pending:
            return total(self.score, self.points, self.pending)
        return f"{self.score:g}/{self.points:g}"


@dataclass(frozen=True)
class QuestionChange:
    """A question whose points change; `before` or `after` is None if the assignment did not ask it then."""

    title: str
    before: Earned | None
    after: Earned | None

    def __str__(self) -> str:
        return f"{self.title}: {self.before or 'not asked'} → {self.after or 'no longer asked'}"


@dataclass(frozen=True)
class GradeChange:
    """A student's grade before and after, and the questions that change it."""

    student: str
    before: Earned
    after: Earned
    questions: tuple[QuestionChange, ...]

    @property
    def direction(self) -> Direction:
        """Whether the share of the points goes up or down; "other" if only the points move."""
        difference = self.after.share - self.before.share
        return "other" if abs(difference) < _TOLERANCE else "raised" if difference > 0 else "lowered"


def grade_change(before: Result, after: Result, overrides: Mapping[str, Override]) -> GradeChange | None:
    """What changes between two results of a student, with overrides applied to both; None if nothing does."""
    old, new = (overridden(result, overrides, "") for result in (before, after))
    questions = _question_changes(old.questions, new.questions)
    if not questions and _of(old) == _of(new):
        return None
    return GradeChange(after.student, _of(old), _of(new), questions)


def _question_changes(before: Sequence[Verdict], after: Sequence[Verdict]) -> tuple[QuestionChange, ...]:
    old, new = ({verdict.id: verdict for verdict in verdicts} for verdicts in (before, after))
    changes = (
        QuestionChange(
            (new.get(question) or old[question]).title,
            _of(old[question]) if question in old else None,
            _of(new[question]) if question in new else None,
        )
        for question in {**new, **old}
    )
    return tuple(change for change in changes if change.before != change.after)


def _of(judged: Result | Verdict) -> Earned:
    return Earned(*(round(value, 3) for value in (judged.score, judged.points, judged.pending)))
