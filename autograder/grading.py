"""The four stages joined: one submission, one class."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from autograder.assignment import Assignment
from autograder.bilingual import bilingual, why_unreadable
from autograder.checks.base import Calibration, Context, ExpectedNetwork, NotebookCell
from autograder.checks.judging import judge_all, tasks_needed, with_explanations
from autograder.data import digest
from autograder.evidence import Evidence
from autograder.gradebook import Gradebook
from autograder.intake import Submission, UnreadableSubmission
from autograder.intake.notebook import UnreadableNotebook, code_cells, parse_notebook
from autograder.language import ENGLISH, catalogue, say, speaking
from autograder.network.compilation import read_compilation
from autograder.once import OncePerKey
from autograder.progress import Watcher
from autograder.reference import Reference, read_solution, stored_reference
from autograder.remarks import grader_notes, run_notes
from autograder.result import Finding, Result
from autograder.training import TrainingRun, TrainingTask
from autograder.versions import versions

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from autograder.engine import ObserveStage, TrainStage
    from autograder.observe.observer import Observer
    from autograder.observe.task import ObserveTask
    from autograder.train.trainer import Trainer

# Submissions under way for each worker.
_UNDER_WAY = 8
# Raised when the way in which results are made changes, so that stored ones are made again.
JUDGE_VERSION = 7


@dataclass(frozen=True)
class Standard:
    """What submissions are held against: the assignment and its reference solution."""

    assignment: Assignment
    reference: Reference
    expected: Mapping[str, ExpectedNetwork]
    calibrations: Mapping[str, Calibration]

    @classmethod
    def of(cls, assignment: Assignment, reference: Reference) -> Standard:
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
            with speaking(ENGLISH):  # it goes into the keys of training runs
                compilation = read_compilation(captured.compile) if captured is not None and captured.compile else None
            expected[name] = replace(network, compilation=compilation, fit=reference.evidence.last_fit(name))
        return cls(assignment, reference, expected, calibrations)

    @classmethod
    def stored(cls, assignment: Assignment) -> Standard:
        """The standard from what is stored beside the assignment; executes nothing.

        Raises:
            AssignmentError: the reference was never stored, or the solution has changed since.
        """
        return cls.of(assignment, stored_reference(assignment))

    def stale_thresholds(self) -> list[str]:
        """The ids of questions whose threshold was never computed, or for another network or recipe."""
        context = self.reference_context()
        stale = []
        for question in self.assignment.questions:
            if not question.needs_calibration:
                continue
            known = self.reference.thresholds.get(question.id)
            keys = [task.whole.with_seed(0).key for task in question.training(context)]
            if known is None or [known.task] != keys or known.share != question.calibration_share:
                stale.append(question.id)
        return stale

    def reference_context(self) -> Context:
        """The reference solution as a submission, before any training run."""
        if self.assignment.solution_path is None:
            return Context(evidence=self.reference.evidence, expected={}, questions=self.assignment.questions)
        return context_of(self, self.reference.evidence, read_solution(self.assignment))

    @property
    def language(self) -> str:
        """The language in which verdicts are worded."""
        return self.assignment.language

    def told_in(self, language: str) -> Standard:
        """The same standard with everything said in another language."""
        return replace(self, assignment=self.assignment.told_in(language))

    @cached_property
    def key(self) -> str:
        """Changes with anything that a verdict reads besides evidence and training runs."""
        parts = ["standard", JUDGE_VERSION, self.assignment.digest, self.reference.digest, versions()]
        words = catalogue(self.language)
        return digest(*parts, *([words] if words else []))


@dataclass(frozen=True)
class Outcome:
    """A submission's result and whether it was made earlier, from the same notebook under the same standard."""

    result: Result
    reused: bool


