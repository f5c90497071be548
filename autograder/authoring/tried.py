"""What `validate` tries, and the outcome."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from autograder.records.training import TrainingRun, TrainingTask

Run = Callable[[TrainingTask], TrainingRun]
TrialOutcome = Literal["caught", "noticed", "missed", "overcharged", "not asked", "fair", "punished", "not tried"]


@dataclass(frozen=True)
class Tried:
    """One thing that was tried: a mutant or a rewrite of `network`, or a plant in the whole notebook ("").

    `outcome`: "caught" (it costs points), "noticed" (it costs none, but the student sees a finding), "missed",
    "overcharged" (one mistake costs as much as several), "not asked" (no question asks for what differs); of something
    right "fair" (it keeps every point) or "punished" (it does not); "not tried" (it does not run in this notebook).
    `questions` are those whose answer changed.
    """

    network: str
    what: str
    outcome: TrialOutcome
    questions: tuple[str, ...] = ()
