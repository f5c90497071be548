"""Walks the description in `model.get_config()` layer by layer into a Builder. The description is untrusted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from autograder.core.messages import phrase
from autograder.core.weight_fingerprint import BASE_WEIGHTS
from autograder.network.activations import Applied
from autograder.network.architecture import Shape
from autograder.network.builder import Builder
from autograder.network.calls import MAX_LAYERS, Call, TensorReference, read_call, references
from autograder.network.kinds import WEIGHTED
from autograder.network.layers import LAYERS, Layer, read_layer
from autograder.network.ops import MODULES, read_op
from autograder.network.values import UnknownNetwork, boolean, mapping, read_list, shape, shown_value

MAX_NESTING = 16
_NO_SETTINGS: Mapping[str, object] = {}
_MOST_WEIGHTS = 64
_FINGERPRINT = re.compile(r"[0-9a-f]{32}")
# Operations with which Keras computes masks: for padded words, for masked steps, and where masked branches join.
_MASK_MAKERS = frozenset({"NotEqual", "Any", "Concatenate", "LogicalAnd", "LogicalOr"})

_MODEL_MODULES = frozenset({"keras", "keras.models", "keras.src.models.functional", "keras.src.models.sequential"})


class Scope(NamedTuple):
    """Where a layer is in the nesting: the names above it, and whether all of them may be trained."""

    path: tuple[str, ...] = ()
    trainable: bool = True

    def inside(self, name: str, config: Mapping[str, object]) -> Scope:
        """The scope of the layers of a nested network."""
        if len(self.path) + 1 > MAX_NESTING:
            raise UnknownNetwork(phrase("networks are nested more than {most} deep", most=MAX_NESTING))
        return Scope((*self.path, name), self.trainable and boolean(config.get("trainable", True)))


def expand(
    builder: Builder,
    class_name: str,
    config: Mapping[str, object],
    inputs: tuple[int, ...] | None,
    scope: Scope,
    input_shape: Shape | None = None,
) -> tuple[int, ...]:
    """Add a Sequential or Functional network, reading `inputs` (None: its own inputs are those of the whole).

    Returns:
        The nodes of its outputs.
    """
    if class_name == "Sequential":
        return _sequential(builder, config, inputs, scope, input_shape)
    return _Functional(builder, config, scope).expand(inputs)


def _sequential(
    builder: Builder,
    config: Mapping[str, object],
    inputs: tuple[int, ...] | None,
    scope: Scope,
    input_shape: Shape | None,
) -> tuple[int, ...]:
    entries = [mapping(entry) for entry in read_list(config.get("layers"), MAX_LAYERS)]
    builder.count(len(entries))
    if inputs is None:
        found = _known_input(config, entries) or (shape(input_shape) if input_shape else None)
        if found is None:
            raise UnknownNetwork(
                phrase(
                    "the network does not know the shape of its input yet: start it with an Input layer, "
                    "or build or fit it once"
                )
            )
        inputs = (builder.input(found, "input"),)
    for position, entry in enumerate(entries):
        if entry.get("class_name") == "InputLayer" and entry.get("module") == "keras.layers":
            if position:
                raise UnknownNetwork(phrase("an Input layer stands in the middle of a Sequential network"))
            _input_shape(mapping(entry.get("config")))
            continue
        inputs = _apply(builder, entry, inputs, scope, str(position))
    if len(inputs) != 1:
        raise UnknownNetwork(phrase("a Sequential network passes on one output, not several"))
    return inputs


def _known_input(config: Mapping[str, object], entries: list[Mapping[str, object]]) -> list[int | None] | None:
    """The input shape of a Sequential network, from any place in its description that holds it."""
    for _ in range(MAX_NESTING):
        if not entries:
            return None
        first = entries[0]
        inner = mapping(first.get("config") or {})
        if first.get("class_name") == "InputLayer":
            return _input_shape(inner)
        built = first.get("build_config")
        for candidate in (
            config.get("build_input_shape"),
            inner.get("batch_shape"),
            built.get("input_shape") if isinstance(built, dict) else None,
        ):
            if candidate is not None:
                return shape(candidate)
        layers = inner.get("layers")
        if not isinstance(layers, list | tuple):
            return None
        config, entries = inner, [mapping(entry) for entry in read_list(layers, MAX_LAYERS)]
    return None


def _input_shape(config: Mapping[str, object]) -> list[int | None]:
    if config.get("sparse") or config.get("ragged") or config.get("optional"):
        raise UnknownNetwork(phrase("sparse, ragged and optional inputs are not known here"))
    return shape(config.get("batch_shape"))


def _apply(
    builder: Builder,
    entry: Mapping[str, object],
    inputs: tuple[int, ...],
    scope: Scope,
    position: str,
    call: Mapping[str, object] = _NO_SETTINGS,
) -> tuple[int, ...]:
    """Call one layer or nested network on `inputs`, with the settings of the call."""
    config = mapping(entry.get("config"))
    class_name, module = entry.get("class_name"), entry.get("module")
    label = _label(config, entry)
    try:
        if not isinstance(class_name, str) or not isinstance(module, str):
            raise UnknownNetwork(
                phrase("the layer class {name} is not one of Keras' own", name=shown_value(class_name))
            )
        if class_name in ("Sequential", "Functional") and module in _MODEL_MODULES:
            builder.count()
            return expand(builder, class_name, config, inputs, scope.inside(position, config))
        if class_name == "Lambda":
            raise UnknownNetwork(phrase("a Lambda layer holds code of its own, which cannot be rebuilt"))
        if module != "keras.layers" or entry.get("registered_name") is not None:
            raise UnknownNetwork(
                phrase("{name} is not one of Keras' own layers, so it cannot be rebuilt", name=shown_value(class_name))
            )
        if class_name == "InputLayer":
            raise UnknownNetwork(phrase("an Input layer stands where it reads something"))
        key = (*scope.path, position)
        own = dict(config)
        weights = own.pop(BASE_WEIGHTS, None)
        operations = read_layer(class_name, own, call)
        if weights is not None:
            operations = _with_base_weights(operations, weights)
        return (_chain(builder, operations, inputs, key, label, scope.trainable),)
    except UnknownNetwork as error:
        raise error if error.layer else UnknownNetwork(error.reason, label) from None


def _with_base_weights(operations: list[Applied], weights: object) -> list[Applied]:
    """The operations, the one with weights starting with those of a base model.

    Args:
        operations: those of one layer.
        weights: the fingerprints of its weights, in their order; untrusted.
    """
    found = read_list(weights, _MOST_WEIGHTS)
    if not found or not all(isinstance(one, str) and _FINGERPRINT.fullmatch(one) for one in found):
        raise UnknownNetwork(phrase("its weights are described in a way that is not known here"))
    if sum(applied.kind in WEIGHTED for applied in operations) != 1:
        return operations
    return [
        Applied(one.kind, {**one.settings, BASE_WEIGHTS: found}) if one.kind in WEIGHTED else one for one in operations
    ]


def _chain(
    builder: Builder,
    operations: list[Applied],
    inputs: tuple[int, ...],
    key: tuple[str, ...],
    label: str,
    trainable: bool,
) -> int:
    """Add the operations of one layer, one after the other."""
    builder.count()
    if not operations and len(inputs) != 1:
        raise UnknownNetwork(phrase("it reads several inputs and passes them on"))
    for part, applied in enumerate(operations):
        weights = None
        if applied.kind in WEIGHTED:
            weights = (*key, part)
            applied = Applied(
                applied.kind, {**applied.settings, "trainable": applied.settings["trainable"] and trainable}
            )
        inputs = (builder.add(applied, inputs, weights, label),)
    return inputs[0]


def _layer_of(entry: Mapping[str, object]) -> Layer | None:
    """The record of a layer's class; None if it is not a known Keras layer."""
    class_name = entry.get("class_name")
    if entry.get("module") != "keras.layers" or not isinstance(class_name, str):
        return None
    return LAYERS.get(class_name)


