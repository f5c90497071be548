"""Scores into an instructor's own file: fills one column, and lists everything the instructor should know."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from autograder.core.errors import UsageError
from autograder.core.files import write_atomically
from autograder.grading.gradebook_location import opened
from autograder.lms.gradebooks import GradebookLayout, Line, Target, understand
from autograder.lms.matching import Matching, match
from autograder.lms.roster import ExportError, RosterTable, read_table
from autograder.records.result import Result
from autograder.report.grades_files import spreadsheet_text
from autograder.report.report_folder import bring_up_to_date, reviewed

__all__ = [
    *("ExportError", "Exported", "Pending", "feedback_archive", "fill_roster", "pending_in", "plain_table"),
    "undecided",
]

Pending = Literal["refuse", "leave", "zero", "decided"]
PLAIN_COLUMNS = (
    *("student", "platform", "id", "number", "email", "score", "points", "pending", "status", "late", "attempts"),
)
_NAMED = 10


@dataclass(frozen=True)
class Exported:
    """The file's new content and what to report: `notes`, and `problems` that leave a student without a grade."""

    content: bytes
    notes: tuple[str, ...]
    problems: tuple[str, ...]
    matching: Matching
    layout: GradebookLayout


def fill_roster(
    roster: Path,
    results: Sequence[Result],
    target: Target,
    *,
    column: str | None,
    titles: Sequence[str],
    pending: Pending,
    scale: bool,
) -> Exported:
    """Put every result's score into its line of the roster; nothing else in the file changes.

    Args:
        roster: the instructor's own file, as the platform wrote it.
        results: what counts, overrides included.
        target: whose file it is.
        column: the column to fill, if the instructor named one.
        titles: what the assignment is called.
        pending: what happens to a result with points that are not decided yet.
        scale: whether scores are scaled to the platform's maximum if it differs.

    Raises:
        ExportError: the file is not understood, points are pending, or the maximum differs.
    """
    table = read_table(roster)
    layout = understand(table, target, column, titles)
    matching = match(results, layout.lines, target)
    _require_decided(matching, pending)
    maxima = _maxima(table, layout, matching, scale)
    names = {line.row: line.name or line.id for line in layout.lines}
    replaced, excused, left = [], [], []
    written: list[Result] = []
    for row, result in matching.found.items():
        before = table.text(row, layout.column)
        amount = _amount(result, pending, maxima.get(row, result.points))
        if before.upper() == "EX":
            excused.append(names[row])
            continue
        if amount is None:
            left.append(names[row])
            continue
        text = _written(amount, layout)
        written.append(result)
        if _same(before, text):
            continue
        if before not in ("", "-"):
            replaced.append(f"{names[row]} {before} → {text}")
        table.write(row, layout.column, text)
    notes = [f'column "{table.header[layout.column]}": {len(written)} of {len(layout.lines)} lines have a score']
    notes += _note("an earlier grade was replaced", replaced)
    notes += _note("excused (EX), left as they are", excused)
    notes += _note("points are pending, left as they are", left)
    notes += _about(written, pending)
    notes += _note("tied to their line by nothing but the name, please check", matching.by_name)
    notes += _note("handed in as a group, written for every member", matching.teams)
    notes += _note("in the roster without a submission, left as they are", [_line(one) for one in matching.without])
    problems = _note("submissions that match nobody in the roster", matching.unmatched)
    problems += _note("not clear whose, so nothing was written for them", matching.unclear)
    if results and not matching.found and not matching.unclear:
        problems.append(f"nobody in {table.path} has a submission here: is it another course's or assignment's file?")
    return Exported(table.content(), tuple(notes), tuple(problems), matching, layout)


def plain_table(results: Iterable[Result]) -> str:
    """A table of everyone without a roster: each member of a group has a line.

    A text that a spreadsheet would take for a formula gets an apostrophe in front. Pending points have their own
    column and are not in the score.
    """
    held = io.StringIO(newline="")
    rows = csv.writer(held, lineterminator="\n")
    rows.writerow(PLAIN_COLUMNS)
    for result in results:
        came = result.handed_in
        late = "" if came is None or came.late is None else "yes" if came.late else "no"
        attempts = "" if came is None else str(1 + len(came.earlier))
        for person in (came.persons if came else ()) or (None,):
            who = (person.id, person.number, person.email) if person else ("", "", "")
            texts = (result.student, came.platform if came else "", *who)
            numbers = (f"{result.score:g}", f"{result.points:g}", f"{undecided(result):g}")
            rows.writerow([*map(spreadsheet_text, texts), *numbers, result.status, late, attempts])
    return held.getvalue()


def pending_in(results: Iterable[Result]) -> list[str]:
    """What to report about a plain table of the results: whose scores lack points that are not decided."""
    waiting = [f"{one.student} ({undecided(one):g})" for one in results if undecided(one)]
    return _note("pending points, in their own column and not in the score", waiting)


def feedback_archive(exported: Exported, page_of: Callable[[str], bytes]) -> bytes:
    """Every student's page under the name by which Moodle's “Upload multiple feedback files in a zip” finds them.

    `{full name}_{participant}_assignfeedback_file/feedback.html`: Moodle splits each part of the path at its first
    four underscores and looks for the number (mod/assign/feedback/file/importziplib.php).
    """
    held = io.BytesIO()
    lines = {line.row: line for line in exported.layout.lines}
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for row, result in exported.matching.found.items():
            line = lines[row]
            name = re.sub(r'[\x00-\x1f/\\:*?"<>|_]', " ", line.name).strip(" .~") or "Participant"
            archive.writestr(f"{name}_{line.id}_assignfeedback_file/feedback.html", page_of(result.student))
    return held.getvalue()


