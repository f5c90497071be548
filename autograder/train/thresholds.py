"""The accuracy that a submission must reach, from the reference's short runs."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from autograder.core.errors import UserError

MIN_RUNS = 20
# Standard deviations below the mean: 4.32 is the one-sided tolerance factor for 20 runs of a normal quantity, below
# which with 95 % confidence less than one run in a thousand falls (noncentral t; NIST/SEMATECH e-Handbook 7.2.6.3).
DEVIATIONS = 4.32
# The minimum distance below the worst run seen, independent of the spread: accuracies near 1 are skewed to the left,
# and a processor that adds in another order changes a run by a few of the 600 images.
MARGIN = 0.01


class TooFewRuns(UserError):
    """There are too few runs for a threshold; the message says how many are needed."""


def threshold(accuracies: Sequence[float]) -> float:
    """The accuracy needed to pass, from the validation accuracies of the reference with at least 20 seeds.

    A correct submission is one more draw from the same distribution, so the threshold is a value that almost no draw
    falls below: 4.32 standard deviations below the mean (see `DEVIATIONS`), and at least 0.01 below the worst run.
    It is rounded down to whole hundredths, because it is shown to the student.

    Raises:
        TooFewRuns: fewer than 20 accuracies.
    """
    if len(accuracies) < MIN_RUNS:
        raise TooFewRuns(
            f"A threshold needs runs of the reference with at least {MIN_RUNS} seeds, not {len(accuracies)}."
        )
    bound = statistics.fmean(accuracies) - DEVIATIONS * statistics.stdev(accuracies)
    lowest = min(bound, min(accuracies) - MARGIN)
    return max(0.0, math.floor(lowest * 100 + 1e-9) / 100)
