"""When one training run is not enough to decide, and how several decide together.

Statements about accuracies here hold for every score; for a metric where lower is better, "above" means "below".

The same network reaches a different accuracy with every random start; over starts the accuracies are assumed normal,
with the standard deviation s of the reference's own calibrated runs. One run decides if it is at least `CLEAR` x s
above the threshold t. If it is as far below, a second start has to be as far below too: networks other than the
reference vary more, and one failed short training (0.62 when two other starts reached 0.83 and 0.91: cnn2 with
`GlorotNormal`) does not make the network wrong. In between, and if the second start disagrees with the first, the
network is trained from `runs` starts in total (a field of the question, `checks.score`), and their mean decides: its
standard deviation is s / sqrt(runs) (the two-stage form of a test on a mean; NIST/SEMATECH e-Handbook of Statistical
Methods, 7.2.2 and 7.2.6).

- A correct network does not fail by chance: its mean is at least 4.32 s above t (`train.calibrated_threshold`), and it
  fails only if its first run falls more than 2.32 s below that mean *and* the mean of all runs falls below t, or if two
  runs fall 6.32 s below: together less than one in a billion.
- A network whose mean is one s below t passes if its mean of five runs is off by sqrt(5) standard errors, or its first
  run by 3 s: 1.4 %, where a single run would pass 15.9 %. `chance_of_passing` computes it.
"""

from __future__ import annotations

import functools
import math
import statistics
from collections.abc import Callable, Sequence

from autograder.records.metrics import ACCURACY, Metric

CLEAR = 2.0
# Two-sided 95 % quantiles of Student's t with 1, 2, … degrees of freedom (NIST/SEMATECH e-Handbook, 1.3.6.7.2).
_T_95 = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093),
)
MOST_RUNS = len(_T_95) + 1
_NORMAL = statistics.NormalDist()
_STEPS = 200
_TAIL = 8.0  # standard deviations; 6e-16 of a normal distribution lies further up


@functools.lru_cache(maxsize=64)
def spread(scores: tuple[float, ...], needed: float, rows: int, metric: Metric = ACCURACY) -> float:
    """The standard deviation of one network's score over random starts.

    It is that of the reference's calibrated runs. If there are none, it is the standard error on the n validation rows:
    sqrt(p (1 - p) / n) for a share p of the rows; for a mean of errors, the distance from the perfect score over
    sqrt(n), because the standard deviation of errors is about their mean (exactly so if they are exponential).
    """
    if len(scores) > 1:
        return statistics.stdev(scores)
    if metric.share:
        return math.sqrt(needed * (1 - needed) / rows)
    return abs(metric.perfect - needed) / math.sqrt(rows)


def clear_from(needed: float, deviation: float, metric: Metric = ACCURACY) -> float:
    """The score from which a single run passes; slightly below the perfect score, so that a run can reach it."""
    clear, halfway = metric.shifted(needed, CLEAR * deviation), (metric.perfect + needed) / 2
    return min(clear, halfway) if metric.higher_is_better else max(clear, halfway)


def is_close(reached: float, needed: float, deviation: float, metric: Metric = ACCURACY) -> bool:
    """Whether a score is so close to the threshold that another random start might have decided differently."""
    far = is_clear_miss(reached, needed, deviation, metric)
    return not far and not metric.reaches(reached, clear_from(needed, deviation, metric))


def is_clear_miss(reached: float, needed: float, deviation: float, metric: Metric = ACCURACY) -> bool:
    """Whether a score is so far from the threshold on the wrong side that two such scores decide."""
    return metric.reaches(metric.shifted(needed, -CLEAR * deviation), reached)


def interval(scores: Sequence[float], metric: Metric = ACCURACY) -> tuple[float, float]:
    """The 95 % confidence interval of the mean of 2 to 20 scores by Student's t, clipped to the metric's range."""
    mean = statistics.fmean(scores)
    half = _T_95[len(scores) - 2] * statistics.stdev(scores) / math.sqrt(len(scores))
    least, most = metric.bounds
    return max(least, mean - half), min(most, mean + half)


@functools.lru_cache(maxsize=64)
def chance_of_passing(below: float, runs: int) -> float:
    """The probability (0..1) that a network passes whose true mean is `below` standard deviations below the threshold.

    With b for `below`, c for `CLEAR`, n for `runs`, phi and Q the density and the upper tail of the standard normal
    distribution, and z for a run's distance from the true mean, that is the sum of
    Q(b + c), a first run that is clear;
    the integral over z from b - c to b + c of phi(z) Q((n b - z) / sqrt(n - 1)), one that is close;
    the integral over z below and y above b - c of phi(z) phi(y) Q((n b - z - y) / sqrt(n - 2)), one that is far below
    and a second, y, that is not. By the trapezoidal rule. With one run it is Q(b).
    """
    if runs == 1:
        return _upper(below)
    low, high = below - CLEAR, below + CLEAR
    close = _integral(lambda z: _NORMAL.pdf(z) * _upper((runs * below - z) / math.sqrt(runs - 1)), low, high)

    def after_a_miss(z: float) -> float:
        needed = runs * below - z
        if runs == 2:
            return _upper(max(needed, low))
        others = math.sqrt(runs - 2)
        return _integral(lambda y: _NORMAL.pdf(y) * _upper((needed - y) / others), low, max(low, 0.0) + _TAIL)

    missed = _integral(lambda z: _NORMAL.pdf(z) * after_a_miss(z), min(low, 0.0) - _TAIL, low)
    return min(1.0, _upper(high) + close + missed)


def _upper(z: float) -> float:
    return _NORMAL.cdf(-z)


def _integral(of: Callable[[float], float], low: float, high: float) -> float:
    """Integrate by the trapezoidal rule."""
    width = (high - low) / _STEPS
    inner = math.fsum(of(low + step * width) for step in range(1, _STEPS))
    return width * (inner + (of(low) + of(high)) / 2)
