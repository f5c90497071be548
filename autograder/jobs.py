"""The commands' work, without a terminal: what `autograder grade`, `check`, `regrade` and `calibrate` put together."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal

from autograder import datasets
from autograder.assignment import Assignment, AssignmentError, load
from autograder.engine import Machines, ObserveStage, engine_on
from autograder.errors import Mendable
from autograder.files import write_atomically
from autograder.gradebook import FILE_NAME, Gradebook
from autograder.grading import ClassOutcome, Grader, Standard, grade_class, read
from autograder.intake import Intake, Submission, UnreadableSubmission, one_submission, read_submissions
from autograder.intake.notebook import UnreadableNotebook, assignment_name
from autograder.keeping import keeping_of, settled
from autograder.language import speaking
from autograder.lms.bundle import Packed, pack
from autograder.lms.export import Pending, feedback_archive, fill_roster, pending_in, plain_table
from autograder.lms.layouts import Target
from autograder.observe.observer import Observer
from autograder.progress import Watcher
from autograder.reference import reference_of
from autograder.regrading import NotRegraded, Regraded, regrade
from autograder.reporting import bring_up_to_date, reviewed, write_report
from autograder.result import Result
from autograder.runs import RunFacts
from autograder.sandbox.isolation import IsolationUnavailable, choose, strongest
from autograder.train.trainer import Trainer

if TYPE_CHECKING:
    from nbformat import NotebookNode

Isolation = Literal["auto", "bubblewrap", "user", "none"]
_TOLD_IN = "language"  # a fact of a gradebook: the language that was asked for last, "" for the assignment's own


class WrongUsage(Mendable):
    """What was asked for cannot be done; the message is one sentence that says what to do instead."""


@dataclass(frozen=True)
class GradedClass:
    """What a run of `grade` left: the class page, what was done, what was passed over, and who stands from earlier."""

    index: Path
    outcome: ClassOutcome
    intake: Intake
    kept: tuple[str, ...]


def available_cores() -> int:
    """The processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def workshop(isolation: Isolation, workers: int) -> Iterator[tuple[Observer, Trainer]]:
    """Where notebooks are executed and networks trained; both start when they are first needed.

    Raises:
        IsolationUnavailable: the sandbox that was asked for does not work here.
    """
    chosen = choose(isolation)
    # Running notebooks and training take turns on the same cores.
    slots = threading.Semaphore(workers)
    with ExitStack() as stack:
        observer = stack.enter_context(Observer(chosen, slots=slots))
        trainer = stack.enter_context(Trainer(slots=slots))
        yield observer, trainer


