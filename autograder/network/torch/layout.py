"""The order of axes: PyTorch has channels first, a canonical network has them last, and the batch first.

A tensor keeps with its node which of torch's axes each canonical axis is. So `permute` and `transpose` only change what
is noted; an operation that needs another order gets a Permute before it. How the values of an image are ordered in a
vector (`flatten`) only decides the order of the next layer's weights, so Flatten is the same in either order.
"""

from __future__ import annotations

from typing import NamedTuple

from autograder.core.messages import phrase
from autograder.network.activations import Applied
from autograder.network.architecture import Shape
from autograder.network.builder import Builder
from autograder.network.shapes import words
from autograder.network.values import UnknownNetwork

Axes = tuple[int, ...]

# The batch in products of sizes: a prime larger than any axis that is read.
_BATCH = 1_000_003


class Tensor(NamedTuple):
    """A value in the network: canonical axis i of `node` is axis `axes[i]` of torch's tensor of shape `shape`.

    `root` is the place of the network's input if only elementwise operations and changes of the order of axes lie
    between: then the input itself can have another order.
    """

    node: int
    axes: Axes
    shape: Shape
    root: int | None = None

    def canonical(self) -> Shape:
        """The shape in the canonical order of axes."""
        return tuple(self.shape[axis] for axis in self.axes)


class OtherInput(Exception):
    """The input `place` has to have the order of axes `axes`."""

    def __init__(self, place: int, axes: Axes) -> None:
        super().__init__(place, axes)
        self.place, self.axes = place, axes


def channels_last(rank: int) -> Axes:
    """Torch's axes (batch, channels, ...) with the channels last."""
    return (0, *range(2, rank), 1) if rank > 2 else tuple(range(rank))


def as_images(rank: int) -> Axes:
    """The order in which a tensor of so many axes is stored, unless something reads it otherwise."""
    return channels_last(rank) if rank in (4, 5) else tuple(range(rank))


class TensorLayout:
    """Brings tensors into the order of axes that an operation needs."""

    def __init__(self, builder: Builder, inputs: dict[int, Axes]) -> None:
        self.builder = builder
        self.inputs = inputs  # of those that were chosen before, see `OtherInput`

    def ordered(self, tensor: Tensor, axes: Axes, label: str) -> Tensor:
        """The tensor with its axes in that canonical order.

        Raises:
            OtherInput: it is the network's input, whose order is not decided yet.
            UnknownNetwork: it would exchange the batch with another axis.
        """
        if tensor.axes == axes:
            return tensor
        if sorted(axes) != list(range(len(tensor.shape))):
            raise UnknownNetwork(phrase("it reads {axes} axes beside the batch", axes=len(axes) - 1), label)
        if axes[0] != tensor.axes[0]:
            raise UnknownNetwork(phrase("another axis than the first is read as the batch"), label)
        dims = [tensor.axes.index(axis) for axis in axes]
        if tensor.root is not None and tensor.root not in self.inputs:
            known = as_images(len(axes))
            raise OtherInput(tensor.root, tuple(known[dim] for dim in dims))
        moved = [axis for axis in axes if tensor.shape[axis] != 1]
        if moved == [axis for axis in tensor.axes if tensor.shape[axis] != 1]:
            return self._reshaped(tensor, axes, tensor.shape, label)
        node = self.builder.add(Applied("Permute", {"dims": dims[1:]}), (tensor.node,), None, label)
        return Tensor(node, axes, tensor.shape)

    def reshaped(self, tensor: Tensor, shape: Shape, label: str) -> Tensor:
        """The same values, in torch's order, as another shape.

        Raises:
            UnknownNetwork: it mixes the batch with other axes.
        """
        axes = _axes_after(tensor, shape)
        if axes is None:
            tensor = self.ordered(tensor, _plain(tensor), label)
            axes = _axes_after(tensor, shape)
        if axes is None:
            raise UnknownNetwork(
                phrase("{given} is reshaped in a way that mixes the batch with other axes", given=words(tensor.shape)),
                label,
            )
        return self._reshaped(tensor, axes, shape, label)

    def _reshaped(self, tensor: Tensor, axes: Axes, shape: Shape, label: str) -> Tensor:
        after = tuple(shape[axis] for axis in axes)
        if after == tensor.canonical():
            return Tensor(tensor.node, axes, shape)
        target = [size or -1 for size in after[1:]]
        applied = Applied("Flatten", {}) if len(target) == 1 else Applied("Reshape", {"target_shape": target})
        return Tensor(self.builder.add(applied, (tensor.node,), None, label), axes, shape)


def _plain(tensor: Tensor) -> Axes:
    batch = tensor.axes[0]
    return (batch, *(axis for axis in range(len(tensor.shape)) if axis != batch))


def _axes_after(tensor: Tensor, shape: Shape) -> Axes | None:
    """The canonical order of axes after a reshape; None if that reorders what lies between."""
    groups = _groups(tensor.shape, shape)
    if groups is None:
        return None
    lasting = [axis for axis in tensor.axes if tensor.shape[axis] != 1]
    derived: list[int] = []
    if sum(len(target) > 0 for _, target in groups) == 2 and all(len(target) < 2 for _, target in groups):
        # All becomes one vector: in which order only matters for the weights after it.
        derived = [axis for _, target in groups for axis in target]
        if groups[0][0] != lasting[:1]:
            return None
    else:
        while lasting:
            group = next(one for one in groups if lasting[0] in one[0])
            if lasting[: len(group[0])] != group[0]:
                return None
            del lasting[: len(group[0])]
            derived += group[1]
    if not derived or shape[derived[0]] is not None:
        return None
    wanted = as_images(len(shape))
    from_vector = sum(size != 1 for size in tensor.shape) <= 2
    if [axis for axis in wanted if shape[axis] != 1] == derived or (from_vector and wanted[0] == derived[0]):
        return wanted
    for axis, size in enumerate(shape):
        if size == 1:
            derived.insert(derived.index(axis - 1) + 1 if axis else 1, axis)
    return tuple(derived)


def _groups(before: Shape, after: Shape) -> list[tuple[list[int], list[int]]] | None:
    """Which axes become which, without those of size 1: the smallest runs with the same product of sizes."""
    ours = [(axis, size or _BATCH) for axis, size in enumerate(before) if size != 1]
    theirs = [(axis, size or _BATCH) for axis, size in enumerate(after) if size != 1]
    groups: list[tuple[list[int], list[int]]] = []
    i = j = 0
    while i < len(ours) and j < len(theirs):
        source, target = [ours[i][0]], [theirs[j][0]]
        one, other = ours[i][1], theirs[j][1]
        while one != other:
            if one < other:
                i += 1
                if i == len(ours):
                    return None
                one *= ours[i][1]
                source.append(ours[i][0])
            else:
                j += 1
                if j == len(theirs):
                    return None
                other *= theirs[j][1]
                target.append(theirs[j][0])
        if _BATCH in (before[axis] or _BATCH for axis in source) and (len(source), len(target)) != (1, 1):
            return None
        groups.append((source, target))
        i, j = i + 1, j + 1
    return groups if i == len(ours) and j == len(theirs) else None
