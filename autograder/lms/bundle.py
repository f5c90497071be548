"""`autograder.zip`: an assignment with everything needed to grade it, in the layout that Gradescope and otter expect.

setup.sh, run_autograder       Gradescope's two programs
otter_config.json, tests/      otter's: our plugin, and the one test file that otter needs to start
package.json                   which assignment it is
assignment/                    the assignment and its solution, in their places relative to each other
languages/                     the catalogue of the assignment's language, if that is not English
data/                          the images as they are on this machine, so that training gives the same results
requirements.txt, wheels/      what the grader needs, locked, and the grader itself
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from autograder import datasets
from autograder.assignment import Assignment
from autograder.assignment.images import needed_images, provide_images
from autograder.core.data import Data
from autograder.core.files import write_atomically
from autograder.core.language import catalogue
from autograder.core.wheel import runtime_requirements, wheel, zipped
from autograder.grading.answer_key import AnswerKey, require_thresholds

PLUGIN = "autograder.lms.otter_plugin.AutograderPlugin"
CATALOGUES = "languages"
_PROGRAMS = ("setup.sh", "run_autograder")
_IMAGE_PROGRAMS = ("grade_submission",)
_SOURCE = "/opt/autograder-source"
# Where a platform puts the submission into its container.
CONTAINER_FOLDERS = {"prairielearn": "/grade", "coursera": "/shared"}
# Gradescope takes 100 MB for an autograder; the rest of the zip is small.
MAX_DATA_BYTES = 90 * 2**20
_PLACEHOLDER = '''"""The questions are graded by the plugin in otter_config.json, not by this file."""

OK_FORMAT = True
test = {"name": "autograder", "points": 0, "suites": [{"type": "doctest", "cases": []}]}
'''


class PackageFacts(Data):
    """`package.json`: the assignment's folder, relative to the root of the zip, and its title."""

    assignment: str
    name: str
    title: str


@dataclass(frozen=True)
class Packed:
    """What was written. `points` are decided by the grader, `pending` points need review; `left_out` says why."""

    path: Path
    points: float
    pending: float
    left_out: tuple[str, ...]


def pack(assignment: Assignment, path: Path, container: str | None = None) -> Packed:
    """Write the zip; for a `container` (prairielearn or coursera) with the files from which its image is built.

    Raises:
        NotLocked: something to be installed is not locked.
        DatasetMissing: the assignment's images are not on this machine.
    """
    data, left_out = _images(assignment)
    folder, files = _assignment_files(assignment)
    facts = PackageFacts(assignment=folder, name=assignment.name, title=assignment.title)
    name, content = wheel()
    contents = {
        **{program: resources.files(__package__).joinpath("scripts", program).read_bytes() for program in _PROGRAMS},
        "otter_config.json": json.dumps({"plugins": [PLUGIN], "print_summary": False}, indent=2).encode(),
        "tests/autograder.py": _PLACEHOLDER.encode(),
        "package.json": facts.model_dump_json(indent=2).encode(),
        "requirements.txt": runtime_requirements().encode(),
        f"wheels/{name}": content,
        **_words(assignment.language),
        **files,
        **data,
        **(_image(container) if container else {}),
    }
    write_atomically(path, zipped(contents, frozenset((*_PROGRAMS, *_IMAGE_PROGRAMS))))
    os.chmod(path, 0o600)  # it holds the solution
    pending = sum(question.points for question in assignment.questions if question.needs_manual_grading)
    return Packed(path, assignment.points - pending, pending, left_out)


def _image(container: str) -> dict[str, bytes]:
    """The Dockerfile of a platform's image, and the program that it starts for each submission."""
    start = (
        f"#!/bin/sh\n# What {container} starts for each submission.\n"
        'exec "${AUTOGRADER_ROOT:-/opt/autograder}/bin/python" -I -m autograder.lms.container_entry_point '
        f'{container} "${{AUTOGRADER_SOURCE:-{_SOURCE}}}" "${{AUTOGRADER_BASE:-{CONTAINER_FOLDERS[container]}}}"\n'
    )
    # Some programs that unpack a zip do not make the files executable that were.
    dockerfile = (
        f"FROM python:3.12-slim\nCOPY . {_SOURCE}\nRUN bash {_SOURCE}/setup.sh && chmod -R go-rwx {_SOURCE} && "
        f"chmod u+x {_SOURCE}/{_IMAGE_PROGRAMS[0]}\n"
        f'ENTRYPOINT ["{_SOURCE}/{_IMAGE_PROGRAMS[0]}"]\n'
    )
    return {_IMAGE_PROGRAMS[0]: start.encode(), "Dockerfile": dockerfile.encode()}


def _words(language: str) -> dict[str, bytes]:
    """The catalogue of a language, which may be one that the grader does not ship."""
    words = catalogue(language)
    return {f"{CATALOGUES}/{language}.po": words} if words else {}


def _assignment_files(assignment: Assignment) -> tuple[str, dict[str, bytes]]:
    """The assignment's folder inside the zip, and all files by their paths there."""
    folder, solution = assignment.folder.resolve(), assignment.solution.resolve()
    tests = [
        file.resolve() for path in assignment.tests_paths for file in (path.rglob("*") if path.is_dir() else [path])
    ]
    declared = [*assignment.data_files().values(), *_held_out(assignment)]
    own = [file.resolve() for file in (*tests, *declared)]
    base = Path(os.path.commonpath([folder, solution, *own]))
    base = base if base.is_dir() else base.parent
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and not _hidden(path.relative_to(folder))]
    outside = [
        path for path in (assignment.notebook_path.resolve(), solution, *own) if path.is_file() and path not in paths
    ]
    files = {f"assignment/{path.relative_to(base).as_posix()}": path.read_bytes() for path in [*paths, *outside]}
    return (Path("assignment") / folder.relative_to(base)).as_posix(), files


def packed_folder(assignment: Assignment) -> str:
    """Where the assignment's folder is inside the zip."""
    return _assignment_files(assignment)[0]


def _held_out(assignment: Assignment) -> list[Path]:
    paths = assignment.held_out_paths()
    return [file for path in paths for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file()]


def _hidden(path: Path) -> bool:
    return any(part.startswith((".", "__pycache__")) for part in path.parts)


def _images(assignment: Assignment) -> tuple[dict[str, bytes], tuple[str, ...]]:
    names = needed_images(assignment)
    packed: dict[str, bytes] = {}
    left_out = []
    for name in names:
        found = datasets.find(name)
        if sum(map(len, packed.values())) + found.path.stat().st_size > MAX_DATA_BYTES:
            left_out.append(f"{found.path} is too large for Gradescope; the container downloads {name}.")
        else:
            packed[f"data/{name}.npz"] = found.path.read_bytes()
    for name, source in assignment.sources().items():
        if source.source == "keras":
            files = datasets.served_files(name, source).items()
            packed |= {f"data/{Path(file).relative_to('.keras/datasets')}": path.read_bytes() for file, path in files}
    return packed, tuple(left_out)


def package(assignment: Assignment, folder: Path, container: str | None = None) -> Packed:
    """Write `autograder.zip` for Gradescope and otter into `folder`, or `autograder-{container}.zip`.

    Raises:
        AssignmentError, DatasetMissing: it is not ready for grading; the sentence says what to do.
    """
    provide_images(assignment)
    require_thresholds(AnswerKey.stored(assignment))
    return pack(assignment, folder / f"autograder{f'-{container}' if container else ''}.zip", container)
