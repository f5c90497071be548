"""Sets the thresholds of score and accuracy questions from the reference's own short runs, over several seeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autograder.checks.base import of_framework
from autograder.core.errors import UserError
from autograder.grading.answer_key import AnswerKey
from autograder.grading.reference import Reference, Threshold, read_solution
from autograder.records.metrics import ACCURACY, Metric
from autograder.records.training import TrainingRun, TrainingTask
from autograder.train.calibrated_threshold import threshold

if TYPE_CHECKING:
    from autograder.grading.engine import TrainStage


class CalibrationError(UserError):
    """A run of the reference network did not give a score; the message says which and why."""


def calibrate(
    answer_key: AnswerKey,
    trainer: TrainStage,
    seeds: Sequence[int],
    *,
    workers: int,
    progress: Callable[[str, int, float], None],
) -> Reference:
    """The reference with a threshold for every question that needs one computed; nothing is written.

    `progress` is called for every run: question id, seed, validation score.

    Raises:
        TooFewRuns: there are too few seeds.
        CalibrationError: the reference network could not be trained.
        AssignmentError: there is no solution, for example if an assignment consists of external tests.
    """
    read_solution(answer_key.assignment)
    context = answer_key.reference_context()
    thresholds = dict(answer_key.reference.thresholds)
    for question in answer_key.assignment.questions:
        if not question.needs_calibration:
            continue
        for task in question.training(context):
            share = question.calibration_share
            runs = _runs(question.id, task.whole, share, trainer, seeds, workers, progress)
            thresholds[question.id] = _threshold(task.whole, share, seeds, runs)
        for framework, task in answer_key.in_other_frameworks(question, context):
            name, share = of_framework(question.id, framework), question.calibration_share
            runs = _runs(name, task, share, trainer, seeds, workers, progress)
            thresholds[name] = _threshold(task, share, seeds, runs)
    return answer_key.reference.model_copy(update={"thresholds": thresholds})


@dataclass(frozen=True)
class Checked:
    """The validation scores that the reference reached, one for each seed, for a question that requires `minimum`."""

    question: str
    minimum: float
    accuracies: tuple[float, ...]
    metric: Metric = ACCURACY

    @property
    def passed(self) -> int:
        """With how many seeds it reached the required score."""
        return sum(self.metric.reaches(score, self.minimum) for score in self.accuracies)


def try_thresholds(
    answer_key: AnswerKey,
    trainer: TrainStage,
    seeds: Sequence[int],
    *,
    workers: int,
    progress: Callable[[str, int, float], None],
) -> tuple[Checked, ...]:
    """Whether the reference passes with each of the seeds on this machine: with other images, on another device.

    Raises:
        CalibrationError: the reference network could not be trained, or a threshold is missing.
    """
    context, checked = answer_key.reference_context(), []
    for question in answer_key.assignment.questions:
        if not question.needs_calibration:
            continue
        known = answer_key.reference.thresholds.get(question.id)
        if known is None:
            raise CalibrationError(f"{question.id}: no threshold was computed yet; leave out --check once")
        for task in question.training(context):
            runs = _runs(question.id, task.whole, 1.0, trainer, seeds, workers, progress)
            checked.append(
                Checked(question.id, known.minimum, tuple(made.score for made in runs), task.recipe.scored_by)
            )
    return tuple(checked)


def _runs(
    question: str,
    task: TrainingTask,
    share: float,
    trainer: TrainStage,
    seeds: Sequence[int],
    workers: int,
    progress: Callable[[str, int, float], None],
) -> list[TrainingRun]:
    def run(seed: int) -> TrainingRun:
        made = trainer.run(task.with_seed(seed))
        if made.outcome != "trained":
            raise CalibrationError(
                f"{question}: the reference network was not trained with seed {seed}: {made.problem}{_limit(made)}"
            )
        progress(question, seed, made.reached_by(share))
        return made

    with ThreadPoolExecutor(max_workers=workers) as pool:
        return list(pool.map(run, seeds))


def _limit(run: TrainingRun) -> str:
    """The key of the assignment that sets the limit that ended a run."""
    keys = {"training.too_long": "seconds", "training.too_large": "memory_mb", "training.broke_off": "memory_mb"}
    key = keys.get(run.problem.code)
    return f" The limit is `{key}` in [training]." if key else ""


def _threshold(task: TrainingTask, share: float, seeds: Sequence[int], runs: Sequence[TrainingRun]) -> Threshold:
    metric = task.recipe.scored_by
    accuracies = tuple(metric.rounded(made.reached_by(share)) for made in runs)
    return Threshold(
        task=task.with_seed(0).key,
        minimum=threshold(accuracies, metric),
        seeds=tuple(seeds),
        accuracies=accuracies,
        share=share,
        device=runs[0].device,
        versions=runs[0].versions,
    )
