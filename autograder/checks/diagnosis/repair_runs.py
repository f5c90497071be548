"""Which of the differences keep a network from its accuracy: they are substituted, some at a time, and trained briefly.

The search is a function of the runs made so far: it says which run it needs next, or what it found. So it can resume
anywhere, costs nothing if a run is already known, and is deterministic.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from autograder.checks.diagnosis.minimal_repair import EvaluatedRepair, minimal_repair
from autograder.checks.diagnosis.suspects import Suspect, substituted, suspects
from autograder.records.training import TrainingRun, TrainingTask

RunOf = Callable[[TrainingTask], TrainingRun | None]
# A repair of more changes, of which not every one is known to be needed, names no cause.
_MOST_UNSURE = 3


@dataclass(frozen=True)
class Faulty:
    """A network that misses its accuracy.

    Attributes:
        task: its run, which missed.
        reference: the run of the reference network, compiled as in its solution.
        minimum: the validation score needed.
        margin: how far scores vary by chance: a smaller gap to `minimum` is not investigated.
        budget: the maximum number of substitutions to try.
    """

    task: TrainingTask
    reference: TrainingTask
    minimum: float
    margin: float
    budget: int


@dataclass(frozen=True)
class Trial:
    """Substitutions that were tried together, and their run."""

    suspects: tuple[Suspect, ...]
    task: TrainingTask
    run: TrainingRun


@dataclass(frozen=True)
class Found:
    """What the runs have shown. `cause` is the smallest change that restored the accuracy; None if none did.

    `parts`: of a cause of several changes, what the first of them reached alone, the first two together and so on, as
    far as a run has shown it. `best`: where there is no cause, the smallest change that did clearly better than the
    network itself, of those that did best; None if none did. `minimal`: whether every change of the cause is needed.
    `exhausted`: every difference was tried.
    `close`: the accuracy was missed only within chance, or missed from one random start and only within chance from
    another.
    """

    trials: tuple[Trial, ...] = ()
    cause: Trial | None = None
    parts: tuple[Trial, ...] = ()
    best: Trial | None = None
    minimal: bool = True
    exhausted: bool = False
    close: bool = False


def search(case: Faulty, run_of: RunOf) -> TrainingTask | Found:
    """The next run needed, or what was found."""
    own = run_of(case.task)
    if own is None:
        return case.task
    if own.outcome == "trained":
        # If a second start does not miss, the first was bad luck, and any change would seem to fix it.
        again = case.task.with_seed(case.task.recipe.seed + 1)
        for run in (own, run_of(again)):
            if run is None:
                return again
            if run.scored_by.lead(case.minimum, run.score) <= case.margin:
                return Found(close=True)
    return _repair(case, own, run_of)


def _repair(case: Faulty, own: TrainingRun, run_of: RunOf) -> TrainingTask | Found:
    """The search for the smallest repair, with the runs made so far."""
    changes = suspects(case.task, case.reference)
    tried: dict[frozenset[int], Trial] = {}
    tests = minimal_repair(len(changes), case.budget)
    answer: float | None = None
    while True:
        try:
            chosen = tests.send(answer)
        except StopIteration as ended:
            return _found(case, own, ended.value, changes, tried)
        made = substituted(case.task, case.reference, tuple(changes[one] for one in sorted(chosen)))
        answer = None
        if made is not None:
            task = made.model_copy(update={"target": case.minimum})
            run = run_of(task)
            if run is None:
                return task
            tried[chosen] = Trial(tuple(changes[one] for one in sorted(chosen)), task, run.until(case.minimum))
            answer = _lead(case, run)


def _found(
    case: Faulty,
    own: TrainingRun,
    repair: EvaluatedRepair,
    changes: tuple[Suspect, ...],
    tried: dict[frozenset[int], Trial],
) -> Found:
    trials: dict[str, Trial] = {}
    for trial in tried.values():
        trials.setdefault(trial.task.key, trial)  # different choices may give the same network
    known = tuple(trials.values())
    causes = repair.causes
    if causes and (repair.minimal or len(causes) <= _MOST_UNSURE):
        whole = tried[frozenset(causes)]
        cause = Trial(tuple(changes[one] for one in causes), whole.task, whole.run)
        parts = [tried.get(frozenset(causes[:count])) for count in range(1, len(causes))]
        shown = tuple(
            Trial(cause.suspects[:count], part.task, part.run)
            for count, part in enumerate(parts, 1)
            if part is not None
        )
        return Found(known, cause, shown, minimal=repair.minimal, exhausted=repair.exhausted)
    return Found(known, best=_best(case, own, known), exhausted=repair.exhausted)


def _best(case: Faulty, own: TrainingRun, trials: tuple[Trial, ...]) -> Trial | None:
    """The smallest of the changes that came within chance of the best; None if that is not clearly better."""
    metric = case.task.recipe.scored_by
    scored = [trial for trial in trials if trial.run.validation_accuracy and _lead(case, trial.run) < 0]
    if not scored:
        return None
    top = metric.best(trial.run.score for trial in scored)
    if own.validation_accuracy and metric.lead(top, own.score) <= case.margin:
        return None
    near = [trial for trial in scored if metric.lead(top, trial.run.score) <= case.margin]
    return min(near, key=lambda trial: (len(trial.suspects), -metric.lead(trial.run.score, case.minimum)))


def _lead(case: Faulty, run: TrainingRun) -> float:
    """How far a run is above the score needed; below 0 if it misses."""
    return run.scored_by.lead(run.score, case.minimum) if run.validation_accuracy else -math.inf
