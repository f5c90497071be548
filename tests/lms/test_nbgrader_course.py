"""Scores and pages into an nbgrader course, by nbgrader itself, to the student who fetches the feedback."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from samples.sums_course import TOML, autograder, decide, graded_by_hand, make_assignment, notebook

PEERS = Path(__file__).parents[2] / ".venv-peers" / "bin"
needs_nbgrader = pytest.mark.skipif(
    not (PEERS / "nbgrader").exists(), reason="nbgrader is in the environment that `make peers` makes"
)


def nbgrader(folder: Path, *arguments: str) -> str:
    path = f"{PEERS}{os.pathsep}{os.environ['PATH']}"
    own = {"PATH": path, "HOME": str(folder.parent), "JUPYTER_CONFIG_DIR": str(folder.parent / "config")}
    options = ["--course=dl", *(f"--Exchange.{name}={folder.parent / name}" for name in ("root", "cache"))]
    command = [str(PEERS / "nbgrader"), *arguments, *options]
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **own}, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@needs_nbgrader
@pytest.mark.slow
def test_what_is_exported_reaches_the_student_through_the_exchange(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = make_assignment(tmp_path)
    course, desk = tmp_path / "course", tmp_path / "desk"
    (tmp_path / "root").mkdir()
    (tmp_path / "root").chmod(0o777)
    (course / "release" / "sums").mkdir(parents=True)
    (course / "release" / "sums" / "sums.ipynb").write_bytes((place / "sums.ipynb").read_bytes())
    (desk / "sums").mkdir(parents=True)
    nbgrader(course, "release_assignment", "sums")
    (desk / "sums" / "sums.ipynb").write_bytes(notebook(8, 6, "Because."))
    nbgrader(desk, "submit", "sums")
    nbgrader(course, "collect", "sums")
    (student,) = (path.name for path in (course / "submitted").iterdir())

    report = graded_by_hand(place, course / "submitted", tmp_path / "report")
    monkeypatch.setenv("PATH", f"{PEERS}{os.pathsep}{os.environ['PATH']}")
    status, said = autograder("export", report, "--to", "nbgrader", "--roster", course)
    assert (status, "Points are still pending for 1 students" in said) == (2, True)
    decide(report, student, 0.5)
    status, said = autograder("export", report, "--to", "nbgrader", "--roster", course)
    assert (status, "now: nbgrader release_feedback sums" in said) == (0, True), said
    nbgrader(course, "export")
    lines = (course / "grades.csv").read_text().splitlines()
    grades = dict(zip(lines[0].split(","), lines[1].split(","), strict=True))
    assert (grades["student_id"], float(grades["score"]), float(grades["max_score"])) == (student, 2.5, 7)

    nbgrader(course, "release_feedback", "sums")
    nbgrader(desk, "fetch_feedback", "sums")
    (page,) = (desk / "sums" / "feedback").rglob("sums.html")
    assert "The square of three" in page.read_text()
    assert "2.5" in page.read_text()

    # Another maximum there is refused, and nothing is written.
    (place / "assignment.toml").write_text(TOML.replace("points = 4", "points = 5"))
    status, said = autograder("export", report, "--to", "nbgrader", "--roster", course, "--pending", "zero")
    assert (status, "square counts 4 points there and 5 here" in said) == (2, True), said


def test_a_report_that_came_from_elsewhere_is_refused(tmp_path: Path) -> None:
    status, said = autograder("export", tmp_path, "--to", "nbgrader", "--roster", tmp_path)
    assert (status, "has no folder submitted/" in said) == (2, True)
