"""The main job, whole: a folder of real notebooks goes in, fair scores and pages come out."""

import csv
import json
import shutil
import sqlite3
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@dataclass(frozen=True)
class Report:
    folder: Path
    status: int
    stdout: str
    stderr: str

    @property
    def results(self) -> dict[str, dict]:
        lines = (self.folder / "results.jsonl").read_text(encoding="utf-8").splitlines()
        return {result["student"]: result for result in map(json.loads, lines)}


def run(*arguments: object, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "autograder", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=500, check=False)


def grade(submissions: Path, output: Path, *options: str, assignment: object = "cnn2") -> Report:
    done = run("grade", assignment, submissions, "--output", output, *options)
    return Report(output, done.returncode, done.stdout, done.stderr)


def without_seconds(result: dict) -> dict:
    return {key: value for key, value in result.items() if key != "seconds"}


@pytest.fixture(scope="session")
def class_report(samples, tmp_path_factory) -> Report:
    return grade(samples / "cnn2", tmp_path_factory.mktemp("class") / "report")


@pytest.fixture(scope="session")
def correct_report(samples, tmp_path_factory) -> Report:
    return grade(samples / "cnn2_correct", tmp_path_factory.mktemp("correct") / "report")


def expected_results(samples: Path) -> dict[str, dict]:
    """By student: `status`, the `score` over all questions, and per question what it earns."""
    expected = {}
    for student, table in tomllib.loads((samples / "cnn2" / "expected.toml").read_text(encoding="utf-8")).items():
        questions = {key: value for key, value in table.items() if isinstance(value, dict)}
        total = sum(question["score"] for question in questions.values())
        expected[student] = {"status": table["status"], "questions": questions, "score": total}
    return expected


def test_every_submission_gets_a_result_however_bad(class_report, samples):
    assert class_report.status == 0, class_report.stderr
    assert set(class_report.results) == set(expected_results(samples))


def test_every_sample_earns_what_it_deserves(class_report, samples):
    for student, expected in expected_results(samples).items():
        result = class_report.results[student]
        questions = {question["id"]: question for question in result["questions"]}
        assert result["status"] == expected["status"], student
        for question, wanted in expected["questions"].items():
            got = questions[question]
            assert (got["score"], got["status"]) == (wanted["score"], wanted["status"]), (student, got)
        assert result["score"] == pytest.approx(sum(question["score"] for question in questions.values()))


def test_whatever_is_lost_is_explained(class_report):
    for student, result in class_report.results.items():
        for question in result["questions"]:
            if question["status"] != "correct":
                assert question["findings"], (student, question["id"])


@pytest.mark.timeout(600)
def test_every_correct_way_of_writing_it_earns_all_nine_points(correct_report):
    assert correct_report.status == 0, correct_report.stderr
    scores = {student: result["score"] for student, result in correct_report.results.items()}
    assert scores
    assert set(scores.values()) == {9.0}, scores
    # Where the place of the written answer is as it was given out, no person is needed.
    assert {result["pending"] for result in correct_report.results.values()} == {0.0, 1.0}


def test_grades_csv_has_the_columns_other_programs_read(class_report):
    with (class_report.folder / "grades.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        *("student", "score", "points", "pending", "percent", "status"),
        *("missing_layers", "parameters", "accuracy", "performance"),
        "total",
    ]
    assert [row["student"] for row in rows] == list(class_report.results)
    for row in rows:
        assert float(row["score"]) == class_report.results[row["student"]]["score"]


def test_pages_are_there_and_load_nothing(class_report):
    pages = [class_report.folder / "index.html", *sorted((class_report.folder / "students").glob("*.html"))]
    assert len(pages) == 1 + len(class_report.results)
    for page in pages:
        assert "Content-Security-Policy" in page.read_text(encoding="utf-8")
        assert page.stat().st_size < 1_000_000


def test_a_second_run_does_nothing_again(class_report, samples, tmp_path):
    copy = tmp_path / "report"
    shutil.copytree(class_report.folder, copy)
    again = grade(samples / "cnn2", copy)
    assert again.status == 0
    assert "0 graded" in again.stdout
    assert again.results == class_report.results


def test_a_result_is_the_same_alone_and_in_a_class(class_report, samples, tmp_path):
    student = next(name for name, wanted in expected_results(samples).items() if 0 < wanted["score"] < 9)
    alone = grade(samples / "cnn2" / f"{student}.ipynb", tmp_path / "alone")
    assert without_seconds(alone.results[student]) == without_seconds(class_report.results[student])


def test_a_killed_run_continues_where_it_stopped(class_report, samples, tmp_path):
    copy = tmp_path / "report"
    shutil.copytree(class_report.folder, copy)
    with sqlite3.connect(copy / "gradebook.db") as database:
        database.execute("DELETE FROM results WHERE rowid % 2 = 0")
    (copy / "index.html").unlink()
    again = grade(samples / "cnn2", copy)
    assert {s: without_seconds(r) for s, r in again.results.items()} == {
        s: without_seconds(r) for s, r in class_report.results.items()
    }


def own_assignment(tmp_path: Path) -> Path:
    """A copy of cnn2 that a test may change, with its solution where the copy expects it."""
    shutil.copytree(ROOT / "assignments" / "cnn2", tmp_path / "assignments" / "cnn2")
    shutil.copytree(ROOT / "solutions" / "cnn2", tmp_path / "solutions" / "cnn2")
    return tmp_path / "assignments" / "cnn2"


def test_changed_points_are_regraded_without_executing_anything(class_report, samples, tmp_path):
    assignment = own_assignment(tmp_path)
    shutil.copytree(class_report.folder, tmp_path / "report")
    report = grade(samples / "cnn2", tmp_path / "report", assignment=assignment)
    assert "0 graded" in report.stdout  # from now on the report is one of this copy of the assignment
    before = report.results
    toml = assignment / "assignment.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace("points = 5", "points = 10"), encoding="utf-8")
    done = run("regrade", report.folder, "--yes")
    assert done.returncode == 0, done.stderr
    after = report.results
    for student, result in before.items():
        was = {question["id"]: question["score"] for question in result["questions"]}
        now = {question["id"]: question["score"] for question in after[student]["questions"]}
        assert now["missing_layers"] == pytest.approx(2 * was["missing_layers"])
        assert now["parameters"] == was["parameters"]


def test_a_notebook_that_cannot_be_read_is_a_sentence_for_the_student(tmp_path):
    (tmp_path / "mine.ipynb").write_text('{"cells": [', encoding="utf-8")
    done = run("check", tmp_path / "mine.ipynb")
    assert (done.returncode, done.stdout) == (2, "")
    assert "mine.ipynb cannot be checked: The notebook breaks off in line 1" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_student_checks_their_own_notebook(samples):
    student = next(name for name, wanted in expected_results(samples).items() if 5 < wanted["score"] < 9)
    done = run("check", samples / "cnn2" / f"{student}.ipynb")
    assert done.returncode == 0, done.stderr
    assert "The missing layers" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