def undecided(result: Result) -> float:
    """Points not decided: those that need review, and those that could not be judged."""
    failed = sum(verdict.points for verdict in result.questions if verdict.status == "error")
    return round(result.pending + failed, 3)


def _require_decided(matching: Matching, pending: Pending) -> None:
    waiting = [result for result in matching.found.values() if undecided(result)]
    if waiting and pending == "refuse":
        raise ExportError(
            f"Points are still pending for {_count(len(waiting), 'student')} (up to {max(map(undecided, waiting)):g} "
            "each), so nothing was written. `autograder review` decides them; or export now with --pending leave "
            "(these students keep the cell they have), --pending decided (only what is decided counts, scaled up to "
            "the whole) or --pending zero (pending points count as not earned)."
        )


def _maxima(table: RosterTable, layout: GradebookLayout, matching: Matching, scale: bool) -> dict[int, float]:
    differing = {
        (result.points, layout.maxima[row])
        for row, result in matching.found.items()
        if row in layout.maxima and abs(layout.maxima[row] - result.points) > 1e-6
    }
    if differing and not scale:
        ours, theirs = min(differing)
        raise ExportError(
            f"{table.path}: the column counts {theirs:g} points, the results {ours:g}. Nothing was written: --scale "
            f"scales every score to {theirs:g}, or change the points on the platform and download the file again."
        )
    return layout.maxima


def _amount(result: Result, pending: Pending, maximum: float) -> float | None:
    """The score on the platform's scale; None if the cell keeps its content."""
    open_points = undecided(result)
    counted = result.points
    if open_points and pending in ("leave", "refuse"):
        return None
    if open_points and pending == "decided":
        counted = result.points - open_points
    return None if counted <= 0 else min(result.score / counted, 1.0) * maximum


def _about(written: Sequence[Result], pending: Pending) -> list[str]:
    results = {one.student: one for one in written}.values()  # a group's result is on several lines
    waiting = [f"{one.student} ({undecided(one):g})" for one in results if undecided(one)]
    late = [one.student for one in results if one.handed_in and one.handed_in.late]
    scored = [one for one in results if pending == "zero" or not undecided(one)]
    unreadable = [one.student for one in scored if one.status == "unreadable"]
    notes = []
    if pending == "zero":
        notes += _note("pending points that count as not earned", waiting)
    if pending == "decided":
        notes += _note("pending points that are left out of the score, which may change", waiting)
    notes += _note("handed in late, nothing deducted", late)
    return notes + _note("a score of 0 because no notebook could be read", unreadable)


def _written(amount: float, layout: GradebookLayout) -> str:
    text = f"{amount:.{layout.places}f}".rstrip("0").rstrip(".") or "0"
    return text.replace(".", ",") if layout.decimal_comma else text


def _same(before: str, after: str) -> bool:
    try:
        return float(before.replace(",", ".")) == float(after.replace(",", "."))
    except ValueError:
        return False


def _note(what: str, who: Sequence[str]) -> list[str]:
    if not who:
        return []
    return (
        [f"{what} ({len(who)}): {'; '.join(who)}"] if len(who) <= _NAMED else [f"{what} ({len(who)}):", *_indented(who)]
    )


def _indented(who: Sequence[str]) -> list[str]:
    return [f"  {one}" for one in who]


def _line(line: Line) -> str:
    return line.name or line.id or f"line {line.row + 1}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


@dataclass(frozen=True)
class ExportedGrades:
    """What `export` wrote and what to report; `problems` leave a student without a grade."""

    written: tuple[Path, ...]
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def export_grades(
    folder: Path,
    target: Target,
    *,
    roster: Path | None,
    column: str | None,
    output: Path | None,
    pending: Pending,
    scale: bool,
) -> ExportedGrades:
    """Put a report folder's scores, overrides included, into a copy of the instructor's own file.

    Raises:
        UsageError: it is not a report folder, a roster is needed, or the output is the roster itself.
        ExportError, GradebookError: with a sentence for the instructor; nothing was written then.
    """
    if roster is None and target != "csv":
        raise UsageError(f"--to {target} fills a file of yours: name the file that {target} wrote with --roster.")
    with opened(folder) as (assignment, gradebook):
        results = [_scores_alone(stored.result) for stored in reviewed(gradebook)]
        if roster is None:
            place = output or folder / "export.csv"
            write_atomically(place, plain_table(results))
            return ExportedGrades((place,), tuple(pending_in(results)))
        place = output or folder / f"{roster.stem}.graded{roster.suffix}"
        if place.resolve() == roster.resolve():
            raise UsageError(f"{place} is your own file; name another one with --output, so that it stays as it is.")
        titles = [assignment.title, assignment.name]
        done = fill_roster(roster, results, target, column=column, titles=titles, pending=pending, scale=scale)
        write_atomically(place, done.content)
        written = [place]
        if target == "moodle" and done.matching.found:

            def page_of(student: str) -> bytes:
                return bring_up_to_date(folder, assignment, gradebook, student).read_bytes()

            written.append(place.with_name(f"{place.stem}-feedback.zip"))
            write_atomically(written[-1], feedback_archive(done, page_of))
    return ExportedGrades(tuple(written), done.notes, done.problems)


def _scores_alone(result: Result) -> Result:
    """A result without its findings, so that a class of thousands fits into memory."""
    questions = tuple(verdict.model_copy(update={"findings": (), "exhibits": ()}) for verdict in result.questions)
    return result.model_copy(update={"questions": questions, "notes": ()})
