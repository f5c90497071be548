"""A student's result in the order in which it is read: the gist, then what is right, what is wrong, and the hints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from autograder.core.language import gettext, ngettext
from autograder.core.total import beside_score, of_points, points
from autograder.grading.machine_faults import is_fault
from autograder.records.result import ComparisonExhibit, ComparisonRow, Finding, Result, RowCells, Verdict
from autograder.report.labels import anchor, condition
from autograder.report.misconceptions import FOLLOWING_GROUP, root_causes

if TYPE_CHECKING:
    from autograder.checks.base import Dependency

# The number of steps shown at once, so that a student can take them in.
MOST_STEPS = 3


@dataclass(frozen=True)
class RunStep:
    """One thing to work on: the place on the page that says more, what it is about, and what was found."""

    anchor: str
    title: str
    message: str


@dataclass(frozen=True)
class Glance:
    """The whole result in one number, a sentence, and what to work on, in this order.

    `total` follows the score: the maximum, and what needs review. `further` is the number of steps that are not shown.
    """

    total: str
    waiting: str
    gist: str
    steps: tuple[RunStep, ...]
    further: int


@dataclass(frozen=True)
class QuestionView:
    """One verdict for reading: `right` are sentences of ours, drawn from the exhibits."""

    verdict: Verdict
    right: tuple[str, ...]
    right_findings: tuple[Finding, ...]
    wrong: tuple[Finding, ...]
    notes: tuple[Finding, ...]
    dependency: str


@dataclass(frozen=True)
class RowView:
    """Two aligned rows with the parts that differ named: any of "layer", "settings", "shape", "parameters"."""

    row: ComparisonRow
    differing: frozenset[str]


@dataclass(frozen=True)
class ComparisonView:
    """Two networks in stretches of marked and unmarked rows, with a sentence that sums up the comparison."""

    stretches: tuple[tuple[bool, tuple[RowView, ...]], ...]
    gist: str


def at_a_glance(result: Result) -> Glance:
    """The summary at the top of a student's page."""
    total = beside_score(result.points, result.pending)
    waiting = ""
    if result.pending:
        open_points = points(result.pending)
        waiting = (
            gettext("{points} point more waits for your lecturer.", points=open_points)
            if result.pending == 1
            else gettext("{points} points more wait for your lecturer.", points=open_points)
        )
    if result.status == "unreadable":
        gist = gettext("Your notebook could not be read, so nothing in it could be graded.")
        if result.pending:
            gist = gettext("Your notebook could not be opened here. Your lecturer will look at it before it counts.")
        return Glance(total, "", gist, (), 0)
    judged = [verdict for verdict in result.questions if verdict.status != "needs_review"]
    right = sum(verdict.status == "correct" for verdict in judged)
    if judged and right == len(judged):
        gist = gettext("Everything that could be decided is right. Well done.")
    elif right:
        gist = (
            gettext("1 of {questions:,} questions is right.", questions=len(judged))
            if right == 1
            else gettext("{right:,} of {questions:,} questions are right.", right=right, questions=len(judged))
        )
    else:
        gist = gettext("No question is fully right yet.")
    steps = _steps(result)
    return Glance(total, waiting, gist, steps[:MOST_STEPS], max(0, len(steps) - MOST_STEPS))


def _steps(result: Result) -> tuple[RunStep, ...]:
    """What to work on: cells that did not run first, then root causes in the order of the questions.

    What the grading machine lacked is not a step, because a student cannot work on it. Neither is something that only
    follows from an earlier mistake: it disappears with it, as a missing network does with the failure of the cell that
    makes it.
    """
    places = {verdict.id: f"q{number}" for number, verdict in enumerate(result.questions, 1)}
    broken = [
        RunStep("notes", str(note.where), str(note.message))
        for note in result.notes
        if note.where and not is_fault(note)
    ]
    failed = {anchor(note.where) for note in result.notes}
    causes = [
        RunStep(places[question], title, str(finding.message))
        for question, title, _, findings in root_causes(result)
        if question
        for finding in findings
        if (finding.hint or question not in _answered(result)) and _maker(finding) not in failed
    ]
    return (*broken, *causes)


def _maker(finding: Finding) -> str | None:
    """The place of the cell whose failure caused this finding; None if there is none."""
    cell = finding.message.values.get("cell") if finding.code.startswith("network.") else None
    return None if cell is None else f"code-{cell}"


def _answered(result: Result) -> set[str]:
    """Questions with a finding that has a hint: their other findings are notes."""
    return {one.id for one in result.questions if any(finding.hint for finding in one.findings)}


def dependencies(result: Result, depends: Mapping[str, Dependency]) -> dict[str, str]:
    """The sentence about its dependency for each question that has one."""
    titles = {verdict.id: verdict.title for verdict in result.questions}
    return {
        question: condition(dependency, titles.get(dependency.question, dependency.question))
        for question, dependency in depends.items()
    }


