"""A score that a person gave in nbgrader stays and counts when scores are exported again."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from samples.sums_course import autograder, decide, graded_by_hand, make_assignment, notebook

PEERS = Path(__file__).parents[2] / ".venv-peers" / "bin"
SCORES = """
import sys
from nbgrader.api import Gradebook
with Gradebook(sys.argv[1]) as gradebook:
    (notebook,) = gradebook.find_submission("sums", "ada").notebooks
    grades = {grade.name: grade for grade in notebook.grades}
    print(grades["square"].auto_score, grades["square"].score, notebook.score)
"""


@pytest.mark.slow
@pytest.mark.skipif(not (PEERS / "nbgrader").exists(), reason="nbgrader is in the environment that `make peers` makes")
def test_a_persons_score_in_nbgrader_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = make_assignment(tmp_path)
    course = tmp_path / "course"
    (course / "submitted" / "ada" / "sums").mkdir(parents=True)
    (course / "submitted" / "ada" / "sums" / "sums.ipynb").write_bytes(notebook(8, 6))
    report = graded_by_hand(place, course / "submitted", tmp_path / "report")
    monkeypatch.setenv("PATH", f"{PEERS}{os.pathsep}{os.environ['PATH']}")

    export = ("export", report, "--to", "nbgrader", "--roster", course)
    status, said = autograder(*export)
    assert status == 0, said
    with closing(sqlite3.connect(course / "gradebook.db")) as database:
        changed = database.execute("UPDATE grade SET manual_score = 3 WHERE auto_score = 0")
        assert changed.rowcount == 2  # square and why
        database.commit()
    decide(report, "ada", 1, "square")
    status, said = autograder(*export)
    assert status == 0, said
    assert "a score given by hand there stays and counts" in said
    command = [str(PEERS / "python"), "-c", SCORES, f"sqlite:///{course / 'gradebook.db'}"]
    assert subprocess.check_output(command, text=True, timeout=60).split() == ["1.0", "3.0", "8.0"]
