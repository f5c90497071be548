"""From the reference's own short runs to the accuracy that a submission must reach."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from autograder.core.errors import UserError

MIN_RUNS = 20
# AnswerKey deviations below the mean: 4.32 is the one-sided tolerance factor for 20 runs of a normal quantity, below
# which with 95 % confidence less than one run in a thousand falls (noncentral t; NIST/SEMATECH e-Handbook 7.2.6.3).
DEVIATIONS = 4.32
# How far below the worst run that was seen, whatever the spread: accuracies near 1 are skewed to the left, and a
# processor that adds in another order moves a run by a few images of the 600.
MARGIN = 0.01


class TooFewRuns(UserError):
    """The runs do not suffice for a threshold; the message says how many do."""


def threshold(accuracies: Sequence[float]) -> float:
    """The accuracy that counts as passed, from the validation accuracies of the reference with at least 20 seeds.

    A correct submission is one more draw from the same distribution, so the threshold lies where next to no draw
    falls: 4.32 standard deviations below the mean (see `DEVIATIONS`), and in any case 0.01 below the worst run seen.
    It is rounded down to whole hundredths, because the student reads it.

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