def _makes_masks(entry: Mapping[str, object]) -> bool:
    """Whether a layer makes a mask for the layers after it."""
    embedded = entry.get("class_name") in ("Embedding", "ReversibleEmbedding")
    return entry.get("class_name") == "Masking" or (embedded and mapping(entry.get("config")).get("mask_zero") is True)


def _label(config: Mapping[str, object], entry: Mapping[str, object]) -> str:
    name = config.get("name") or entry.get("name") or entry.get("class_name")
    return str(shown_value(name))


class _Functional:
    """One Functional network: its calls are followed from the outputs back to the inputs, each once."""

    def __init__(self, builder: Builder, config: Mapping[str, object], scope: Scope) -> None:
        self.builder = builder
        self.scope = scope
        self.config = config
        self.entries: dict[str, Mapping[str, object]] = {}
        items = read_list(config.get("layers"), MAX_LAYERS)
        builder.count(len(items))
        for item in items:
            entry = mapping(item)
            name = entry.get("name")
            if not isinstance(name, str) or name in self.entries:
                raise UnknownNetwork(phrase("two layers have the name {name}, or one has none", name=shown_value(name)))
            self.entries[name] = entry
        self.masking = any(map(_makes_masks, self.entries.values()))
        self.results: dict[tuple[str, int], tuple[int, ...]] = {}

    def expand(self, inputs: tuple[int, ...] | None) -> tuple[int, ...]:
        starts = references(self.config.get("input_layers"))
        ends = references(self.config.get("output_layers"))
        if not starts or not ends:
            raise UnknownNetwork(phrase("the network has no input or no output"))
        if inputs is not None and len(inputs) != len(starts):
            raise UnknownNetwork(
                phrase(
                    "a nested network reads {expected} inputs and is given {given}",
                    expected=len(starts),
                    given=len(inputs),
                )
            )
        for position, start in enumerate(starts):
            entry = self._entry(start.layer)
            if entry.get("class_name") != "InputLayer" or entry.get("module") != "keras.layers":
                raise UnknownNetwork(phrase("an input of the network is not an Input layer"), shown_value(start.layer))
            found = _input_shape(mapping(entry.get("config")))
            node = self.builder.input(found, shown_value(start.layer)) if inputs is None else inputs[position]
            self.results[(start.layer, start.call)] = (node,)
        return tuple(self._output(self._from_zero(end)) for end in ends)

    def _from_zero(self, end: TensorReference) -> TensorReference:
        """An output of the network: there, and only there, Keras counts the calls of a functional network from 1."""
        entry = self._entry(end.layer)
        functional = entry.get("class_name") == "Functional" and entry.get("module") in _MODEL_MODULES
        return end._replace(call=end.call - 1) if functional and end.call else end

    def _entry(self, name: str) -> Mapping[str, object]:
        entry = self.entries.get(name)
        if entry is None:
            raise UnknownNetwork(phrase("a layer {name} is read that does not exist", name=shown_value(name)))
        return entry

    def _output(self, end: TensorReference) -> int:
        """Evaluate with an explicit stack, so that depth does no harm; a call met again while open is a cycle."""
        stack = [(end.layer, end.call)]
        opened: set[tuple[str, int]] = set()
        while stack:
            key = stack[-1]
            if key in self.results:
                stack.pop()
                continue
            call = self._call(*key)
            waiting = [(source.layer, source.call) for source in call.reads]
            waiting = [source for source in waiting if source not in self.results]
            if not waiting:
                self.results[key] = self._apply(key[0], call)
                stack.pop()
                continue
            if key in opened:
                raise UnknownNetwork(phrase("its layers read each other in a circle"), shown_value(key[0]))
            opened.add(key)
            stack.extend(waiting)
        return self._value(end)

    def _value(self, source: TensorReference) -> int:
        outputs = self.results[(source.layer, source.call)]
        if source.output >= len(outputs):
            raise UnknownNetwork(phrase("an output of it is read that does not exist"), shown_value(source.layer))
        return outputs[source.output]

    def _call(self, name: str, index: int) -> Call:
        nodes = self._entry(name).get("inbound_nodes")
        calls = read_list(nodes, MAX_LAYERS)
        if index >= len(calls):
            raise UnknownNetwork(phrase("a call of it is read that does not exist"), shown_value(name))
        try:
            call = read_call(mapping(calls[index]), _layer_of(self._entry(name)))
            for source in call.masks:
                self._check_mask(source)
        except UnknownNetwork as error:
            raise UnknownNetwork(error.reason, shown_value(name)) from None
        return call

    def _check_mask(self, source: TensorReference) -> None:
        """Refuse a mask that Keras did not make itself: only its own are made again when the network is rebuilt."""
        maker = self._entry(source.layer)
        made_by_keras = maker.get("class_name") in _MASK_MAKERS and maker.get("module") == "keras.src.ops.numpy"
        if not (made_by_keras and self.masking):
            raise UnknownNetwork(phrase("it was given a mask of its own, which cannot be rebuilt"))

    def _apply(self, name: str, call: Call) -> tuple[int, ...]:
        entry = self._entry(name)
        inputs = tuple(self._value(source) for source in call.reads)
        class_name, module = entry.get("class_name"), entry.get("module")
        if not isinstance(module, str) or module not in MODULES:
            if _layer_of(entry) is None and call.arguments != [None]:
                raise UnknownNetwork(phrase("it was called with more than what it reads"), shown_value(name))
            return _apply(self.builder, entry, inputs, self.scope, name, call.settings)
        try:
            if not isinstance(class_name, str) or entry.get("registered_name") != class_name:
                raise UnknownNetwork(
                    phrase("the operation {name} is not one of Keras' own", name=shown_value(class_name))
                )
            shapes = tuple(map(self.builder.shape, inputs))
            operations = read_op(class_name, dict(mapping(entry.get("config"))), shapes, call.arguments)
        except UnknownNetwork as error:
            raise UnknownNetwork(error.reason, shown_value(name)) from None
        return (_chain(self.builder, operations, inputs, (*self.scope.path, name), shown_value(name), trainable=True),)
