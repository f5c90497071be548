"""What students receive of an assignment, made by `otter assign`.

cnn2.ipynb            the handout's notebook, with a cell that starts the checks and cells that run them
tests/                otter's test files, a few lines each
cnn2.checks.json      the public part of the assignment, which the tests read
requirements.txt      what the notebook needs, with the wheel of this package next to it

and the same as one zip. It contains nothing of the solution: the notebook is compared with the handout, cell by cell.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from nbformat import NotebookNode

from autograder.assignment import Assignment
from autograder.authoring.release.master_notebook import LOCKED, master
from autograder.authoring.release.placement import cells_with_checks
from autograder.authoring.release.public_part import public_part
from autograder.core.errors import UserError
from autograder.core.files import write_atomically
from autograder.core.language import gettext, use_language
from autograder.core.wheel import wheel, zipped
from autograder.grading.answer_key import AnswerKey
from autograder.grading.reference import REFERENCE_FILE, read_solution
from autograder.selfcheck.public import PublicPart

if TYPE_CHECKING:
    from autograder.observe.observer import Observer

_REHEARSAL = "autograder.authoring.release.otter_rehearsal.Rehearsal"
_ADDED = {"autograder": {"added": True}}
_SECONDS = 1800


class ReleaseError(UserError):
    """Nothing could be released; the sentence says why. An earlier release is unchanged."""


@dataclass(frozen=True)
class Released:
    """What was written: a folder and a zip with the same files. The questions by what their check can say.

    `judged` are those whose check says what is right as far as the exercise shows it, `read` those whose check says how
    an answer is understood, `unchecked` those that are hidden or need review. `tried` says whether otter ran the tests
    on the solution.
    """

    folder: Path
    archive: Path
    files: tuple[str, ...]
    judged: tuple[str, ...]
    read: tuple[str, ...]
    unchecked: tuple[str, ...]
    tried: bool


def release(assignment: Assignment, observer: Observer, output: Path, *, run_tests: bool = True) -> Released:
    """Write what students receive into the folder `output` and into a zip next to it.

    Args:
        assignment: the assignment, with its reference stored.
        observer: runs the untouched handout, to see which networks its own code builds.
        output: the folder; an earlier release there is replaced.
        run_tests: let otter run all tests on the solution.

    Raises:
        ReleaseError, NoMasterNotebook, AssignmentError: with a sentence for the instructor; nothing was written then.
    """
    if output.exists() and not (output / checks_name(assignment)).is_file():
        raise ReleaseError(f"{output} exists and holds no release of {assignment.name}; name another folder.")
    answer_key = AnswerKey.stored(assignment)
    handout = nbformat.read(assignment.notebook_path, as_version=4)
    with use_language(assignment.language):
        part = public_part(answer_key, observer.observe(handout, assignment.observe_task()))
        below = cells_with_checks(part, answer_key.reference_context())
        first = [_setup(assignment)]
        config = _config(assignment, run_tests=run_tests)
        source = master(handout, read_solution(assignment), part, below, first, config)
    contents = {checks_name(assignment): part.model_dump_json(exclude_defaults=True).encode()}
    contents |= _files_of_handout(assignment, handout)
    with _assigned(assignment, source, contents, run_tests=run_tests) as student:
        notebook = _finished(nbformat.read(student / assignment.notebook_path.name, as_version=4), handout)
        tests = {f"tests/{path.name}": path.read_bytes() for path in sorted((student / "tests").glob("*.py"))}
    name, content = wheel()
    contents = {
        assignment.notebook_path.name: (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode(),
        **tests,
        **contents,
        "requirements.txt": f"otter-grader>=7\n./{name}\n".encode(),
        name: content,
    }
    archive = output.with_name(f"{output.name}.zip")
    _write(output, contents)
    write_atomically(archive, zipped(contents))
    return _described(assignment, part, output, archive, tuple(contents), tried=run_tests)


def checks_name(assignment: Assignment) -> str:
    """The file with the public part of the assignment."""
    return f"{assignment.name}.checks.json"


def _described(
    assignment: Assignment, part: PublicPart, folder: Path, archive: Path, files: tuple[str, ...], *, tried: bool
) -> Released:
    checked = {question.id: question.settings is not None for question in part.questions}
    return Released(
        folder=folder,
        archive=archive,
        files=files,
        judged=tuple(identity for identity, judged in checked.items() if judged),
        read=tuple(identity for identity, judged in checked.items() if not judged),
        unchecked=tuple(question.id for question in assignment.questions if question.id not in checked),
        tried=tried,
    )


def _setup(assignment: Assignment) -> NotebookNode:
    """The cell that starts the checks, in Jupyter and in Colab."""
    name, _ = wheel()
    start = gettext(
        "Run this cell first: it starts the checks. They are for you; what counts is computed when you are graded."
    )
    in_colab = gettext("In Colab it asks for a file: choose {archive}.", archive=f"{assignment.name}.zip")
    source = f"""\
# {start}
# {in_colab}
import os
import sys

