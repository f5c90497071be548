"""The four stages joined: one submission, one class."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from autograder.checks.judging import with_explanations
from autograder.core.caching import SingleFlight
from autograder.core.data import digest
from autograder.core.messages import Message
from autograder.core.total import total
from autograder.grading.answer_key import AnswerKey, context_of
from autograder.grading.judge import conclude, conclude_unreadable, with_runs
from autograder.grading.machine_faults import was_busy
from autograder.grading.progress import Watcher
from autograder.intake import Submission, UnreadableSubmission
from autograder.intake.notebook import code_cells, parse_notebook
from autograder.records.evidence import Evidence
from autograder.records.result import Finding, Result
from autograder.records.store import Gradebook
from autograder.records.training import TrainingRun, TrainingTask
from autograder.train.trainer import RunSlowed

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from autograder.grading.engine import ObserveStage, TrainStage
    from autograder.observe.observer import Observer
    from autograder.observe.task import ObserveTask
    from autograder.train.trainer import Trainer

# Submissions in progress for each worker.
_UNDER_WAY = 8


@dataclass(frozen=True)
class GradingOutcome:
    """A submission's result, and whether it was reused: made earlier from the same notebook and answer key."""

    result: Result
    reused: bool


class Grader:
    """Grades submissions to one assignment; thread-safe.

    Each stage first looks in the gradebook for a stored result, and stores a new one as soon as it is made, so a run
    that was killed continues where it stopped.
    """

    def __init__(
        self,
        answer_key: AnswerKey,
        gradebook: Gradebook,
        observer: Observer | ObserveStage,
        trainer: Trainer | TrainStage,
        *,
        fresh: bool = False,
    ) -> None:
        self._answer_key = answer_key
        self._gradebook = gradebook
        self._observer = observer
        self._trainer = trainer
        self._fresh = fresh
        self._observing: SingleFlight[Evidence] = SingleFlight()
        self._training: SingleFlight[TrainingRun | None] = SingleFlight()
        self._task = answer_key.assignment.observe_task()
        self._trains = any(question.requires_training for question in answer_key.assignment.questions)
        self._made: set[str] = set()
        self._made_lock = threading.Lock()

    def grade(self, submission: Submission) -> GradingOutcome:
        """The result of one submission, stored in the gradebook.

        Raises:
            ObserverError, TrainerError, GradebookError: the autograder itself failed; nothing is stored then.
        """
        start = time.monotonic()
        try:
            content, notebook = read_submission(submission)
        except UnreadableSubmission as error:
            return self._unreadable(submission, error.reason, start)
        task = self._task.placed(notebook)
        observe_key = self._observer.key(code_cells(notebook), task)
        result_key = digest("result", content, *_named(submission), observe_key, self._settings_key)
        known = self._known(submission, result_key)
        if known is not None:
            return GradingOutcome(known, reused=True)
        evidence = self._observing(observe_key, lambda: self._observe(observe_key, notebook, task))
        context = context_of(self._answer_key, evidence, notebook)
        context = replace(context, decided=self._gradebook.overrides.of(submission.student))
        context = with_runs(self._answer_key, context, self._run)
        context = with_explanations(context, self._run)
        made = conclude(self._answer_key, submission.student, submission.submission, context)
        if context.no_more_runs or was_busy(evidence):
            # Stored under another key, the result is not reused: the next `grade` makes what is missing.
            result_key = digest("lacks a run", result_key)
        result = _completed(made, submission, result_key, start)
        self._store(submission, result, content)
        return GradingOutcome(result, reused=False)

    @property
    def _settings_key(self) -> str:
        return digest(self._answer_key.key, self._trainer.fingerprint)

    def _known(self, submission: Submission, result_key: str) -> Result | None:
        stored = None if self._fresh else self._gradebook.result(submission.student)
        return stored.result if stored is not None and stored.result_key == result_key else None

    def _observe(self, key: str, notebook: NotebookNode, task: ObserveTask) -> Evidence:
        found = self._gradebook.evidence(key) if self._reusable(key) else None
        if found is None or was_busy(found):
            if self._trains:
                self._trainer.warm()  # its libraries are imported while the first notebooks run
            found = self._observer.observe(notebook, task)
            self._gradebook.store_evidence(found)
        return found

    def _run(self, task: TrainingTask) -> TrainingRun | None:
        """The run of a task; None if other load on this machine kept it from finishing."""
        key = self._trainer.key(task)

        def run() -> TrainingRun | None:
            found = self._gradebook.training_run(key) if self._reusable(key) else None
            if found is None or not found.answers(task):
                try:
                    found = self._trainer.run(task)
                except RunSlowed:
                    return None
                self._gradebook.store_training_run(found)
            return found

        return self._training(f"{key} {task.target}", run)

    def _reusable(self, key: str) -> bool:
        """Whether a stored result under `key` may be used: always, except that a fresh run uses only its own."""
        if not self._fresh:
            return True
        with self._made_lock:
            known = key in self._made
            self._made.add(key)
            return known

    def _unreadable(self, submission: Submission, reason: Message, start: float) -> GradingOutcome:
        result_key = digest("unreadable", *_named(submission), reason, self._settings_key)
        known = self._known(submission, result_key)
        if known is not None:
            return GradingOutcome(known, reused=True)
        made = conclude_unreadable(self._answer_key, submission.student, submission.submission, Finding(message=reason))
        result = _completed(made, submission, result_key, start)
        self._store(submission, result, None)
        return GradingOutcome(result, reused=False)

    def _store(self, submission: Submission, result: Result, content: bytes | None) -> None:
        key, slug, path = result.keys["result"], submission.slug, submission.submission
        self._gradebook.store_graded(result, result_key=key, slug=slug, path=path, content=content)


