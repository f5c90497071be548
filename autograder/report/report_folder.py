"""The report folder: pages and files made from the gradebook."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from autograder.assignment import Assignment
from autograder.core.language import use_language
from autograder.intake.notebook import UnreadableNotebook, code_cells, parse_notebook
from autograder.records.overrides import notebook_digest, overridden
from autograder.records.result import Override, Result
from autograder.records.run_statistics import RunStatistics, TrainingStatistics
from autograder.records.store import Gradebook, StoredResult
from autograder.report.answers_csv import answers_csv
from autograder.report.class_json import write_class_json
from autograder.report.grades_files import grades_csv, results_jsonl
from autograder.report.pages import page_cells, write_class_page, write_student_page
from autograder.report.similarity import Likeness, near_duplicates
from autograder.report.summary import summarize
from autograder.report.templating import worded

# A file system's clock may be ahead of ours by this many seconds; pages written within them are written once more.
_CLOCKS_APART = 2.0
# The wording of a page is stated within this many bytes; what a student wrote comes after them.
_HEAD = 100


def reviewed(gradebook: Gradebook) -> Iterator[StoredResult]:
    """Every result with the overrides applied: what is shown and exported."""
    decided = gradebook.overrides.current()
    for stored in gradebook.results():
        yield with_overrides(gradebook, stored, decided.get(stored.result.student, {}))


def with_overrides(gradebook: Gradebook, stored: StoredResult, overrides: Mapping[str, Override]) -> StoredResult:
    """One stored result with these overrides, by question, applied."""
    if not overrides:
        return stored
    handed_in = gradebook.submission(stored.result.student)
    seen = notebook_digest(handed_in.content if handed_in else None)
    return replace(stored, result=overridden(stored.result, overrides, seen))


def write_report(folder: Path, assignment: Assignment, gradebook: Gradebook, *, changed: Collection[str]) -> Path:
    """Write the class page with `class.json`, `students/`, `grades.csv`, `answers.csv` and `results.jsonl`.

    Returns the class page.

    Student pages are written for the students in `changed`, if the page is missing or in another language, and if a
    lecturer has decided something since it was written.
    """
    (folder / "students").mkdir(parents=True, exist_ok=True)
    question_ids = [question.id for question in assignment.questions]
    with (
        use_language(assignment.language),
        grades_csv(folder / "grades.csv", question_ids) as add_grades,
        results_jsonl(folder / "results.jsonl") as add_line,
        answers_csv(folder / "answers.csv") as add_answers,
    ):

        def results() -> Iterator[StoredResult]:
            """Every result once, since a class of thousands does not fit into memory."""
            said = gradebook.overrides.last_said()
            for stored in reviewed(gradebook):
                path = folder / "students" / f"{stored.slug}.html"
                if stored.result.student in changed or _is_behind(path, said.get(stored.result.student)):
                    _write_page(path, assignment, gradebook, stored)
                for add in (add_grades, add_line, add_answers):
                    add(stored.result)
                yield stored

        return _write_class(folder, assignment, gradebook, results())


def _write_class(folder: Path, assignment: Assignment, gradebook: Gradebook, stored: Iterable[StoredResult]) -> Path:
    pages: dict[str, str] = {}
    runs: set[str] = set()

    def results() -> Iterator[Result]:
        for one in stored:
            pages[one.result.student] = f"{one.slug}.html"
            runs.update(filter(None, one.result.keys.get("training", "").split(",")))
            yield one.result

    recipes = [network.recipe for network in assignment.networks.values() if network.recipe]
    images = min((recipe.validation for recipe in recipes), default=0)
    summary = summarize(results(), pages.__getitem__, images=images)
    facts = gradebook.fact("last_run")
    run = RunStatistics.model_validate_json(facts) if facts else None
    training = _training_facts(gradebook, runs)
    alike = _alike(assignment, gradebook)
    write_class_page(
        folder / "index.html",
        summary=summary,
        assignment_title=assignment.title,
        run=run,
        training=training,
        alike=alike,
    )
    write_class_json(
        folder / "class.json", summary=summary, assignment=assignment.name, run=run, training=training, alike=alike
    )
    return folder / "index.html"


def _training_facts(gradebook: Gradebook, keys: Iterable[str]) -> TrainingStatistics:
    found = [run for run in map(gradebook.training_run, sorted(keys)) if run is not None]
    return TrainingStatistics(
        runs=len(found),
        seconds=round(sum(run.seconds for run in found), 1),
        devices=tuple(sorted({run.computed_on for run in found})),
    )


def _alike(assignment: Assignment, gradebook: Gradebook) -> list[Likeness]:
    try:
        template = _code(assignment.notebook_path.read_bytes())
    except OSError:
        template = ()
    return near_duplicates(_CodeOf(gradebook), template)


class _CodeOf(Mapping[str, tuple[str, ...]]):
    """The code cells of every notebook that could be read, fetched on demand."""

    def __init__(self, gradebook: Gradebook) -> None:
        self._gradebook = gradebook
        self._students = [one.student for one in gradebook.submissions() if one.content is not None]

    def __iter__(self) -> Iterator[str]:
        return iter(self._students)

    def __len__(self) -> int:
        return len(self._students)

    def __getitem__(self, student: str) -> tuple[str, ...]:
        handed_in = self._gradebook.submission(student)
        return () if handed_in is None or handed_in.content is None else _code(handed_in.content)


def _code(content: bytes) -> tuple[str, ...]:
    try:
        return tuple(code_cells(parse_notebook(content)))
    except UnreadableNotebook:
        return ()


def bring_up_to_date(
    folder: Path, assignment: Assignment, gradebook: Gradebook, student: str, *, changed: bool = False
) -> Path:
    """A student's page, written again if the result has `changed` or the page is out of date.

    Raises:
        LookupError: there is no result of this student.
    """
    stored = gradebook.result(student)
    if stored is None:
        raise LookupError(f"there is no result of {student}")
    path = folder / "students" / f"{stored.slug}.html"
    with use_language(assignment.language):
        if changed or _is_behind(path, gradebook.overrides.last_said().get(student)):
            overrides = gradebook.overrides.current().get(student, {})
            _write_page(path, assignment, gradebook, with_overrides(gradebook, stored, overrides))
    return path


def _is_behind(page: Path, last_said: datetime | None) -> bool:
    """Whether the page is missing, worded differently, or older than the last decision, even by a moment."""
    try:
        with page.open("rb") as file:
            beginning = file.read(_HEAD)
        written = page.stat().st_mtime
    except FileNotFoundError:
        return True
    if f'data-worded="{worded()}"'.encode() not in beginning:
        return True
    return last_said is not None and written < last_said.timestamp() + _CLOCKS_APART


def _write_page(path: Path, assignment: Assignment, gradebook: Gradebook, stored: StoredResult) -> None:
    cells = []
    if stored.result.status != "unreadable":
        handed_in = gradebook.submission(stored.result.student)
        evidence = gradebook.evidence(stored.result.keys.get("evidence", ""))
        if handed_in is not None and handed_in.content is not None:
            cells = page_cells(parse_notebook(handed_in.content), evidence)
    depends = {question.id: question.depends for question in assignment.questions if question.depends is not None}
    parts = {question.id: question.part for question in assignment.questions if question.part}
    write_student_page(
        path, result=stored.result, assignment_title=assignment.title, cells=cells, depends=depends, parts=parts
    )
