"""The shapes between operations, and the common parts of the formulas for them.

Shapes are `(batch, ..., channels)`, None if a size is free. The formulas are in the records of the layers; they are
those of the Keras documentation of each layer, and a test compares all of them with Keras itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from autograder.core.messages import Message, phrase
from autograder.network.architecture import Shape

Settings = Mapping[str, Any]


class Misfit(ValueError):
    """An operation cannot read its input; `reason` says why, as a part of a sentence."""

    def __init__(self, reason: Message) -> None:
        super().__init__(reason)
        self.reason = reason


class Measured(NamedTuple):
    """Output shape, number of parameters, and how many of them are trainable."""

    shape: Shape
    parameters: int = 0
    trainable: int = 0


# From the settings and the input shapes to the result.
Formula = Callable[..., Measured]


def words(shape: Shape) -> str | Message:
    """A shape without its batch axis, as "28×28×32" ("?" where free)."""
    return "×".join("?" if size is None else str(size) for size in shape[1:]) or phrase("a single number")


def all_words(shapes: tuple[Shape, ...]) -> tuple[str | Message, ...]:
    """Several shapes, each in words."""
    return tuple(map(words, shapes))


def padding_amounts(settings: Settings, shape: Shape, axis: int, kernel: str = "kernel_size") -> tuple[int, int] | None:
    """What `padding="same"` adds before and after spatial axis `axis` (0-based); None if the size is free.

    Follows the TensorFlow convention: https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2
    """
    size = shape[axis + 1]
    if size is None:
        return None
    stride = settings["strides"][axis]
    dilation = settings.get("dilation_rate", [1] * 8)[axis]
    extent = (settings[kernel][axis] - 1) * dilation + 1
    total = max((-(-size // stride) - 1) * stride + extent - size, 0)
    return total // 2, total - total // 2


def ends(amounts: list[Any], axis: int) -> tuple[int, int]:
    """The amounts of a padding or cropping layer before and after spatial axis `axis` (0-based)."""
    before, after = amounts[axis] if isinstance(amounts[0], list) else amounts
    return before, after


def need_rank(shape: Shape, rank: int, what: str) -> None:
    """Refuse a shape that does not have `rank` axes, including the batch."""
    if len(shape) != rank:
        raise Misfit(
            phrase(
                "{what} reads {axes} axes beside the batch, but gets {shape}",
                what=phrase(what),
                axes=rank - 1,
                shape=words(shape),
            )
        )


def known(size: int | None, what: str) -> int:
    """A size that must be known."""
    if size is None:
        raise Misfit(phrase("{what} needs to know the size of the axis that it reads", what=phrase(what)))
    return size


def axis_of(axis: int, shape: Shape) -> int:
    """An axis counted from the front, negative ones from the end; never the batch."""
    if not -len(shape) <= axis < len(shape) or axis % len(shape) == 0:
        raise Misfit(phrase("there is no axis {axis} to work on in {shape}", axis=axis, shape=words(shape)))
    return axis % len(shape)


def window(size: int | None, extent: int, stride: int, padding: str) -> int | None:
    """How often a window of this extent fits into a size."""
    if size is None:
        return None
    if padding in ("same", "causal"):
        return -(-size // stride)
    return (size - extent) // stride + 1 if size >= extent else 0


def slide(settings: Settings, shape: Shape, sizes: list[int]) -> tuple[int | None, ...]:
    """The sizes of the spatial axes after a window has moved over them."""
    dilation = settings.get("dilation_rate", [1] * len(sizes))
    return tuple(
        window(size, (extent - 1) * dilation[i] + 1, settings["strides"][i], settings["padding"])
        for i, (size, extent) in enumerate(zip(shape[1:-1], sizes, strict=True))
    )


def same_shape(settings: Settings, shape: Shape) -> Measured:
    """The output has the input's shape."""
    return Measured(shape)


def same_shape_of_rank(rank: int, what: str) -> Formula:
    """The same, for inputs of `rank` axes."""

    def formula(settings: Settings, shape: Shape) -> Measured:
        need_rank(shape, rank, what)
        return Measured(shape)

    return formula
