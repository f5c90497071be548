"""Numbers and shapes that an assignment takes from one of its networks, so that they are written only once."""

from __future__ import annotations

from math import prod
from typing import Literal

from pydantic import Field, model_validator

from autograder.core.data import Data
from autograder.network.architecture import Architecture, Row, Shape
from autograder.network.kinds import LAYER_KINDS, current_name
from autograder.network.measure import rows, sum_up
from autograder.network.torch.words import KERAS_NAMES, torch_rows


class LayerOf(Data):
    """A layer: the `position`-th (from 1; -1 is the last) of the class `layer` in the assignment's `network`.

    Activations count as separate layers ("Activation"), however they are written.
    """

    network: str = Field(min_length=1, max_length=200)
    layer: str = Field(default="", max_length=100)
    position: int = 1

    @model_validator(mode="after")
    def _known(self) -> LayerOf:
        if self.layer and _kind(self.layer) not in LAYER_KINDS:
            raise ValueError(f'"{self.layer}" is not a class of layers that is known here')
        if self.position == 0:
            raise ValueError("position counts from 1, or from -1 at the end")
        return self

    def index_in(self, architecture: Architecture) -> int | None:
        """The layer's index among the operations; None if the network has no such layer."""
        kind = _kind(self.layer)
        found = [index for index, operation in enumerate(architecture.operations) if operation.kind == kind]
        place = self.position - 1 if self.position > 0 else len(found) + self.position
        return found[place] if 0 <= place < len(found) else None


def _kind(name: str) -> str:
    """A class of Keras or PyTorch as networks are compared here."""
    return KERAS_NAMES.get(name, current_name(name))


class Quantity(LayerOf):
    """A number of a layer, or of the whole network if `layer` is not given.

    `quantity`: how many parameters it has (all, trainable, not trainable), or how many values it reads or outputs for
    one example.
    """

    quantity: Literal["parameters", "trainable", "non_trainable", "values_in", "values_out"] = "parameters"

    def of(self, architecture: Architecture) -> float | None:
        """The number in a network; None if there is no such layer or a size is free."""
        measured = rows(architecture)
        if not self.layer:
            inputs = [row.shape for row in measured if row.kind == "Input"]
            outputs = [measured[index].shape for index in architecture.outputs]
            return self._pick(measured, inputs, outputs)
        index = self.index_in(architecture)
        return None if index is None else self.at(architecture, index)

    def at(self, architecture: Architecture, index: int) -> float | None:
        """The number of the operation at `index`; None if a size is free."""
        measured = rows(architecture)
        inputs = [measured[source].shape for source in architecture.operations[index].inputs]
        return self._pick((measured[index],), inputs, [measured[index].shape])

    def _pick(self, measured: tuple[Row, ...], inputs: list[Shape], outputs: list[Shape]) -> float | None:
        if self.quantity in ("values_in", "values_out"):
            return _values(inputs if self.quantity == "values_in" else outputs)
        return self._count(measured)

    def in_torch(self, architecture: Architecture, index: int | None = None) -> float | None:
        """The number of parameters as PyTorch counts them, of the operation at `index` or as `of` does."""
        if self.quantity in ("values_in", "values_out"):
            return None
        counted = torch_rows(architecture, rows(architecture))
        if index is None and self.layer:
            index = self.index_in(architecture)
            if index is None:
                return None
        return self._count(counted if index is None else (counted[index],))

    def _count(self, measured: tuple[Row, ...]) -> float:
        totals = sum_up(measured)
        return {"parameters": totals.total, "trainable": totals.trainable, "non_trainable": totals.non_trainable}[
            self.quantity
        ]


class OutputShape(LayerOf):
    """The output shape of a layer, or of the whole network if `layer` is not given; without the batch axis."""

    def of(self, architecture: Architecture) -> tuple[int, ...] | None:
        """The shape in a network; None if there is no such layer or a size is free."""
        index = self.index_in(architecture) if self.layer else architecture.outputs[0]
        return None if index is None else self.at(architecture, index)

    def at(self, architecture: Architecture, index: int) -> tuple[int, ...] | None:
        """The shape of the operation at `index`; None if a size is free."""
        return _sizes(rows(architecture)[index])

    def in_torch(self, architecture: Architecture, index: int | None = None) -> tuple[int, ...] | None:
        """The shape in PyTorch's order of axes, of the operation at `index` or as `of` does."""
        if index is None:
            index = self.index_in(architecture) if self.layer else architecture.outputs[0]
        return None if index is None else _sizes(torch_rows(architecture, rows(architecture))[index])


def _sizes(row: Row) -> tuple[int, ...] | None:
    sizes = row.shape[1:]
    return tuple(size for size in sizes if size is not None) if None not in sizes else None


def _values(shapes: list[Shape]) -> float | None:
    sizes = [size for shape in shapes for size in shape[1:]]
    if not shapes or None in sizes:
        return None
    return sum(prod(size for size in shape[1:] if size is not None) for shape in shapes)
