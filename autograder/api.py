"""What scripts and notebooks call: grade a class, check one notebook, judge again, read the results.

The commands `autograder grade`, `check` and `regrade` are these functions with a terminal around them. A path may be
given as text; every error that the caller can fix is raised as a `UserError` whose message says what to do.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from autograder.assignment import Assignment, load
from autograder.assignment.images import declared_files, needed_images, provide_images
from autograder.core.errors import UsageError
from autograder.core.messages import Message
from autograder.grading.answer_key import AnswerKey, answer_key_of
from autograder.grading.engine import Machines, engine_on
from autograder.grading.engine.local import fitting_workers, local_engine
from autograder.grading.grade_change import GradeChange
from autograder.grading.gradebook_location import LANGUAGE_FACT, claim, locate_gradebook, opened, opened_gradebook
from autograder.grading.grader import ClassOutcome, Grader, grade_class, read_submission
from autograder.grading.imports import ImportReport, import_report, student_warnings
from autograder.grading.machine_faults import is_fault
from autograder.grading.progress import NoProgress, Watcher
from autograder.grading.regrade import NotRegraded, Regraded, rejudge
from autograder.intake import Intake, Submission, UnreadableSubmission, one_submission, read_submissions
from autograder.intake.notebook import UnreadableNotebook, assignment_name
from autograder.intake.pulled import pulled_note
from autograder.observe.sandbox.bounds import RequestedIsolation
from autograder.observe.sandbox.isolation import IsolationUnavailable, choose_isolation, strongest
from autograder.records.pulled import PULLED_FACT, PULLED_FOLDER_FACT
from autograder.records.result import Result
from autograder.records.run_statistics import RunStatistics
from autograder.records.store import GRADEBOOK_FILE, Gradebook
from autograder.report.report_folder import bring_up_to_date, reviewed, write_report
from autograder.train.trainer import Trainer

__all__ = [
    "CheckedNotebook",
    "GradedClass",
    "RegradedClass",
    "check",
    "grade",
    "grade_one",
    "load_results",
    "regrade",
]

if TYPE_CHECKING:
    from nbformat import NotebookNode


@dataclass(frozen=True)
class GradedClass:
    """What a run of `grade` left.

    Attributes:
        index: the class page, `index.html` of the report folder.
        outcome: whose results are new, how many were reused, and on whom the autograder itself failed.
        intake: the submissions that were found, and the files that were skipped, with the reason.
        kept: students with a result from an earlier run who are not among these submissions.
        faults: what the grading machine lacked, with how many submissions each fault affects.
    """

    index: Path
    outcome: ClassOutcome
    intake: Intake
    kept: tuple[str, ...]
    faults: Counter[Message]

    @property
    def results(self) -> list[Result]:
        """The results of everyone in the report folder, as `load_results` reads them now."""
        return load_results(self.index.parent)


@dataclass(frozen=True)
class RegradedClass:
    """What `regrade` left.

    Attributes:
        index: the class page.
        outcomes: for each student the result before and after, or why the earlier one was kept.
    """

    index: Path
    outcomes: list[Regraded | NotRegraded]


@dataclass(frozen=True)
class CheckedNotebook:
    """One notebook's result, and the assignment that it was judged by.

    Attributes:
        assignment: the assignment, in the language of the result.
        result: what is graded, including the questions that students see only later.
        warnings: packages that the notebook imports and that may be missing when it is graded, in sentences.
    """

    assignment: Assignment
    result: Result
    warnings: tuple[Message, ...] = ()


def grade(
    assignment: str | Path | Assignment,
    submissions: str | Path,
    output: str | Path | None = None,
    *,
    workers: int | None = None,
    isolation: RequestedIsolation = "auto",
    fresh: bool = False,
    watch: Callable[[int], AbstractContextManager[Watcher]] | None = None,
    machines: Machines | None = None,
    gradebook_url: str | None = None,
    language: str | None = None,
    imports: Callable[[ImportReport], None] | None = None,
) -> GradedClass:
    """Grade a class and write its report.

    What an earlier run stored in the report folder is not made again.

    Args:
        assignment: a name ("cnn2"), a folder with `assignment.toml`, external tests, or what `load` gave.
        submissions: a folder of notebooks or of students' folders, one notebook, a zip, or a platform's download.
        output: the report folder; `reports/NAME` by default.
        workers: how many notebooks and training runs share this machine at a time; one for each core by default, as
            the memory allows.
        isolation: "auto" and "bubblewrap" need the sandbox, "none" runs notebooks with your own rights.
        fresh: forget what is stored, and grade everything again.
        watch: given the number of submissions, a context manager whose `Watcher` receives what happens to each.
        machines: the machines of a cluster that grade instead of this one.
        gradebook_url: a database that stores everything, instead of the report folder's own file.
        language: the language of pages and feedback, in two letters ("de"); the assignment's own by default.
        imports: receives what the class imports before anything is executed; not where a cluster grades.

    Raises:
        UserError: with a sentence for the instructor; nothing was executed then.
    """
    assignment = _loaded(assignment).in_language(language)
    output = Path(output) if output is not None else Path("reports") / assignment.name
    location = locate_gradebook(output, assignment, gradebook_url)
    intake = read_submissions(Path(submissions), assignment.notebook_path.name, _handout(assignment))
    if machines is None:
        assignment.require_packages()
        if imports is not None:
            imports(import_report(intake.submissions, assignment))
    workers = workers or fitting_workers(assignment.observe_task().limits.memory_mb)
    declared = partial(declared_files, assignment)
    with (
        engine_on(machines, isolation, workers, needed_images(assignment), declared) as engine,
        location.opened() if location else Gradebook(output / GRADEBOOK_FILE) as gradebook,
    ):
        if location:
            location.note(output)
        else:
            claim(gradebook, assignment, output)
        gradebook.store_fact(LANGUAGE_FACT, language or "")
        if (pulled := pulled_note(Path(submissions))) is not None:
            gradebook.store_fact(PULLED_FACT, pulled)
            gradebook.store_fact(PULLED_FOLDER_FACT, str(Path(submissions).resolve()))
        answer_key = answer_key_of(assignment, engine.observer)
        grader = Grader(answer_key, gradebook, engine.observer, engine.trainer, fresh=fresh)
        students = {submission.student for submission in intake.submissions}
        if fresh:
            gradebook.remove_missing(students)
        started = time.monotonic()
        written: set[str] = set()

        def write_page(student: str) -> None:
            # If this fails, the report is still written later, when everybody is graded.
            with suppress(Exception):
                bring_up_to_date(output, assignment, gradebook, student, changed=True)
                written.add(student)

        watching = watch(len(intake.submissions)) if watch else nullcontext(NoProgress())
        with watching as watcher:
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
        everyone, faults = [], Counter[Message]()
        for stored in gradebook.results():
            everyone.append(stored.result.student)
            faults.update({note.message for note in stored.result.notes if is_fault(note)})
        # If several graders share a gradebook, another one may have written any result since its page here was written.
        changed = frozenset(everyone) if location else outcome.changed - written
        index = write_report(output, assignment, gradebook, changed=changed)
        kept = tuple(student for student in everyone if student not in students)
    return GradedClass(index, outcome, intake, kept, faults)


def regrade(
    folder: str | Path,
    *,
    language: str | None = None,
    confirm: Callable[[Sequence[GradeChange]], None] = lambda changes: None,
) -> RegradedClass:
    """Judge everything in a report folder again and rewrite its report; executes nothing.

    Args:
        folder: a report folder that `grade` wrote.
        language: the report's language from now on, in two letters; the one last asked for by default.
        confirm: receives whose grade changes before anything is stored; if it raises, everything stays as it was.

    Raises:
        UsageError: it is not a report folder.
        AssignmentError, GradebookError: with a sentence for the instructor.
    """
    folder = Path(folder)
    with opened(folder) as (assignment, gradebook):
        assignment = assignment.in_language(language)
        with Trainer() as trainer:
            rejudging = rejudge(AnswerKey.stored(assignment), gradebook, trainer.key, trainer.run)
        confirm(rejudging.changes)
        if language:
            gradebook.store_fact(LANGUAGE_FACT, language)
        regraded = rejudging.store(gradebook)
        index = write_report(folder, assignment, gradebook, changed={one.after.student for one in regraded})
        return RegradedClass(index, [*regraded, *rejudging.not_regraded])


def load_results(folder: str | Path) -> list[Result]:
    """The result of every student in a report folder, with overrides applied.

    Args:
        folder: a report folder that `grade` wrote.

    Raises:
        UsageError: it is not a report folder.
        GradebookError: with a sentence for the instructor.
    """
    with opened_gradebook(Path(folder)) as gradebook:
        return [stored.result for stored in reviewed(gradebook)]


def check(
    notebook: str | Path, assignment: str | Path | Assignment | None = None, *, language: str | None = None
) -> CheckedNotebook:
    """A student's own check of one notebook, in the sandbox if there is one.

    Args:
        notebook: the notebook; nothing of it is stored.
        assignment: as for `grade`; by default the one that the notebook itself names.
        language: the language of the result, in two letters; the assignment's own by default.

    Raises:
        UsageError, IntakeError, AssignmentError, PackagesMissing: with a sentence for the student.
    """
    notebook = Path(notebook)
    intake = read_submissions(notebook)
    if len(intake.submissions) != 1:
        raise UsageError(f"{notebook} holds {len(intake.submissions)} notebooks; name one notebook.")
    submission = intake.submissions[0]
    try:
        _, content = read_submission(submission)
    except (UnreadableNotebook, UnreadableSubmission) as error:
        raise UsageError(f"{notebook} cannot be checked: {error}") from None
    found = _loaded(assignment or _named_in(content, notebook)).in_language(language)
    provide_images(found)
    found.require_packages()
    isolation: RequestedIsolation = "bubblewrap"
    try:
        choose_isolation(isolation)
    except IsolationUnavailable:
        isolation = "none"
    warnings = student_warnings(import_report([submission], found))
    return CheckedNotebook(found, _grade_alone(found, submission, isolation), tuple(warnings))


def grade_one(assignment: str | Path | Assignment, handed_in: str | Path, student: str) -> Result:
    """Grade one submission under the strongest isolation that works here, and store nothing but its result.

    Args:
        assignment: as for `grade`.
        handed_in: the notebook, or the folder with all that the student uploaded.
        student: whose it is.

    Raises:
        IsolationUnavailable, AssignmentError, DatasetMissing, PackagesMissing: with a sentence for the instructor.
    """
    assignment = _loaded(assignment)
    provide_images(assignment)
    assignment.require_packages()
    submission = one_submission(Path(handed_in), student, assignment.notebook_path.name, _handout(assignment))
    return _grade_alone(assignment, submission, strongest().name)


def _loaded(assignment: str | Path | Assignment) -> Assignment:
    return assignment if isinstance(assignment, Assignment) else load(str(assignment))


def _handout(assignment: Assignment) -> bytes | None:
    """The notebook as students got it; an assignment made for another tool may have none."""
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
