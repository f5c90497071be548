"""What submissions are compared with: the assignment joined with its reference solution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import PurePath
from typing import TYPE_CHECKING

from autograder.assignment import Assignment, AssignmentError
from autograder.checks.base import (
    Calibration,
    Context,
    ExpectedNetwork,
    NotebookCell,
    Question,
    bare_code,
    of_framework,
)
from autograder.checks.read_network import compilation_of
from autograder.core.data import digest
from autograder.core.errors import UserError
from autograder.core.versions import versions
from autograder.grading.engine import ObserveStage
from autograder.grading.reference import Reference, read_solution, reference_of, stored_reference
from autograder.intake.notebook import UnreadableNotebook, parse_notebook
from autograder.network.torch.defaults import framework_of, with_defaults_of
from autograder.observe.observer import Observer
from autograder.records.evidence import Evidence
from autograder.records.training import TrainingTask

if TYPE_CHECKING:
    from nbformat import NotebookNode


# Raise this when results are computed differently, so that stored ones are computed again.
JUDGE_VERSION = 13


@dataclass(frozen=True)
class AnswerKey:
    """What submissions are compared with: the assignment and its reference solution."""

    assignment: Assignment
    reference: Reference
    expected: Mapping[str, ExpectedNetwork]
    calibrations: Mapping[str, Calibration]

    @classmethod
    def of(cls, assignment: Assignment, reference: Reference) -> AnswerKey:
        """Join the two.

        Raises:
            AssignmentError: the handout's table and the reference solution disagree.
        """
        calibrations = {
            question: Calibration(minimum=threshold.minimum, accuracies=threshold.accuracies)
            for question, threshold in reference.thresholds.items()
        }
        expected = assignment.expected(reference.networks(assignment))
        for name, network in expected.items():
            captured = reference.evidence.network(name)
            compilation = compilation_of(captured) if captured is not None and captured.compile else None
            expected[name] = replace(network, compilation=compilation, fit=reference.evidence.last_fit(name))
        return cls(assignment, reference, expected, calibrations)

    @classmethod
    def stored(cls, assignment: Assignment) -> AnswerKey:
        """The answer key from what is stored next to the assignment; executes nothing.

        Raises:
            AssignmentError: the reference was never stored, or the solution has changed since.
        """
        return cls.of(assignment, stored_reference(assignment))

    def stale_thresholds(self) -> list[str]:
        """The ids of questions whose threshold is missing, or was computed for another network or recipe."""
        context = self.reference_context()
        stale = []
        for question in self.assignment.questions:
            if not question.needs_calibration:
                continue
            known = self.reference.thresholds.get(question.id)
            keys = [task.whole.with_seed(0).key for task in question.training(context)]
            if known is None or [known.task] != keys or known.share != question.calibration_share:
                stale.append(question.id)
                continue
            for framework, task in self.in_other_frameworks(question, context):
                own = self.reference.thresholds.get(of_framework(question.id, framework))
                if own is None or own.task != task.with_seed(0).key or own.share != known.share:
                    stale.append(of_framework(question.id, framework))
        return stale

    def in_other_frameworks(self, question: Question, context: Context) -> list[tuple[str, TrainingTask]]:
        """The reference's whole runs with the defaults of the other frameworks that students may use, by framework."""
        found = []
        for name in question.networks():
            own = framework_of(self.expected[name].architecture)
            others = [one for one in self.assignment.frameworks if one != own]
            for task in question.training(context):
                for framework in others:
                    network, compilation = with_defaults_of(framework, task.architecture, task.compilation)
                    changed = {"architecture": network, "compilation": compilation}
                    found.append((str(framework), task.whole.model_copy(update=changed)))
        return found

    def reference_context(self) -> Context:
        """The reference solution as a submission, before any training run."""
        if self.assignment.solution_path is None:
            return Context(evidence=self.reference.evidence, expected={}, questions=self.assignment.questions)
        return context_of(self, self.reference.evidence, read_solution(self.assignment))

    @cached_property
    def key(self) -> str:
        """Changes with everything a verdict depends on besides evidence and training runs."""
        handout = sorted(self.handout)
        return digest("standard", JUDGE_VERSION, self.assignment.digest, self.reference.digest, handout, versions())

    @cached_property
    def provided(self) -> frozenset[str]:
        """The top-level names that the assignment's packages can be imported as; empty if they are not pinned."""
        try:
            lock = self.assignment.package_lock()
        except UserError:
            lock = None
        return lock.modules if lock is not None else frozenset()

    @cached_property
    def given(self) -> frozenset[str]:
        """The names of the data sets that notebooks can load, and of the files and folders next to them."""
        files = [file for source in self.assignment.sources().values() for file in source.files]
        files += [one.model.file for one in self.assignment.base_models.values()]
        return frozenset({*self.assignment.datasets(), *self.assignment.sources()}).union(
            *(PurePath(file).parts for file in files)
        )

    @cached_property
    def handout(self) -> frozenset[str]:
        """The lines of the notebook as students got it; empty if it cannot be read."""
        cells = () if self._given is None else self._given.cells
        return frozenset(line.strip() for cell in cells for line in cell.source.splitlines())

    @cached_property
    def handout_code(self) -> frozenset[str]:
        """The code cells of that notebook, bare; cells without code are left out."""
        cells = () if self._given is None else self._given.cells
        return frozenset(bare_code(cell.source) for cell in cells if cell.cell_type == "code") - {""}

    @cached_property
    def _given(self) -> NotebookNode | None:
        try:
            return parse_notebook(self.assignment.notebook_path.read_bytes())
        except (OSError, UnreadableNotebook):
            return None


def context_of(answer_key: AnswerKey, evidence: Evidence, notebook: NotebookNode) -> Context:
    """What the checks can read of one submission, before any training run."""
    cells = tuple(
        NotebookCell(index=index, kind=cell.cell_type, source=cell.source, metadata=dict(cell.metadata))
        for index, cell in enumerate(notebook.cells)
    )
    return Context(
        evidence=evidence,
        expected=answer_key.expected,
        cells=cells,
        handout=answer_key.handout,
        handout_code=answer_key.handout_code,
        calibrations=answer_key.calibrations,
        questions=answer_key.assignment.questions,
    )


def answer_key_of(assignment: Assignment, observer: Observer | ObserveStage) -> AnswerKey:
    """The assignment joined with its reference solution, ready for judging.

    Raises:
        AssignmentError: table and solution disagree, or a threshold is missing or out of date.
    """
    answer_key = AnswerKey.of(assignment, reference_of(assignment, observer))
    require_thresholds(answer_key)
    return answer_key


def require_thresholds(answer_key: AnswerKey) -> None:
    """Check that every threshold is there.

    Raises:
        AssignmentError: one is missing or out of date.
    """
    assignment = answer_key.assignment
    if stale := answer_key.stale_thresholds():
        toml, listed = assignment.folder / "assignment.toml", " and ".join(f'"{name}"' for name in stale)
        raise AssignmentError(
            [
                f"{toml}: the threshold of {listed} was never computed for this network and recipe; "
                f"run `autograder calibrate {assignment.name}`, or set `minimum` in the question."
            ]
        )
