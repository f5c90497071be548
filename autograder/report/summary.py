"""Summarizes a class's results: one pass over them, keeping only a line per student."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import quote

from autograder.core.total import total
from autograder.records.result import Result, Status
from autograder.report.attention import Attention
from autograder.report.item_analysis import item_discrimination
from autograder.report.leaderboard import Board, Boards
from autograder.report.misconceptions import Misconception, Misconceptions
from autograder.report.networks_in_use import NetworkInUse, NetworksInUse

STATUSES: tuple[Status, ...] = ("correct", "partial", "wrong", "not_reached", "needs_review", "error")
COMMONEST = 12


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One line of the table: `total` is the score in words, `answers` are (status, score) per question, if any."""

    student: str
    href: str
    submission: str
    status: str
    score: float
    pending: float
    total: str
    share: float
    answers: tuple[tuple[Status, float] | None, ...]


@dataclass
class QuestionSummary:
    """How the class did on one question; `pairs` are scores on it and on the rest, where it was decided.

    `beside_student_code` is as in a `Verdict`.
    """

    title: str
    points: float
    counts: Counter[Status] = field(default_factory=Counter)
    pairs: list[tuple[float, float]] = field(default_factory=list)
    beside_student_code: bool = False

    def shares(self) -> list[tuple[str, int]]:
        return [(status, self.counts[status]) for status in STATUSES]

    @property
    def discrimination(self) -> float | None:
        return item_discrimination(self.pairs)


@dataclass(frozen=True)
class ClassSummary:
    """Everything the class page shows. A misconception is shared by at least two submissions; the others are counted.

    `mean` and `median` are points of the submissions that could be read; of these, the decided points range
    from `least_decided` to `decided`.
    """

    rows: tuple[ClassRow, ...]
    questions: tuple[QuestionSummary, ...]
    misconceptions: tuple[Misconception, ...]
    further_misconceptions: int
    networks: tuple[NetworkInUse, ...]
    attention: Attention
    statuses: Counter[str]
    shares: tuple[float, ...]
    decided: float
    least_decided: float
    points: float
    mean: float | None
    median: float | None
    pending: float
    waiting: int
    failed: int
    seconds: float
    boards: tuple[Board, ...] = ()


def summarize(results: Iterable[Result], page_of: Callable[[str], str], *, images: int = 0) -> ClassSummary:
    """Read every result once; exhibits are not kept.

    Args:
        results: the class, in the order in which the table shows it.
        page_of: the file name of a student's page, in the folder `students` next to the class page.
        images: how many images validate a network in a trusted run; 0 if none is trained.
    """
    questions: dict[str, QuestionSummary] = {}
    misconceptions, networks, attention, boards = Misconceptions(), NetworksInUse(), Attention(), Boards()
    held: list[tuple[Result, dict[str, tuple[Status, float]]]] = []
    for index, result in enumerate(results):
        answers: dict[str, tuple[Status, float]] = {}
        for verdict in result.questions:
            known = questions.setdefault(verdict.id, QuestionSummary(verdict.title, verdict.points))
            known.counts[verdict.status] += 1
            known.beside_student_code |= verdict.beside_student_code
            answers[verdict.id] = (verdict.status, verdict.score)
            if result.status != "unreadable" and verdict.status not in ("needs_review", "error"):
                known.pairs.append((verdict.score, result.score - verdict.score))
        misconceptions.add(index, result)
        networks.add(index, result)
        boards.add(result)
        attention.add(index, result, images)
        held.append((result.model_copy(update={"questions": (), "notes": ()}), answers))
    rows = tuple(_row(result, answers, tuple(questions), page_of) for result, answers in held)
    causes = misconceptions.listed()
    shared = [cause for cause in causes if len(cause.students) > 1]
    readable = [result for result, _ in held if result.status != "unreadable"]
    scores = [result.score for result in readable if math.isfinite(result.score)]
    return ClassSummary(
        rows=rows,
        questions=tuple(questions.values()),
        misconceptions=tuple(shared[:COMMONEST]),
        further_misconceptions=len(causes) - len(shared[:COMMONEST]),
        networks=tuple(networks.listed()),
        attention=attention,
        statuses=Counter(result.status for result, _ in held),
        shares=tuple(row.share for row in rows if row.status != "unreadable"),
        decided=max((result.points - result.pending for result in readable), default=0.0),
        least_decided=min((result.points - result.pending for result in readable), default=0.0),
        points=max((result.points for result, _ in held), default=0.0),
        mean=round(statistics.fmean(scores), 2) if scores else None,
        median=round(statistics.median(scores), 2) if scores else None,
        pending=sum(result.pending for result, _ in held),
        waiting=sum(1 for result, _ in held if result.pending > 0),
        failed=sum(1 for _, answers in held if any(status == "error" for status, _ in answers.values())),
        seconds=sum(result.seconds for result, _ in held),
        boards=boards.listed(),
    )


def _row(
    result: Result,
    answers: dict[str, tuple[Status, float]],
    questions: tuple[str, ...],
    page_of: Callable[[str], str],
) -> ClassRow:
    decided = result.points - result.pending
    share = result.score / decided if decided > 0 else 0.0
    return ClassRow(
        student=result.student,
        href="students/" + quote(page_of(result.student), errors="replace"),
        submission=result.submission,
        status=result.status,
        score=result.score,
        pending=result.pending,
        total=total(result.score, result.points, result.pending),
        share=min(1.0, max(0.0, share)) if math.isfinite(share) else 0.0,
        answers=tuple(answers.get(question) for question in questions),
    )