class Grader:
    """Grades submissions to one assignment; safe to be used from several threads.

    What a stage has made is looked up in the gradebook before the stage is run, and stored there as soon as it is
    made, so that a run that was killed continues where it stopped.
    """

    def __init__(
        self,
        standard: Standard,
        gradebook: Gradebook,
        observer: Observer | ObserveStage,
        trainer: Trainer | TrainStage,
        *,
        fresh: bool = False,
    ) -> None:
        self._standard = standard
        self._gradebook = gradebook
        self._observer = observer
        self._trainer = trainer
        self._fresh = fresh
        self._observing: OncePerKey[Evidence] = OncePerKey()
        self._training: OncePerKey[TrainingRun] = OncePerKey()
        self._task = standard.assignment.observe_task()
        self._trains = any(question.requires_training for question in standard.assignment.questions)
        self._made: set[str] = set()
        self._made_lock = threading.Lock()

    def grade(self, submission: Submission) -> Outcome:
        """The result of one submission, in the language of the assignment, stored in the gradebook.

        Raises:
            ObserverError, TrainerError, GradebookError: the autograder itself failed; nothing is stored then.
        """
        # A thread begins with the language of none: so it is set here, in the thread that judges.
        with speaking(self._standard.language):
            return self._grade(submission)

    def _grade(self, submission: Submission) -> Outcome:
        start = time.monotonic()
        try:
            content, notebook = read(submission)
        except (UnreadableNotebook, UnreadableSubmission):
            return self._unreadable(submission, start)
        task = self._task.placed(notebook)
        observe_key = self._observer.key(code_cells(notebook), task)
        result_key = digest("result", content, *_named(submission), observe_key, self._settings_key)
        known = self._known(submission, result_key)
        if known is not None:
            return Outcome(known, reused=True)
        evidence = self._observing(observe_key, lambda: self._observe(observe_key, notebook, task))
        context = with_runs(self._standard, context_of(self._standard, evidence, notebook), self._run)
        context = with_explanations(context, self._run)
        made = conclude(self._standard, submission.student, submission.submission, context)
        result = _completed(made, submission, result_key, start)
        self._store(submission, result, content)
        return Outcome(result, reused=False)

    @property
    def _settings_key(self) -> str:
        return digest(self._standard.key, self._trainer.fingerprint)

    def _known(self, submission: Submission, result_key: str) -> Result | None:
        stored = None if self._fresh else self._gradebook.result(submission.student)
        return stored.result if stored is not None and stored.result_key == result_key else None

    def _observe(self, key: str, notebook: NotebookNode, task: ObserveTask) -> Evidence:
        found = self._gradebook.evidence(key) if self._reusable(key) else None
        if found is None:
            if self._trains:
                self._trainer.warm()  # its libraries are imported while the first notebooks run
            found = self._observer.observe(notebook, task)
            self._gradebook.store_evidence(found)
        return found

    def _run(self, task: TrainingTask) -> TrainingRun:
        key = self._trainer.key(task)

        def run() -> TrainingRun:
            found = self._gradebook.training_run(key) if self._reusable(key) else None
            if found is None or not found.answers(task):
                found = self._trainer.run(task)
                self._gradebook.store_training_run(found)
            return found

        return self._training(f"{key} {task.target}", run)

    def _reusable(self, key: str) -> bool:
        """Whether what is stored under `key` may be used: always, but in a fresh run only what this run itself made."""
        if not self._fresh:
            return True
        with self._made_lock:
            known = key in self._made
            self._made.add(key)
            return known

    def _unreadable(self, submission: Submission, start: float) -> Outcome:
        reason = why_unreadable(lambda: read(submission), self._standard.language)
        result_key = digest("unreadable", *_named(submission), reason.message, self._settings_key)
        known = self._known(submission, result_key)
        if known is not None:
            return Outcome(known, reused=True)
        made = conclude_unreadable(self._standard, submission.student, submission.submission, reason)
        result = _completed(made, submission, result_key, start)
        self._store(submission, result, None)
        return Outcome(result, reused=False)

    def _store(self, submission: Submission, result: Result, content: bytes | None) -> None:
        key, slug, path = result.keys["result"], submission.slug, submission.submission
        self._gradebook.store_graded(result, result_key=key, slug=slug, path=path, content=content)


def _named(submission: Submission) -> list[object]:
    """What a result says of its submission besides the content."""
    return [submission.submission, *([submission.handed_in] if submission.handed_in else [])]


def _completed(made: Result, submission: Submission, result_key: str, start: float) -> Result:
    return made.model_copy(
        update={
            "keys": {**made.keys, "result": result_key},
            "seconds": round(time.monotonic() - start, 3),
            "handed_in": submission.handed_in,
        }
    )


def read(submission: Submission) -> tuple[bytes, NotebookNode]:
    """A submission's bytes and the notebook in them.

    Raises:
        UnreadableNotebook, UnreadableSubmission: there is no notebook in it that could be graded; the message tells
            the student why.
    """
    content = submission.read()
    return content, parse_notebook(content)


def context_of(standard: Standard, evidence: Evidence, notebook: NotebookNode) -> Context:
    """What the checks may read of one submission, before any training run."""
    cells = tuple(
        NotebookCell(index=index, kind=cell.cell_type, source=cell.source, metadata=dict(cell.metadata))
        for index, cell in enumerate(notebook.cells)
    )
    return Context(
        evidence=evidence,
        expected=standard.expected,
        cells=cells,
        calibrations=standard.calibrations,
        questions=standard.assignment.questions,
    )


