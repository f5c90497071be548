"""`autograder calibrate` and `autograder validate` without a terminal: the solution, executed and trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from autograder.assignment import Assignment
from autograder.authoring.calibrate import Checked, calibrate, try_thresholds
from autograder.authoring.validate import Validation, validate
from autograder.grading import Standard
from autograder.jobs import available_cores, provide_images, standard_of, workshop
from autograder.reference import Reference, reference_of, write_reference


def calibrate_assignment(
    assignment: Assignment, seeds: Sequence[int], *, workers: int, progress: Callable[[str, int, float], None]
) -> tuple[Reference, Path]:
    """Execute the solution, compute every threshold anew and store both beside the assignment.

    Raises:
        AssignmentError, CalibrationError, IsolationUnavailable: with a sentence for the instructor.
    """
    provide_images(assignment)
    with workshop("auto", workers) as (observer, trainer):
        trainer.warm()
        standard = Standard.of(assignment, reference_of(assignment, observer))
        reference = calibrate(standard, trainer, seeds, workers=workers, progress=progress)
    return reference, write_reference(assignment.folder, reference)


def check_thresholds(
    assignment: Assignment, seeds: Sequence[int], *, workers: int, progress: Callable[[str, int, float], None]
) -> tuple[Checked, ...]:
    """Whether the solution passes on this machine, with each of the seeds; nothing is written.

    Raises:
        AssignmentError, CalibrationError, IsolationUnavailable: with a sentence for the instructor.
    """
    provide_images(assignment)
    with workshop("auto", workers) as (observer, trainer):
        trainer.warm()
        return try_thresholds(standard_of(assignment, observer), trainer, seeds, workers=workers, progress=progress)


def validate_assignment(assignment: Assignment, *, train_mutants: bool) -> Validation:
    """Execute the solution and the untouched notebook, and judge mutants and rewrites of the reference networks.

    Raises:
        AssignmentError, IsolationUnavailable: with a sentence for the instructor.
    """
    provide_images(assignment)
    with workshop("auto", available_cores()) as (observer, trainer):
        standard = standard_of(assignment, observer)
        task = assignment.observe_task()
        return validate(
            standard,
            lambda notebook: observer.observe(notebook, task.placed(notebook)),
            trainer.run,
            train_mutants=train_mutants,
        )
