"""The record of a layer class: everything that depends on the class is in it.

The family modules next to this one add their records to `LAYERS`; nothing else in the package lists layer classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from autograder.core.messages import phrase
from autograder.network.activations import Applied
from autograder.network.architecture import Shape
from autograder.network.shapes import Formula, Measured, Misfit, Settings, words
from autograder.network.values import Reader


class Field(NamedTuple):
    """How a setting is read, its default (... if it is required), and whether it is kept.

    `spread` says that one number may be given for all axes, as people write it.
    """

    read: Reader
    default: Any = None
    kept: bool = True
    spread: bool = False


Fields = dict[str, Field]


class Family(NamedTuple):
    """A layer's name in a sentence, with its article. Layers of one `category` do similar jobs; "" is none."""

    words: str
    category: str = ""


Config = dict[str, object]
# From a configuration and its nesting depth to operations: for layers that hold other layers.
ReadConfig = Callable[[Config, int], list[Applied]]


@dataclass(frozen=True)
class Layer:
    """One layer class of Keras.

    Attributes:
        name: the class, as `keras.layers` has it.
        family: how it is named in sentences.
        fields: its settings with their ranges and defaults; others except the common ones are refused.
        measure: shape and parameters; None if the layer is always read as others, and never an operation itself.
        aliases: its names in Keras 1 and 2, and other names that a summary table prints for it.
        positional: the settings that are written without their names; by default the required ones.
        activated: it has an `activation`, which becomes a separate operation after it.
        weighted: it has weights, and so can be frozen and shared.
        inputs: the fewest and the most inputs it reads.
        roles: the names of its inputs, if they are separate arguments and not a list.
        call: settings that are given when the layer is called.
        commutative: the order of its inputs does not matter.
        complete: fills in settings that follow from others.
        simplest: the operation that the settings amount to, None for none; by default this layer with its settings.
        read: reads a configuration instead of all that, for layers that hold other layers.
        normal: the same operation in canonical form, as far as it depends on the input's shape.
        nothing: whether it computes nothing on an input of that shape (None if unknown).
        dtype: what it reads, if that is not numbers of the usual kind.
        adapts: it learns numbers from the data, and is adapted to the training data when it is rebuilt.
    """

    name: str
    family: Family
    fields: Fields = field(default_factory=dict)
    measure: Formula | None = None
    aliases: tuple[str, ...] = ()
    positional: tuple[str, ...] = ()
    activated: bool = False
    weighted: bool = False
    inputs: tuple[int, int] = (1, 1)
    roles: tuple[str, ...] = ()
    call: Fields = field(default_factory=dict)
    commutative: bool = False
    complete: Callable[[dict[str, Any]], None] | None = None
    simplest: Callable[[dict[str, Any]], Applied | None] | None = None
    read: ReadConfig | None = None
    normal: Callable[[Mapping[str, Any], Shape], Applied] | None = None
    nothing: Callable[[Settings, Shape | None], bool] | None = None
    dtype: str | None = None
    adapts: Callable[[Settings], bool] | None = None


LAYERS: dict[str, Layer] = {}


def add(*layers: Layer) -> None:
    """Register layers."""
    for layer in layers:
        if layer.name in LAYERS:
            raise ValueError(f"there are two records of {layer.name}")
        LAYERS[layer.name] = layer


def measure(kind: str, settings: Settings, inputs: tuple[Shape, ...]) -> Measured:
    """Measure one operation on inputs of the given shapes.

    Raises:
        Misfit: it cannot read inputs of these shapes.
    """
    if kind == "Input":
        return Measured((None, *settings["shape"]))
    layer = LAYERS.get(kind)
    if layer is None or layer.measure is None:
        raise Misfit(phrase("{kind} is not an operation that can be measured", kind=kind))
    if not inputs:
        raise Misfit(phrase("{kind} reads nothing", kind=kind))
    fewest, most = layer.inputs
    if most == 1 and len(inputs) != 1:
        raise Misfit(phrase("{kind} reads one input, not {count}", kind=kind, count=len(inputs)))
    if not fewest <= len(inputs) <= most:
        raise Misfit(
            phrase(
                "{kind} reads {fewest} to {most} inputs, not {count}",
                kind=kind,
                fewest=fewest,
                most=most,
                count=len(inputs),
            )
        )
    measured = layer.measure(settings, *inputs)
    if any(size is not None and size < 1 for size in measured.shape[1:]):
        raise Misfit(
            phrase(
                "nothing is left of {given}: the output would have the shape {shape}",
                given=words(inputs[0]),
                shape=words(measured.shape),
            )
        )
    if settings.get("trainable", True) is False:
        measured = measured._replace(trainable=0)
    return measured
