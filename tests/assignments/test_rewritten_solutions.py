"""The assignments with data of their own, each graded as a class: right rewrites, mistakes, the untouched notebook."""

from __future__ import annotations

import functools
import importlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from changes import WITH_CLASS as NAMES
from changes import assignment, said

from autograder.grading.answer_key import answer_key_of
from autograder.grading.engine import Engine
from autograder.grading.engine.local import local_engine
from autograder.grading.grader import Grader, grade_class
from autograder.grading.progress import NoProgress
from autograder.intake import read_submissions
from autograder.observe.sandbox.isolation import IsolationUnavailable
from autograder.records.result import Result
from autograder.records.store import Gradebook

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
# Each module has RIGHT, WRONG, and the mistakes in WRONG that keep a network from learning: FAULTS.
CLASSES = {name: importlib.import_module(f"class_of_{name}") for name in NAMES}
RIGHT = [(name, student) for name, made in CLASSES.items() for student in made.RIGHT]
WRONG = [(name, student) for name, made in CLASSES.items() for student in made.WRONG]
FAULTS = [(name, student) for name, made in CLASSES.items() for student in made.FAULTS]


def write(folder: Path, student: str, notebook: Path, cells: dict[str, str]) -> None:
    """A notebook with other code in the cells of these ids."""
    made = json.loads(notebook.read_text(encoding="utf-8"))
    assert set(cells) <= {cell["id"] for cell in made["cells"]}, student
    for cell in made["cells"]:
        cell["source"] = cells.get(cell["id"], cell["source"])
    (folder / f"{student}.ipynb").write_text(json.dumps(made), encoding="utf-8")


def hand_in(folder: Path, name: str) -> None:
    write(folder, "untouched", assignment(name).notebook_path, {})
    write(folder, "solution", assignment(name).solution_path, {})
    for student, cells in CLASSES[name].RIGHT.items():
        write(folder, student, assignment(name).solution_path, cells)
    for student, mistake in CLASSES[name].WRONG.items():
        write(folder, student, assignment(name).solution_path, mistake.cells)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    try:
        with local_engine("bubblewrap", 2) as made:
            yield made
    except IsolationUnavailable as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def graded(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, Result]]:
    """The results of an assignment's class, by student; it is graded once."""

    @functools.cache
    def of(name: str) -> dict[str, Result]:
        folder = tmp_path_factory.mktemp(name)
        hand_in(folder, name)
        with Gradebook(folder / "gradebook.db") as gradebook:
            key = answer_key_of(assignment(name), engine.observer)
            grader = Grader(key, gradebook, engine.observer, engine.trainer)
            grade_class(grader, read_submissions(folder).submissions, NoProgress(), workers=2)
            return {one.result.student: one.result for one in gradebook.results()}

    return of


def lost(result: Result) -> dict[str, str]:
    """What costs points, with all that the student hears about it; not what a person has to read."""
    return {
        one.id: f"{one.score:g} of {one.points:g}, {one.status}: {said(one)}"
        for one in result.questions
        if one.score < one.points and one.status != "needs_review"
    }


@pytest.mark.parametrize(("name", "student"), [*((name, "solution") for name in NAMES), *RIGHT])
def test_a_right_notebook_keeps_all_points_however_it_is_written(graded, name, student):
    result = graded(name)[student]
    assert (result.status, lost(result)) == ("graded", {})
    assert result.score + result.pending == result.points


@pytest.mark.parametrize("name", NAMES)
def test_the_untouched_notebook_runs_to_its_end_and_earns_nothing(graded, name):
    result = graded(name)["untouched"]
    assert (result.status, result.score, result.notes) == ("graded", 0, ())


@pytest.mark.parametrize(("name", "student"), WRONG)
def test_a_slip_costs_points_where_it_is_made_and_nowhere_else(graded, name, student):
    mistake, found = CLASSES[name].WRONG[student], lost(graded(name)[student])
    assert set(found) == set(mistake.lost), found
    for question, words in mistake.lost.items():
        assert words in found[question]


@pytest.mark.parametrize(("name", "student"), FAULTS)
def test_the_fault_that_keeps_a_network_from_learning_is_named(graded, name, student):
    mistake = CLASSES[name].FAULTS[student]
    question = next(iter(mistake.lost))
    findings = next(one for one in graded(name)[student].questions if one.id == question).findings
    assert any(mistake.lost[question] in str(finding.message) for finding in findings), findings


@pytest.mark.parametrize("name", NAMES)
def test_each_class_has_eight_right_and_eight_wrong_notebooks_and_every_question_a_slip(name):
    made = CLASSES[name]
    assert min(len(made.RIGHT), len(made.WRONG)) >= 8
    assert len(made.FAULTS) >= 2
    slipped = {question for mistake in made.WRONG.values() for question in mistake.lost}
    asked = {question.id for question in assignment(name).questions if question.kind != "written"}
    assert slipped == asked
