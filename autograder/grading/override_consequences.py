"""When an instructor overrides a question, the questions that depend on it are judged again at once."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from autograder.checks.judging import building_on, with_explanations, with_known_runs
from autograder.core.data import digest
from autograder.grading.answer_key import AnswerKey, context_of
from autograder.grading.judge import verdicts_of
from autograder.intake.notebook import parse_notebook
from autograder.records.result import Verdict
from autograder.records.store import Gradebook
from autograder.records.training import TrainingRun, TrainingTask


def judge_dependents(
    answer_key: AnswerKey,
    gradebook: Gradebook,
    student: str,
    changed: Collection[str],
    run_key: Callable[[TrainingTask], str],
) -> frozenset[str]:
    """Judge the questions that depend on those in `changed` again, and store the result; executes nothing.

    A question whose training run is missing needs review until the next `grade` or `regrade` makes the run.

    Returns:
        The ids of the questions whose verdict has changed. None if the notebook's evidence is not stored.
    """
    dependents = building_on(answer_key.assignment.questions, changed)
    stored, handed_in = gradebook.result(student), gradebook.submission(student)
    if not dependents or stored is None or handed_in is None or handed_in.content is None:
        return frozenset()
    evidence = gradebook.evidence(stored.result.keys.get("evidence", ""))
    if evidence is None:
        return frozenset()

    def run_of(task: TrainingTask) -> TrainingRun | None:
        found = gradebook.training_run(run_key(task))
        return found if found is not None and found.answers(task) else None

    context = context_of(answer_key, evidence, parse_notebook(handed_in.content))
    context = with_known_runs(replace(context, decided=gradebook.overrides.of(student)), run_of)
    context = with_explanations(context, run_of)
    found = {one.id: one for one in verdicts_of(answer_key, context) if one.id in dependents}
    questions = tuple(
        found[one.id] if one.id in found and _other(found[one.id], one) else one for one in stored.result.questions
    )
    others = {new.id for new, old in zip(questions, stored.result.questions, strict=True) if new is not old}
    if not others:
        return frozenset()
    keys = dict(stored.result.keys)
    used = {*filter(None, keys.get("training", "").split(",")), *(run.key for run in context.runs.values())}
    # Stored under another key, `grade` does not reuse this result, so it makes the missing run.
    lacking = any(finding.code == "question.needs_run" for one in found.values() for finding in one.findings)
    keys |= {"training": ",".join(sorted(used))}
    if lacking:
        keys["result"] = digest("lacks a run", keys.get("result", ""))
    after = stored.result.model_copy(
        update={
            "questions": questions,
            "score": round(sum(one.score for one in questions), 3),
            "pending": round(sum(one.pending for one in questions), 3),
            "keys": keys,
        }
    )
    gradebook.replace_result_if_unchanged(stored, after, result_key=keys.get("result", stored.result_key))
    return frozenset(others)


def _other(one: Verdict, before: Verdict) -> bool:
    """Whether a verdict has changed: its score, or what is said about it, such as the points of another question."""
    return (one.status, one.score, one.points, one.findings) != (
        before.status,
        before.score,
        before.points,
        before.findings,
    )
