"""`autograder.zip` under the real otter: `otter run` and `autograder grade` agree, whatever was handed in."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from samples.courses import notebook, otter_tests
from samples.otter_command import BIN, otter_run

from autograder.assignment import load
from autograder.core.wheel import runtime_requirements, wheel
from autograder.datasets import DatasetMissing
from autograder.lms.bundle import pack
from autograder.lms.gradescope import results_json
from autograder.lms.otter_results import Graded
from autograder.records.result import Finding, Result, Verdict

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        return pack(load("cnn2"), tmp_path_factory.mktemp("package") / "autograder.zip").path
    except DatasetMissing as missing:
        pytest.skip(str(missing))


def scores(document: dict) -> dict[str, float | None]:
    return {test["extra_data"]["question"]: test.get("score") for test in document["tests"]}


def verdict(status: str, score: float, identity: str = "layers") -> Verdict:
    return Verdict(
        id=identity, title="Layers <b>", status=status, score=score, points=2, findings=(Finding(message="<script>"),)
    )


def result(*verdicts: Verdict) -> Result:
    return Result(
        student="s",
        submission="s.ipynb",
        status="graded",
        score=sum(each.score for each in verdicts),
        points=sum(each.points for each in verdicts),
        pending=sum(each.pending for each in verdicts),
        questions=verdicts,
        isolation="user",
        device="cpu",
        versions={},
        keys={},
        seconds=1.2,
    )


def test_points_that_wait_for_a_person_are_no_zeros() -> None:
    document = results_json(result(verdict("partial", 1.5), verdict("needs_review", 0, "words")), set())
    assert document["score"] == 1.5
    assert "score" not in document["tests"][1]
    assert Graded(result(verdict("needs_review", 0)), set()).possible == 0


def test_hidden_questions_are_shown_after_publication_only() -> None:
    document = results_json(result(verdict("correct", 2), verdict("wrong", 0, "secret")), {"secret"})
    assert [test["visibility"] for test in document["tests"]] == ["visible", "after_published"]
    assert "1 of 2" not in document["output"], "what is right in all would tell of the hidden question"


def test_what_students_wrote_is_no_html() -> None:
    assert "<script>" not in results_json(result(verdict("wrong", 0)), set())["tests"][0]["output"]


def test_results_name_the_isolation_and_what_it_protects() -> None:
    document = results_json(result(verdict("correct", 2)), set())
    assert document["extra_data"]["isolation"] == "user"
    assert "user of their own" in document["output"]


def test_the_requirements_are_hashed_and_name_no_index_and_no_development_tool() -> None:
    text = runtime_requirements()
    entries = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    names = {entry.split("==")[0] for entry in entries}
    assert {"tensorflow", "otter-grader", "nbclient", "pydantic-core"} <= names
    assert not {"mypy", "pytest", "ruff", "hypothesis"} & names
    assert text.count("--hash=sha256:") >= len(entries)
    assert "://" not in text


def test_the_wheel_installs_and_has_all_kinds_of_question(tmp_path: Path) -> None:
    name, content = wheel()
    (tmp_path / name).write_bytes(content)
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        tmp_path / "lib",
    ]
    done = subprocess.run([*command, tmp_path / name], capture_output=True, text=True, check=False)
    if "No module named pip" in done.stderr:
        shutil.unpack_archive(tmp_path / name, tmp_path / "lib", "zip")
    code = "import autograder; from autograder.checks.registry import known_kinds as kinds; "
    code += "print(autograder.__file__, len(kinds()))"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "lib")}
    said = subprocess.check_output([sys.executable, "-P", "-c", code], env=environment, text=True, cwd=tmp_path)
    assert said.split()[0].startswith(str(tmp_path / "lib"))
    assert int(said.split()[1]) >= 13


def test_the_zip_is_the_same_each_time_and_its_programs_can_be_executed(package: Path, tmp_path: Path) -> None:
    assert pack(load("cnn2"), tmp_path / "again.zip").path.read_bytes() == package.read_bytes()
    with zipfile.ZipFile(package) as archive:
        for program in ("setup.sh", "run_autograder"):
            assert archive.getinfo(program).external_attr >> 16 & 0o111


@pytest.mark.slow
def test_otter_run_and_grade_agree_on_every_score(package: Path, samples: Path, tmp_path: Path) -> None:
    notebook = samples / "cnn2" / "Emil Fischer.ipynb"
    ours = subprocess.run(
        [BIN / "autograder", "grade", "cnn2", notebook, "--output", tmp_path / "report"], cwd=ROOT, check=True
    )
    assert ours.returncode == 0
    line = json.loads((tmp_path / "report" / "results.jsonl").read_text().splitlines()[0])
    graded = {each["id"]: None if each["status"] == "needs_review" else each["score"] for each in line["questions"]}
    document = otter_run(package, notebook, tmp_path / "otter")
    assert scores(document) == graded
    assert document["score"] == line["score"]


@pytest.mark.slow
def test_a_dead_kernel_a_foreign_kernelspec_and_a_forged_log_still_give_all_questions(
    package: Path, tmp_path: Path
) -> None:
    planted = tmp_path / "planted"
    cells = ["import os; me = os.getpid(); os.kill(me, 9)", "model = 1"]
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
        metadata={"kernelspec": {"name": "conda-env-of-mine-py", "display_name": "mine", "language": "python"}},
    )
    submission = tmp_path / "submission.zip"
    with zipfile.ZipFile(submission, "w") as archive:
        archive.writestr("cnn2.ipynb", nbformat.writes(notebook))
        for name in (".OTTER_LOG", "otter.py", "sitecustomize.py", "numpy.py"):
            archive.writestr(name, f"open({str(planted)!r}, 'w').close()")
    document = otter_run(package, submission, tmp_path / "otter")
    assert list(scores(document)) == ["missing_layers", "parameters", "accuracy", "performance"]
    assert document["score"] == 0
    assert "kernel died" in document["output"]
    assert not planted.exists(), "nothing that was handed in was imported by otter"


HOMEWORK = """
name = "hw01"
title = "Homework 1"
notebook = "hw01.ipynb"
solution = "solution.ipynb"
tests = "tests"