def question_view(verdict: Verdict, dependency: str = "") -> QuestionView:
    """The verdict's findings sorted by what they mean to the student.

    On a correct answer a finding says what is right, or, if it has a hint, what else is worth knowing. After a lecturer
    has decided, the findings are still the autograder's; the note that somebody will read the answer is then dropped.
    """
    override = verdict.override
    status = override.judged_status if override else verdict.status
    improvable = status in ("partial", "wrong", "not_reached", "error")
    praise = status == "correct"
    waited = override is not None and status == "needs_review"
    return QuestionView(
        verdict=verdict,
        right=() if override else tuple(_right(verdict)),
        right_findings=tuple(finding for finding in verdict.findings if praise and not finding.hint),
        wrong=verdict.findings if improvable else (),
        notes=()
        if waited
        else tuple(finding for finding in verdict.findings if not improvable and (finding.hint or not praise)),
        # A finding that says that the question does not count says why as well.
        dependency="" if any(finding.code.startswith(FOLLOWING_GROUP) for finding in verdict.findings) else dependency,
    )


def _right(verdict: Verdict) -> Iterator[str]:
    rows = [_right_rows(exhibit) for exhibit in verdict.exhibits if isinstance(exhibit, ComparisonExhibit)]
    yield from filter(None, rows)
    if any(rows):
        return
    if verdict.status == "correct" and all(finding.hint for finding in verdict.findings):
        yield gettext("All that was asked for.")
    elif verdict.status == "partial":
        yield gettext(
            "A part of it: {score} {of_points}.", score=points(verdict.score), of_points=of_points(verdict.points)
        )


def _right_rows(exhibit: ComparisonExhibit) -> str:
    marked = [row for row in exhibit.rows if row.marked and row.expected]
    asked = marked or [row for row in exhibit.rows if row.expected]
    right = [row.expected.layer for row in asked if row.state in ("same", "consequence") and row.expected]
    if not right:
        return ""
    if len(right) == len(asked):
        if marked:
            return gettext("All {number:,} rows that carry the points.", number=len(asked))
        return gettext("All {number:,} rows.", number=len(asked))
    names = ", ".join(right[:8])
    if len(right) > 8:
        names = gettext("{names} and {number:,} more", names=names, number=len(right) - 8)
    if marked:
        return gettext(
            "{right:,} of {number:,} rows that carry the points: {names}.",
            right=len(right),
            number=len(asked),
            names=names,
        )
    return gettext("{right:,} of {number:,} rows: {names}.", right=len(right), number=len(asked), names=names)


def comparison(exhibit: ComparisonExhibit) -> ComparisonView:
    """The rows as shown on the page."""
    views = [RowView(row, _differing(row.expected, row.actual)) for row in exhibit.rows]
    stretches = tuple((marked, tuple(group)) for marked, group in groupby(views, lambda view: view.row.marked))
    return ComparisonView(stretches, _gist(exhibit.rows))


def _differing(expected: RowCells | None, actual: RowCells | None) -> frozenset[str]:
    """The names of the parts that differ. A part that one side does not state does not differ: an expected row has only
    what the handout prints."""
    if expected is None or actual is None:
        return frozenset()
    pairs = {name: (getattr(expected, name), getattr(actual, name)) for name in RowCells.model_fields}
    return frozenset(
        name
        for name, (left, right) in pairs.items()
        if left != right and left not in ("", None, ()) and right not in ("", None, ())
    )


def _gist(rows: Sequence[ComparisonRow]) -> str:
    # A layer that moved has two rows: where it was expected, and where it is.
    rows = [row for row in rows if row.state != "moved" or row.actual]
    states = Counter[str](row.state for row in rows)
    missing, different, moved, extra = (states[state] for state in ("missing", "different", "moved", "extra"))
    parts = (
        ngettext("{number} row is missing", "{number} rows are missing", missing) if missing else "",
        ngettext("{number} row differs", "{number} rows differ", different) if different else "",
        ngettext("{number} row stands in another place", "{number} rows stand in another place", moved)
        if moved
        else "",
        ngettext("{number} row is not expected", "{number} rows are not expected", extra) if extra else "",
    )
    if not any(parts):
        return gettext("Your network is the expected one, row by row.")
    all_rows = ngettext("{number} row", "{number} rows", len(rows))
    said = ngettext(
        "{parts}; {number} of {all_rows} agrees.",
        "{parts}; {number} of {all_rows} agree.",
        states["same"],
        parts="; ".join(filter(None, parts)),
        all_rows=all_rows,
    )
    following = states["consequence"]
    if following:
        only = ngettext(
            "{number} more row differs only as a consequence and costs nothing.",
            "{number} more rows differ only as a consequence and cost nothing.",
            following,
        )
        return f"{said} {only}"
    return said
