"""Which of the suspects keeps a network from its accuracy: each in turn is substituted and trained, briefly.

The search is a function of the runs made so far: it says which run it needs next, or what it found. So it can resume
anywhere, costs nothing if a run is already known, and is deterministic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

from autograder.checks.diagnosis.suspects import Suspect, substituted, suspects
from autograder.records.training import TrainingRun, TrainingTask

RunOf = Callable[[TrainingTask], TrainingRun | None]


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
    """A substitution that was tried, and its run."""

    suspects: tuple[Suspect, ...]
    task: TrainingTask
    run: TrainingRun


@dataclass(frozen=True)
class Found:
    """What the runs have shown. `cause` is the smallest change that restored the accuracy; None if none did.

    `exhausted`: every single difference was tried. `close`: the accuracy was missed only within chance, or missed from
    one random start and only within chance from another.
    """

    trials: tuple[Trial, ...] = ()
    cause: Trial | None = None
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
    singles = suspects(case.task, case.reference)
    trials: list[Trial] = []
    for one in singles:
        tried = _try(case, (one,), trials, run_of)
        if isinstance(tried, TrainingTask):
            return tried
        if tried is not None and _restored(case, tried.run):
            return Found(tuple(trials), tried)
        if len(trials) >= case.budget:
            return Found(tuple(trials), exhausted=one is singles[-1])
    for pair in _pairs(singles, trials):
        if len(trials) >= case.budget:
            break
        tried = _try(case, pair, trials, run_of)
        if isinstance(tried, TrainingTask):
            return tried
        if tried is not None and _restored(case, tried.run):
            return Found(tuple(trials), tried, exhausted=True)
    return Found(tuple(trials), exhausted=True)


def _try(case: Faulty, chosen: tuple[Suspect, ...], trials: list[Trial], run_of: RunOf) -> TrainingTask | Trial | None:
    """The trial of a substitution, the run it still needs, or None if it is impossible or was already tried."""
    made = substituted(case.task, case.reference, chosen)
    if made is None:
        return None
    task = made.model_copy(update={"target": case.minimum})
    if any(task.key == before.task.key for before in trials):
        return None
    run = run_of(task)
    if run is None:
        return task
    trial = Trial(chosen, task, run.until(case.minimum))
    trials.append(trial)
    return trial


def _restored(case: Faulty, run: TrainingRun) -> bool:
    return bool(run.validation_accuracy) and run.scored_by.reaches(run.score, case.minimum)


def _pairs(singles: tuple[Suspect, ...], trials: list[Trial]) -> Iterator[tuple[Suspect, Suspect]]:
    """Pairs, the end of the network with its loss first, then by what each of them reached alone."""
    reached = {
        (*trial.suspects[0].layers, trial.suspects[0].aspect): trial.run.scored_by.lead(trial.run.score, 0.0)
        for trial in trials
    }

    def promise(pair: tuple[Suspect, Suspect]) -> tuple[bool, float]:
        ends = {one.aspect for one in pair} <= {"last activation", "loss", "from_logits"}
        return not ends, -sum(reached.get((*one.layers, one.aspect), 0.0) for one in pair)

    yield from sorted((pair for pair in combinations(singles, 2) if _compatible(*pair)), key=promise)


def _compatible(one: Suspect, other: Suspect) -> bool:
    """Whether two suspects can be combined: not if both set the same thing."""
    return not ((one.optimizer and other.optimizer) or (one.loss and other.loss))
