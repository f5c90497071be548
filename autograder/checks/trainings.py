"""The networks that a notebook trained, as far as known."""

from __future__ import annotations

import re
from collections import Counter

from autograder.checks.base import Context
from autograder.checks.student_network import find_network

_BY_HAND = re.compile(r"\b(?:train_on_batch|GradientTape|train_step|set_weights|load_weights)\b|\.backward\(")


def is_known(context: Context) -> bool:
    """Whether every training of the notebook is known: all cells ended, and none trains or sets weights by hand."""
    evidence = context.evidence
    if not evidence.complete or evidence.records_dropped or any(fit.record is None for fit in evidence.fits):
        return False
    # Evidence from before version 0.2 has no records.
    if evidence.networks and not evidence.records:
        return False
    return not any(_BY_HAND.search(cell.source) for cell in context.cells if cell.kind == "code")


def of_a_sweep(context: Context, values: int) -> tuple[int, int]:
    """How many networks were trained for a sweep over this many values, and by how many calls of `fit`.

    A network that the assignment asks for counts only if it was trained in the same cell as another one, or once for
    each of the values.
    """
    chosen = (find_network(context, name).record for name in context.expected)
    asked = {record.number for record in chosen if record is not None}
    fits = [fit for fit in context.evidence.fits if fit.failure is None]
    calls = Counter(fit.record for fit in fits)
    cells = {fit.cell for fit in fits if fit.record not in asked}
    counted = [fit for fit in fits if fit.cell in cells or calls[fit.record] >= values]
    return len({fit.record for fit in counted}), len(counted)
