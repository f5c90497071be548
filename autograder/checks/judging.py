"""All questions of an assignment judged in order: what one question needs of another is handled here.

The grading stage calls `tasks_needed` until no run is needed any more, then `judge_all`. Neither raises because of
something a student did, and a check that fails itself costs only its own question.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace

from autograder.checks.base import Context, Question
from autograder.checks.student_network import find_network
from autograder.core.language import gettext_noop
from autograder.core.messages import in_turn, message
from autograder.records.result import Finding, Verdict
from autograder.records.training import TrainingRun, TrainingTask

_SAID_ONCE = frozenset(
    {
        "network.replaced_later",
        "network.changed_later",
        "network.overwritten",
        "network.in_function",
        "network.many_tried",
        "network.nearer_unused",
        "network.some_forgotten",
    }
)
# By the status of the question that it builds on.
_BUILDS_ON = {
    "not_reached": (
        "depends.not_reached",
        gettext_noop("This question builds on “{title}”, and there was nothing to judge there."),
    ),
    "error": (
        "depends.error",
        gettext_noop("This question builds on “{title}”, which the autograder could not judge."),
    ),
    "needs_review": (
        "depends.needs_review",
        gettext_noop("This question builds on “{title}”, which a person has to read first."),
    ),
}


def judge_all(questions: Sequence[Question], context: Context) -> tuple[Verdict, ...]:
    """The verdict on every question, in the order of `questions`; each sees the verdicts before it as `earlier`."""
    earlier = dict(context.earlier)
    verdicts: list[Verdict] = []
    for question in questions:
        verdict = _judge(question, replace(context, earlier=dict(earlier)))
        earlier[question.id] = context.counting(verdict)
        verdicts.append(_unrepeated(verdict, verdicts))
    return tuple(verdicts)


def _unrepeated(verdict: Verdict, before: Sequence[Verdict]) -> Verdict:
    """The verdict without the notes on a network's history that earlier verdicts already contain."""
    said = [finding.message for other in before for finding in other.findings if finding.code in _SAID_ONCE]
    kept = tuple(one for one in verdict.findings if one.code not in _SAID_ONCE or one.message not in said)
    return verdict.model_copy(update={"findings": kept})


def tasks_needed(questions: Sequence[Question], context: Context) -> tuple[TrainingTask, ...]:
    """The trusted runs that are still missing in `context.runs` and that affect points, each once.

    No run is requested if its question depends on one that was not answered well enough. A question that depends on one
    still waiting for a run is considered in the next round: so call this until it returns nothing.
    """
    earlier = dict(context.earlier)
    waiting: set[str] = set()
    tasks: dict[str, TrainingTask] = {}
    for question in questions:
        if question.depends is not None and question.depends.question in waiting:
            waiting.add(question.id)
            continue
        seen = replace(context, earlier=dict(earlier))
        missing = _missing_runs(question, seen)
        if missing:
            waiting.add(question.id)
            for task in missing:
                tasks[task.key] = _longer(task, tasks.get(task.key, task))
        else:
            earlier[question.id] = context.counting(_judge(question, seen))
    return tuple(tasks.values())


def with_known_runs(context: Context, run_of: Callable[[TrainingTask], TrainingRun | None]) -> Context:
    """`context` with the trusted runs it needs that `run_of` knows; a question that needs others waits for them."""
    runs, unknown = dict(context.runs), set[str]()
    while tasks := [
        task for task in tasks_needed(context.questions, replace(context, runs=runs)) if task.key not in unknown
    ]:
        for task in tasks:
            found = run_of(task)
            if found is not None and found.answers(task):
                runs[task.key] = found
            else:
                unknown.add(task.key)
    return replace(context, runs=runs, no_more_runs=True)


def building_on(questions: Sequence[Question], changed: Collection[str]) -> frozenset[str]:
    """The ids of all questions whose verdicts may change with those on `changed`, which are not among them."""
    reached: set[str] = set(changed)
    while more := {one.id for one in questions if one.builds_on(tuple(questions)) & reached} - reached:
        reached |= more
    return frozenset(reached - set(changed))


def with_explanations(context: Context, run: Callable[[TrainingTask], TrainingRun | None]) -> Context:
    """`context` with the runs that explain why an answer is wrong, if `run` gives them; no score depends on them.

    Call this once `tasks_needed` returns nothing.
    """
    runs = dict(context.runs)
    refused: set[str] = set()
    while tasks := [task for task in _wanted(replace(context, runs=runs)) if task.key not in refused]:
        for task in tasks:
            made = run(task)
            if made is None:
                refused.add(task.key)
            else:
                runs[task.key] = made
    return replace(context, runs=runs)


