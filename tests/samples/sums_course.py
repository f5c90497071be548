"""A tiny assignment, its students' notebooks, and a class graded from a pulled folder, with and without a kernel."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
from nbformat import v4
from typer.testing import CliRunner

from autograder.assignment import load
from autograder.cli import app
from autograder.grading.answer_key import AnswerKey, context_of
from autograder.grading.gradebook_location import claim, locate_gradebook, opened
from autograder.grading.judge import conclude
from autograder.grading.reference import Reference, read_solution, solution_key, write_reference
from autograder.intake import read_submissions
from autograder.intake.pulled import pulled_note
from autograder.observe.plain import describe_value
from autograder.records.evidence import CapturedValue, Evidence
from autograder.records.pulled import PULLED_FACT
from autograder.records.store import GRADEBOOK_FILE, Gradebook
from autograder.report.report_folder import write_report

TOML = """
name = "sums"
title = "Sums"
notebook = "sums.ipynb"
solution = "solution.ipynb"

[[questions]]
kind = "number"
id = "twice"
title = "Twice four"
points = 2
answer = "twice"
expected = 8

[[questions]]
kind = "number"
id = "square"
title = "The square of three"
points = 4
answer = "square"
expected = 9

[[questions]]
kind = "written"
id = "why"
title = "Why"
points = 1
heading = "Why?"
"""


def notebook(twice: float, square: float, why: str = "") -> bytes:
    """A student's notebook; where the placeholder is left, the written question earns nothing without a review."""
    cells = [v4.new_code_cell(f"twice = {twice}\nsquare = {square}"), *_question(why)]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    return nbformat.writes(v4.new_notebook(cells=cells)).encode()


def make_assignment(tmp_path: Path) -> Path:
    """The folder of the assignment, ready for grading."""
    place = tmp_path / "sums"
    place.mkdir()
    (place / "assignment.toml").write_text(TOML, encoding="utf-8")
    (place / "sums.ipynb").write_bytes(nbformat.writes(v4.new_notebook(cells=_question())).encode())
    (place / "solution.ipynb").write_bytes(notebook(8, 9, "Because."))
    return place


def autograder(*arguments: object) -> tuple[int, str]:
    """The exit status of a command and everything that it printed."""
    done = CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=False)
    return done.exit_code, done.output


def sentence(*arguments: object) -> str:
    """What a command says that ends with status 2: one line."""
    status, said = autograder(*arguments)
    assert (status, len(said.strip().splitlines())) == (2, 1), said
    return said


def calibrate(place: Path) -> None:
    """The solution's evidence, as `calibrate` leaves it behind."""
    assignment = load(str(place))
    key = solution_key(assignment, read_solution(assignment))
    write_reference(place, Reference(solution=key, evidence=_evidence(notebook(8, 9))))


def graded_by_hand(place: Path, pulled: Path, report: Path, database: str | None = None) -> Path:
    """The report of a folder as `grade` makes it, from the values in the notebooks' text: without a kernel.

    `database` is the URL of a gradebook outside of the report.
    """
    assignment = load(str(place))
    if not (place / "reference.json").exists():
        calibrate(place)
    intake = read_submissions(pulled, "sums.ipynb")
    note = pulled_note(pulled)
    location = locate_gradebook(report, assignment, database)
    with location.opened() if location else Gradebook(report / GRADEBOOK_FILE) as gradebook:
        if location:
            location.note(report)
        else:
            claim(gradebook, assignment, report)
        if note is not None:
            gradebook.store_fact(PULLED_FACT, note)
        for one in intake.submissions:
            content = one.read()
            read = nbformat.reads(content.decode(), as_version=4)
            evidence = _evidence(content)
            context = context_of(AnswerKey.stored(assignment), evidence, read)
            made = conclude(AnswerKey.stored(assignment), one.student, one.submission, context)
            key = {**made.keys, "result": evidence.key}
            result = made.model_copy(update={"keys": key, "handed_in": one.handed_in})
            gradebook.store_evidence(evidence)
            gradebook.store_graded(result, result_key=evidence.key, slug=one.slug, path=one.submission, content=content)
        write_report(report, assignment, gradebook, changed=[one.student for one in intake.submissions])
    return report


def pulled_and_graded(tmp_path: Path, platform: str, course: str, number: object) -> Path:
    """The report of what `pull` fetches from the assignment `number`, graded without a kernel."""
    place = tmp_path / "sums"
    if not place.exists():
        make_assignment(tmp_path)
    status, said = autograder("pull", platform, course, number)
    assert status == 0, said
    return graded_by_hand(place, tmp_path / "pulled" / f"{platform}-{number}", tmp_path / "report")


def decide(report: Path, student: str, score: float, question: str = "why") -> None:
    """A lecturer's decision, as `review` stores it."""
    with opened(report) as (assignment, gradebook):
        points = next(one.points for one in assignment.questions if one.id == question)
        gradebook.overrides.give(student, question, score=score, points=points, by="me", reason="read", seen="")


def _question(answer: str = "") -> list[nbformat.NotebookNode]:
    return [v4.new_markdown_cell("# Why?"), v4.new_markdown_cell(answer or "Write your answer here.")]


def _evidence(content: bytes) -> Evidence:
    said = dict(re.findall(r"(twice|square) = ([\d.]+)", content.decode()))
    values = tuple(CapturedValue(name=name, cell=0, **describe_value(float(value))) for name, value in said.items())
    key = "-".join(said.values()) + str(len(content))
    return Evidence(key=key, cells=(), values=values, isolation="none", versions={}, asked=("square", "twice"))
