"""Where a network stopped, read from the evidence: its layers with shapes from our own formulas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from autograder.network import measure
from autograder.network.activations import Applied
from autograder.network.architecture import Architecture, Operation, Shape
from autograder.network.canonical import Misfitting, canonicalize
from autograder.network.layers import read_layer
from autograder.network.layers.record import measure as measure_one
from autograder.network.shapes import Misfit
from autograder.network.values import UnknownNetwork
from autograder.records.network_failure import GivenData, NetworkFailure

# Keras' operations on tensors, as the layers that compute the same.
_OPERATIONS = {name: name for name in ("Add", "Subtract", "Multiply", "Maximum", "Minimum", "Concatenate")}
_RANKS = range(2, 7)
# A size that most numbers of groups and heads divide.
_SIZE = 5040


@dataclass(frozen=True)
class ShapedOperation:
    """One operation of the network, with the shape that it gives by our formulas."""

    operation: Operation
    shape: Shape

    @property
    def kind(self) -> str:
        return self.operation.kind


@dataclass(frozen=True)
class Stop:
    """Where a network stopped.

    Attributes:
        failure: what the kernel recorded.
        steps: the operations of the network, as far as they fit together; empty if it cannot be read.
        ends: the places in `steps` of what came into the layer, or of the network's outputs.
        layer: the layer that failed; None if no layer did.
        inner: the layer that a `TimeDistributed` has in it; None for others, or where it is not known.
        came: the shapes that came into it.
        built: the shape that the layer's weights were made for; None if it had none.
    """

    failure: NetworkFailure
    steps: tuple[ShapedOperation, ...]
    ends: tuple[int, ...]
    layer: Operation | None
    inner: Operation | None
    came: tuple[Shape, ...]
    built: Shape | None

    @property
    def inputs(self) -> tuple[Shape, ...]:
        """The shapes of the network's inputs."""
        return tuple(step.shape for step in self.steps if step.kind == "Input")

    @property
    def outputs(self) -> tuple[Shape, ...]:
        """The shapes at `ends`."""
        return tuple(self.steps[end].shape for end in self.ends)

    def back(self, end: int) -> Iterator[tuple[ShapedOperation, Shape | None]]:
        """The steps that lead to one, the last first, each with the shape that it reads (None for an input); of
        several inputs, the first is followed."""
        place: int | None = end
        while place is not None:
            step = self.steps[place]
            place = step.operation.inputs[0] if step.operation.inputs else None
            yield step, None if place is None else self.steps[place].shape


def read_stop(failure: NetworkFailure) -> Stop:
    """What the evidence says about a failure; parts that cannot be read are left empty."""
    network = _network(failure)
    steps: tuple[ShapedOperation, ...] = ()
    ends: tuple[int, ...] = ()
    if network is not None:
        rows, _ = measure.measure_until_misfit(network)
        steps = tuple(
            ShapedOperation(operation, row.shape) for operation, row in zip(network.operations, rows, strict=False)
        )
        ends = tuple(end for end in network.outputs if end < len(steps))
    layer, inner = _layer(failure.layer), None
    if layer is not None and layer.kind == "TimeDistributed":
        config = (failure.layer or {}).get("config")
        inner = _layer(config.get("layer")) if isinstance(config, dict) else None
    came = failure.shapes
    if failure.partial and len(ends) == len(came) and steps:
        came = tuple(_known(steps[end].shape, claimed) for end, claimed in zip(ends, came, strict=True))
    return Stop(failure, steps, ends, layer, inner, came, _built(failure))


def needed_ranks(layer: Operation, inner: Operation | None = None) -> tuple[int, ...]:
    """The numbers of axes, with the batch, that a layer with one input reads, by our own formulas; none if
    that depends on other things. A `TimeDistributed` reads one more than the layer in it, `inner`."""
    if layer.kind == "TimeDistributed":
        return tuple(rank + 1 for rank in (needed_ranks(inner) if inner is not None else ()) or tuple(_RANKS)[:-1])
    if not layer.settings or layer.kind == "Permute":
        return ()
    found = []
    for rank in _RANKS:
        try:
            measure_one(layer.kind, layer.settings, ((None, *[_SIZE] * (rank - 1)),))
            found.append(rank)
        except Misfit:
            continue
    return tuple(found)


def misfit(layer: Operation, came: tuple[Shape, ...]) -> bool:
    """Whether a layer cannot read these shapes, by our own formulas; False for settings that are not known."""
    try:
        measure_one(layer.kind, layer.settings, came)
    except Misfit:
        return True
    except LookupError:  # settings that were refused, such as a billion units, are left out
        return False
    return False


def data(given: tuple[GivenData, ...]) -> GivenData | None:
    """The data, if it is a single array or stream of known shape."""
    return given[0] if len(given) == 1 and given[0].shape is not None else None


def _known(own: Shape, claimed: Shape) -> Shape:
    """Our shape; where a size is free, the one that came."""
    if len(own) != len(claimed):
        return own
    return (None, *(one if one is not None else other for one, other in zip(own[1:], claimed[1:], strict=True)))


def _network(failure: NetworkFailure) -> Architecture | None:
    described = failure.network or {}
    class_name, config = described.get("class_name"), described.get("config")
    if not isinstance(class_name, str) or not isinstance(config, dict):
        return None
    shape = described.get("input_shape")
    given = data(failure.inputs)
    if not isinstance(shape, list | tuple):
        shape = None if given is None else given.shape
    try:
        return canonicalize(class_name, config, input_shape=None if shape is None else tuple(shape))
    except Misfitting as error:
        return error.architecture
    except (UnknownNetwork, ValueError, TypeError):
        return None


def _layer(described: Any) -> Operation | None:
    """A described layer as an operation; of a class or with settings that are not known, its kind alone."""
    if not isinstance(described, dict):
        return None
    kind = str(described.get("class_name"))[:200]
    label = str(described.get("name") or kind)[:200]
    applied: list[Applied] = []
    if kind == "TimeDistributed":
        return Operation(kind=kind, label=label)  # read as the layer in it, which may well fit
    if described.get("module") == "keras.layers" and isinstance(described.get("config"), dict):
        try:
            applied = read_layer(kind, dict(described["config"]))
        except (UnknownNetwork, ValueError, TypeError):
            applied = []
    elif described.get("module") == "keras.ops" and kind in _OPERATIONS:
        config: dict[str, Any] = {"axis": -1} if kind == "Concatenate" else {}
        applied = [Applied(_OPERATIONS[kind], config)]
    if not applied:
        return Operation(kind=kind, label=label)
    return Operation(kind=applied[0].kind, settings=applied[0].settings, label=label)


def _built(failure: NetworkFailure) -> Shape | None:
    built = (failure.layer or {}).get("build_config")
    shape = built.get("input_shape") if isinstance(built, dict) else None
    if not isinstance(shape, list | tuple) or not all(size is None or type(size) is int for size in shape):
        return None
    return tuple(shape)