def _wanted(context: Context) -> tuple[TrainingTask, ...]:
    """The runs that would explain wrong answers; none for a question that does not count because of its dependency."""
    earlier = {verdict.id: context.counting(verdict) for verdict in judge_all(context.questions, context)}
    seen = replace(context, earlier=earlier)
    tasks: dict[str, TrainingTask] = {}
    for question in context.questions:
        if not question.requires_training or _unmet(question, seen) is not None:
            continue
        with suppress(Exception):  # `judge` fails the same way and reports it in its verdict
            tasks |= {task.key: task for task in question.explaining(seen) if context.run_of(task) is None}
    return tuple(tasks.values())


def _longer(one: TrainingTask, other: TrainingTask) -> TrainingTask:
    """Of two tasks that differ in their target, the one whose run answers both."""
    if one.target is None or other.target is None:
        return one.whole
    return one if one.recipe.scored_by.reaches(one.target, other.target) else other


def _missing_runs(question: Question, context: Context) -> list[TrainingTask]:
    if not question.requires_training or _unmet(question, context) is not None:
        return []
    try:
        return [task for task in question.training(context) if context.run_of(task) is None]
    except Exception:
        # `judge` fails the same way and reports it in its verdict.
        return []


def _judge(question: Question, context: Context) -> Verdict:
    unmet = _unmet(question, context)
    if unmet is not None:
        return unmet
    if context.no_more_runs and _missing_runs(question, context):
        return question.verdict(
            "needs_review",
            0.0,
            Finding(
                message=message("question.needs_run", "This needs our training run, which was not made yet."),
                hint=message("hint.instructor_run", "For the instructor: `autograder regrade` makes it."),
            ),
        )
    if question.from_evidence_alone:
        return context.once(("verdict", question), lambda: _judged(question, context))
    return _judged(question, context)


def _judged(question: Question, context: Context) -> Verdict:
    try:
        return _unread(question, context) or question.judge(context)
    except Exception as error:
        return question.verdict("error", 0.0, _crash(error))


def _unread(question: Question, context: Context) -> Verdict | None:
    """The verdict on a question about layers that cannot be read, because they are the student's own code.

    Such a network may be right, so it is not marked wrong: it needs review. It earns nothing by itself.
    """
    if not question.about_layers:
        return None
    for name in question.networks():
        student = find_network(context, name)
        if student.unread:
            hint = message(
                "hint.read_by_person",
                "So a person looks at your code and gives the points. To have it judged at once, build the network "
                "from Keras' own layers.",
            )
            if student.captured is not None and student.captured.framework == "torch":
                hint = message(
                    "hint.torch_read_by_person",
                    "So a person looks at your code and gives the points. To have it judged at once, build the network "
                    "from the layers of `torch.nn`.",
                )
            return question.verdict("needs_review", 0.0, Finding(message=student.problem, hint=hint))
    return None


def _unmet(question: Question, context: Context) -> Verdict | None:
    """The verdict on a question that does not count because of the question it depends on; None if it counts."""
    if question.depends is None:
        return None
    base = context.earlier.get(question.depends.question)
    if base is None:
        return question.verdict(
            "error",
            0.0,
            Finding(
                message=message(
                    "question.not_judged", "The autograder could not judge this question; that is not your fault."
                ),
                hint=message(
                    "hint.instructor_depends",
                    'For the instructor: it depends on "{question}", which was not judged before.',
                    question=question.depends.question,
                ),
            ),
        )
    # Scores are rounded to thousandths, so a share of 0.5 is reached by what rounds to half.
    needed = question.depends.share * base.points
    if base.status != "needs_review" and base.score + 0.0005 >= needed:
        return None
    if base.status in ("not_reached", "error", "needs_review"):
        why = message(*_BUILDS_ON[base.status], title=base.title)
        return question.verdict(
            base.status, 0.0, Finding(message=why, hint=message("hint.findings_there", "See the findings there."))
        )
    sentence = message(
        "depends.not_counted",
        "Not counted, because it builds on “{title}”: at least {needed:g} of its {points:g} points are needed there, "
        "and you have {score:g}.",
        title=base.title,
        needed=needed,
        points=base.points,
        score=base.score,
    )
    hint = message(
        "hint.findings_there_first",
        "Look at the findings there first; this question counts as soon as that one is right enough.",
    )
    hint = in_turn(question.depends.because, hint, code=hint.code)
    return question.verdict("wrong", 0.0, Finding(message=sentence, hint=hint))


def _crash(error: Exception) -> Finding:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return Finding(
        message=message("question.failed", "The autograder itself failed on this question; that is not your fault."),
        hint=message(
            "hint.instructor_error",
            "For the instructor: {error} in {function} (line {line}): {message}",
            error=type(error).__name__,
            function=frame.name,
            line=frame.lineno,
            message=str(error)[:300],
        ),
    )
