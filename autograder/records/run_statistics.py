"""What a run of `grade` took: kept in the gradebook, shown on the class page."""

from __future__ import annotations

from autograder.core.data import Data


class RunStatistics(Data):
    """The last run of `grade`. `at` is when it ended (ISO 8601, UTC), `seconds` how long it took by the clock.

    `failures` are the students on whom the autograder itself failed, with the reason; nothing of theirs is graded.
    """

    at: str
    seconds: float
    workers: int
    graded: int
    reused: int
    failures: dict[str, str] = {}


class TrainingStatistics(Data):
    """The trusted runs behind a class's results: how many distinct ones, and the time they took together."""

    runs: int = 0
    seconds: float = 0.0
    devices: tuple[str, ...] = ()
