"""Inside the kernel: the shapes in which a network of PyTorch may read one example of the exercise's data."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from autograder.network.architecture import Shape


def ways_to_read(examples: Sequence[Sequence[int]]) -> list[list[Shape]]:
    """The shapes in which examples may enter a network, the usual one first.

    Args:
        examples: the shape of one example for each input, without a batch axis and with channels last.

    Returns:
        For each way one shape per input, in torch's order, with None for the batch axis; none for examples without
        axes, such as texts.
    """
    if not examples or not all(examples):
        return []
    if len(examples) > 1:
        return [[(None, *shape) for shape in examples]]
    (shape,) = (tuple(one) for one in examples)
    ways: list[Shape] = [(None, *shape), (None, prod(shape))]
    if len(shape) == 2:
        ways.insert(0, (None, 1, *shape))
    if len(shape) == 3:
        ways.insert(0, (None, shape[2], *shape[:2]))
    return [[one] for one in dict.fromkeys(ways)]


def way_of_first_layer(module: Any) -> list[list[Shape]]:
    """The shape that a network reads if its first layer with parameters is a dense one, as `ways_to_read` has it; of
    other layers the size of an input does not follow."""
    first = next((one for one in module.modules() if next(one.parameters(recurse=False), None) is not None), None)
    size = getattr(first, "in_features", None) if type(first).__name__ == "Linear" else None
    return [[(None, size)]] if type(size) is int else []


def fits(description: dict[str, Any]) -> bool:
    """Whether a described network read its input to the end."""
    return "problem" not in description and not any("misfit" in one for one in description.get("operations", ()))
