"""Two graders started on one gradebook: both end well, and the gradebook holds what either of them made."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
from postgresql_server import PASSWORD

from autograder.grading.gradebook_location import NOTE_NAME
from autograder.records.store import GRADEBOOK_FILE

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


def start(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "autograder", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run(*arguments: object) -> tuple[int, str, str]:
    started = start(*arguments)
    said, complained = started.communicate(timeout=100)
    return started.returncode, said, complained


def hand_in(folder: Path, *students: str) -> Path:
    """Notebooks that cannot be read: graded at once, without a kernel."""
    folder.mkdir()
    for student in students:
        (folder / f"{student}.ipynb").write_text("{")
    return folder


def in_results(report: Path) -> dict[str, dict]:
    lines = map(json.loads, (report / "results.jsonl").read_text(encoding="utf-8").splitlines())
    return {line["student"]: line for line in lines}


def scores(line: dict) -> dict:
    """A result but for the time it took and the keys it was made from, which tell that it was judged again."""
    return {key: value for key, value in line.items() if key not in ("seconds", "keys")}


@pytest.fixture(params=["the folder's own file", "a file that a URL names", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    """What to say to `grade`, so that the gradebook is there."""
    if request.param == "postgresql":
        return ["--gradebook", request.getfixturevalue("database")]
    return ["--gradebook", f"sqlite:///{tmp_path / 'grades.db'}"] if "URL" in request.param else []


def test_two_graders_at_once_on_one_gradebook_and_the_commands_after_them(where: list[str], tmp_path: Path) -> None:
    first, second = hand_in(tmp_path / "first", "ada", "ben"), hand_in(tmp_path / "second", "ben", "carl")
    one = tmp_path / "one"
    two = tmp_path / "two" if where else one
    graders = [
        start("grade", "cnn2", handed_in, "--output", report, *where)
        for handed_in, report in ((first, one), (second, two))
    ]
    for grader in graders:
        _, complained = grader.communicate(timeout=100)
        assert grader.returncode == 0, complained
    for report in {one, two}:
        assert (report / GRADEBOOK_FILE).exists() == (not where)
        if where:
            assert PASSWORD not in (report / NOTE_NAME).read_text()
    # Nothing is named again: the report folder says where its gradebook is.
    status, said, complained = run("grade", "cnn2", first, "--output", one)
    assert status == 0, complained
    assert "0 graded, 2 unchanged" in said
    status, said, complained = run("regrade", two)
    assert (status, "3 judged again" in said) == (0, True), complained
    assert {student: scores(line) for student, line in in_results(one).items()} == {
        student: scores(line) for student, line in in_results(two).items()
    }
    for report in (one, two):
        assert in_results(report).keys() == {"ada", "ben", "carl"}
        assert {page.stem for page in (report / "students").iterdir()} == {"ada", "ben", "carl"}
    status, _, complained = run("export", two, "--to", "csv")
    assert status == 0, complained
    with (two / "export.csv").open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 3
