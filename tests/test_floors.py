"""Imports run one way, from the top floor down, and in no circle; and only where networks are trained is TensorFlow."""

import ast
import subprocess
import sys
import time
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "autograder"

# From the top down; a room may import from its own floor only what stands left of it there, and from every floor below.
FLOORS = (
    ("cli", "live"),
    ("api", "authoring", "lms"),
    ("report", "grading"),
    ("selfcheck", "assignment"),
    ("checks", "train", "observe", "intake"),
    ("records",),
    ("network",),
    ("datasets", "core"),
)
HEIGHT = {room: len(FLOORS) - index for index, rooms in enumerate(FLOORS) for room in rooms}
# What runs inside a child process and may import TensorFlow there.
CHILDREN = ("observe/", "sandbox/", "train/")


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("autograder."):
            rooms.add(node.module.split(".")[1])
        elif isinstance(node, ast.ImportFrom) and node.module == "autograder":
            rooms.update(alias.name for alias in node.names if alias.name in HEIGHT)
        elif isinstance(node, ast.Import):
            rooms.update(alias.name.split(".")[1] for alias in node.names if alias.name.startswith("autograder."))
    return rooms


SOURCES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path):
    room = room_of(path)
    if room in ("__init__", "__main__"):
        return
    assert room in HEIGHT, f"{room} stands on no floor: add it to FLOORS"
    upward = {other for other in imported_rooms(path) - {room} if HEIGHT[other] > HEIGHT[room]}
    assert not upward


def test_rooms_of_one_floor_import_each_other_in_no_circle():
    edges = {room: set() for room in HEIGHT}
    for path in SOURCES:
        room = room_of(path)
        if room in edges:
            edges[room] |= imported_rooms(path) - {room}
    done: set[str] = set()

    def visit(room: str, trail: tuple[str, ...]) -> None:
        assert room not in trail, " → ".join((*trail, room))
        if room not in done:
            for other in edges.get(room, ()):
                visit(other, (*trail, room))
            done.add(room)

    for room in edges:
        visit(room, ())


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_tensorflow_is_imported_only_in_child_processes(path):
    if str(path.relative_to(PACKAGE)).startswith(CHILDREN):
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert not {name.split(".")[0] for name in names} & {"tensorflow", "keras", "jax", "torch"}


def test_no_file_is_longer_than_four_hundred_lines():
    assert not [path.name for path in SOURCES if len(path.read_text(encoding="utf-8").splitlines()) > 400]


def test_the_parent_process_does_not_import_tensorflow():
    program = "import sys, autograder.api; print([m for m in ('tensorflow', 'keras', 'mlxtend') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "[]"


def test_help_answers_at_once():
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "autograder", "--help"], check=True, capture_output=True)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.5
