"""Every assignment, graded for real: the solution, the notebook as students get it, right answers in other words."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from changes import NAMES, ROOT, WITH_CLASS, assignment, said

from autograder import datasets
from autograder.datasets import DatasetMissing
from autograder.grading.answer_key import answer_key_of
from autograder.grading.engine.local import local_engine
from autograder.grading.grader import Grader, grade_class
from autograder.intake import read_submissions
from autograder.observe.sandbox.isolation import IsolationUnavailable
from autograder.records.result import Result
from autograder.records.store import Gradebook

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
SHARED = ROOT.parent / "shared" / "data"
# The others have classes of their own, which do this and more.
GRADED = [name for name in NAMES if name not in (*WITH_CLASS, "cnn2")]

FUNCTIONAL = """
x = inputs = keras.Input(shape=(784,))
for units in (500, 50):
    x = layers.Dense(units)(x)
    x = layers.BatchNormalization()(x)
    x = layers.Dropout(0.3)(x)
    x = layers.ReLU()(x)
model = keras.Model(inputs, layers.Softmax()(layers.Dense(10)(x)))
"""
ATTEMPT = "attempt = keras.Sequential([keras.Input(shape=(784,)), layers.Dense(10, activation='softmax')])\n"

# Mistakes that the course's own texts hold, and what a student who copies them hears.
COMMAS = """
model = keras.Sequential([
    keras.Input(shape=(28, 28, 1)),
    layers.Conv2D(64, (3, 3), activation="relu")
    layers.MaxPooling2D((2, 2)),
])
"""
CAPITALS = COMMAS.replace('"relu")', '"relu"),').replace("Pooling2D", "Pooling2d")
ORDER = """
inputs = keras.Input(shape=(32, 32, 3))
x = layers.MaxPooling2D((2, 2))(x)
x = layers.Conv2D(32, (3, 3), activation="relu")(inputs)
"""
SLIPS = {
    "commas": ("fashion-conv", COMMAS, "there must be a comma"),
    "capitals": ("fashion-conv", CAPITALS, "The class is written MaxPooling2D."),
    "order": ("onions", ORDER, "Nothing was put into x before this line"),
}

# What students who are right about fcn write as `most_parameters` and as `dense_1_parameters`, and how they are read.
ANSWERS = {
    "letter": ('"a"', "392_500", ()),
    "bracket": ('"a)"', '"392,500"', ("“a)” was understood as the option A", "“392,500” was understood as 392500")),
    "letter and words": ('"A: dense_1"', '"392.500"', ("understood as the option A", "understood as 392500")),
    "words": ('"dense_1"', '"784*500 + 500"', ("understood as the option A", "understood as 392500")),
    "array": ('["A"]', "__import__('numpy').array([392500])", ("understood as 392500",)),
    "numpy number": ('" A "', "__import__('numpy').int64(784) * 500 + 500", ()),
    "float": ('("A",)', "[784 * 500 + 500.0]", ("understood as 392500",)),
}


class Quiet:
    """A watcher that has nobody to tell."""

    def started(self, student: str) -> None:
        pass

    def finished(self, student: str, summary: str, *, reused: bool) -> None:
        pass

    def failed(self, student: str, reason: str) -> None:
        pytest.fail(f"{student}: {reason}")


def has_data(name: str) -> bool:
    try:
        for dataset in assignment(name).datasets():
            datasets.find(dataset)
    except DatasetMissing:
        return False
    return True


def write(folder: Path, student: str, notebook: dict, *, renamed: str = "", **cells: str) -> None:
    """A student's notebook, with other code in the cells of these ids, and perhaps another name for the network."""
    notebook = json.loads(json.dumps(notebook))
    for cell in notebook["cells"]:
        code = cells.get(cell["id"], "".join(cell["source"]))
        cell["source"] = (
            re.sub(r"\bmodel\b(?!\s*\()", renamed, code) if renamed and cell["cell_type"] == "code" else code
        )
    (folder / f"{student}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")


