"""The score that a submission must reach, from the reference's short runs."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from autograder.core.errors import UserError
from autograder.records.metrics import ACCURACY, Metric

MIN_RUNS = 20
# Standard deviations from the mean: 4.32 is the one-sided tolerance factor for 20 runs of a normal quantity, beyond
# which with 95 % confidence less than one run in a thousand falls (noncentral t; NIST/SEMATECH e-Handbook 7.2.6.3).
DEVIATIONS = 4.32
# The minimum distance from the worst run seen, independent of the spread: accuracies near 1 are skewed to the left,
# and a processor that adds in another order changes a run by a few of the 600 images. For an error, the distance is
# relative to it.
MARGIN = 0.01
# The significant digits of a threshold on an error, which can have any magnitude.
_DIGITS = 3


class TooFewRuns(UserError):
    """There are too few runs for a threshold; the message says how many are needed."""


def require_enough(count: int) -> None:
    """Check that `count` runs are enough for a threshold.

    Raises:
        TooFewRuns: fewer than 20 runs.
    """
    if count < MIN_RUNS:
        raise TooFewRuns(f"A threshold needs runs of the reference with at least {MIN_RUNS} seeds, not {count}.")


def threshold(scores: Sequence[float], metric: Metric = ACCURACY) -> float:
    """The score needed to pass, from the validation scores of the reference with at least 20 seeds.

    A correct submission is one more draw from the same distribution, so the threshold is a value that almost no draw
    is worse than: 4.32 standard deviations below the mean (see `DEVIATIONS`), and at least 0.01 below the worst run.
    It is rounded down to whole hundredths, because it is shown to the student. For an error, where lower is better, it
    is as far above the mean, at least 1 % above the worst run, and rounded up to three significant digits.

    Raises:
        TooFewRuns: fewer than 20 scores.
    """
    require_enough(len(scores))
    reach = DEVIATIONS * statistics.stdev(scores)
    if not metric.higher_is_better:
        return _rounded_up(max(statistics.fmean(scores) + reach, max(scores) * (1 + MARGIN)))
    lowest = min(statistics.fmean(scores) - reach, min(scores) - MARGIN)
    return max(metric.bounds[0], math.floor(lowest * 100 + 1e-9) / 100)


def _rounded_up(value: float) -> float:
    if value <= 0:
        return 0.0
    places = _DIGITS - 1 - math.floor(math.log10(value))
    return float(f"{math.ceil(value * 10.0**places - 1e-9) / 10.0**places:.{_DIGITS}g}")
