"""What a network *is*: operations in topological order, in a canonical form."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from autograder.core.data import Data

Shape = tuple[int | None, ...]


class Operation(Data):
    """One operation.

    `kind` is the canonical Keras class name ("Conv2D", "BatchNormalization", "Activation", "Flatten", "Input", ...).
    `settings` holds every setting that changes what the operation computes or how it learns, in canonical form
    (tuples as lists, defaults filled in), so that equal settings mean the same operation.
    `inputs` are the indices of the operations it reads, in order. `shares` is the index of an earlier operation whose
    weights it uses again (a layer called twice). `label` is the layer's name as the student sees it, `shown` its class
    in the student's framework, "" for Keras: for messages only, never compared, never hashed.
    """

    kind: str
    settings: dict[str, Any] = Field(default_factory=dict)
    inputs: tuple[int, ...] = ()
    shares: int | None = None
    label: str = Field(default="", exclude=True, max_length=200)
    shown: str = Field(default="", exclude=True, max_length=200)

    def __eq__(self, other: object) -> bool:
        """Equal operations compute the same, regardless of their layers' names."""
        if not isinstance(other, Operation):
            return NotImplemented
        ours = (self.kind, self.settings, self.inputs, self.shares)
        return ours == (other.kind, other.settings, other.inputs, other.shares)


class Row(Data):
    """One line of a summary: the output shape (batch axis first, None where free) and parameter counts."""

    kind: str
    shape: Shape
    parameters: int
    trainable: int


class Totals(Data):
    """Parameter counts of a whole network; trainable + non_trainable = total."""

    total: int
    trainable: int
    non_trainable: int


class Architecture(Data):
    """A network as operations in topological order (inputs first) and the indices of its outputs.

    The order is canonical: two ways of writing the same network give equal architectures.
    """

    operations: tuple[Operation, ...]
    outputs: tuple[int, ...]

    @property
    def is_chain(self) -> bool:
        """Whether every operation reads exactly the one before it."""
        return all(
            operation.inputs == ((index - 1,) if index else ()) for index, operation in enumerate(self.operations)
        ) and self.outputs == (len(self.operations) - 1,)