def hand_in(folder: Path, name: str) -> None:
    given, solved = (
        json.loads(path.read_text(encoding="utf-8"))
        for path in (assignment(name).notebook_path, assignment(name).solution_path)
    )
    write(folder, "untouched", given)
    write(folder, "solution", solved)
    for student, (slipped, code, _) in SLIPS.items():
        if slipped == name:
            write(folder, student, given, network=code)
    if name == "fcn":
        network = next("".join(cell["source"]) for cell in solved["cells"] if cell["id"] == "network")
        for student, (most, number, _) in ANSWERS.items():
            write(folder, student, solved, most=f"most_parameters = {most}", number=f"dense_1_parameters = {number}")
        write(folder, "functional", solved, network=FUNCTIONAL)
        write(folder, "two networks", solved, network=network + "\n" + ATTEMPT)
        write(folder, "another name", solved, renamed="net")
        write(folder, "two under other names", solved, renamed="net", network=ATTEMPT + network)


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict[str, Result]]]:
    """The results by assignment and student, of all assignments whose images are on this machine."""
    with pytest.MonkeyPatch.context() as patch:
        if "AUTOGRADER_DATA" not in os.environ and SHARED.is_dir():
            patch.setenv("AUTOGRADER_DATA", str(SHARED))
        results: dict[str, dict[str, Result]] = {}
        try:
            with local_engine("bubblewrap", 2) as engine:
                engine.trainer.warm()
                for name in filter(has_data, GRADED):
                    if name.endswith("-torch") and find_spec("torch") is None:
                        continue
                    folder = tmp_path_factory.mktemp(name)
                    hand_in(folder, name)
                    with Gradebook(folder / "gradebook.db") as gradebook:
                        grader = Grader(
                            answer_key_of(assignment(name), engine.observer), gradebook, engine.observer, engine.trainer
                        )
                        grade_class(grader, read_submissions(folder).submissions, Quiet(), workers=2)
                        results[name] = {one.result.student: one.result for one in gradebook.results()}
        except IsolationUnavailable as missing:
            pytest.skip(str(missing))
        yield results


def of(graded: dict[str, dict[str, Result]], name: str, student: str) -> Result:
    if name not in graded and name.endswith("-torch") and find_spec("torch") is None:
        pytest.skip("needs torch: make torch")
    if name not in graded:
        pytest.skip(f"the images of {name} are neither in AUTOGRADER_DATA nor in {SHARED}")
    return graded[name][student]


@pytest.mark.parametrize("name", GRADED)
def test_the_solution_earns_everything_but_the_written_points(graded, name):
    result = of(graded, name, "solution")
    written = sum(question.points for question in assignment(name).questions if question.kind == "written")
    lost = {one.id: said(one) for one in result.questions if one.score < one.points and one.status != "needs_review"}
    assert not lost
    assert (result.status, result.score, result.pending) == ("graded", result.points - written, written)


@pytest.mark.parametrize("name", [name for name in GRADED if name != "cnn2-torch"])
def test_the_untouched_notebook_runs_to_its_end_and_earns_nothing(graded, name):
    result = of(graded, name, "untouched")
    # The page says where the images of torchvision come from, of a handout's own line too.
    notes = [note for note in result.notes if note.message.code != "elsewhere.torchvision"]
    assert (result.status, result.score, notes) == ("graded", 0, [])
    nothing = {one.id for one in result.questions if one.status in ("not_reached", "needs_review")}
    drawn = {question.id for question in assignment(name).questions if question.kind == "figure"}
    assert {one.id for one in result.questions} - nothing <= drawn


@pytest.mark.parametrize("student", SLIPS)
def test_who_copies_a_mistake_of_the_course_text_reads_how_to_correct_it(graded, student):
    name, _, words = SLIPS[student]
    assert words in " ".join(str(note.hint) for note in of(graded, name, student).notes)


@pytest.mark.parametrize("student", [*ANSWERS, "functional", "two networks", "another name", "two under other names"])
def test_a_right_answer_is_right_however_it_is_written(graded, student):
    result = of(graded, "fcn", student)
    assert (result.score, result.pending) == (result.points - 1, 1), {one.id: said(one) for one in result.questions}


@pytest.mark.parametrize("student", ANSWERS)
def test_the_student_reads_how_an_answer_was_understood(graded, student):
    heard = " ".join(map(said, of(graded, "fcn", student).questions))
    for words in ANSWERS[student][2]:
        assert words in heard


@pytest.mark.parametrize("student", ["another name", "two under other names"])
def test_the_student_reads_which_network_was_taken(graded, student):
    network = next(one for one in of(graded, "fcn", student).questions if one.id == "network")
    assert "Your network is called `net`; it was taken as `model`." in said(network)
