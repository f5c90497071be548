"""Statistics of a run of `grade`: stored in the gradebook, shown on the class page."""

from __future__ import annotations

from autograder.core.data import Data


class RunStatistics(Data):
    """The last run of `grade`. `at` is when it ended (ISO 8601, UTC), `seconds` its wall-clock time.

    `failures` are the students for whom the autograder itself failed, with the reason; they are not graded.
    """

    at: str
    seconds: float
    workers: int
    graded: int
    reused: int
    failures: dict[str, str] = {}


class TrainingStatistics(Data):
    """The trusted runs behind a class's results: the number of distinct runs, and their total time."""

    runs: int = 0
    seconds: float = 0.0
    devices: tuple[str, ...] = ()