[observe.limits]
cell_seconds = 2
grace_seconds = 2

[[questions]]
kind = "number"
id = "q1"
title = "The value of x"
points = 2
answer = "x"
expected = 1

[[questions]]
kind = "number"
id = "q3"
title = "The value of y"
points = 2
answer = "y"
expected = 7
"""


@pytest.fixture(scope="module")
def homework(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip of an assignment with short limits, two checks of ours and a test of otter's for q2; no network in it."""
    folder = tmp_path_factory.mktemp("homework") / "hw01"
    otter_tests(folder)
    cells = ("x = 1", "def twice(n): return 2 * n", "y = 7")
    notebook(folder / "solution.ipynb", *cells)
    notebook(folder / "hw01.ipynb", "x = ...", "def twice(n): ...", "y = ...")
    (folder / "assignment.toml").write_text(HOMEWORK)
    return pack(load(str(folder)), folder.parent / "autograder.zip").path


@pytest.mark.slow
def test_an_endless_loop_in_a_cell_and_in_a_test_and_a_missing_question_still_give_all_questions(
    homework: Path, tmp_path: Path
) -> None:
    endless_when_tested = "def twice(n):\n    while n > 1: pass\n    return 2"
    submission = notebook(tmp_path / "hw01.ipynb", "while True: pass", endless_when_tested, "y = 7")
    document = otter_run(homework, submission, tmp_path / "otter")
    assert scores(document) == {"q1": 0, "q3": 2, "q2": 1}
    assert document["score"] == 3
    assert "still running" in document["output"]
    marked = {test["extra_data"]["question"]: "beside_student_code" in test["extra_data"] for test in document["tests"]}
    assert marked == {"q1": False, "q3": False, "q2": True}
