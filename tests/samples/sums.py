"""A course of sums, graded from evidence as a run leaves it behind, so that its tests start no kernel."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.assignment import Assignment, load
from autograder.grading.answer_key import AnswerKey, context_of
from autograder.grading.judge import conclude
from autograder.grading.reference import Reference, read_solution, solution_key, write_reference
from autograder.observe.plain import describe_value
from autograder.records.evidence import CapturedValue, Evidence
from autograder.records.store import Gradebook


def toml(*questions: str) -> str:
    head = 'name = "sums"\ntitle = "Sums"\nnotebook = "sums.ipynb"\nsolution = "solution.ipynb"\n'
    return "\n".join([head, *(f"[[questions]]\n{question.strip()}\n" for question in questions)])


def number(identity: str, expected: float, points: float, more: str = "") -> str:
    """A question for a number in the variable of the same name."""
    return f"""
kind = "number"
id = "{identity}"
title = "{identity.capitalize()}"
points = {points}
answer = "{identity}"
expected = {expected}
{more}"""


WHY = """
kind = "written"
id = "why"
title = "Why"
points = 1
heading = "Why?"
"""


def evidence(key: str, values: Mapping[str, float]) -> Evidence:
    captured = tuple(CapturedValue(name=name, cell=0, **describe_value(value)) for name, value in values.items())
    return Evidence(key=key, cells=(), values=captured, isolation="none", versions={}, asked=tuple(sorted(values)))


def course(
    folder: Path, text: str, right: Mapping[str, float], handout: NotebookNode, solution: NotebookNode | None = None
) -> Assignment:
    """The assignment in `folder`, with a reference in which the solution has the values `right`."""
    folder.mkdir()
    (folder / "assignment.toml").write_text(text, encoding="utf-8")
    nbformat.write(handout, folder / "sums.ipynb")
    nbformat.write(solution or handout, folder / "solution.ipynb")
    assignment = load(str(folder))
    key = solution_key(assignment, read_solution(assignment))
    write_reference(folder, Reference(solution=key, evidence=evidence("", right)))
    return assignment


def hand_in(
    gradebook: Gradebook, assignment: Assignment, student: str, values: Mapping[str, float], notebook: NotebookNode
) -> None:
    """Grades a student whose variables had these values, and stores the result."""
    answer_key, left = AnswerKey.stored(assignment), evidence(student, values)
    made = conclude(answer_key, student, f"{student}.ipynb", context_of(answer_key, left, notebook))
    result = made.model_copy(update={"keys": {**made.keys, "result": student}})
    content = nbformat.writes(notebook).encode()
    gradebook.store_evidence(left)
    gradebook.store_graded(result, result_key=student, slug=student, path=f"{student}.ipynb", content=content)