def with_runs(standard: Standard, context: Context, run: Callable[[TrainingTask], TrainingRun]) -> Context:
    """`context` with every training run on which points hang."""
    runs = dict(context.runs)
    with speaking(standard.language):
        while tasks := tasks_needed(standard.assignment.questions, replace(context, runs=runs)):
            for task in tasks:
                runs[task.key] = run(task)
    return replace(context, runs=runs)


@bilingual
def conclude(standard: Standard, student: str, submission: str, context: Context) -> Result:
    """*judge*: the result of one submission, from evidence and training runs alone."""
    evidence, runs = context.evidence, context.runs
    with speaking(standard.language):
        verdicts = judge_all(standard.assignment.questions, context)
        notes = [*run_notes(evidence, context.cells), *grader_notes(evidence)]
    devices = sorted({run.computed_on for run in runs.values()})
    return Result(
        student=student,
        submission=submission,
        status="graded" if evidence.complete else "incomplete",
        score=round(sum(verdict.score for verdict in verdicts), 3),
        points=standard.assignment.points,
        pending=round(sum(verdict.pending for verdict in verdicts), 3),
        questions=verdicts,
        notes=tuple(notes),
        isolation=evidence.isolation,
        device=", ".join(devices) or "none",
        versions=versions(),
        keys={"evidence": evidence.key, "training": ",".join(sorted(run.key for run in runs.values()))},
        seconds=0.0,
    )


@bilingual
def conclude_unreadable(standard: Standard, student: str, submission: str, reason: Finding) -> Result:
    """The result of a submission in which there was nothing to execute; `reason` is told the student."""
    with speaking(standard.language):
        nothing = Finding(message=say("There was no notebook to look at."), hint=say("Hand in the .ipynb file itself."))
    verdicts = tuple(question.verdict("not_reached", 0.0, nothing) for question in standard.assignment.questions)
    return Result(
        student=student,
        submission=submission,
        status="unreadable",
        score=0.0,
        points=standard.assignment.points,
        pending=0.0,
        questions=verdicts,
        notes=(reason,),
        isolation="nothing was executed",
        device="none",
        versions=versions(),
        keys={},
        seconds=0.0,
    )


@dataclass(frozen=True)
class ClassOutcome:
    """A whole run: whose results were made now, whose stood already, and where the autograder itself failed."""

    changed: frozenset[str]
    reused: int
    failures: Mapping[str, str]


def grade_class(
    grader: Grader,
    submissions: Sequence[Submission],
    watcher: Watcher,
    *,
    workers: int,
    made: Callable[[str], None] = lambda student: None,
) -> ClassOutcome:
    """Grade every submission; a failure of the autograder on one never stops the others.

    `made` is told of every student with a new result, in this thread, while others are still being graded. `workers` is
    how many notebooks and training runs share the machine at a time; more submissions than that are under way, so that
    one that waits for the training of a network it shares with another leaves no core idle.
    """
    changed: set[str] = set()
    reused = 0
    failures: dict[str, str] = {}

    def grade(submission: Submission) -> Outcome:
        watcher.started(submission.student)
        return grader.grade(submission)

    pool = ThreadPoolExecutor(max_workers=workers * _UNDER_WAY, thread_name_prefix="grade")
    try:
        futures = {pool.submit(grade, submission): submission for submission in submissions}
        for future in as_completed(futures):
            # What is told of is let go: a class of thousands is not kept in memory.
            student = futures.pop(future).student
            try:
                outcome = future.result()
            except Exception as error:
                failures[student] = f"{type(error).__name__}: {error}"
                watcher.failed(student, failures[student])
                continue
            if outcome.reused:
                reused += 1
            else:
                changed.add(student)
                made(student)
            watcher.finished(student, summary_line(outcome.result), reused=outcome.reused)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return ClassOutcome(frozenset(changed), reused, dict(sorted(failures.items())))


def summary_line(result: Result) -> str:
    """A result in a few words: "7.75 of 10 points, 1 waits for a person"."""
    text = f"{result.score:g} of {result.points:g} points"
    if result.pending:
        text += f", {result.pending:g} pending"
    if result.status == "unreadable" and result.notes:
        return f"{text} (unreadable: {result.notes[0].key})"
    return text if result.status == "graded" else f"{text} ({result.status})"
