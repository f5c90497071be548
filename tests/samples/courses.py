"""Two small courses as their platforms write them: otter's tests, and an nbgrader source; and students' notebooks."""

import copy
import os
import subprocess
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

BIN = Path(sys.executable).parent

Q1 = """OK_FORMAT = True
test = {"name": "q1", "points": 2, "suites": [{"type": "doctest", "cases": [
    {"code": ">>> x\\n1", "hidden": False},
    {"code": ">>> x + 1  # the hidden one\\n2", "hidden": True},
]}]}
"""
Q2 = """from otter.test_files import test_case

OK_FORMAT = False

name = "q2"
points = 3

@test_case(points=1)
def two(twice):
    assert twice(1) == 2, "two times one"

@test_case(points=2, hidden=True)
def many(env):
    assert env["twice"](50) == 100
"""


def otter_tests(folder: Path) -> Path:
    """A folder `tests` with a file in each of otter's formats."""
    tests = folder / "tests"
    tests.mkdir(parents=True)
    (tests / "q1.py").write_text(Q1)
    (tests / "q2.py").write_text(Q2)
    return tests


def otter_zip(folder: Path) -> Path:
    """An `autograder.zip` made by otter itself."""
    otter_tests(folder)
    path = folder / "autograder.zip"
    command = [BIN / "otter", "generate", "--no-environment", "-o", path]
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120, env=environment)
    return path


def notebook(path: Path, *cells: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=[new_code_cell(cell) for cell in cells]), path)
    return path


def otter_student(path: Path, x: str, twice: str) -> Path:
    """A notebook as students of an otter course hand it in."""
    start = 'import otter\ngrader = otter.Notebook("hw01.ipynb")'
    return notebook(path, start, x, 'grader.check("q1")', twice, 'grader.check("q2")')


def _nbgrader(identity: str, **facts: object) -> dict[str, object]:
    plain = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
    return {"nbgrader": {**plain, "grade_id": identity, **facts}}


def source_cells() -> list:
    """The cells of an nbgrader source: a locked helper, two tests (one with a hidden region), a text for a person."""
    return [
        new_markdown_cell("# Exercise", metadata=_nbgrader("intro", locked=True)),
        new_code_cell("def helper(n):\n    return n + 1", metadata=_nbgrader("helper", locked=True)),
        new_code_cell("def twice(n):\n    return 2 * n", metadata=_nbgrader("twice", solution=True)),
        new_code_cell(
            "assert twice(1) == 2\n### BEGIN HIDDEN TESTS\nassert twice(helper(2)) == 6\n### END HIDDEN TESTS",
            metadata=_nbgrader("test_twice", grade=True, locked=True, points=2),
        ),
        new_code_cell("three = 3", metadata=_nbgrader("three", solution=True)),
        new_code_cell(
            "import sys; print('a warning', file=sys.stderr)\n1.5 if three == 3 else 0.5",
            metadata=_nbgrader("test_three", grade=True, locked=True, points=2),
        ),
        new_markdown_cell("Because.", metadata=_nbgrader("why", grade=True, solution=True, points=3)),
    ]


def nbgrader_source(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=source_cells()), path)
    return path


def nbgrader_student(path: Path, *, without: tuple[str, ...] = (), **written: str) -> Path:
    """A notebook as students of that course hand it in: the hidden region is gone, and `written` is theirs."""
    cells = []
    for cell in copy.deepcopy(source_cells()):
        identity = cell.metadata["nbgrader"]["grade_id"]
        released = "assert twice(1) == 2" if identity == "test_twice" else cell.source
        cell.source = written.get(identity, released)
        if identity not in without:
            cells.append(cell)
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=cells), path)
    return path
