"""*judge*: a result from evidence and training runs alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from autograder.checks.base import Context
from autograder.checks.judging import judge_all, tasks_needed
from autograder.core.messages import Message, message
from autograder.core.versions import versions
from autograder.grading.answer_key import AnswerKey
from autograder.grading.execution_findings import grader_notes, run_notes
from autograder.grading.machine_faults import cut_short, machine_faults, pending_for
from autograder.intake.submission import NOTHING_HANDED_IN
from autograder.records.result import Finding, Result, Status, Verdict
from autograder.records.training import TrainingRun, TrainingTask


def with_runs(answer_key: AnswerKey, context: Context, run: Callable[[TrainingTask], TrainingRun | None]) -> Context:
    """`context` with every training run that points depend on; if `run` cannot make one, its questions need review."""
    runs, lacking = dict(context.runs), set[str]()
    while tasks := [
        task
        for task in tasks_needed(answer_key.assignment.questions, replace(context, runs=runs))
        if task.key not in lacking
    ]:
        for task in tasks:
            made = run(task)
            if made is None:
                lacking.add(task.key)
            else:
                runs[task.key] = made
    return replace(context, runs=runs, no_more_runs=context.no_more_runs or bool(lacking))


def verdicts_of(answer_key: AnswerKey, context: Context) -> tuple[Verdict, ...]:
    """The verdict on every question; those that a fault of this machine may have affected need review."""
    return _verdicts(answer_key, context, _faults(answer_key, context))


def conclude(answer_key: AnswerKey, student: str, submission: str, context: Context) -> Result:
    """*judge*: the result of one submission, from evidence and training runs alone."""
    evidence, runs = context.evidence, context.runs
    faults = _faults(answer_key, context)
    verdicts = _verdicts(answer_key, context, faults)
    notes = [*run_notes(evidence, context.cells, faults), *grader_notes(evidence)]
    devices = sorted({run.computed_on for run in runs.values()})
    return Result(
        student=student,
        submission=submission,
        status="graded" if evidence.complete else "incomplete",
        score=round(sum(verdict.score for verdict in verdicts), 3),
        points=answer_key.assignment.points,
        pending=round(sum(verdict.pending for verdict in verdicts), 3),
        questions=verdicts,
        notes=tuple(notes),
        isolation=evidence.isolation,
        bounded_by=evidence.bounded_by,
        device=", ".join(devices) or "none",
        versions=versions(),
        keys={"evidence": evidence.key, "training": ",".join(sorted(run.key for run in runs.values()))},
        seconds=0.0,
    )


def conclude_unreadable(answer_key: AnswerKey, student: str, submission: str, reason: Finding) -> Result:
    """The result of a submission with nothing to execute; `reason` is shown to the student.

    If nothing was handed in, nothing is earned. If it could not be opened, all its points need review.
    """
    # A reason without a code comes from an older version; its conclusion stays.
    missing = reason.code in NOTHING_HANDED_IN or not reason.code
    if missing:
        nothing = Finding(
            message=message("submission.no_notebook_to_judge", "There was no notebook to look at."),
            hint=message("hint.hand_in_notebook", "Hand in the .ipynb file itself."),
        )
    else:
        nothing = Finding(
            message=message(
                "submission.person_looks", "What was handed in could not be opened here; a person looks at it."
            ),
            hint=message("hint.hand_in_notebook", "Hand in the .ipynb file itself."),
        )
    status: Status = "not_reached" if missing else "needs_review"
    verdicts = tuple(question.verdict(status, 0.0, nothing) for question in answer_key.assignment.questions)
    return Result(
        student=student,
        submission=submission,
        status="unreadable",
        score=0.0,
        points=answer_key.assignment.points,
        pending=round(sum(verdict.pending for verdict in verdicts), 3),
        questions=verdicts,
        notes=(reason,),
        isolation="nothing was executed",
        device="none",
        versions=versions(),
        keys={},
        seconds=0.0,
    )


def _faults(answer_key: AnswerKey, context: Context) -> dict[int, Message]:
    sources = [cell.source for cell in context.cells if cell.kind == "code"]
    return machine_faults(context.evidence, sources, answer_key.provided, answer_key.given)


def _verdicts(answer_key: AnswerKey, context: Context, faults: Mapping[int, Message]) -> tuple[Verdict, ...]:
    questions, cells = answer_key.assignment.questions, [cell for cell in context.cells if cell.kind == "code"]
    return pending_for(judge_all(questions, context), questions, faults, cut_short(context.evidence, cells, faults))
