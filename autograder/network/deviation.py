"""One mistake in a network, as data."""

from __future__ import annotations

from typing import Literal

from autograder.core.data import Data
from autograder.core.messages import NOTHING, Text

DeviationKind = Literal[
    "missing", "extra", "different", "moved", "connected", "repeated", "shared", "frozen", "base_weights"
]


class Deviation(Data):
    """One mistake, at its root.

    `expected` and `actual` are operation indices, None on the side that has none. `marked`: it concerns the marked
    operations (an extra one is among them). `settings` are the names of the settings that differ ("kind" if the kinds
    of operation differ). `span`: how many of the student's operations it covers, from `actual` on; several if a block
    is repeated. `pairs`: the layers that differ in whether they are frozen, or in the weights of a base model that they
    start with, by their indices in both networks; only of the kinds "frozen" and "base_weights", whose `expected` and
    `actual` are the first of them. `changes_totals`: applied alone to the
    expected network, it would change the network's parameter counts. `message`, `where` and `hint` are for the student.
    """

    kind: DeviationKind
    expected: int | None = None
    actual: int | None = None
    marked: bool = False
    settings: tuple[str, ...] = ()
    span: int = 1
    pairs: tuple[tuple[int, int], ...] = ()
    changes_totals: bool = False
    message: Text = NOTHING
    where: Text = NOTHING
    hint: Text = NOTHING
