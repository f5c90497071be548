"""Dense layers written as products: `x @ self.weight + self.bias`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from autograder.network.torch.operation import Op
from autograder.network.values import integer, read_list

PRODUCTS = frozenset({"matmul", "mm", "__matmul__", "__rmatmul__"})
TURNS = frozenset({"T", "t", "mT", "transpose", "swapaxes"})


class Product(NamedTuple):
    """A tensor times a weight of the shape (inputs, units); whether there is a bias follows from what comes next."""

    op: Op
    weight: Mapping[str, Any]

    def dense(self, bias: Mapping[str, Any] | None = None) -> Op:
        """The same as a Linear layer, with what is added to it."""
        inputs, units = sizes_of(self.weight)
        settings = {"in_features": inputs, "out_features": units, "bias": bias is not None}
        name = str(self.weight["parameter"])[:200]
        owner = name.rpartition(".")[0]
        given = {"weight": self.weight.get("initializer"), "bias": (bias or {}).get("initializer")}
        initializers = {key: value for key, value in given.items() if value}
        return self.op._replace(
            kind="Linear", label=owner or name, key=name, settings=settings, read=self.op.read[:1],
            initializers=initializers, frozen=self.weight.get("trainable") is False,
        )  # fmt: skip


def dense_layer(one: Any, other: Any) -> Op | None:
    """The Linear layer that a product and what is added to it are; None if they are none."""
    if not isinstance(one, Product):
        one, other = other, one
    if not isinstance(one, Product) or not (is_weight(other, 1) or is_weight(other, 2)):
        return None
    sizes, (_, units) = sizes_of(other), sizes_of(one.weight)
    return one.dense(other) if sizes in ([units], [1, units]) else None


def is_weight(value: Any, axes: int) -> bool:
    """Whether it is a parameter of the network with so many axes."""
    return isinstance(value, dict) and "parameter" in value and len(read_list(value.get("shape"), 8)) == axes


def sizes_of(weight: Mapping[str, Any]) -> list[int]:
    """The sizes of a parameter."""
    return [integer(1)(size) for size in read_list(weight.get("shape"), 8)]


def turned(weight: Mapping[str, Any]) -> dict[str, Any]:
    """The parameter with its two axes exchanged."""
    return {**weight, "shape": sizes_of(weight)[::-1]}
