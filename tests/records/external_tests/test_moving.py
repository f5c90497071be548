"""A course moves over from otter or nbgrader, question by question, as an instructor does it on the command line."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from samples.courses import nbgrader_source, nbgrader_student, notebook, otter_student, otter_tests, otter_zip

from autograder import regrade
from autograder.assignment import AssignmentError, load
from autograder.authoring.commands import calibrate_assignment
from autograder.grading.regrade import NotRegraded
from autograder.lms.bundle import package

pytestmark = pytest.mark.slow

RIGHT = {"x": "x = 1", "twice": "def twice(n): return 2 * n"}
MIXED = """
name = "hw01"
title = "Homework 1"
notebook = "hw01.ipynb"
solution = "solution.ipynb"
tests = "autograder.zip"

[observe.limits]
cell_seconds = 10

[[questions]]
kind = "number"
id = "q1"
title = "The value of x"
points = 2
answer = "x"
expected = 1
"""
# Whatever runs tests in the student's process is made to say that they passed.
FORGER = """
import doctest, json, sys
import autograder.observe.external_tests as testing
import autograder.records.evidence as evidence

x = 5
everything = {"status": "ran", "cases": [{"passed": True, "value": 1e9}] * 2, "problem": "", "score": 100}
del everything["score"]
testing.run_test = lambda *_: json.dumps(everything)
sys.modules["autograder.observe.kernel"].run_test = testing.run_test
doctest.DocTestRunner.run = lambda *_, **__: None
"""


def grade(assignment: Path, submissions: Path, output: Path) -> dict[str, dict]:
    command = [sys.executable, "-m", "autograder", "grade", assignment, submissions, "--output", output]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    lines = (output / "results.jsonl").read_text(encoding="utf-8").splitlines()
    return {result["student"]: result for result in map(json.loads, lines)}


def scores(result: dict) -> dict[str, float]:
    return {question["id"]: question["score"] for question in result["questions"]}


@pytest.fixture(scope="module")
def zipped(tmp_path_factory) -> Path:
    return otter_zip(tmp_path_factory.mktemp("otter"))


@pytest.fixture(scope="module")
def otter_report(zipped, tmp_path_factory) -> tuple[Path, dict[str, dict]]:
    folder = tmp_path_factory.mktemp("class")
    otter_student(folder / "in" / "ada.ipynb", **RIGHT)
    otter_student(folder / "in" / "bob.ipynb", x="x = 7", twice="def twice(n): return 2")
    otter_student(folder / "in" / "kim.ipynb", x="import os; me = os.getpid(); os.kill(me, 9)", twice="")
    otter_student(folder / "in" / "mia.ipynb", x="", twice=FORGER)
    return folder / "report", grade(zipped, folder / "in", folder / "report")


def test_otters_zip_is_an_assignment_by_itself(otter_report):
    _, results = otter_report
    assert scores(results["ada"]) == {"q1": 2, "q2": 3}
    assert scores(results["bob"]) == {"q1": 0, "q2": 1}
    assert scores(results["kim"]) == {"q1": 0, "q2": 0}
    assert results["kim"]["status"] == "incomplete"
    assert not results["ada"]["notes"], "otter.Notebook and its check are no errors"


def test_otter_run_gives_the_same_scores(zipped, otter_report, tmp_path):
    submission = otter_student(tmp_path / "bob.ipynb", x="x = 7", twice="def twice(n): return 2")
    command = [Path(sys.executable).parent / "otter", "run", "-a", zipped, submission, "-o", tmp_path, "--no-logo"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    document = json.loads((tmp_path / "results.json").read_text())
    theirs = {test["name"]: test["score"] for test in document["tests"] if "score" in test}
    assert theirs == scores(otter_report[1]["bob"])


def test_every_page_says_that_these_tests_ran_beside_student_code(otter_report):
    folder, results = otter_report
    assert all(question["beside_student_code"] for result in results.values() for question in result["questions"])
    assert "ests run beside student code" in (folder / "index.html").read_text(encoding="utf-8")
    assert "ests run beside student code" in (folder / "students" / "ada.html").read_text(encoding="utf-8")


def test_no_page_shows_a_hidden_test(otter_report):
    folder, _ = otter_report
    assert all("hidden one" not in page.read_text(encoding="utf-8") for page in folder.rglob("*.html"))


def test_judging_again_executes_nothing_and_changes_nothing(otter_report):
    folder, results = otter_report
    outcomes = regrade(folder).outcomes
    assert {one.after.student: one.after.score for one in outcomes} == {
        student: result["score"] for student, result in results.items()
    }


def test_a_folder_of_tests_is_the_same_assignment(zipped, tmp_path):
    folder = load(str(otter_tests(tmp_path / "hw01")))
    assert folder.name == "hw01"
    assert [question.suite for question in folder.questions] == [
        question.suite for question in load(str(zipped)).questions
    ]


def test_where_a_solution_is_needed_a_sentence_says_so(zipped, tmp_path):
    assignment = load(str(zipped))
    for work in (
        lambda: package(assignment, tmp_path),
        lambda: calibrate_assignment(assignment, [0], workers=1, progress=lambda *_: None),
    ):
        with pytest.raises(AssignmentError, match="has no solution"):
            work()


@pytest.fixture(scope="module")
def mixed(zipped, tmp_path_factory) -> Path:
    """An assignment with a check of ours for the first question, and otter's tests for the others."""
    folder = tmp_path_factory.mktemp("mixed") / "hw01"
    otter_student(folder / "solution.ipynb", **RIGHT)
    otter_student(folder / "hw01.ipynb", x="x = ...", twice="def twice(n): ...")
    (folder / "assignment.toml").write_text(MIXED)
    (folder / "autograder.zip").write_bytes(zipped.read_bytes())
    return folder


