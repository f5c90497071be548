"""PrairieLearn's and Coursera's packages, started in folders as their containers have them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from samples.sums_course import autograder, calibrate, make_assignment, notebook

FOLDERS = {"prairielearn": ("student", "results/results.json"), "coursera": ("submission", "feedback.json")}


@pytest.mark.slow
@pytest.mark.parametrize("kind", FOLDERS)
def test_a_submission_in_the_platforms_folder_gets_its_result(kind: str, tmp_path: Path) -> None:
    place = make_assignment(tmp_path)
    calibrate(place)
    status, said = autograder("package", place, "--output", tmp_path, "--for", kind)
    assert status == 0, said
    source, base = tmp_path / "source", tmp_path / "base"
    with zipfile.ZipFile(tmp_path / f"autograder-{kind}.zip") as archive:
        archive.extractall(source)
    assert f"-m autograder.lms.container_entry_point {kind}" in (source / "grade_submission").read_text()
    # Also where it was unpacked without the right to execute.
    assert re.search(r"RUN bash \S+/setup.sh .*chmod u\+x \S+/grade_submission\n", (source / "Dockerfile").read_text())
    handed_in, answer = (base / name for name in FOLDERS[kind])
    handed_in.mkdir(parents=True)
    (handed_in / "sums.ipynb").write_bytes(notebook(8, 6, "Because."))
    command = [sys.executable, "-I", "-m", "autograder.lms.container_entry_point", kind, str(source), str(base)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == 0, done.stderr
    document = json.loads(answer.read_text())
    # 2 of the 6 decided points; the written answer waits and is not counted as lost.
    if kind == "prairielearn":
        assert (document["gradable"], document["score"]) == (True, 0.3333)
        points = [(test["name"], test["points"], test["max_points"]) for test in document["tests"]]
        assert points == [("Twice four", 2, 2), ("The square of three", 0, 4)]
    else:
        assert document["fractionalScore"] == 0.3333
        assert "2 of 7, 1 needs review" in document["feedback"]
        assert "The square of three: 0 of 4 points" in document["feedback"]


def test_a_grader_that_fails_leaves_no_grade(tmp_path: Path) -> None:
    command = [sys.executable, "-I", "-m", "autograder.lms.container_entry_point", "coursera"]
    done = subprocess.run([*command, tmp_path / "none", tmp_path], capture_output=True, text=True, check=False)
    assert (done.returncode, "not the student" in done.stderr) == (1, True)
    assert not (tmp_path / "feedback.json").exists()