def _named(submission: Submission) -> list[object]:
    """What a result says about its submission besides the content."""
    return [submission.submission, *([submission.handed_in] if submission.handed_in else [])]


def _completed(made: Result, submission: Submission, result_key: str, start: float) -> Result:
    return made.model_copy(
        update={
            "keys": {**made.keys, "result": result_key},
            "seconds": round(time.monotonic() - start, 3),
            "handed_in": submission.handed_in,
        }
    )


def read_submission(submission: Submission) -> tuple[bytes, NotebookNode]:
    """A submission's bytes and the notebook in them.

    Raises:
        UnreadableNotebook, UnreadableSubmission: it holds no notebook that can be graded; the message tells the student
            why.
    """
    content = submission.read()
    return content, parse_notebook(content)


@dataclass(frozen=True)
class ClassOutcome:
    """A whole run: whose results are new, how many were reused, and on whom the autograder itself failed."""

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
    """Grade every submission; if the autograder fails on one, the others go on.

    `made` is called for every student with a new result, in this thread, while others are still being graded. `workers`
    is how many notebooks and training runs share the machine at a time; more submissions than that are in progress, so
    that one waiting for the training of a network it shares with another leaves no core idle.
    """
    changed: set[str] = set()
    reused = 0
    failures: dict[str, str] = {}

    def grade(submission: Submission) -> GradingOutcome:
        watcher.started(submission.student)
        return grader.grade(submission)

    pool = ThreadPoolExecutor(max_workers=workers * _UNDER_WAY, thread_name_prefix="grade")
    try:
        futures = {pool.submit(grade, submission): submission for submission in submissions}
        for future in as_completed(futures):
            # Finished results are dropped: a class of thousands is not kept in memory.
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
    """A result in a few words: "7.75 of 10, 1 needs review"."""
    text = total(result.score, result.points, result.pending)
    if result.status == "unreadable" and result.notes:
        return f"{text} (unreadable: {result.notes[0].message.english})"
    return text if result.status == "graded" else f"{text} ({result.status})"