def test_a_question_with_a_check_of_ours_leaves_its_tests_and_the_others_keep_theirs(mixed):
    assignment = load(str(mixed))
    assert [(question.id, question.kind) for question in assignment.questions] == [("q1", "number"), ("q2", "tests")]
    assert [test.name for test in assignment.observe_task().tests] == ["q2"]


def test_who_forges_the_tests_has_their_points_and_no_others(mixed, tmp_path):
    notebook(tmp_path / "in" / "mia.ipynb", FORGER)
    otter_student(tmp_path / "in" / "ada.ipynb", **RIGHT)
    results = grade(mixed, tmp_path / "in", tmp_path / "report")
    assert scores(results["ada"]) == {"q1": 2, "q2": 3}
    assert scores(results["mia"]) == {"q1": 0, "q2": 3}, "clamped to the points of the question"
    marked = {question["id"]: question["beside_student_code"] for question in results["mia"]["questions"]}
    assert marked == {"q1": False, "q2": True}


def test_a_question_that_was_moved_is_not_judged_by_a_run_that_did_not_look_for_it(mixed, tmp_path):
    for file in mixed.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "assignment.toml").write_text(MIXED.partition("[[questions]]")[0])
    otter_student(tmp_path / "in" / "ada.ipynb", **RIGHT)
    grade(tmp_path, tmp_path / "in", tmp_path / "report")
    (tmp_path / "assignment.toml").write_text(MIXED)
    calibrate_assignment(load(str(tmp_path)), [0], workers=1, progress=lambda *_: None)
    outcomes = regrade(tmp_path / "report").outcomes
    why = "its notebook was run before a question asked for `x`; run `autograder grade` again"
    assert outcomes == [NotRegraded("ada", why)]
    again = grade(tmp_path, tmp_path / "in", tmp_path / "report")
    assert scores(again["ada"]) == {"q1": 2, "q2": 3}
    outcomes = regrade(tmp_path / "report").outcomes
    assert [one.after.score for one in outcomes] == [5]


def test_a_table_of_its_own_gives_a_test_other_points_and_takes_it_from_the_rest(mixed, tmp_path):
    copy = tmp_path / "hw01"
    copy.mkdir()
    for file in mixed.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    more = '\n[[questions]]\nkind = "tests"\nid = "doubling"\nfile = "autograder.zip"\nname = "q2"\npoints = 10\n'
    (copy / "assignment.toml").write_text(MIXED + more)
    assert [(question.id, question.points) for question in load(str(copy)).questions] == [("q1", 2), ("doubling", 10)]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('file = "autograder.zip"\nname = "q9"', 'no tests called "q9"; there are q1, q2'),
        ('file = "missing.zip"', '"missing.zip" is not in'),
        ('file = "solution.ipynb"', "holds no tests"),
        ('file = "autograder.zip"\nsuite = {}', "leave it out"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(mixed, tmp_path, table, said):
    text = MIXED + f'\n[[questions]]\nkind = "tests"\nid = "q2"\n{table}\n'
    for file in mixed.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "assignment.toml").write_text(textwrap.dedent(text))
    with pytest.raises(AssignmentError) as caught:
        load(str(tmp_path))
    assert said in str(caught.value)


def test_an_nbgrader_source_is_an_assignment_by_itself(tmp_path):
    source = nbgrader_source(tmp_path / "source" / "ps1.ipynb")
    given = tmp_path / "in"
    nbgrader_student(given / "ada.ipynb")
    nbgrader_student(given / "bob.ipynb", twice="def twice(n): return 2", three="three = 4", test_twice="pass")
    nbgrader_student(given / "cid.ipynb", without=("test_twice", "test_three"))
    nbgrader_student(given / "dan.ipynb", helper="def helper(n): raise ValueError", without=("why",))
    results = grade(source, given, tmp_path / "report")
    assert {student: scores(result) for student, result in results.items()} == {
        "ada": {"test_twice": 2, "test_three": 1.5, "why": 0},
        "bob": {"test_twice": 0, "test_three": 0.5, "why": 0},
        "cid": {"test_twice": 2, "test_three": 1.5, "why": 0},
        "dan": {"test_twice": 2, "test_three": 1.5, "why": 0},
    }
    assert {result["pending"] for result in results.values()} == {3}
    page = (tmp_path / "report" / "students" / "bob.html").read_text(encoding="utf-8")
    assert "hidden test did not pass" in page
    assert "helper(2)" not in page
