"""Questions with several parts: each part is right or not, and each earns the same share of the points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autograder.checks.base import Question
from autograder.core.messages import NOTHING, Message
from autograder.records.result import Finding, Verdict


@dataclass(frozen=True)
class Aspect:
    """One part of a question.

    `finding` says what is not right; None if it is right. `kept`: it earns its share anyway, because the mistake has
    cost points at another question.
    """

    finding: Finding | None = None
    kept: bool = False

    @property
    def right(self) -> bool:
        return self.finding is None or self.kept


RIGHT = Aspect()


def missed(message: Message | str, *, where: Message = NOTHING, hint: Message = NOTHING) -> Aspect:
    """An aspect that is not right, with its finding."""
    return Aspect(Finding(message=message, where=where, hint=hint))


def kept(message: Message) -> Aspect:
    """An aspect that is not right, but costs nothing here."""
    return Aspect(Finding(message=message), kept=True)


def judged(question: Question, aspects: Sequence[Aspect], *notes: Finding) -> Verdict:
    """The verdict on all aspects; `notes` come first, even for full points."""
    right = sum(aspect.right for aspect in aspects)
    findings = [aspect.finding for aspect in aspects if aspect.finding is not None]
    status = "correct" if right == len(aspects) else "partial" if right else "wrong"
    return question.verdict(status, question.points * right / len(aspects), *notes, *findings)
