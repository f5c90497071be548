"""What many attempts tell of hidden targets: the figure in docs/security.md."""

import math

import numpy as np
import pytest

ROWS = 600


def gained(attempts, decimals):
    """By how much more than half of the rows are right after so many attempts, each with random classes.

    Attempts that scored less than one half are turned around, and the class that most of them say is taken (the
    boosting attack of Blum and Hardt, The Ladder, 2015). The share of n rows that an attempt has right has the standard
    deviation 1 / (2 √n), so turned around it is right on √(2 / (π n)) / 2 more than half of them; the sum of k of them
    has the sign of the target with the probability Φ(√k √(2 / (π n))), which is 1/2 + √(k / n) / π where that is small.
    """
    draw = np.random.default_rng(attempts)
    right = []
    for _ in range(40):
        truth = draw.integers(0, 2, ROWS) * 2 - 1
        tried = draw.integers(0, 2, (attempts, ROWS)) * 2 - 1
        scores = ((tried == truth).mean(axis=1)).round(decimals)
        said = np.sign(scores - 0.5) @ tried
        right.append((np.sign(said) == truth).mean() + (said == 0).mean() / 2)
    return np.mean(right) - 0.5


@pytest.mark.parametrize("attempts", [10, 30, 100])
def test_attempts_without_any_knowledge_gain_about_a_third_of_the_root_of_their_share_of_the_rows(attempts):
    expected = math.sqrt(attempts / ROWS) / math.pi
    assert gained(attempts, 6) == pytest.approx(expected, rel=0.15)
    # Two decimals take nothing away: an attempt that they make one half exactly told next to nothing.
    assert gained(attempts, 2) == pytest.approx(expected, rel=0.2)
    assert gained(attempts, 1) < 0.5 * expected
