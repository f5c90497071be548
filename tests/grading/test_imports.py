"""Imports are read off the text of notebooks; what is missing is named with the line that makes it available."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import nbformat
import pytest
from packages_by_hand import assignment_with
from typer.testing import CliRunner

from autograder.cli import app
from autograder.grading.imports import import_report, imported_modules, packages_line, student_warnings
from autograder.intake import read_submissions
from autograder.observe.packages import LockedPackage, PackageLock


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("import numpy as np, cv2.dnn\nfrom keras.layers import Dense", {"numpy", "cv2", "keras"}),
        ("!pip install plotly\n%matplotlib inline\nimport plotly.express as px", {"plotly"}),
        ("if True:\n    def f():\n        import tqdm", {"tqdm"}),
        ("try:\n    import google.colab\nexcept ImportError:\n    import fallback", set()),
        ("from . import own\nfrom .own import x", set()),
        ('text = """\nimport nothing\n"""', set()),
        ("import tqdm\nprint 'Python 2'", {"tqdm"}),
        ("import a;;\nimport 1x, b", {"b"}),
        ("(" * 5000 + "\nimport deep", {"deep"}),
        ("%%writefile own.py\nx = 1", set()),
        ("%%time\nimport tqdm", {"tqdm"}),
        ("%%bash\nimport -window root x.png", set()),
    ],
)
def test_what_a_cell_imports(cell, names):
    assert imported_modules([cell]) == names


def test_a_module_that_the_notebook_writes_is_not_imported_from_elsewhere():
    assert imported_modules(["%%writefile lib/own.py\nx = 1", "import own, tqdm"]) == {"tqdm"}


def test_hostile_cells_take_a_moment_and_leave_little():
    started = time.process_time()
    names = imported_modules(
        [
            "".join(f"import x{number}\n" for number in range(50_000)),
            "import " + ", ".join(f"y{number}" for number in range(100_000)),
            "!pip install " + "a " * 200_000,
            "import \x1b[31mred, ../../etc, z" + "z" * 100_000,
            "import" + " " * 500_000,
        ]
    )
    assert len(names) <= 500
    assert time.process_time() - started < 5


def notebook(path: Path, *cells: str) -> None:
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells]), path)


@pytest.fixture
def submissions(tmp_path: Path) -> Path:
    folder = tmp_path / "submissions"
    folder.mkdir()
    notebook(folder / "Ann.ipynb", "import numpy, os, plotly", "!pip install -q plotly==5.0 puns", "import puns")
    notebook(folder / "Bob.ipynb", "import plotly.express as px", "raise SystemExit(1)", "import nunpy, google.colab")
    (folder / "Cem.ipynb").write_text(json.dumps({"cells": 3}))
    return folder


def test_a_class_is_reported_with_what_is_missing(submissions, tmp_path):
    assignment = assignment_with(tmp_path, "puns")
    lock = PackageLock(
        requested=("puns",),
        packages=(LockedPackage(name="puns", version="1.0", hashes=("0" * 64,), modules=("puns",)),),
    )
    assignment.lock_file.write_text(lock.text)
    report = import_report(read_submissions(submissions).submissions, assignment)
    assert report.total == 2
    assert [(one.module, one.place, one.submissions, one.with_pip) for one in report.packages] == [
        ("plotly", "missing", 2, 1),
        ("numpy", "autograder", 1, 0),
        ("nunpy", "unknown", 1, 0),
        ("puns", "packages", 1, 1),
    ]
    assert packages_line(assignment, report.missing) == 'packages = ["puns", "plotly"]'
    (warning,) = student_warnings(report)
    assert warning.code == "imports.missing"
    assert "plotly" in str(warning)


def test_packages_that_were_not_set_up_yet_are_reported_as_they_are(submissions, tmp_path):
    assignment = assignment_with(tmp_path, "puns")
    report = import_report(read_submissions(submissions).submissions, assignment)
    assert ("puns", "unknown") in [(one.module, one.place) for one in report.packages]
    done = CliRunner().invoke(app, ["imports", str(submissions), str(assignment.folder)])
    assert done.exit_code == 0
    assert f"run `autograder setup {assignment.folder}`" in " ".join(done.output.split())


def test_a_package_of_this_machine_alone_is_told_to_the_student(tmp_path, monkeypatch):
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "homemade_puns.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path / "local"))
    notebook(tmp_path / "Ann.ipynb", "import homemade_puns, tensorflow")
    report = import_report(read_submissions(tmp_path / "Ann.ipynb").submissions)
    (warning,) = student_warnings(report)
    assert (warning.code, warning.values) == ("imports.machine", {"package": "homemade_puns"})
    assert "homemade_puns" not in sys.modules


def test_the_command_prints_the_report_and_executes_nothing(submissions, tmp_path):
    done = CliRunner().invoke(app, ["imports", str(submissions)])
    assert done.exit_code == 0
    assert "plotly" in done.output
    assert "2 notebooks read, 1 could not be read" in done.output
    assert "missing on this machine: plotly, imported in 2 of 2 submissions" in done.output
    assert 'packages = ["plotly"]' in done.output
    assert "then: autograder setup NAME" in done.output


def test_a_place_without_submissions_is_a_sentence(tmp_path):
    done = CliRunner().invoke(app, ["imports", str(tmp_path / "nowhere")])
    assert done.exit_code == 2


@pytest.mark.parametrize("command", ["grade", "check", "calibrate"])
def test_without_its_packages_nothing_runs_and_a_sentence_has_the_command(command, submissions, tmp_path):
    assignment = assignment_with(tmp_path, "puns")
    given = {
        "grade": [str(assignment.folder), str(submissions), "--output", str(tmp_path / "report")],
        "check": [str(submissions / "Ann.ipynb"), "--assignment", str(assignment.folder)],
        "calibrate": [str(assignment.folder)],
    }
    done = CliRunner().invoke(app, [command, *given[command]])
    assert done.exit_code == 2
    assert f"run `autograder setup {assignment.folder}`" in done.output
    assert not (tmp_path / "report").exists()
