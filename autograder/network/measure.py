"""Shapes and parameter counts of a whole network, by our own formulas (never by the student's kernel)."""

from __future__ import annotations

from autograder.core.messages import Message, phrase
from autograder.network.architecture import Architecture, Row, Shape, Totals
from autograder.network.layers import measure
from autograder.network.shapes import Misfit


class ShapeError(ValueError):
    """The operations do not fit together. `operation` is the index of the first that does not, `reason` says why."""

    def __init__(self, operation: int, kind: str, reason: Message) -> None:
        super().__init__(
            phrase("{kind} (operation {number}) does not fit: {reason}", kind=kind, number=operation + 1, reason=reason)
        )
        self.operation = operation
        self.reason = reason


def rows(architecture: Architecture) -> tuple[Row, ...]:
    """One row per operation. Shared weights count where they are used first.

    Raises:
        ShapeError: the operations do not fit together.
    """
    measured, problem = measure_until_misfit(architecture)
    if problem is not None:
        raise problem
    return measured


def measure_until_misfit(architecture: Architecture) -> tuple[tuple[Row, ...], ShapeError | None]:
    """The rows before the first operation that does not fit, and what is wrong with that one."""
    measured: list[Row] = []
    for index, operation in enumerate(architecture.operations):
        shapes: tuple[Shape, ...] = tuple(measured[source].shape for source in operation.inputs)
        try:
            shape, parameters, trainable = measure(operation.kind, operation.settings, shapes)
        except Misfit as misfit:
            return tuple(measured), ShapeError(index, operation.kind, misfit.reason)
        if operation.shares is not None:
            if parameters != measured[operation.shares].parameters:
                sentence = phrase("the weights that it shares have another shape")
                return tuple(measured), ShapeError(index, operation.kind, sentence)
            parameters = trainable = 0
        measured.append(Row(kind=operation.kind, shape=shape, parameters=parameters, trainable=trainable))
    return tuple(measured), None


def totals(architecture: Architecture) -> Totals:
    """Parameter counts of the whole network.

    Raises:
        ShapeError: the operations do not fit together.
    """
    return sum_up(rows(architecture))


def sum_up(measured: tuple[Row, ...]) -> Totals:
    """Parameter counts of measured rows."""
    total = sum(row.parameters for row in measured)
    trainable = sum(row.trainable for row in measured)
    return Totals(total=total, trainable=trainable, non_trainable=total - trainable)
