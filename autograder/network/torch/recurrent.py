"""PyTorch's recurrent layers: several in one module, time first by default, outputs and states.

What a module gives is decided by what is read of it: all steps, or the last one alone.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from autograder.core.messages import phrase
from autograder.network.architecture import Shape
from autograder.network.torch import learning
from autograder.network.torch.builder import TorchBuilder
from autograder.network.torch.layout import Tensor
from autograder.network.torch.operation import Filled, Op, unknown
from autograder.network.values import UnknownNetwork

_NAMES = {"RNN": "SimpleRNN", "LSTM": "LSTM", "GRU": "GRU"}


class Recurrent:
    """The output of a recurrent module; its last layer is added once it is known what is read of it."""

    def __init__(self, builder: TorchBuilder, op: Op) -> None:
        self.builder, self.op = builder, op
        self.order = (0, 1, 2) if op.get("batch_first", False) else (1, 0, 2)
        self.layers = op.whole("num_layers", 1, 1)
        self.both = op.get("bidirectional", False) is True
        if op.whole("proj_size", 0, 0) or any(not isinstance(one, Filled) or one.value for one in _states(op)):
            raise unknown(op)
        tensor = op.tensor
        if len(tensor.shape) != 3:
            raise UnknownNetwork(
                phrase("it reads {axes} axes beside the batch, but gets {count}", axes=2, count=len(tensor.shape) - 1)
            )
        if self.order[0] != tensor.axes[0]:
            # Read as it was surely meant, and named as the mistake that it is.
            builder.misfit(op.label, phrase("it reads the batch as time, because `batch_first=True` is missing"))
            self.order = (tensor.axes[0], 1 - tensor.axes[0], 2)
        self.source = builder.layout.ordered(tensor, self.order, op.label)
        for number in range(self.layers - 1):
            self.source = self._added(number, whole=True)
            if rate := op.get("dropout", 0.0):
                self.source = builder.add(op, "Dropout", {"rate": rate}, self.source, self.order, own=False)
        self._read: dict[bool, Tensor] = {}

    def steps(self) -> Tensor:
        """The outputs of all steps."""
        return self._last(whole=True)

    def final(self) -> Tensor:
        """The output of the last step."""
        return self._last(whole=False)

    def _last(self, *, whole: bool) -> Tensor:
        if whole not in self._read:
            self._read[whole] = self._added(self.layers - 1, whole=whole)
        return self._read[whole]

    def _added(self, number: int, *, whole: bool) -> Tensor:
        op = self.op
        name, units = _NAMES[op.kind], op.whole("hidden_size", 1)
        uniform = learning.uniform(units**-0.5)
        config: dict[str, Any] = {
            "units": units,
            "use_bias": op.get("bias", True),
            "return_sequences": whole,
            "kernel_initializer": learning.initializer_of(op.initializers, f"weight_ih_l{number}", uniform),
            "recurrent_initializer": learning.initializer_of(op.initializers, f"weight_hh_l{number}", uniform),
            # Two biases are added up in torch; here one has the variance of their sum. GRU has two in Keras, too.
            "bias_initializer": uniform if name == "GRU" else learning.uniform((2 / units) ** 0.5),
        }
        if name == "LSTM":
            config["unit_forget_bias"] = False
        if name == "SimpleRNN":
            config["activation"] = op.get("nonlinearity", "tanh")
        if self.both:
            backward = {**config, "go_backwards": True}
            layer, other = (
                {"module": "keras.layers", "class_name": name, "config": one, "registered_name": None}
                for one in (config, backward)
            )
            name, config = "Bidirectional", {"layer": layer, "backward_layer": other}
        width = units * (1 + self.both)
        sizes: dict[int, int | None] = {self.order[0]: None, 2: width}
        sizes[3 - self.order[0] - 2] = self.source.shape[self.order[1]]
        shape: Shape = tuple(sizes[axis] for axis in range(3)) if whole else (None, width)
        axes = self.order if whole else (0, 1)
        return self.builder.add(op, name, config, self.source, axes, shape, part=number)


class States:
    """The last states of a recurrent module, one for each layer (and direction)."""

    def __init__(self, output: Recurrent) -> None:
        self.output = output
        self.count = output.layers * (1 + output.both)

    def at(self, index: int) -> Tensor | FinalState | None:
        """The state with that index, None if it is not the last layer's."""
        if not -self.count <= index < self.count:
            return None
        place = index % self.count - (self.count - 1 - self.output.both)
        if place < 0:
            return None
        return FinalState(self.output, place) if self.output.both else self.output.final()


class FinalState(NamedTuple):
    """The last state of one direction, 0 or 1."""

    output: Recurrent
    place: int


def joined(parts: list[Any]) -> Tensor | None:
    """The last states of both directions side by side, `torch.cat((h[-2], h[-1]), dim=1)`; None for other parts."""
    if len(parts) != 2 or not all(isinstance(one, FinalState) for one in parts):
        return None
    one, other = parts
    return one.output.final() if one.output is other.output and (one.place, other.place) == (0, 1) else None


def _states(op: Op) -> list[Any]:
    found: list[Any] = []
    for one in op.read[1:]:
        found += one if isinstance(one, list) else [one]
    return [one for one in found if one is not None]


def read_recurrent(builder: TorchBuilder, op: Op) -> list[Any]:
    """Outputs and states."""
    output = Recurrent(builder, op)
    return [output, States(output)]


def picked(value: Recurrent | States, index: Any) -> Tensor | FinalState | None:
    """What an index picks: the last step, or a layer's state; None if it is something else."""
    parts = index if isinstance(index, list) else [index]
    if isinstance(value, States):
        whole = parts if isinstance(index, list) else [index]
        if isinstance(whole[0], int) and all(_everything(part) for part in whole[1:]):
            return value.at(whole[0])
        return None
    time = value.order[1]
    if time >= len(parts) or value.both or parts[time] not in (-1, (value.source.shape[time] or 0) - 1):
        return None
    rest = [part for place, part in enumerate(parts) if place != time]
    return value.final() if all(_everything(part) for part in rest) else None


def _everything(part: Any) -> bool:
    return isinstance(part, dict) and part.get("slice") in ("...", [None, None, None])
