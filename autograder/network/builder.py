"""A network under construction: operations are added in an order in which each reads only earlier ones, and each is
normalized when it is added, so that operations that compute the same are written the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

from autograder.core.messages import Message, phrase
from autograder.network.activations import IDEMPOTENT, Applied
from autograder.network.architecture import Shape
from autograder.network.layers import LAYERS, measure
from autograder.network.shapes import Misfit, ends, padding_amounts
from autograder.network.values import UnknownNetwork

MAX_CALLS = 10_000
MAX_TENSOR_ELEMENTS = 2**28

_PADDED = {f"{name}{n}D": n for name in ("Conv", "DepthwiseConv", "SeparableConv") for n in (1, 2, 3)}


@dataclass(frozen=True)
class Node:
    """One operation: what it reads (indices of earlier nodes), which weights it uses, and its output shape if known."""

    kind: str
    settings: dict[str, Any]
    inputs: tuple[int, ...]
    weights: tuple[Any, ...] | None
    label: str
    shape: Shape | None


class Builder:
    """Collects nodes. `misfit` is the first place where shapes do not fit, as (label, reason)."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.misfit: tuple[str, Message] | None = None
        self._calls = 0

    def count(self, steps: int = 1) -> None:
        """Count the work done, and refuse a network that requires too much of it."""
        self._calls += steps
        if self._calls > MAX_CALLS:
            raise UnknownNetwork(phrase("the network has too many layers"))

    def input(self, shape: list[int | None], label: str) -> int:
        """Add an input; `shape` has the batch axis first."""
        settings = {"shape": shape[1:]}
        if prod(size or 1 for size in shape) > MAX_TENSOR_ELEMENTS:
            raise UnknownNetwork(phrase("its input is too large"), label)
        self.nodes.append(Node("Input", settings, (), None, label, (None, *shape[1:])))
        return len(self.nodes) - 1

    def shape(self, index: int) -> Shape | None:
        """The output shape of a node; None if it is unknown because something before it does not fit."""
        return self.nodes[index].shape

    def add(self, applied: Applied, inputs: tuple[int, ...], weights: tuple[Any, ...] | None, label: str) -> int:
        """Add an operation in normal form.

        Returns:
            The index of the node that holds its output: its input's index if the operation computes nothing.
        """
        self.count()
        kind, settings = applied.kind, dict(applied.settings)
        if len(inputs) == 1:
            inputs = (self._skip(kind, settings, inputs[0]),)
        elif len(inputs) == 3 and LAYERS[kind].roles and inputs[1] == inputs[2]:
            inputs = inputs[:2]  # the value is also the key
        source = self.shape(inputs[0]) if inputs else None
        if source is not None:
            kind, settings = _normal(kind, settings, source, alone=len(inputs) == 1)
        if len(inputs) == 1 and self._is_nothing(kind, settings, inputs[0]):
            return inputs[0]
        node = Node(kind, settings, inputs, weights, label, self._measure(kind, settings, inputs, label))
        self.nodes.append(node)
        return len(self.nodes) - 1

    def _measure(self, kind: str, settings: dict[str, Any], inputs: tuple[int, ...], label: str) -> Shape | None:
        shapes = [shape for shape in map(self.shape, inputs) if shape is not None]
        if len(shapes) != len(inputs):
            return None
        try:
            shape = measure(kind, settings, tuple(shapes)).shape
        except Misfit as misfit:
            self.misfit = self.misfit or (label, misfit.reason)
            return None
        if prod(size or 1 for size in shape) > MAX_TENSOR_ELEMENTS:
            raise UnknownNetwork(phrase("its output is too large to be computed"), label)
        return shape

    def _skip(self, kind: str, settings: dict[str, Any], source: int) -> int:
        """Skip an operation that this one makes superfluous; `settings` takes over what that one did."""
        before = self.nodes[source]
        if {kind, before.kind} <= {"Flatten", "Reshape"} and before.shape is not None and None not in before.shape[1:]:
            return before.inputs[0]
        if kind == "Flatten" and before.kind.startswith("Global") and before.settings.get("keepdims"):
            pooled = Applied(before.kind, {**before.settings, "keepdims": False})
            return self.add(pooled, before.inputs, None, before.label)
        if (axes := _PADDED.get(kind)) and before.kind == f"ZeroPadding{axes}D" and settings["padding"] == "valid":
            shape = self.shape(before.inputs[0])
            if shape is not None and len(shape) == axes + 2:
                given = [ends(before.settings["padding"], axis) for axis in range(axes)]
                if given == [padding_amounts(settings, shape, axis) for axis in range(axes)]:
                    settings["padding"] = "same"
                    return before.inputs[0]
        return source

    def _is_nothing(self, kind: str, settings: dict[str, Any], source: int) -> bool:
        before = self.nodes[source]
        if kind == "Activation":
            same = before.kind == "Activation" and before.settings == settings
            return bool(same and settings["activation"] in IDEMPOTENT)
        nothing = LAYERS[kind].nothing
        return nothing is not None and nothing(settings, before.shape)


def _normal(kind: str, settings: dict[str, Any], source: Shape, *, alone: bool) -> Applied:
    """The canonical form of an operation, as far as it depends on the shape of its input."""
    if alone and settings.get("padding") == "same" and not needs_padding(kind, settings, source):
        settings["padding"] = "valid"
    layer = LAYERS[kind]
    if layer.normal is None or (layer.inputs == (1, 1) and not alone):
        return Applied(kind, settings)
    return layer.normal(settings, source)


def needs_padding(kind: str, settings: dict[str, Any], shape: Shape) -> bool:
    """Whether `padding="same"` adds anything on an input of this shape (True if unknown)."""
    name = "pool_size" if "pool_size" in settings else "kernel_size"
    if "Transpose" in kind:
        return any(
            (size - 1) * dilation + 1 > stride
            for size, stride, dilation in zip(
                settings[name], settings["strides"], settings["dilation_rate"], strict=True
            )
        )
    if name not in settings or len(shape) != len(settings[name]) + 2:
        return True
    return any(padding_amounts(settings, shape, axis, name) != (0, 0) for axis in range(len(settings[name])))
