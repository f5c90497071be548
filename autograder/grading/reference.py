"""The reference solution as grading needs it: the evidence of its run, and what its short training runs reached.

Stored next to the assignment in `reference.json`, written by `autograder calibrate`. It names the solution it was made
from, so that a changed solution is noticed and executed again.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field, ValidationError

from autograder.assignment import Assignment, AssignmentError
from autograder.checks.read_network import architecture_of
from autograder.core.data import Data, digest
from autograder.core.files import write_atomically
from autograder.intake.notebook import UnreadableNotebook, code_cells, parse_notebook
from autograder.network.architecture import Architecture
from autograder.network.canonical import UnknownNetwork
from autograder.records.evidence import Evidence

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from autograder.grading.engine import ObserveStage
    from autograder.observe.observer import Observer

REFERENCE_FILE = "reference.json"


class Threshold(Data):
    """The short runs of the reference network behind one score or accuracy question.

    `minimum` is the threshold that follows from them, `accuracies` what each of `seeds` reached: fractions in 0..1, or
    scores by the metric of the recipe (if lower is better, `minimum` is the largest score that passes).
    `task` is the key of the training task without its seed: a threshold for another network or recipe is not used.
    `share` (0..1) is how much of each run counts: the accuracies are those reached by then.
    """

    task: str
    minimum: float
    seeds: tuple[int, ...]
    accuracies: tuple[float, ...]
    share: float = Field(default=1.0, gt=0, le=1)
    device: str
    versions: dict[str, str]


class Reference(Data):
    """`evidence` is what the solution left behind (without its outputs), `thresholds` are by question id, and
    `solution` is the digest of the solution's code."""

    solution: str
    evidence: Evidence
    thresholds: dict[str, Threshold] = {}

    @property
    def digest(self) -> str:
        """Changes with everything that judging reads from it."""
        return digest("reference", self)

    def networks(self, assignment: Assignment) -> dict[str, Architecture]:
        """The networks that the assignment names, as the solution built them.

        Raises:
            AssignmentError: the solution does not build such a network, or builds one that the autograder cannot read.
        """
        found = {}
        for name in assignment.networks:
            captured = self.evidence.network(name)
            if captured is None or captured.config is None:
                raise AssignmentError(
                    [
                        f"{assignment.solution_path}: the solution leaves no network in a variable named "
                        f'"{name}"; name it so, or change [networks.{name}] in {assignment.folder / "assignment.toml"}.'
                    ]
                )
            try:
                found[name] = architecture_of(captured)
            except UnknownNetwork as error:
                raise AssignmentError(
                    [f'{assignment.solution_path}: the network "{name}" cannot be read: {error.reason}']
                ) from None
        return found


# What an assignment that consists of external tests only is compared with.
_NOTHING = Reference(solution="", evidence=Evidence(key="", cells=(), isolation="nothing was executed", versions={}))


def reference_of(assignment: Assignment, observer: Observer | ObserveStage) -> Reference:
    """The reference of an assignment: the stored one if the solution is unchanged, else from executing the solution.

    Raises:
        AssignmentError: the solution is not a notebook, or does not run to the end.
    """
    if assignment.solution_path is None:
        return _NOTHING
    stored = read_reference(assignment.folder)
    if stored is not None and stored.solution == solution_key(assignment, read_solution(assignment)):
        return stored
    return observed_reference(assignment, observer)


def observed_reference(assignment: Assignment, observer: Observer | ObserveStage) -> Reference:
    """The reference from executing the solution, with the thresholds that are stored.

    Raises:
        AssignmentError: the solution is not a notebook, or does not run to the end.
    """
    if assignment.solution_path is None:
        return _NOTHING
    solution = read_solution(assignment)
    stored = read_reference(assignment.folder)
    evidence = observer.observe(solution, assignment.observe_task().without_tests)
    for cell in evidence.cells:
        if cell.status != "ok":
            why = f"{cell.failure.name}: {cell.failure.message}" if cell.failure else cell.status
            limit = " The limit is `cell_seconds` in [observe], `limits`." if cell.status == "timeout" else ""
            raise AssignmentError(
                [f"{assignment.solution_path}: code cell {cell.index + 1} does not run: {why[:500]}{limit}"]
            )
    thresholds = stored.thresholds if stored is not None else {}
    key = solution_key(assignment, solution)
    return Reference(solution=key, evidence=_stripped(evidence), thresholds=thresholds)


def stored_reference(assignment: Assignment) -> Reference:
    """The stored reference; executes nothing.

    Raises:
        AssignmentError: none is stored, or the solution has changed since.
    """
    if assignment.solution_path is None:
        return _NOTHING
    stored = read_reference(assignment.folder)
    if stored is None or stored.solution != solution_key(assignment, read_solution(assignment)):
        raise AssignmentError(
            [
                f"{assignment.folder / REFERENCE_FILE} is missing or older than the solution; "
                f"run `autograder calibrate {assignment.name}` first."
            ]
        )
    return stored


def solution_key(assignment: Assignment, solution: NotebookNode) -> str:
    """Changes with the solution's code and with what is observed of it; not the limits, since it runs to the end."""
    asked = assignment.observe_task().without_tests.model_dump(mode="json", exclude={"limits"})
    return digest("solution", list(code_cells(solution)), asked)


def read_solution(assignment: Assignment) -> NotebookNode:
    """The solution notebook.

    Raises:
        AssignmentError: there is none, or it cannot be read.
    """
    try:
        return parse_notebook(assignment.solution.read_bytes())
    except OSError as error:
        raise AssignmentError([f"{assignment.solution_path}: the solution cannot be read: {error.strerror}."]) from None
    except UnreadableNotebook as error:
        raise AssignmentError([f"{assignment.solution_path}: {error}"]) from None


def read_reference(folder: Path) -> Reference | None:
    """The content of `reference.json` in `folder`; None if it is missing or unusable (it is then made again)."""
    try:
        return Reference.model_validate(json.loads((folder / REFERENCE_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError):
        return None


def write_reference(folder: Path, reference: Reference) -> Path:
    """Store `reference` next to its assignment; returns the file."""
    path = folder / REFERENCE_FILE
    write_atomically(path, json.dumps(reference.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n")
    return path


def _stripped(evidence: Evidence) -> Evidence:
    """Without what differs between runs and is never judged: outputs and durations."""
    cells = tuple(cell.model_copy(update={"outputs": (), "seconds": 0.0}) for cell in evidence.cells)
    return evidence.model_copy(update={"cells": cells, "seconds": 0.0, "asked": None})
