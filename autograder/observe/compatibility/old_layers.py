"""Inside the kernel: how layers of Keras 1 and 2 said their input, took initializers and named their weights."""

from __future__ import annotations

import functools
import inspect
import sys
import weakref
from typing import Any

import keras

from autograder.observe.compatibility.old_arguments import before
from autograder.observe.compatibility.old_initializers import with_dtype
from autograder.observe.compatibility.stand_in_log import note_stand_in

_OF_SEQUENCES = (keras.layers.RNN, keras.layers.Conv1D)
_SHAPES = frozenset(("input_shape", "output_shape"))
_LIBRARIES = ("keras", "tensorflow", "autograder")
# The `batch_input_shape` of layers that need the number of rows: those that keep their state between batches.
_whole_shapes: weakref.WeakKeyDictionary[Any, tuple[Any, ...]] = weakref.WeakKeyDictionary()


def _given_input(positional: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
    """`batch_input_shape=`, and `input_dim=` with `input_length=` of layers over sequences."""
    shape = named.get("batch_input_shape")
    if isinstance(shape, tuple | list) and "input_shape" not in named:
        del named["batch_input_shape"]
        named["input_shape"] = tuple(shape[1:])
        note_stand_in("argument", "batch_input_shape", "input_shape")
        if shape and shape[0] is not None:
            _whole_shapes[positional[0]] = tuple(shape)
    if "input_dim" in named and isinstance(positional[0], _OF_SEQUENCES):
        named["input_shape"] = (named.pop("input_length", None), named.pop("input_dim"))
        note_stand_in("argument", "input_dim", "input_shape")
    return positional


def _whole_size(positional: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
    """`Input(784)` for `Input((784,))`."""
    size = named.get("shape", positional[1] if len(positional) > 1 else None)
    if type(size) is not int:
        return positional
    note_stand_in("name", f"Input({size})", f"Input(({size},))")
    if "shape" in named:
        named["shape"] = (size,)
        return positional
    return positional[0], (size,), *positional[2:]


def _named_weight(positional: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
    """`add_weight("kernel", shape=…)`, and initializers that take the shape alone."""
    if len(positional) == 2 and isinstance(positional[1], str) and "name" not in named:
        note_stand_in("argument", f"{positional[1]!r}", "name=")
        named["name"] = positional[1]
        positional = positional[:1]
    initializer = named.get("initializer")
    if inspect.isfunction(initializer):
        named["initializer"] = with_dtype(initializer)
    return positional


def _asked_by_a_library() -> bool:
    """Whether Keras itself looks at an attribute, which decides what it does; frames: here, the property, who asks."""
    return str(sys._getframe(2).f_globals.get("__name__", "")).partition(".")[0] in _LIBRARIES


def _old_attribute(layer: Any, name: str) -> Any:
    """`layer.output_shape`, `layer.get_output_at(0)`."""
    end = name.removeprefix("get_").partition("_")[0]
    if name in _SHAPES and not _asked_by_a_library():
        try:
            tensors = getattr(layer, end)
        except (AttributeError, ValueError):
            tensors = None
        if tensors is not None:
            note_stand_in("name", f"layer.{name}", f"layer.{end}.shape")
            return [one.shape for one in tensors] if isinstance(tensors, list) else tensors.shape
    if name in ("get_input_at", "get_output_at"):
        note_stand_in("name", f"layer.{name}(0)", f"layer.{end}")
        return lambda _: getattr(layer, end)
    for kind in type(layer).__mro__:
        # A property that failed has its own words for it.
        if isinstance(found := vars(kind).get(name), property) and found.fget is not None:
            return found.fget(layer)
    raise AttributeError(f"{type(layer).__name__!r} object has no attribute {name!r}")


def _stacked() -> None:
    """`Sequential`: the size of the batch that its first layer was given, and `input` and `output` before any call."""
    add = keras.Sequential.add

    def with_whole_shape(positional: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        network, layer = positional[0], positional[1] if len(positional) > 1 else named.get("layer")
        if not network._layers and isinstance(layer, keras.layers.Layer) and layer in _whole_shapes:
            add(network, keras.layers.InputLayer(batch_shape=_whole_shapes[layer]))
        return positional

    before(keras.Sequential, "add", with_whole_shape)
    for name in ("input", "output"):
        setattr(keras.Sequential, name, property(functools.partial(_end, name, getattr(keras.Sequential, name))))


def _end(name: str, original: property, network: Any) -> Any:
    assert original.fget is not None
    try:
        return original.fget(network)
    except (AttributeError, ValueError):
        ends = getattr(network, f"{name}s") if network.built else None
        if not ends or _asked_by_a_library():
            raise
        note_stand_in("name", f"Sequential.{name}", f"Sequential.{name}s")
        return ends[0]


def _reset_states(network: Any) -> None:
    note_stand_in("name", "model.reset_states", "layer.reset_states")
    for layer in network.layers:
        if hasattr(layer, "reset_states"):
            layer.reset_states()


def accept_old_layers() -> None:
    """Support the old spellings."""
    before(keras.layers.InputLayer, "__init__", _whole_size)
    before(keras.layers.Layer, "__init__", _given_input)
    before(keras.layers.Layer, "add_weight", _named_weight)
    if not hasattr(keras.layers.Layer, "__getattr__"):
        setattr(keras.layers.Layer, "__getattr__", _old_attribute)  # noqa: B010
    _stacked()
    if not hasattr(keras.Model, "reset_states"):
        setattr(keras.Model, "reset_states", _reset_states)  # noqa: B010