if "google.colab" in sys.modules and not os.path.exists("{checks_name(assignment)}"):
    import io
    import zipfile

    from google.colab import files

    for archive in files.upload().values():
        zipfile.ZipFile(io.BytesIO(archive)).extractall()
    %pip install -q otter-grader
    %pip install -q --no-deps ./{name}

import autograder.selfcheck
import otter

autograder.selfcheck.watch()
grader = otter.Notebook(tests_dir="tests")"""
    cell: NotebookNode = nbformat.v4.new_code_cell(source, metadata={**LOCKED, **_ADDED}, id="start-checks")
    return cell


def _config(assignment: Assignment, *, run_tests: bool) -> dict[str, Any]:
    """Otter's settings. The zip that it makes is used only for its own run of the tests."""
    rehearsal = {
        "datasets": list(assignment.datasets()),
        "sources": [source.model_dump(mode="json") for source in assignment.sources().values()],
        "base_models": [one.model.model_dump(mode="json") for one in assignment.base_models.values()],
        "shorten": assignment.observe.training == "short",
    }
    return {
        "name": assignment.name,
        "init_cell": False,
        "check_all_cell": False,
        "export_cell": False,
        "run_tests": run_tests,
        "generate": {"plugins": [{_REHEARSAL: rehearsal}]} if run_tests else False,
        "files": [checks_name(assignment)],
        "tests": {"files": True, "ok_format": False},
        "strip_solutions_from_all_cells": True,
        "suppress_no_tests_warning": True,
    }


@contextmanager
def _assigned(
    assignment: Assignment, source: NotebookNode, contents: dict[str, bytes], *, run_tests: bool
) -> Iterator[Path]:
    """The folder that `otter assign` makes for students.

    Raises:
        ReleaseError: otter refused, or its tests failed on the solution.
    """
    with tempfile.TemporaryDirectory(prefix="ag-") as folder:
        work = Path(folder)
        for name, content in contents.items():
            write_atomically(work / name, content)
        nbformat.write(source, work / assignment.notebook_path.name)
        # A separate process: otter changes its process's folder.
        command = [sys.executable, "-m", "otter", "assign", assignment.notebook_path.name, "made", "--no-pdfs"]
        command += [] if run_tests else ["--no-run-tests"]
        try:
            done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False, timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            raise ReleaseError(f"otter assign did not end within {_SECONDS} seconds.") from None
        if done.returncode != 0:
            raise ReleaseError(f"otter assign refused {assignment.name}: {reason_in(done.stderr or done.stdout)}")
        yield work / "made" / "student"


def reason_in(output: str) -> str:
    """What otter says, without the traceback before it."""
    errors = list(re.finditer(r"^[A-Za-z_][\w.]*(?:Error|Exception): ", output, re.MULTILINE))
    return (output[errors[-1].end() :] if errors else output).strip()[:3000]


def _finished(made: NotebookNode, handout: NotebookNode) -> NotebookNode:
    """Otter's notebook with permanent ids for the cells that were added.

    Raises:
        ReleaseError: without these cells it is not the handout.
    """
    kept = []
    for cell in made.cells:
        if cell.source.startswith("grader.check(") and not cell.metadata.get("editable", True):
            cell.id = "check-" + cell.source.split('"')[1].replace("_", "-")
            cell.metadata = nbformat.from_dict({**LOCKED, **_ADDED})
        elif cell.metadata.get("autograder", {}).get("added") is not True:
            kept.append(cell)
    ours = [(cell.cell_type, cell.source, dict(cell.metadata)) for cell in handout.cells]
    if [(cell.cell_type, cell.source, dict(cell.metadata)) for cell in kept] != ours:
        raise ReleaseError(
            "otter assign changed a cell of the handout. Does a line in it look like otter's own markup, such as "
            "`# SOLUTION`, `# IGNORE` or `# SEED`?"
        )
    return made


def _files_of_handout(assignment: Assignment, handout: NotebookNode) -> dict[str, bytes]:
    """The files of the declared data sets and base models, and those next to the assignment that its notebook names; no
    others, and no held-out data."""
    text = "\n".join(cell.source for cell in handout.cells)
    ours = (assignment.file, assignment.notebook_path, assignment.solution_path, assignment.folder / REFERENCE_FILE)
    withheld = {path.resolve() for path in (*ours, *assignment.held_out_paths()) if path is not None}
    found = {name: path.read_bytes() for name, path in assignment.data_files().items()}
    for path in sorted(assignment.folder.rglob("*")):
        name = path.relative_to(assignment.folder).as_posix()
        inside = {path.resolve(), *path.resolve().parents}
        if path.is_file() and name in text and not withheld & inside:
            found[name] = path.read_bytes()
    return found


def _write(folder: Path, contents: dict[str, bytes]) -> None:
    """Replace an earlier release with the files."""
    new = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    for name, content in contents.items():
        write_atomically(new / name, content)
    shutil.rmtree(folder, ignore_errors=True)
    new.rename(folder)
