"""The report folder: pages and files made from what the gradebook holds."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from autograder.assignment import Assignment
from autograder.feedback.pages import page_cells, write_class_page, write_student_page
from autograder.gradebook import Gradebook, StoredResult
from autograder.intake.notebook import parse_notebook
from autograder.lms.files import write_grades_csv, write_results_jsonl


def write_report(folder: Path, assignment: Assignment, gradebook: Gradebook, *, changed: Collection[str]) -> Path:
    """Write `index.html`, `students/`, `grades.csv` and `results.jsonl` into `folder`; returns the class page.

    Student pages are written for the students in `changed` and where the page is missing.
    """
    students = folder / "students"
    students.mkdir(parents=True, exist_ok=True)
    for stored in gradebook.results():
        path = students / f"{stored.slug}.html"
        if stored.result.student in changed or not path.exists():
            _write_page(path, assignment, gradebook, stored)
    question_ids = [question.id for question in assignment.questions]
    write_grades_csv(folder / "grades.csv", (stored.result for stored in gradebook.results()), question_ids)
    write_results_jsonl(folder / "results.jsonl", (stored.result for stored in gradebook.results()))
    index = folder / "index.html"
    pages = {stored.result.student: f"{stored.slug}.html" for stored in gradebook.results()}
    write_class_page(
        index,
        results=(stored.result for stored in gradebook.results()),
        assignment_title=assignment.title,
        page_of=pages.__getitem__,
    )
    return index


def _write_page(path: Path, assignment: Assignment, gradebook: Gradebook, stored: StoredResult) -> None:
    cells = []
    if stored.result.status != "unreadable":
        handed_in = gradebook.submission(stored.result.student)
        evidence = gradebook.evidence(stored.result.keys.get("evidence", ""))
        if handed_in is not None and handed_in.content is not None:
            cells = page_cells(parse_notebook(handed_in.content), evidence)
    depends = {question.id: question.depends for question in assignment.questions if question.depends is not None}
    write_student_page(path, result=stored.result, assignment_title=assignment.title, cells=cells, depends=depends)
