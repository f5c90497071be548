"""Graders' overrides of single questions, stored separately from the results.

A result is the autograder's own and may be recomputed at any time; an override is applied when the result is shown or
exported. So it survives another run of `grade`, regrading, and a changed assignment. Nothing is deleted: an override
that is replaced or withdrawn stays in the history.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, sessionmaker

from autograder.core.messages import phrase
from autograder.records.result import Override, Result, applied
from autograder.records.tables import OverrideRow

Explained = Callable[[], AbstractContextManager[None]]


class Overrides:
    """The overrides of one assignment in a gradebook; created by `Gradebook.overrides`.

    Every method raises `GradebookError` if the database cannot be used.
    """

    def __init__(self, engine: Engine, assignment: str, explained: Explained) -> None:
        self._assignment, self._explained = assignment, explained
        self._session: sessionmaker[Session] = sessionmaker(engine, expire_on_commit=False)

    def give(
        self, student: str, question: str, *, score: float, points: float, by: str, reason: str, seen: str
    ) -> Override:
        """Override a question's score with `score` out of `points`.

        Raises:
            ValueError: the score is not a number between 0 and the points.
        """
        if not math.isfinite(score) or not 0 <= score <= points:
            raise ValueError(
                phrase("A score between 0 and {points:g} is needed; {score:g} is none.", points=points, score=score)
            )
        given = Override(score=round(score, 3), points=points, reason=reason, by=by, at=_now(), seen=seen)
        self._append(student, question, given, given.score)
        return given

    def withdraw(self, student: str, question: str, *, by: str, reason: str) -> None:
        """Withdraw the override, so that the autograder's verdict counts again."""
        self._append(student, question, Override(score=0, points=1, reason=reason, by=by, at=_now()), None)

    def current(self) -> dict[str, dict[str, Override]]:
        """The current overrides, by student and question."""
        counting: dict[str, dict[str, Override]] = {}
        for entry in self._entries():
            of_student = counting.setdefault(entry.student, {})
            if entry.score is None:
                of_student.pop(entry.question, None)
            else:
                of_student[entry.question] = _override(entry, entry.score)
        return {student: overrides for student, overrides in counting.items() if overrides}

    def of(self, student: str) -> dict[str, Override]:
        """The current overrides of one student, by question."""
        counting: dict[str, Override] = {}
        for entry in self._entries(student):
            if entry.score is None:
                counting.pop(entry.question, None)
            else:
                counting[entry.question] = _override(entry, entry.score)
        return counting

    def history(self, student: str, question: str) -> list[tuple[Override, bool]]:
        """All overrides of one question of one student, oldest first; True marks a withdrawal."""
        return [
            (_override(entry, entry.score or 0.0), entry.score is None)
            for entry in self._entries()
            if (entry.student, entry.question) == (student, question)
        ]

    def comments(self, question: str) -> list[str]:
        """The reasons of the current overrides of a question, most used first, for reuse."""
        used = Counter(
            overrides[question].reason
            for overrides in self.current().values()
            if question in overrides and overrides[question].reason
        )
        return [reason for reason, _ in used.most_common()]

    def last_said(self) -> dict[str, datetime]:
        """The time of the last override of each student."""
        return {entry.student: datetime.fromisoformat(entry.at) for entry in self._entries()}

    def _append(self, student: str, question: str, said: Override, score: float | None) -> None:
        values = said.model_dump() | {"score": score}
        with self._explained(), self._session.begin() as session:
            session.add(OverrideRow(assignment=self._assignment, student=student, question=question, **values))

    def _entries(self, student: str | None = None) -> list[OverrideRow]:
        asked = select(OverrideRow).where(OverrideRow.assignment == self._assignment).order_by(OverrideRow.id)
        if student is not None:
            asked = asked.where(OverrideRow.student == student)
        with self._explained(), self._session() as session:
            return list(session.scalars(asked))


def overridden(result: Result, overrides: Mapping[str, Override], seen: str) -> Result:
    """The result with all overrides applied; `seen` is the digest of the current notebook."""
    if not overrides:
        return result
    questions = tuple(
        applied(verdict, overrides[verdict.id], seen) if verdict.id in overrides else verdict
        for verdict in result.questions
    )
    return result.model_copy(
        update={
            "questions": questions,
            "score": round(sum(verdict.score for verdict in questions), 3),
            "pending": round(sum(verdict.pending for verdict in questions), 3),
        }
    )


def notebook_digest(content: bytes | None) -> str:
    """A digest that identifies a version of a notebook; "" if it could not be read."""
    return hashlib.sha256(content).hexdigest() if content is not None else ""


def _override(entry: OverrideRow, score: float) -> Override:
    return Override(score=score, points=entry.points, reason=entry.reason, by=entry.by, at=entry.at, seen=entry.seen)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
