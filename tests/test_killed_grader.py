"""A grader killed at any moment loses no finished result, and the next run completes the class as if undisturbed."""

import json
import random
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STUDENTS = ("Emil Fischer", "Kwame Mensah", "Bob Untermeyer", "Oskar Nowak")
KILLS = 5

pytestmark = [pytest.mark.slow, pytest.mark.timeout(500)]


def command(submissions: Path, report: Path) -> list[str]:
    return [sys.executable, "-m", "autograder", "grade", "cnn2", str(submissions), "--output", str(report)]


def results(report: Path) -> dict[str, dict]:
    lines = map(json.loads, (report / "results.jsonl").read_text(encoding="utf-8").splitlines())
    return {line["student"]: {key: value for key, value in line.items() if key != "seconds"} for line in lines}


def test_kills_at_random_moments_lose_nothing_and_change_nothing(tmp_path: Path) -> None:
    submissions, whole, broken = tmp_path / "class", tmp_path / "whole", tmp_path / "broken"
    submissions.mkdir()
    for student in STUDENTS:
        shutil.copy(ROOT / "tests" / "samples" / "cnn2" / f"{student}.ipynb", submissions)
    subprocess.run(command(submissions, whole), check=True, capture_output=True, timeout=200)
    moments = random.Random(1)
    told: set[str] = set()
    for _ in range(KILLS):
        grader = subprocess.Popen(command(submissions, broken), stdout=subprocess.PIPE, text=True)
        # Before the start, while libraries are imported, while notebooks run, while a network is trained.
        with suppress(subprocess.TimeoutExpired):
            grader.wait(timeout=moments.uniform(0.3, 20))
        grader.kill()
        told |= finished(grader.communicate()[0])
    last = subprocess.run(command(submissions, broken), check=True, capture_output=True, text=True, timeout=200)
    assert results(broken) == results(whole)
    # What a killed run had said is finished is not made again.
    assert told <= finished(last.stdout, "(unchanged)")


def finished(output: str, word: str = "") -> set[str]:
    """The students of whose result a line of progress told, in this way."""
    lines = output.splitlines()
    return {student for student in STUDENTS if any(f"  {student}: " in line and word in line for line in lines)}
