"""A student's result put in the order in which it is read: the gist, then right, wrong, look again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from autograder.feedback.causes import root_causes
from autograder.feedback.wording import condition, counted, point_count, points
from autograder.result import ComparisonExhibit, ComparisonRow, Finding, Result, RowCells, Verdict

if TYPE_CHECKING:
    from autograder.checks.base import Dependency

# As many as a tired student takes in.
MOST_STEPS = 3


@dataclass(frozen=True)
class Step:
    """One thing to work on: the place on the page that says more, what it is about, and what was found."""

    anchor: str
    title: str
    message: str


@dataclass(frozen=True)
class Glance:
    """The whole result in one number, a sentence, and what to work on, in this order.

    `decided` leaves out what waits for a person; `further` is how many steps come after those that are shown.
    """

    decided: float
    waiting: str
    gist: str
    steps: tuple[Step, ...]
    further: int


@dataclass(frozen=True)
class QuestionView:
    """One verdict as it is read: `right` are sentences of ours, drawn from the exhibits."""

    verdict: Verdict
    right: tuple[str, ...]
    right_findings: tuple[Finding, ...]
    wrong: tuple[Finding, ...]
    remarks: tuple[Finding, ...]
    dependency: str


@dataclass(frozen=True)
class RowView:
    """Two aligned rows with the parts that differ named: any of "layer", "settings", "shape", "parameters"."""

    row: ComparisonRow
    differing: frozenset[str]


@dataclass(frozen=True)
class ComparisonView:
    """Two networks in stretches of marked and unmarked rows, with what the comparison comes to in a sentence."""

    stretches: tuple[tuple[bool, tuple[RowView, ...]], ...]
    gist: str


def at_a_glance(result: Result) -> Glance:
    """What a tired student takes in before anything else."""
    decided = result.points - result.pending
    waiting = ""
    if result.pending:
        verb = "waits" if result.pending == 1 else "wait"
        waiting = f"{point_count(result.pending)} more {verb} for your lecturer."
    if result.status == "unreadable":
        return Glance(decided, waiting, "Your notebook could not be read, so nothing in it could be graded.", (), 0)
    judged = [verdict for verdict in result.questions if verdict.status != "needs_review"]
    right = sum(verdict.status == "correct" for verdict in judged)
    if judged and right == len(judged):
        gist = "Everything that could be decided is right. Well done."
    elif right:
        gist = f"{right:,} of {counted(len(judged), 'question')} {'is' if right == 1 else 'are'} right."
    else:
        gist = "No question is fully right yet."
    steps = _steps(result)
    return Glance(decided, waiting, gist, steps[:MOST_STEPS], max(0, len(steps) - MOST_STEPS))


def _steps(result: Result) -> tuple[Step, ...]:
    """What to work on: cells that did not run first, then root causes in the order of the questions.

    What only follows from an earlier mistake is no step: it goes away with it.
    """
    places = {verdict.id: f"q{number}" for number, verdict in enumerate(result.questions, 1)}
    broken = [Step("notes", note.where, note.message) for note in result.notes if note.where]
    causes = [
        Step(places[question], title, finding.message)
        for question, title, _, findings in root_causes(result)
        if question
        for finding in findings
        if finding.hint or question not in _answered(result)
    ]
    return (*broken, *causes)


def _answered(result: Result) -> set[str]:
    """Questions with a finding that says where to look again: their other findings are remarks."""
    return {one.id for one in result.questions if any(finding.hint for finding in one.findings)}


def dependencies(result: Result, depends: Mapping[str, Dependency]) -> dict[str, str]:
    """The sentence about its dependency for each question that has one."""
    titles = {verdict.id: verdict.title for verdict in result.questions}
    return {
        question: condition(dependency, titles.get(dependency.question, dependency.question))
        for question, dependency in depends.items()
    }


def question_view(verdict: Verdict, dependency: str = "") -> QuestionView:
    """The verdict's findings sorted by what they are to the student.

    On a correct answer a finding says what is right, or, where it has a hint, what is worth knowing beside it. Where a
    person has decided, the findings still are what the autograder saw; that somebody will read the answer is then past.
    """
    override = verdict.override
    status = override.judged_status if override else verdict.status
    mendable = status in ("partial", "wrong", "not_reached", "error")
    praise = status == "correct"
    waited = override is not None and status == "needs_review"
    return QuestionView(
        verdict=verdict,
        right=() if override else tuple(_right(verdict)),
        right_findings=tuple(finding for finding in verdict.findings if praise and not finding.hint),
        wrong=verdict.findings if mendable else (),
        remarks=()
        if waited
        else tuple(finding for finding in verdict.findings if not mendable and (finding.hint or not praise)),
        dependency=dependency,
    )


def _right(verdict: Verdict) -> Iterator[str]:
    rows = [_right_rows(exhibit) for exhibit in verdict.exhibits if isinstance(exhibit, ComparisonExhibit)]
    yield from filter(None, rows)
    if any(rows):
        return
    if verdict.status == "correct" and all(finding.hint for finding in verdict.findings):
        yield "All that was asked for."
    elif verdict.status == "partial":
        yield f"A part of it: {points(verdict.score)} of {point_count(verdict.points)}."


def _right_rows(exhibit: ComparisonExhibit) -> str:
    marked = [row for row in exhibit.rows if row.marked and row.expected]
    asked = marked or [row for row in exhibit.rows if row.expected]
    right = [row.expected.layer for row in asked if row.state in ("same", "consequence") and row.expected]
    which = "rows that carry the points" if marked else "rows"
    if not right:
        return ""
    if len(right) == len(asked):
        return f"All {counted(len(asked), which, which)}."
    names = ", ".join(right) if len(right) <= 8 else f"{', '.join(right[:8])} and {len(right) - 8} more"
    return f"{len(right):,} of {len(asked):,} {which}: {names}."


def comparison(exhibit: ComparisonExhibit) -> ComparisonView:
    """The rows as they stand on the page."""
    views = [RowView(row, _differing(row.expected, row.actual)) for row in exhibit.rows]
    stretches = tuple((marked, tuple(group)) for marked, group in groupby(views, lambda view: view.row.marked))
    return ComparisonView(stretches, _gist(exhibit.rows))


def _differing(expected: RowCells | None, actual: RowCells | None) -> frozenset[str]:
    """What is not said of one side is not held to differ: of the expected row only what the handout prints is said."""
    if expected is None or actual is None:
        return frozenset()
    pairs = {name: (getattr(expected, name), getattr(actual, name)) for name in RowCells.model_fields}
    return frozenset(
        name
        for name, (left, right) in pairs.items()
        if left != right and left not in ("", None) and right not in ("", None)
    )


def _gist(rows: Sequence[ComparisonRow]) -> str:
    states = Counter[str](row.state for row in rows)
    words = {
        "missing": ("is missing", "are missing"),
        "different": ("differs", "differ"),
        "moved": ("stands in another place", "stand in another place"),
        "extra": ("is not expected", "are not expected"),
    }
    parts = [
        f"{counted(states[state], 'row')} {forms[states[state] != 1]}"
        for state, forms in words.items()
        if states[state]
    ]
    if not parts:
        return "Your network is the expected one, row by row."
    agree = "agrees" if states["same"] == 1 else "agree"
    sentence = f"{'; '.join(parts)}; {states['same']:,} of {counted(len(rows), 'row')} {agree}."
    if states["consequence"] == 1:
        sentence += " 1 more row differs only as a consequence and costs nothing."
    elif states["consequence"]:
        sentence += f" {states['consequence']:,} more rows differ only as a consequence and cost nothing."
    return sentence
