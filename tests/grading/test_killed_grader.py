"""A grader killed at any moment loses no finished result, and the next run completes the class as if undisturbed.

`python -m benchmarks.kills` does the same with many more kills.
"""

from pathlib import Path

import pytest

from benchmarks.kills import campaign

pytestmark = [pytest.mark.slow, pytest.mark.timeout(500)]


def test_kills_at_random_moments_lose_nothing_and_change_nothing(tmp_path: Path) -> None:
    outcome = campaign(kills=5, seed=1, folder=tmp_path)
    assert outcome.kills == 5
    assert outcome.faults == []
