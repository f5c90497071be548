"""The tutorial's table of flowers, from nothing to grades: new, calibrate, validate's verdict in grade."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
COLUMNS = "sepal_length,sepal_width,petal_length,petal_width,species"


def run(folder, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "autograder", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_flowers_of_the_tutorial_are_graded(tmp_path):
    from sklearn.datasets import load_iris

    data = load_iris()
    rows = (
        ",".join([*map(str, row), data.target_names[kind]]) for row, kind in zip(data.data, data.target, strict=True)
    )
    (tmp_path / "flowers.csv").write_text("\n".join([COLUMNS, *rows]) + "\n")
    table = re.search(r"`flowers.txt` holds its table:\n\n```text\n(.*?)```", TUTORIAL, re.S)
    (tmp_path / "flowers.txt").write_text(table[1])
    commands = [
        line.removeprefix("$ autograder ").split() for line in re.findall(r"^\$ autograder .*flowers.*", TUTORIAL, re.M)
    ]
    new, calibrate, grade = commands
    said = run(tmp_path, *new)
    for line in re.findall(r"^guessed: .*", TUTORIAL, re.M):
        assert line in said
    run(tmp_path, *calibrate)
    class_folder = tmp_path / grade[-1]
    class_folder.mkdir()
    shutil.copy(tmp_path / "solutions" / "flowers" / "flowers.ipynb", class_folder / "solved.ipynb")
    shutil.copy(tmp_path / "assignments" / "flowers" / "flowers.ipynb", class_folder / "untouched.ipynb")
    run(tmp_path, *grade, "--output", "report")
    results = [json.loads(line) for line in (tmp_path / "report" / "results.jsonl").read_text().splitlines()]
    scores = {one["student"]: sum(question["score"] for question in one["questions"]) for one in results}
    assert scores["untouched"] == 0
    assert scores["solved"] >= 9
