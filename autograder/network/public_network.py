"""A network as far as it is public: from the table in the handout, and from the code that the handout gives.

It contains nothing from the reference solution. What a table does not show (which function an activation is, the rate
of dropout) stays open, unless the handout's own code has it; where something is open, the student's own choice counts
as right.
"""

from __future__ import annotations

from typing import Any

from autograder.core.data import Data
from autograder.network.align import Pair, align, compared, differing, needs_no_padding
from autograder.network.architecture import Architecture, Operation
from autograder.network.diff import compare
from autograder.network.effects import Edit, insertion_anchor, partners
from autograder.network.inference import architecture_from_table
from autograder.network.kinds import ACTIVATIONS
from autograder.network.measure import rows
from autograder.network.table import SummaryTable, TableError

# The settings that shapes and parameter counts determine; of `Rescaling`, which has none, even `scale` is open.
_DETERMINED = frozenset(
    {"shape", "filters", "kernel_size", "strides", "padding", "dilation_rate", "groups", "depth_multiplier"}
    | {"units", "use_bias", "pool_size", "keepdims", "center", "scale", "target_shape", "cropping", "size"}
    | {"input_dim", "output_dim", "return_sequences", "reset_after", "axis", "trainable"}
)
_UNDETERMINED_KINDS = frozenset({"Rescaling"})


class ShownNetwork(Data):
    """A network of an assignment, from public information alone.

    `open` names for each operation the settings that are not shown. `activations` says whether the table has rows for
    them; if it has none, any activation counts as right.
    """

    architecture: Architecture
    open: tuple[tuple[str, ...], ...]
    activations: bool

    @property
    def complete(self) -> bool:
        """Whether everything that is compared is shown."""
        return self.activations and not any(self.open)

    def beside(self, student: Architecture) -> Architecture:
        """The expected network to compare `student` with: open settings take the student's values."""
        expected = self.architecture
        diff = compare(expected, student)
        pairs = tuple((row.expected, row.actual) for row in diff.aligned)
        edit, partner = Edit(expected), partners(pairs)
        for deviation in diff.deviations:
            ours, theirs = deviation.expected, deviation.actual
            if deviation.kind == "different" and ours is not None and theirs is not None:
                edit.replace(ours, self._completed(ours, student.operations[theirs]))
            for one, other in deviation.pairs:
                edit.replace(one, self._completed(one, student.operations[other]))
            if deviation.kind in ("missing", "moved") and ours is not None and self._assumed(ours):
                edit.remove(ours)
            if deviation.kind in ("extra", "moved") and theirs is not None:
                operation = student.operations[theirs]
                if operation.kind in ACTIVATIONS and (deviation.kind == "extra" or not self.activations):
                    edit.insert(operation, insertion_anchor(theirs, student, partner))
        return edit.architecture if edit.possible else expected

    def _assumed(self, index: int) -> bool:
        return not self.activations and self.architecture.operations[index].kind in ACTIVATIONS

    def _completed(self, index: int, student: Operation) -> Operation:
        mine = self.architecture.operations[index]
        if mine.kind != student.kind:
            return student if self._assumed(index) and student.kind in ACTIVATIONS else mine
        taken = {name: student.settings[name] for name in self.open[index] if name in student.settings}
        return mine.model_copy(update={"settings": {**mine.settings, **taken}})


def shown(table: SummaryTable, reference: Architecture, given: Architecture | None) -> ShownNetwork | None:
    """What the handout shows of a network; None if its table does not determine one.

    Args:
        table: the handout's summary.
        reference: the network of the solution; it decides which of several readings of a table to leave open.
        given: the network that the handout's own code builds under this name; None if it builds none.
    """
    first = reference.operations[0] if reference.operations else None
    try:
        shape = (None, *first.settings["shape"]) if first is not None and first.kind == "Input" else None
        network = architecture_from_table(table, shape)
    except TableError:
        return None
    true = _partners(network, reference)
    operations, opened = [], []
    code = {} if given is None else _partners(network, given)
    for index, operation in enumerate(network.operations):
        names = _open(operation, true.get(index))
        settings, names = _from_code(operation, names, code.get(index), true.get(index))
        operations.append(operation.model_copy(update={"settings": settings, "label": ""}))
        opened.append(tuple(sorted(names)))
    found = ShownNetwork(
        architecture=network.model_copy(update={"operations": tuple(operations)}),
        open=tuple(opened),
        activations=any(row.kind in ACTIVATIONS for row in table.rows),
    )
    # A network that marks the solution itself wrong cannot be checked against.
    return found if compare(found.beside(reference), reference).same else None


def _open(operation: Operation, reference: Operation | None) -> set[str]:
    determined: frozenset[str] = frozenset() if operation.kind in _UNDETERMINED_KINDS else _DETERMINED
    names = set(compared(operation)) - determined
    return names if reference is None else names | (set(differing(operation, reference)) - {"kind"})


def _from_code(
    operation: Operation, names: set[str], given: Operation | None, reference: Operation | None
) -> tuple[dict[str, Any], set[str]]:
    """The settings, and those left open: fewer if the handout's code already has the right operation."""
    if given is None or reference is None or differing(given, reference):
        return compared(operation), names
    return compared(given), set()


def _partners(network: Architecture, other: Architecture) -> dict[int, Operation]:
    """From the operations of `network` to those of the same kind in `other` that they are paired with."""
    pairs: tuple[Pair, ...] = align(network, other, frozenset(), needs_no_padding(network, rows(network)))
    both = ((ours, other.operations[theirs]) for ours, theirs in pairs if ours is not None and theirs is not None)
    return {ours: operation for ours, operation in both if operation.kind == network.operations[ours].kind}
