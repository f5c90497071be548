"""Judge again from stored evidence, after the instructor changed points, thresholds or checks; nothing is executed."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from autograder.checks.judging import with_explanations
from autograder.core.caching import BoundedCache
from autograder.core.data import digest, packed, unpacked
from autograder.grading.answer_key import AnswerKey, context_of
from autograder.grading.grade_change import GradeChange, grade_change
from autograder.grading.judge import conclude, conclude_unreadable, with_runs
from autograder.intake.notebook import parse_notebook
from autograder.records.evidence import Evidence
from autograder.records.result import Override, Result
from autograder.records.store import Gradebook, StoredResult
from autograder.records.training import TrainingRun, TrainingTask

_RUNS_AT_HAND = 64


class NotStored(LookupError):
    """A verdict needs something that was never executed; the message says what, and what to do."""


@dataclass(frozen=True)
class Regraded:
    """One result judged again, and the one before; both without their questions, because a class is large."""

    before: Result
    after: Result


@dataclass(frozen=True)
class NotRegraded:
    """A result that stays as it was; why, and what to do."""

    student: str
    why: str


@dataclass(frozen=True)
class _Rejudged:
    """A result judged again and not stored yet: compressed, because those of a whole class are in memory at once."""

    stored: StoredResult
    after: bytes


@dataclass(frozen=True)
class Rejudging:
    """Every stored submission judged again, with nothing stored yet."""

    changes: tuple[GradeChange, ...]
    not_regraded: tuple[NotRegraded, ...]
    rejudged: tuple[_Rejudged, ...]

    def store(self, gradebook: Gradebook) -> list[Regraded]:
        """Replace the old results with the new ones; one that another grader replaced meanwhile is kept."""
        regraded = []
        for one in self.rejudged:
            after = unpacked(Result, zlib.decompress(one.after))
            if gradebook.replace_result_if_unchanged(one.stored, after, result_key=after.keys["result"]):
                regraded.append(Regraded(one.stored.result, _in_short(after)))
        return regraded


def rejudge(
    answer_key: AnswerKey,
    gradebook: Gradebook,
    run_key: Callable[[TrainingTask], str],
    train: Callable[[TrainingTask], TrainingRun] | None = None,
    only: Collection[str] | None = None,
) -> Rejudging:
    """Judge every stored submission again without storing anything; for one that cannot be judged, say why.

    `only` are the students whose results are judged, if not all are. `run_key` gives the key under which a task's
    training run is stored. `train` makes the runs that an instructor's decision makes necessary, and those that the
    results of `only` lack; without it such a submission is not judged again.
    """
    # Students who share a network share its runs.
    run_of = lru_cache(maxsize=_RUNS_AT_HAND)(gradebook.training_run)
    key_of: BoundedCache[str] = BoundedCache(_RUNS_AT_HAND)

    def stored_run(task: TrainingTask) -> TrainingRun | None:
        return run_of(key_of(task.key, lambda: run_key(task)))

    def made_run(task: TrainingTask) -> TrainingRun | None:
        found = stored_run(task)
        if train is None or (found is not None and found.answers(task)):
            return found
        made = train(task)
        gradebook.store_training_run(made)
        run_of.cache_clear()
        return made

    overrides = gradebook.overrides.current()
    changes: list[GradeChange] = []
    not_regraded: list[NotRegraded] = []
    rejudged: list[_Rejudged] = []
    for stored in gradebook.results():
        student = stored.result.student
        if only is not None and student not in only:
            continue
        try:
            decided = overrides.get(student, {})
            # The runs that only some results lack are asked for.
            to_make = bool(decided) or only is not None
            after = _judge_again(answer_key, gradebook, stored, made_run if to_make else stored_run, decided)
        except NotStored as error:
            not_regraded.append(NotRegraded(student, str(error)))
            continue
        change = grade_change(stored.result, after, overrides.get(student, {}))
        if change is not None:
            changes.append(change)
        in_short = replace(stored, result=_in_short(stored.result))
        rejudged.append(_Rejudged(in_short, zlib.compress(packed(after))))
    return Rejudging(tuple(changes), tuple(not_regraded), tuple(rejudged))


def _in_short(result: Result) -> Result:
    return result.model_copy(update={"questions": (), "notes": ()})


def _require_asked(answer_key: AnswerKey, evidence: Evidence) -> None:
    """Raise if a question is newer than the run of the notebook, so that its variable was not captured."""
    wanted = answer_key.assignment.variables()
    unseen = [name for name in wanted if evidence.asked is not None and name not in evidence.asked]
    if unseen:
        raise NotStored(f"its notebook was run before a question asked for `{unseen[0]}`; run `autograder grade` again")


def _judge_again(
    answer_key: AnswerKey,
    gradebook: Gradebook,
    stored: StoredResult,
    run_of: Callable[[TrainingTask], TrainingRun | None],
    decided: Mapping[str, Override],
) -> Result:
    before = stored.result
    if before.status == "unreadable":
        made = conclude_unreadable(answer_key, before.student, before.submission, before.notes[0])
        keys = {}
    else:
        evidence = gradebook.evidence(before.keys.get("evidence", ""))
        handed_in = gradebook.submission(before.student)
        if evidence is None or handed_in is None or handed_in.content is None:
            raise NotStored("what its notebook left behind is not stored; run `autograder grade` again")
        _require_asked(answer_key, evidence)

        def stored_run(task: TrainingTask) -> TrainingRun:
            found = run_of(task)
            if found is None or not found.answers(task):
                raise NotStored(
                    "a training run that is needed now was never made (the recipe, a threshold, the points before it, "
                    "the images or the versions changed); run `autograder grade` again"
                )
            return found

        def stored_explanation(task: TrainingTask) -> TrainingRun | None:
            found = run_of(task)
            return found if found is not None and found.answers(task) else None

        context = context_of(answer_key, evidence, parse_notebook(handed_in.content))
        context = with_runs(answer_key, replace(context, decided=decided), stored_run)
        context = with_explanations(context, stored_explanation)
        made = conclude(answer_key, before.student, before.submission, context)
        keys = made.keys
    return made.model_copy(
        update={
            "keys": {**keys, "result": digest("regraded", before.keys["result"], answer_key.key)},
            "seconds": before.seconds,
            "handed_in": before.handed_in,
        }
    )
