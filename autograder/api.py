"""The commands' work, without a terminal: what `autograder grade`, `check`, `regrade` and `calibrate` put together."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from autograder.assignment import Assignment, load
from autograder.assignment.images import needed_images, provide_images
from autograder.core.errors import UsageError
from autograder.grading.answer_key import AnswerKey, answer_key_of
from autograder.grading.engine import Machines, engine_on
from autograder.grading.engine.local import local_engine
from autograder.grading.grade_change import GradeChange
from autograder.grading.gradebook_location import LANGUAGE_FACT, claim, opened, resolve
from autograder.grading.grader import ClassOutcome, Grader, grade_class, read_submission
from autograder.grading.progress import Watcher
from autograder.grading.regrade import NotRegraded, Regraded, rejudge
from autograder.intake import Intake, Submission, UnreadableSubmission, one_submission, read_submissions
from autograder.intake.notebook import UnreadableNotebook, assignment_name
from autograder.observe.sandbox.bounds import RequestedIsolation
from autograder.observe.sandbox.isolation import IsolationUnavailable, choose_isolation, strongest
from autograder.records.result import Result
from autograder.records.run_statistics import RunStatistics
from autograder.records.store import GRADEBOOK_FILE, Gradebook
from autograder.report.report_folder import bring_up_to_date, write_report
from autograder.train.trainer import Trainer

if TYPE_CHECKING:
    from nbformat import NotebookNode


@dataclass(frozen=True)
class GradedClass:
    """What a run of `grade` left: the class page, what was done, what was passed over, and who stands from earlier."""

    index: Path
    outcome: ClassOutcome
    intake: Intake
    kept: tuple[str, ...]


def grade(
    assignment: Assignment,
    submissions: Path,
    output: Path,
    *,
    workers: int,
    isolation: RequestedIsolation,
    fresh: bool,
    watch: Callable[[int], AbstractContextManager[Watcher]],
    machines: Machines | None = None,
    gradebook_url: str | None = None,
    language: str | None = None,
) -> GradedClass:
    """Grade a class and write its report into `output`, in `language` or the assignment's own.

    That is done on this machine, or on the `machines` of a cluster; everything made is kept in the database at
    `gradebook_url`, or in the report folder itself where none is named.

    Raises:
        UserError: with a sentence for the instructor; nothing was executed then.
    """
    assignment = assignment.in_language(language)
    location = resolve(output, assignment, gradebook_url)
    intake = read_submissions(submissions, assignment.notebook_path.name, _handout(assignment))
    with (
        engine_on(machines, isolation, workers, needed_images(assignment)) as engine,
        location.opened() if location else Gradebook(output / GRADEBOOK_FILE) as gradebook,
    ):
        if location:
            location.note(output)
        else:
            claim(gradebook, assignment, output)
        gradebook.store_fact(LANGUAGE_FACT, language or "")
        answer_key = answer_key_of(assignment, engine.observer)
        grader = Grader(answer_key, gradebook, engine.observer, engine.trainer, fresh=fresh)
        students = {submission.student for submission in intake.submissions}
        if fresh:
            gradebook.remove_missing(students)
        started = time.monotonic()
        written: set[str] = set()

        def write_page(student: str) -> None:
            # Where this fails the report's turn comes later, when everybody is graded.
            with suppress(Exception):
                bring_up_to_date(output, assignment, gradebook, student, changed=True)
                written.add(student)

        with watch(len(intake.submissions)) as watcher:
            outcome = grade_class(grader, intake.submissions, watcher, workers=engine.slots, made=write_page)
        facts = RunStatistics(
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            seconds=round(time.monotonic() - started, 1),
            workers=engine.slots,
            graded=len(outcome.changed),
            reused=outcome.reused,
            failures=dict(outcome.failures),
        )
        gradebook.store_fact("last_run", facts.model_dump_json())
        everyone = [stored.result.student for stored in gradebook.results()]
        # Where several graders share a gradebook, any result may be another's since its page here was written.
        changed = frozenset(everyone) if location else outcome.changed - written
        index = write_report(output, assignment, gradebook, changed=changed)
        kept = tuple(student for student in everyone if student not in students)
    return GradedClass(index, outcome, intake, kept)


def regrade_folder(
    folder: Path, language: str | None = None, *, confirm: Callable[[Sequence[GradeChange]], None] = lambda _: None
) -> tuple[Path, list[Regraded | NotRegraded]]:
    """Judge everything in a report folder again and rewrite its report, from now on in `language`; executes nothing.

    `confirm` hears whose grade changes before anything is stored; what it raises leaves everything as it was.

    Raises:
        UsageError: it is no report folder.
        AssignmentError, GradebookError: with a sentence for the instructor.
    """
    with opened(folder) as (assignment, gradebook):
        assignment = assignment.in_language(language)
        rejudging = rejudge(AnswerKey.stored(assignment), gradebook, Trainer().key)
        confirm(rejudging.changes)
        if language:
            gradebook.store_fact(LANGUAGE_FACT, language)
        regraded = rejudging.store(gradebook)
        changed = {one.after.student for one in regraded}
        return write_report(folder, assignment, gradebook, changed=changed), [*regraded, *rejudging.not_regraded]


def check(notebook: Path, assignment: str | None, language: str | None = None) -> tuple[Assignment, Result]:
    """A student's own check of one notebook, in the sandbox where there is one and without it elsewhere.

    Raises:
        UsageError, IntakeError, AssignmentError: with a sentence for the student.
    """
    intake = read_submissions(notebook)
    if len(intake.submissions) != 1:
        raise UsageError(f"{notebook} holds {len(intake.submissions)} notebooks; name one notebook.")
    submission = intake.submissions[0]
    try:
        _, content = read_submission(submission)
    except (UnreadableNotebook, UnreadableSubmission) as error:
        raise UsageError(f"{notebook} cannot be checked: {error}") from None
    found = load(assignment or _named_in(content, notebook)).in_language(language)
    provide_images(found)
    isolation: RequestedIsolation = "bubblewrap"
    try:
        choose_isolation(isolation)
    except IsolationUnavailable:
        isolation = "none"
    return found, _grade_alone(found, submission, isolation)


def grade_one(assignment: Assignment, handed_in: Path, student: str) -> Result:
    """Grade one submission under the strongest isolation that works here, and keep nothing but its result.

    Args:
        assignment: what was asked for.
        handed_in: the notebook, or the folder with all that the student uploaded.
        student: whose it is.

    Raises:
        IsolationUnavailable, AssignmentError, DatasetMissing: with a sentence for the instructor.
    """
    provide_images(assignment)
    submission = one_submission(handed_in, student, assignment.notebook_path.name, _handout(assignment))
    return _grade_alone(assignment, submission, strongest().name)


def _handout(assignment: Assignment) -> bytes | None:
    """The notebook as students got it; an assignment that was made for another tool may come without."""
    try:
        return assignment.notebook_path.read_bytes()
    except OSError:
        return None


def _grade_alone(assignment: Assignment, submission: Submission, isolation: RequestedIsolation) -> Result:
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(TemporaryDirectory()))
        engine = stack.enter_context(local_engine(isolation, workers=1))
        gradebook = stack.enter_context(Gradebook(scratch / GRADEBOOK_FILE))
        grader = Grader(answer_key_of(assignment, engine.observer), gradebook, engine.observer, engine.trainer)
        return grader.grade(submission).result


def _named_in(content: NotebookNode, notebook: Path) -> str:
    if name := assignment_name(content):
        return name
    raise UsageError(f"{notebook} does not say which assignment it belongs to; name it with --assignment.")
