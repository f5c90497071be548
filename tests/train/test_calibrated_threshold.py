import numpy as np
import pytest

from autograder.records.metrics import METRICS
from autograder.train.calibrated_threshold import TooFewRuns, threshold


def test_it_lies_below_every_run_that_was_seen():
    accuracies = [0.95] * 19 + [0.91]
    assert threshold(accuracies) <= 0.91 - 0.01


def test_runs_that_agree_leave_the_margin_alone():
    assert threshold([0.95] * 20) == 0.94


def test_it_is_rounded_down_to_hundredths():
    assert threshold([0.9567] * 20) == 0.94
    assert threshold([0.93] * 20) == 0.92


def test_a_wider_spread_gives_a_lower_threshold():
    narrow = threshold([0.94, 0.95] * 10)
    wide = threshold([0.90, 0.99] * 10)
    assert wide < narrow


def test_next_to_no_further_run_of_the_reference_fails():
    rng = np.random.default_rng(0)
    failures = 0
    for _ in range(200):
        draws = rng.normal(0.93, 0.012, 520)
        failures += int((draws[20:] < threshold(draws[:20].tolist())).sum())
    assert failures / (200 * 500) < 0.001


def test_too_few_runs_are_refused():
    with pytest.raises(TooFewRuns, match="at least 20 seeds, not 19"):
        threshold([0.9] * 19)


def test_it_is_never_negative():
    assert threshold([0.0, 1.0] * 10) == 0.0


def test_of_an_error_the_threshold_lies_above_every_run_and_has_three_digits():
    errors = [41.2 + 0.1 * (seed % 5) for seed in range(20)]
    needed = threshold(errors, METRICS["mae"])
    assert max(errors) < needed < 43
    assert needed == float(f"{needed:.3g}")
    assert threshold([0.00123] * 20, METRICS["mse"]) == 0.00125
