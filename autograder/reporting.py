"""The report folder: pages and files made from what the gradebook holds."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from autograder.assignment import Assignment
from autograder.feedback.pages import page_cells, write_class_page, write_student_page
from autograder.gradebook import Gradebook, StoredResult
from autograder.intake.notebook import parse_notebook
from autograder.lms.files import write_grades_csv, write_results_jsonl
from autograder.overrides import notebook_digest, overridden
from autograder.result import Override

# Seconds by which a file system's clock may be ahead of ours; pages written within them are written once more.
_CLOCKS_APART = 2.0


def reviewed(gradebook: Gradebook) -> Iterator[StoredResult]:
    """Every result with what persons decided laid over it: what is shown and handed on."""
    decided = gradebook.overrides.current()
    for stored in gradebook.results():
        yield review(gradebook, stored, decided.get(stored.result.student, {}))


def review(gradebook: Gradebook, stored: StoredResult, overrides: Mapping[str, Override]) -> StoredResult:
    """One stored result with these overrides, by question, laid over it."""
    if not overrides:
        return stored
    handed_in = gradebook.submission(stored.result.student)
    seen = notebook_digest(handed_in.content if handed_in else None)
    return replace(stored, result=overridden(stored.result, overrides, seen))


def write_report(folder: Path, assignment: Assignment, gradebook: Gradebook, *, changed: Collection[str]) -> Path:
    """Write `index.html`, `students/`, `grades.csv` and `results.jsonl` into `folder`; returns the class page.

    Student pages are written for the students in `changed`, where the page is missing, and where a person has decided
    something since it was written.
    """
    students = folder / "students"
    students.mkdir(parents=True, exist_ok=True)
    said = gradebook.overrides.last_said()
    for stored in reviewed(gradebook):
        path = students / f"{stored.slug}.html"
        if stored.result.student in changed or _is_behind(path, said.get(stored.result.student)):
            _write_page(path, assignment, gradebook, stored)
    question_ids = [question.id for question in assignment.questions]
    write_grades_csv(folder / "grades.csv", (stored.result for stored in reviewed(gradebook)), question_ids)
    write_results_jsonl(folder / "results.jsonl", (stored.result for stored in reviewed(gradebook)))
    index = folder / "index.html"
    pages = {stored.result.student: f"{stored.slug}.html" for stored in reviewed(gradebook)}
    write_class_page(
        index,
        results=(stored.result for stored in reviewed(gradebook)),
        assignment_title=assignment.title,
        page_of=pages.__getitem__,
    )
    return index


def bring_up_to_date(folder: Path, assignment: Assignment, gradebook: Gradebook, student: str) -> Path:
    """A student's page, written again where it is behind.

    Raises:
        LookupError: there is no result of this student.
    """
    stored = gradebook.result(student)
    if stored is None:
        raise LookupError(f"there is no result of {student}")
    path = folder / "students" / f"{stored.slug}.html"
    if _is_behind(path, gradebook.overrides.last_said().get(student)):
        overrides = gradebook.overrides.current().get(student, {})
        _write_page(path, assignment, gradebook, review(gradebook, stored, overrides))
    return path


def _is_behind(page: Path, last_said: datetime | None) -> bool:
    """Whether the page is missing or older than what a person said last, be it by a moment."""
    if not page.exists():
        return True
    return last_said is not None and page.stat().st_mtime < last_said.timestamp() + _CLOCKS_APART


def _write_page(path: Path, assignment: Assignment, gradebook: Gradebook, stored: StoredResult) -> None:
    cells = []
    if stored.result.status != "unreadable":
        handed_in = gradebook.submission(stored.result.student)
        evidence = gradebook.evidence(stored.result.keys.get("evidence", ""))
        if handed_in is not None and handed_in.content is not None:
            cells = page_cells(parse_notebook(handed_in.content), evidence)
    depends = {question.id: question.depends for question in assignment.questions if question.depends is not None}
    write_student_page(path, result=stored.result, assignment_title=assignment.title, cells=cells, depends=depends)
