"""What one deviation alone does to the expected network: to its totals, and to which of its rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from autograder.network.align import Pair
from autograder.network.architecture import Architecture, Operation, Row
from autograder.network.measure import measure_until_misfit, sum_up


class Effect(NamedTuple):
    """Whether the totals change, and the expected operations whose shape or parameters change."""

    totals: bool
    rows: frozenset[int]


class Edit:
    """The expected network with one deviation applied; `origin` maps each operation to the expected one (None: new)."""

    def __init__(self, expected: Architecture) -> None:
        self.operations = list(expected.operations)
        self.origin: list[int | None] = list(range(len(expected.operations)))
        self.outputs = list(expected.outputs)
        self.possible = True

    def remove(self, index: int) -> None:
        """Remove an expected operation; its readers read its input instead."""
        position = self.origin.index(index)
        gone = self.operations[position]
        if len(gone.inputs) != 1:
            self.possible = False
            return

        def down(old: int) -> int:
            return old - (old > position)

        self._renumber(lambda old: gone.inputs[0] if old == position else down(old), down, skip=position)

    def insert(self, operation: Operation, after: int | None) -> None:
        """Insert a new operation after an expected one, whose readers then read the new one."""
        if len(operation.inputs) != 1 or after is None or after not in self.origin:
            self.possible = False
            return
        position = self.origin.index(after)
        self._renumber(lambda old: old + (old >= position), lambda old: old + (old > position), skip=None)
        self.operations = [
            *self.operations[: position + 1],
            operation.model_copy(update={"inputs": (position,), "shares": None}),
            *self.operations[position + 1 :],
        ]
        self.origin.insert(position + 1, None)

    def replace(self, index: int, operation: Operation) -> None:
        """Give an expected operation another kind and other settings."""
        position = self.origin.index(index)
        here = self.operations[position]
        self.operations[position] = here.model_copy(update={"kind": operation.kind, "settings": operation.settings})

    def reconnect(self, index: int, inputs: tuple[int | None, ...]) -> None:
        """Let an expected operation read other expected ones."""
        if any(source is None or source >= index for source in inputs):
            self.possible = False
            return
        self.operations[index] = self.operations[index].model_copy(update={"inputs": inputs})

    def share(self, index: int, owner: int | None) -> None:
        """Let an expected operation use the weights of an earlier one; None: its own weights."""
        if owner is not None and (owner >= index or owner not in self.origin):
            self.possible = False
            return
        position = self.origin.index(index)
        shares = None if owner is None else self.origin.index(owner)
        self.operations[position] = self.operations[position].model_copy(update={"shares": shares})

    @property
    def architecture(self) -> Architecture:
        """The network in its current state."""
        return Architecture(operations=tuple(self.operations), outputs=tuple(self.outputs))

    def effect(self, measured: tuple[Row, ...]) -> Effect:
        """Compare with the rows of the expected network. What can no longer be computed counts as changed."""
        everything = frozenset(range(len(measured)))
        if not self.possible:
            return Effect(totals=True, rows=frozenset())
        rows, problem = measure_until_misfit(self.architecture)
        seen = {index: row for index, row in zip(self.origin, rows, strict=False) if index is not None}
        same = {index for index, row in seen.items() if _size(row) == _size(measured[index])}
        return Effect(totals=problem is not None or sum_up(rows) != sum_up(measured), rows=everything - same)

    def _renumber(self, place: Callable[[int], int], owner: Callable[[int], int], skip: int | None) -> None:
        """Renumber what every operation reads (by `place`) and whose weights it shares (by `owner`)."""
        both = enumerate(zip(self.operations, self.origin, strict=True))
        kept = [pair for position, pair in both if position != skip]
        self.operations = [
            operation.model_copy(
                update={
                    "inputs": tuple(place(source) for source in operation.inputs),
                    "shares": None if operation.shares in (None, skip) else owner(operation.shares),
                }
            )
            for operation, _ in kept
        ]
        self.origin = [origin for _, origin in kept]
        self.outputs = [place(end) for end in self.outputs]


def _size(row: Row) -> tuple[object, ...]:
    return row.shape, row.parameters, row.trainable


def insertion_anchor(index: int, actual: Architecture, partner: dict[int, int]) -> int | None:
    """The expected operation after which the actual operation `index` comes: the nearest one before it that has a
    partner."""
    while True:
        inputs = actual.operations[index].inputs
        if not inputs:
            return None
        index = inputs[0]
        if index in partner:
            return partner[index]


def partners(pairs: tuple[Pair, ...]) -> dict[int, int]:
    """From actual to expected indices, for paired operations."""
    return {theirs: ours for ours, theirs in pairs if ours is not None and theirs is not None}
