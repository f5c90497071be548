"""`autograder release` without a terminal: the release, and the sandbox that the handout is run in."""

from __future__ import annotations

from pathlib import Path

from autograder.assignment import Assignment
from autograder.jobs import provide_images
from autograder.lms.release import Released, release
from autograder.observe.observer import Observer
from autograder.sandbox.isolation import choose


def release_assignment(assignment: Assignment, output: Path, *, run_tests: bool) -> Released:
    """Write what students receive into the folder `output`, and a zip of it beside it.

    Raises:
        ReleaseError, NoMaster, AssignmentError, DatasetMissing, IsolationUnavailable: with a sentence for the
            instructor; nothing was written then.
    """
    provide_images(assignment)
    with Observer(choose("auto")) as observer:
        return release(assignment, observer, output, run_tests=run_tests)
