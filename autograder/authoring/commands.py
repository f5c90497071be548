"""`autograder calibrate`, `validate` and `release` without a terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from autograder.assignment import Assignment
from autograder.assignment.images import provide_images
from autograder.authoring.calibrate import Checked, calibrate, try_thresholds
from autograder.authoring.release.release import Released, release
from autograder.authoring.validate import Validation, validate
from autograder.grading.answer_key import AnswerKey, answer_key_of
from autograder.grading.engine.local import available_cores, local_engine
from autograder.grading.reference import Reference, observed_reference, write_reference
from autograder.observe.observer import Observer
from autograder.observe.sandbox.isolation import choose_isolation
from autograder.train.calibrated_threshold import require_enough


def calibrate_assignment(
    assignment: Assignment, seeds: Sequence[int], *, workers: int, progress: Callable[[str, int, float], None]
) -> tuple[Reference, Path]:
    """Execute the solution, compute every threshold again and store both next to the assignment.

    The solution is executed also where its reference is stored: a newer version records more of a run.

    Raises:
        TooFewRuns, AssignmentError, CalibrationError, IsolationUnavailable: with a sentence for the instructor.
    """
    if any(question.needs_calibration for question in assignment.questions):
        require_enough(len(seeds))
    provide_images(assignment)
    assignment.require_packages()
    with local_engine("auto", workers) as engine:
        engine.trainer.warm()
        answer_key = AnswerKey.of(assignment, observed_reference(assignment, engine.observer))
        reference = calibrate(answer_key, engine.trainer, seeds, workers=workers, progress=progress)
    return reference, write_reference(assignment.folder, reference)


def check_thresholds(
    assignment: Assignment, seeds: Sequence[int], *, workers: int, progress: Callable[[str, int, float], None]
) -> tuple[Checked, ...]:
    """Whether the solution passes on this machine, with each of the seeds; nothing is written.

    Raises:
        AssignmentError, CalibrationError, IsolationUnavailable: with a sentence for the instructor.
    """
    provide_images(assignment)
    assignment.require_packages()
    with local_engine("auto", workers) as engine:
        engine.trainer.warm()
        return try_thresholds(
            answer_key_of(assignment, engine.observer), engine.trainer, seeds, workers=workers, progress=progress
        )


def validate_assignment(assignment: Assignment, *, train_mutants: bool) -> Validation:
    """Execute the solution and the untouched notebook, and judge mutants and rewrites of the reference networks.

    Raises:
        AssignmentError, IsolationUnavailable: with a sentence for the instructor.
    """
    provide_images(assignment)
    assignment.require_packages()
    with local_engine("auto", available_cores()) as engine:
        answer_key = answer_key_of(assignment, engine.observer)
        task = assignment.observe_task()
        return validate(
            answer_key,
            lambda notebook: engine.observer.observe(notebook, task.placed(notebook)),
            engine.trainer.run,
            train_mutants=train_mutants,
            workers=available_cores(),
        )


def release_assignment(assignment: Assignment, output: Path, *, run_tests: bool) -> Released:
    """Write what students receive into the folder `output`, and a zip of it next to it.

    Raises:
        ReleaseError, NoMasterNotebook, AssignmentError, DatasetMissing, IsolationUnavailable: with a sentence for the
            instructor; nothing was written then.
    """
    provide_images(assignment)
    assignment.require_packages()
    with Observer(choose_isolation("auto")) as observer:
        return release(assignment, observer, output, run_tests=run_tests)
