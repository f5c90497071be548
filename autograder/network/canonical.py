"""From `model.get_config()` to the canonical architecture: the same network always has the same form."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autograder.core.data import digest
from autograder.core.messages import Message, phrase
from autograder.network.architecture import Architecture, Operation, Shape
from autograder.network.builder import Builder, Node
from autograder.network.channel_order import with_channels_last
from autograder.network.graph import Scope, expand
from autograder.network.kinds import COMMUTATIVE
from autograder.network.measure import ShapeError, rows
from autograder.network.values import UnknownNetwork, mapping, shown_value

MAX_OPERATIONS = 500
MAX_PARAMETERS = 500_000_000

__all__ = ["Misfitting", "UnknownNetwork", "canonicalize"]


class Misfitting(UnknownNetwork):
    """The layers do not fit together, so that nothing can be computed; `architecture` still holds them."""

    def __init__(self, reason: Message, layer: str, architecture: Architecture) -> None:
        super().__init__(reason, layer)
        self.architecture = architecture


def canonicalize(class_name: str, config: dict[str, Any], *, input_shape: Shape | None = None) -> Architecture:
    """The canonical architecture of a Sequential or Functional model; of one with its channels first, with them last.

    Args:
        class_name: the model's class.
        config: its `get_config()`; untrusted.
        input_shape: with the batch axis first; used if the network does not know the shape of its input.

    Raises:
        UnknownNetwork: it contains a layer or setting that is not supported.
        Misfitting: everything is supported, but the layers do not fit together.
    """
    if class_name not in ("Sequential", "Functional", "Model"):
        raise UnknownNetwork(
            phrase(
                "a network of the class {name} cannot be read; Sequential and functional networks can",
                name=shown_value(class_name),
            )
        )
    builder = Builder()
    described, input_shape = with_channels_last(mapping(config), input_shape)
    outputs = expand(builder, class_name, described, None, Scope().inside("", described), input_shape)
    return finished(builder, outputs)


def finished(builder: Builder, outputs: tuple[int, ...]) -> Architecture:
    """The canonical architecture of what a builder holds.

    Raises:
        UnknownNetwork: it is too large.
        Misfitting: the layers do not fit together.
    """
    architecture = _ordered(builder.nodes, outputs)
    if len(architecture.operations) > MAX_OPERATIONS:
        raise UnknownNetwork(phrase("the network has more than {most} operations", most=MAX_OPERATIONS))
    if builder.misfit is not None:
        label, reason = builder.misfit
        raise Misfitting(phrase("the layers do not fit together: {reason}", reason=reason), label, architecture)
    try:
        total = sum(row.parameters for row in rows(architecture))
    except ShapeError as error:
        label = architecture.operations[error.operation].label
        sentence = phrase("the layers do not fit together: {reason}", reason=error.reason)
        raise Misfitting(sentence, label, architecture) from None
    if total > MAX_PARAMETERS:
        raise UnknownNetwork(
            phrase("the network has {total:,} parameters; at most {most:,} are read", total=total, most=MAX_PARAMETERS)
        )
    return architecture


def _ordered(nodes: list[Node], outputs: tuple[int, ...]) -> Architecture:
    """Inputs first, then every operation after what it reads, the first input's branch first; operations that reach no
    output are left out.

    The inputs of Add and similar layers are sorted by depth and content, so that Add([a, b]) equals Add([b, a]).
    """
    reads = _sorted_inputs(nodes)
    order = [index for index, node in enumerate(nodes) if node.kind == "Input"]
    placed = set(order)
    for end in outputs:
        stack = [end]
        while stack:
            index = stack[-1]
            waiting = [source for source in reads[index] if source not in placed]
            if waiting:
                stack.extend(reversed(waiting))
                continue
            stack.pop()
            if index not in placed:
                placed.add(index)
                order.append(index)
    place = {index: position for position, index in enumerate(order)}
    owners: dict[tuple[Any, ...], int] = {}
    operations = []
    for position, index in enumerate(order):
        node = nodes[index]
        owner = position if node.weights is None else owners.setdefault(node.weights, position)
        operations.append(
            Operation(
                kind=node.kind,
                settings=node.settings,
                inputs=tuple(place[source] for source in reads[index]),
                shares=None if owner == position else owner,
                label=node.label,
            )
        )
    return Architecture(operations=tuple(operations), outputs=tuple(place[end] for end in outputs))


def _sorted_inputs(nodes: list[Node]) -> list[tuple[int, ...]]:
    depths: list[int] = []
    contents: list[str] = []
    reads: list[tuple[int, ...]] = []
    for position, node in enumerate(nodes):
        sources: Iterable[int] = node.inputs
        if node.kind in COMMUTATIVE:
            sources = sorted(sources, key=lambda source: (-depths[source], contents[source]))
        sources = tuple(sources)
        depths.append(1 + max((depths[source] for source in sources), default=0))
        own = [position] if node.kind == "Input" else [contents[source] for source in sources]
        contents.append(digest(node.kind, node.settings, own))
        reads.append(sources)
    return reads