def grade(
    assignment: Assignment,
    submissions: Path,
    output: Path,
    *,
    workers: int,
    isolation: Isolation,
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
        Mendable: with a sentence for the instructor; nothing was executed then.
    """
    assignment = assignment.told_in(language)
    keeping = settled(output, assignment, gradebook_url)
    with speaking(assignment.language):  # what is wrong with a submission is said to its student
        intake = read_submissions(submissions, notebook_name=assignment.notebook_path.name)
    with (
        engine_on(machines, isolation, workers, needed_images(assignment)) as engine,
        keeping.opened() if keeping else Gradebook(output / FILE_NAME) as gradebook,
    ):
        if keeping:
            keeping.note(output)
        else:
            claim(gradebook, assignment, output)
        gradebook.store_fact(_TOLD_IN, language or "")
        standard = standard_of(assignment, engine.observer)
        grader = Grader(standard, gradebook, engine.observer, engine.trainer, fresh=fresh)
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
        facts = RunFacts(
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
        changed = frozenset(everyone) if keeping else outcome.changed - written
        index = write_report(output, assignment, gradebook, changed=changed)
        kept = tuple(student for student in everyone if student not in students)
    return GradedClass(index, outcome, intake, kept)


def provide_images(assignment: Assignment) -> None:
    """Fetch the images that an assignment needs and this machine lacks.

    Raises:
        DatasetMissing: they cannot be fetched; the sentence says where they may be put.
    """
    for name in needed_images(assignment):
        datasets.find(name, download=True)


def needed_images(assignment: Assignment) -> tuple[str, ...]:
    """The datasets that its notebooks load and its networks are trained with."""
    recipes = (network.recipe for network in assignment.networks.values())
    return tuple(dict.fromkeys([*assignment.datasets(), *(recipe.dataset for recipe in recipes if recipe)]))


def claim(gradebook: Gradebook, assignment: Assignment, output: Path) -> None:
    """Note in a gradebook which assignment it belongs to.

    Raises:
        WrongUsage: it belongs to another one.
    """
    owner = gradebook.fact("assignment")
    if owner is not None and owner != assignment.name:
        raise WrongUsage(
            f'{output} holds the grades of "{owner}", not of "{assignment.name}"; name another folder with --output.'
        )
    gradebook.store_fact("assignment", assignment.name)
    gradebook.store_fact("assignment_folder", str(assignment.place))


def standard_of(assignment: Assignment, observer: Observer | ObserveStage) -> Standard:
    """The assignment joined with its reference solution, ready to judge by.

    Raises:
        AssignmentError: table and solution disagree, or a threshold was never computed or is out of date.
    """
    standard = Standard.of(assignment, reference_of(assignment, observer))
    require_thresholds(standard)
    return standard


def require_thresholds(standard: Standard) -> None:
    """See to it that every threshold is there.

    Raises:
        AssignmentError: one was never computed, or is out of date.
    """
    assignment = standard.assignment
    if stale := standard.stale_thresholds():
        toml, listed = assignment.folder / "assignment.toml", " and ".join(f'"{name}"' for name in stale)
        raise AssignmentError(
            [
                f"{toml}: the threshold of {listed} was never computed for this network and recipe; "
                f"run `autograder calibrate {assignment.name}`, or set `minimum` in the question."
            ]
        )


@contextmanager
def opened(folder: Path) -> Iterator[tuple[Assignment, Gradebook]]:
    """A report folder's assignment and gradebook.

    Raises:
        WrongUsage: it is no report folder.
        AssignmentError, GradebookError: with a sentence for the instructor.
    """
    keeping = keeping_of(folder)
    if keeping is not None:
        with keeping.opened() as gradebook:
            yield load(keeping.assignment_folder).told_in(gradebook.fact(_TOLD_IN)), gradebook
        return
    if not (folder / FILE_NAME).is_file():
        raise WrongUsage(f"{folder} holds no {FILE_NAME}; name a folder that `autograder grade` wrote.")
    with Gradebook(folder / FILE_NAME) as gradebook:
        where = gradebook.fact("assignment_folder")
        if where is None:
            raise WrongUsage(f"{folder / FILE_NAME} does not say which assignment it belongs to; grade again.")
        yield load(where).told_in(gradebook.fact(_TOLD_IN)), gradebook


def regrade_folder(folder: Path, language: str | None = None) -> tuple[Path, list[Regraded | NotRegraded]]:
    """Judge everything in a report folder again and rewrite its report, from now on in `language`; executes nothing.

    Raises:
        WrongUsage: it is no report folder.
        AssignmentError, GradebookError: with a sentence for the instructor.
    """
    with opened(folder) as (assignment, gradebook):
        assignment = assignment.told_in(language)
        if language:
            gradebook.store_fact(_TOLD_IN, language)
        outcomes = regrade(Standard.stored(assignment), gradebook, Trainer().key)
        changed = {outcome.after.student for outcome in outcomes if isinstance(outcome, Regraded)}
        return write_report(folder, assignment, gradebook, changed=changed), outcomes


@dataclass(frozen=True)
class ExportedGrades:
    """What `export` wrote, and what to tell; because of `problems` somebody has no grade yet."""

    written: tuple[Path, ...]
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def export_grades(
    folder: Path,
    target: Target,
    *,
    roster: Path | None,
    column: str | None,
    output: Path | None,
    pending: Pending,
    scale: bool,
) -> ExportedGrades:
    """Put a report folder's scores, as persons decided them, into a copy of the instructor's own file.

    Raises:
        WrongUsage: it is no report folder, a roster is needed, or the output is the roster itself.
        ExportError, GradebookError: with a sentence for the instructor; nothing was written then.
    """
    if roster is None and target != "csv":
        raise WrongUsage(f"--to {target} fills a file of yours: name the file that {target} wrote with --roster.")
    with opened(folder) as (assignment, gradebook):
        results = [_scores_alone(stored.result) for stored in reviewed(gradebook)]
        if roster is None:
            place = output or folder / "export.csv"
            write_atomically(place, plain_table(results))
            return ExportedGrades((place,), tuple(pending_in(results)))
        place = output or folder / f"{roster.stem}.graded{roster.suffix}"
        if place.resolve() == roster.resolve():
            raise WrongUsage(f"{place} is your own file; name another one with --output, so that it stays as it is.")
        titles = [assignment.title, assignment.name]
        done = fill_roster(roster, results, target, column=column, titles=titles, pending=pending, scale=scale)
        write_atomically(place, done.content)
        written = [place]
        if target == "moodle" and done.matching.found:

            def page_of(student: str) -> bytes:
                return bring_up_to_date(folder, assignment, gradebook, student).read_bytes()

            written.append(place.with_name(f"{place.stem}-feedback.zip"))
            write_atomically(written[-1], feedback_archive(done, page_of))
    return ExportedGrades(tuple(written), done.notes, done.problems)


def _scores_alone(result: Result) -> Result:
    """A result without what is said about it, so that a class of thousands fits into memory."""
    questions = tuple(verdict.model_copy(update={"findings": (), "exhibits": ()}) for verdict in result.questions)
    return result.model_copy(update={"questions": questions, "notes": ()})


def check(notebook: Path, assignment: str | None, language: str | None = None) -> tuple[Assignment, Result]:
    """A student's own check of one notebook, in the sandbox where there is one and without it elsewhere.

    Raises:
        WrongUsage, IntakeError, AssignmentError: with a sentence for the student.
    """
    intake = read_submissions(notebook)
    if len(intake.submissions) != 1:
        raise WrongUsage(f"{notebook} holds {len(intake.submissions)} notebooks; name one notebook.")
    submission = intake.submissions[0]
    try:
        _, content = read(submission)
    except (UnreadableNotebook, UnreadableSubmission) as error:
        raise WrongUsage(f"{notebook} cannot be checked: {error}") from None
    found = load(assignment or _named_in(content, notebook)).told_in(language)
    provide_images(found)
    isolation: Isolation = "bubblewrap"
    try:
        choose(isolation)
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
    with speaking(assignment.language):
        submission = one_submission(handed_in, student, assignment.notebook_path.name)
    return _grade_alone(assignment, submission, strongest().name)


def package(assignment: Assignment, folder: Path) -> Packed:
    """Write `autograder.zip` for Gradescope and otter into `folder`.

    Raises:
        AssignmentError, DatasetMissing: it is not ready to grade by; the sentence says what to do.
    """
    provide_images(assignment)
    require_thresholds(Standard.stored(assignment))
    return pack(assignment, folder / "autograder.zip")


def _grade_alone(assignment: Assignment, submission: Submission, isolation: Isolation) -> Result:
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(TemporaryDirectory()))
        observer, trainer = stack.enter_context(workshop(isolation, workers=1))
        gradebook = stack.enter_context(Gradebook(scratch / FILE_NAME))
        grader = Grader(standard_of(assignment, observer), gradebook, observer, trainer)
        return grader.grade(submission).result


def _named_in(content: NotebookNode, notebook: Path) -> str:
    if name := assignment_name(content):
        return name
    raise WrongUsage(f"{notebook} does not say which assignment it belongs to; name it with --assignment.")
