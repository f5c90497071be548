"""A network under construction from PyTorch's operations: their layers of Keras, and the order of their axes."""

from __future__ import annotations

from typing import Any

from autograder.core.messages import Message
from autograder.network.activations import Applied
from autograder.network.architecture import Shape
from autograder.network.builder import Builder
from autograder.network.kinds import WEIGHTED
from autograder.network.layers import read_layer
from autograder.network.torch.layout import Axes, Tensor, TensorLayout
from autograder.network.torch.operation import Op


class TorchBuilder:
    """Adds layers of Keras that compute what operations of torch compute."""

    def __init__(self, inputs: dict[int, Axes]) -> None:
        self.builder = Builder()
        self.layout = TensorLayout(self.builder, inputs)

    def misfit(self, label: str, reason: Message) -> None:
        """Note that a layer does not fit what it reads; only the first counts."""
        self.builder.misfit = self.builder.misfit or (label, reason)

    def add(
        self,
        op: Op,
        class_name: str,
        config: dict[str, Any],
        source: Tensor,
        axes: Axes,
        shape: Shape | None = None,
        *,
        part: int = 0,
        own: bool = True,
        nodes: tuple[int, ...] = (),
    ) -> Tensor:
        """Add a layer of Keras that reads `source`; its output has the canonical order `axes`.

        Args:
            op: what it is in torch.
            class_name, config: the layer.
            source, axes: its input, and the order of the axes of its output.
            shape: of its output in torch's order; by default that of the operation.
            part: counts the layers of one operation that own weights.
            own: whether it is the operation itself, and not something that is added before it.
            nodes: what it reads, if that is more than `source`.
        """
        applied = read_layer(class_name, config)
        read = nodes or (source.node,)
        for one in applied:
            weights = None
            if one.kind in WEIGHTED:
                weights = (op.key, part, class_name)
                one = Applied(one.kind, {**one.settings, "trainable": one.settings["trainable"] and not op.frozen})
            read = (self.builder.add(one, read, weights, op.label),)
        return Tensor(read[0], axes, (op.shape if own else source.shape) if shape is None else shape)

    def elementwise(self, op: Op, class_name: str, config: dict[str, Any]) -> Tensor:
        """Add a layer that does the same to each value, in whatever order of axes."""
        tensor = op.tensor
        return self.add(op, class_name, config, tensor, tensor.axes, tensor.shape)._replace(root=tensor.root)
