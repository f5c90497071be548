"""What `model.get_config()` describes, walked layer by layer into a Builder. The description is untrusted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from autograder.core.messages import phrase
from autograder.network.activations import Applied
from autograder.network.architecture import Shape
from autograder.network.builder import Builder
from autograder.network.kinds import WEIGHTED
from autograder.network.layers import read_layer
from autograder.network.ops import MODULES, read_op
from autograder.network.values import UnknownNetwork, boolean, integer, listed, mapping, shape, shown_value

MAX_LAYERS = 1000
MAX_NESTING = 16

_MODEL_MODULES = frozenset({"keras", "keras.models", "keras.src.models.functional", "keras.src.models.sequential"})


class Scope(NamedTuple):
    """Where in the nesting a layer stands: the names above it, and whether all of them may be trained."""

    path: tuple[str, ...] = ()
    trainable: bool = True

    def inside(self, name: str, config: Mapping[str, object]) -> Scope:
        """The scope of the layers of a nested network."""
        if len(self.path) + 1 > MAX_NESTING:
            raise UnknownNetwork(phrase("networks are nested more than {most} deep", most=MAX_NESTING))
        return Scope((*self.path, name), self.trainable and boolean(config.get("trainable", True)))


class TensorReference(NamedTuple):
    """One output of one call of a layer: what Keras calls its history."""

    layer: str
    call: int
    output: int


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
    entries = [mapping(entry) for entry in listed(config.get("layers"), MAX_LAYERS)]
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
    """The input shape of a Sequential network, wherever its description holds it."""
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
        config, entries = inner, [mapping(entry) for entry in listed(layers, MAX_LAYERS)]
    return None


def _input_shape(config: Mapping[str, object]) -> list[int | None]:
    if config.get("sparse") or config.get("ragged") or config.get("optional"):
        raise UnknownNetwork(phrase("sparse, ragged and optional inputs are not known here"))
    return shape(config.get("batch_shape"))


def _apply(
    builder: Builder, entry: Mapping[str, object], inputs: tuple[int, ...], scope: Scope, position: str
) -> tuple[int, ...]:
    """Call one layer or nested network on `inputs`."""
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
        return (_chain(builder, read_layer(class_name, dict(config)), inputs, key, label, scope.trainable),)
    except UnknownNetwork as error:
        raise error if error.layer else UnknownNetwork(error.reason, label) from None


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
        items = listed(config.get("layers"), MAX_LAYERS)
        builder.count(len(items))
        for item in items:
            entry = mapping(item)
            name = entry.get("name")
            if not isinstance(name, str) or name in self.entries:
                raise UnknownNetwork(phrase("two layers have the name {name}, or one has none", name=shown_value(name)))
            self.entries[name] = entry
        embeddings = (entry for entry in self.entries.values() if entry.get("class_name") == "Embedding")
        self.masking = any(mapping(entry.get("config")).get("mask_zero") is True for entry in embeddings)
        self.results: dict[tuple[str, int], tuple[int, ...]] = {}

    def expand(self, inputs: tuple[int, ...] | None) -> tuple[int, ...]:
        starts = _references(self.config.get("input_layers"))
        ends = _references(self.config.get("output_layers"))
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
        return tuple(self._output(end) for end in ends)

    def _entry(self, name: str) -> Mapping[str, object]:
        entry = self.entries.get(name)
        if entry is None:
            raise UnknownNetwork(phrase("a layer {name} is read that does not exist", name=shown_value(name)))
        return entry

    def _output(self, end: TensorReference) -> int:
        """Evaluate with a stack of its own, so that depth does no harm; a call met again while open is a circle."""
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

    def _call(self, name: str, index: int) -> _Call:
        nodes = self._entry(name).get("inbound_nodes")
        calls = listed(nodes, MAX_LAYERS)
        if index >= len(calls):
            raise UnknownNetwork(phrase("a call of it is read that does not exist"), shown_value(name))
        try:
            call = _read_call(mapping(calls[index]))
            for source in call.masks:
                self._check_mask(source)
        except UnknownNetwork as error:
            raise UnknownNetwork(error.reason, shown_value(name)) from None
        return call

    def _check_mask(self, source: TensorReference) -> None:
        """A mask that an Embedding with mask_zero makes is made again when the network is rebuilt; no other is."""
        maker = self._entry(source.layer)
        made_by_keras = maker.get("class_name") == "NotEqual" and maker.get("module") == "keras.src.ops.numpy"
        if not (made_by_keras and self.masking):
            raise UnknownNetwork(phrase("it was given a mask of its own, which cannot be rebuilt"))

    def _apply(self, name: str, call: _Call) -> tuple[int, ...]:
        entry = self._entry(name)
        inputs = tuple(self._value(source) for source in call.reads)
        class_name, module = entry.get("class_name"), entry.get("module")
        if not isinstance(module, str) or module not in MODULES:
            if any(argument is not None for argument in call.arguments) or len(call.arguments) != 1:
                raise UnknownNetwork(phrase("it was called with more than what it reads"), shown_value(name))
            return _apply(self.builder, entry, inputs, self.scope, name)
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


class _Call(NamedTuple):
    """One call: what it reads, the masks it was given, and its positional arguments (None where it reads)."""

    reads: list[TensorReference]
    masks: list[TensorReference]
    arguments: list[object]


def _read_call(call: Mapping[str, object]) -> _Call:
    reads: list[TensorReference] = []
    arguments: list[object] = []
    for argument in listed(call.get("args")):
        found = _tensors(argument)
        reads.extend(found)
        arguments.append(None if found else argument)
    if any(argument is None for argument in listed(call.get("args"))):
        raise UnknownNetwork(phrase("it was called with an argument None"))
    masks: list[TensorReference] = []
    for key, value in mapping(call.get("kwargs") or {}).items():
        if key == "mask":
            masks.extend(_tensors(value))
        elif key == "training" and isinstance(value, bool):
            continue  # fit and predict set it for every layer, whatever it was called with
        elif value is not None:
            argument = f"{shown_value(key)}={shown_value(value)}"
            raise UnknownNetwork(phrase("it was called with {argument}, which is not known here", argument=argument))
    if not reads:
        raise UnknownNetwork(phrase("it reads nothing"))
    return _Call(reads, masks, arguments)


def _tensors(argument: object) -> list[TensorReference]:
    """The tensors in an argument: one, a list of them, or an object of them by name (in the order of the names)."""
    if isinstance(argument, dict) and argument.get("class_name") == "__keras_tensor__":
        return [_reference(mapping(argument.get("config")).get("keras_history"))]
    if isinstance(argument, dict):
        items: list[Any] = [argument[key] for key in sorted(mapping(argument))]
    elif isinstance(argument, list | tuple):
        items = listed(argument, MAX_LAYERS)
    else:
        return []
    found = []
    for item in items:
        if isinstance(item, dict) and item.get("class_name") == "__keras_tensor__":
            found.append(_reference(mapping(item.get("config")).get("keras_history")))
        elif item is not None:
            raise UnknownNetwork(phrase("it was called with something that is not the output of a layer"))
    return found


def _references(value: object) -> list[TensorReference]:
    """`input_layers` or `output_layers`: one reference, a list of them, or an object of them by name."""
    if isinstance(value, dict):
        described = mapping(value)
        return [_reference(described[key]) for key in sorted(described)]
    items = listed(value, MAX_LAYERS)
    if len(items) == 3 and isinstance(items[0], str):
        return [_reference(items)]
    return [_reference(item) for item in items]


def _reference(value: object) -> TensorReference:
    items = listed(value, 3)
    if len(items) != 3 or not isinstance(items[0], str):
        raise UnknownNetwork(phrase("a reference to a layer cannot be read"))
    position = integer(0, MAX_LAYERS)
    return TensorReference(items[0], position(items[1]), position(items[2]))
