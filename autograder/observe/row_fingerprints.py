"""Inside the kernel: which target belongs to which row, for a few rows that other copies of the data have as well.

The rows of a table are compared by their columns' standard scores, all others by 32 of their values between the
smallest and the largest of these: so a row keeps its fingerprint when the data are scaled as a whole, and a table's
when each of its columns is. The rows with the smallest fingerprints are kept: two copies of the same data keep the same
rows, whatever their order, and a copy of most of them keeps most of these (Broder, On the resemblance and containment
of documents, 1997).
"""

from __future__ import annotations

from typing import Any

import numpy as np

_KEPT = 64
_PLACES = 32  # values of a row that are compared; of a table's, all
_MOST_COLUMNS = 256
_MOST_ROWS = 200_000
# Scores are compared in steps of this size; the offset keeps whole numbers away from where it is rounded.
_STEP, _OFFSET = 1 / 97, 0.37


def paired(inputs: Any, targets: Any) -> dict[str, float] | None:
    """The target (a class or a number) by the fingerprint of its row, for at most 64 rows; rows that are there twice
    are left out. None where rows have no fingerprints.

    `inputs`: (rows, …) and `targets`: (rows,), arrays of numbers.
    """
    count = len(inputs)
    if not 0 < count <= _MOST_ROWS or count != len(targets) or not inputs[0].size:
        return None
    rows = inputs.reshape(count, -1)
    scores = _of_table(rows) if inputs.ndim == 2 and rows.shape[1] <= _MOST_COLUMNS else _of_row(rows)
    usable = np.isfinite(scores).all(axis=1) & np.isfinite(targets)
    marks = _hashed(scores[usable])
    marks, first, times = np.unique(marks, return_index=True, return_counts=True)
    kept = np.flatnonzero(times == 1)[:_KEPT]
    chosen = np.asarray(targets[usable][first[kept]], dtype=np.float64)
    return {f"{mark:016x}": float(value) for mark, value in zip(marks[kept], chosen, strict=True)}


def _of_table(rows: Any) -> Any:
    numbers = rows.astype(np.float64)
    spread = numbers.std(axis=0)
    return (numbers[:, spread > 0] - numbers.mean(axis=0)[spread > 0]) / spread[spread > 0]


def _of_row(rows: Any) -> Any:
    """NaN for a row whose values are all the same."""
    width = rows.shape[1]
    places = np.sort(np.random.RandomState(0).permutation(width)[:_PLACES])
    some = rows[:, places].astype(np.float32)
    low, high = some.min(axis=1, keepdims=True), some.max(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (some - low) / (high - low)


def _hashed(scores: Any) -> Any:
    """A number of 64 bits for each row of scores."""
    steps = np.floor(scores / _STEP + _OFFSET).astype(np.int64).astype(np.uint64)
    factors = np.random.RandomState(1).randint(1, 2**62, scores.shape[1], dtype=np.int64).astype(np.uint64)
    marks = (steps * (2 * factors + np.uint64(1))).sum(axis=1, dtype=np.uint64)
    # Mixed, so that which rows have the smallest ones says nothing about them (the finalizer of MurmurHash3).
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        marks = (marks ^ (marks >> np.uint64(33))) * np.uint64(factor)
    return marks ^ (marks >> np.uint64(33))
