"""What a class's results say together: one pass over them, holding a line per student and no more."""

from __future__ import annotations

import math
import re
import statistics
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import quote

from autograder.result import Finding, Result, Status

STATUSES: tuple[Status, ...] = ("correct", "partial", "wrong", "not_reached", "needs_review", "error")
COMMONEST = 12
NAMED = 60
# Measured figures differ from student to student where the mistake is the same.
_FIGURE = re.compile(r"\d+\.\d+")


@dataclass(frozen=True, slots=True)
class StudentRow:
    """One line of the table; `answers` are (status, score) per question, None where there is no such verdict."""

    student: str
    href: str
    submission: str
    status: str
    score: float
    pending: float
    share: float
    answers: tuple[tuple[Status, float] | None, ...]


@dataclass
class QuestionSummary:
    """How the class did on one question."""

    title: str
    points: float
    counts: Counter[Status] = field(default_factory=Counter)

    def shares(self) -> list[tuple[str, int]]:
        return [(status, self.counts[status]) for status in STATUSES]


@dataclass
class CommonFinding:
    """One finding that several submissions share, and the rows of the students who have it."""

    question: str
    message: str
    hint: str
    students: list[int] = field(default_factory=list)
    varies: bool = False


@dataclass(frozen=True)
class ClassSummary:
    """Everything the class page shows. `mean` and `median` are points of the submissions that could be read."""

    rows: tuple[StudentRow, ...]
    questions: tuple[QuestionSummary, ...]
    findings: tuple[CommonFinding, ...]
    further_findings: int
    statuses: Counter[str]
    shares: tuple[float, ...]
    decided: float
    points: float
    mean: float | None
    median: float | None
    pending: float
    waiting: int
    failed: int


def summarize(results: Iterable[Result], page_of: Callable[[str], str]) -> ClassSummary:
    """Read every result once; exhibits are not kept.

    Args:
        results: the class, in the order in which the table shows it.
        page_of: the file name of a student's page, in the folder `students` beside the class page.
    """
    questions: dict[str, QuestionSummary] = {}
    findings: dict[tuple[str, str], CommonFinding] = {}
    held: list[tuple[Result, dict[str, tuple[Status, float]]]] = []
    for index, result in enumerate(results):
        answers: dict[str, tuple[Status, float]] = {}
        for verdict in result.questions:
            known = questions.setdefault(verdict.id, QuestionSummary(verdict.title, verdict.points))
            known.counts[verdict.status] += 1
            answers[verdict.id] = (verdict.status, verdict.score)
            if verdict.status not in ("correct", "needs_review"):
                _count(findings, index, verdict.id, verdict.title, verdict.findings)
        _count(findings, index, "", "The submission as a whole", result.notes)
        held.append((result.model_copy(update={"questions": (), "notes": ()}), answers))
    rows = tuple(_row(result, answers, tuple(questions), page_of) for result, answers in held)
    common = sorted(findings.values(), key=lambda finding: (-len(finding.students), finding.question, finding.message))
    readable = [result for result, _ in held if result.status != "unreadable"]
    scores = [result.score for result in readable if math.isfinite(result.score)]
    return ClassSummary(
        rows=rows,
        questions=tuple(questions.values()),
        findings=tuple(common[:COMMONEST]),
        further_findings=len(common[COMMONEST:]),
        statuses=Counter(result.status for result, _ in held),
        shares=tuple(row.share for row in rows if row.status != "unreadable"),
        decided=max((result.points - result.pending for result in readable), default=0.0),
        points=max((result.points for result, _ in held), default=0.0),
        mean=round(statistics.fmean(scores), 2) if scores else None,
        median=round(statistics.median(scores), 2) if scores else None,
        pending=sum(result.pending for result, _ in held),
        waiting=sum(1 for result, _ in held if result.pending > 0),
        failed=sum(1 for _, answers in held if any(status == "error" for status, _ in answers.values())),
    )


def _count(
    findings: dict[tuple[str, str], CommonFinding], index: int, question: str, title: str, found: Iterable[Finding]
) -> None:
    for finding in found:
        common = findings.setdefault(
            (question, _FIGURE.sub("#", finding.message)), CommonFinding(title, finding.message, finding.hint)
        )
        common.varies = common.varies or common.message != finding.message
        if not common.students or common.students[-1] != index:
            common.students.append(index)


def _row(
    result: Result,
    answers: dict[str, tuple[Status, float]],
    questions: tuple[str, ...],
    page_of: Callable[[str], str],
) -> StudentRow:
    decided = result.points - result.pending
    share = result.score / decided if decided > 0 else 0.0
    return StudentRow(
        student=result.student,
        href="students/" + quote(page_of(result.student), errors="replace"),
        submission=result.submission,
        status=result.status,
        score=result.score,
        pending=result.pending,
        share=min(1.0, max(0.0, share)) if math.isfinite(share) else 0.0,
        answers=tuple(answers.get(question) for question in questions),
    )
