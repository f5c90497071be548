"""How a layer was called in a functional network: what it reads, and the settings of the call. All is untrusted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from autograder.core.messages import phrase
from autograder.network.layers import Layer
from autograder.network.values import UnknownNetwork, integer, mapping, read_list, shown_value

MAX_LAYERS = 1000


class TensorReference(NamedTuple):
    """One output of one call of a layer (Keras calls this a tensor's history)."""

    layer: str
    call: int
    output: int


class Call(NamedTuple):
    """One call: what it reads, the masks it was given, the constants among its arguments and its settings.

    `arguments` are the positional ones, None for one that is read from a layer.
    """

    reads: list[TensorReference]
    masks: list[TensorReference]
    arguments: list[object]
    settings: dict[str, object]


def read_call(described: Mapping[str, object], layer: Layer | None) -> Call:
    """Read one call; `layer` is None for a nested network, for an operation of `keras.ops` and for unknown classes.

    Raises:
        UnknownNetwork: an argument of the call is not supported.
    """
    given = read_list(described.get("args"))
    keywords = dict(mapping(described.get("kwargs") or {}))
    if layer is not None:
        given = _in_order(layer, given, keywords)
    elif any(argument is None for argument in given):
        raise UnknownNetwork(phrase("it was called with an argument None"))
    call = Call([], [], [], {})
    for argument in given:
        found = _tensors(argument)
        call.reads.extend(found)
        call.arguments.append(None if found else argument)
    for name, value in keywords.items():
        if name == "mask":
            call.masks.extend(_tensors(value))
        elif name == "training" and isinstance(value, bool):
            continue  # fit and predict override it for every layer
        elif layer is not None and name in layer.call:
            call.settings[name] = value
        elif value is not None:
            shown = f"{shown_value(name)}={shown_value(value)}"
            raise UnknownNetwork(phrase("it was called with {argument}, which is not known here", argument=shown))
    if not call.reads:
        raise UnknownNetwork(phrase("it reads nothing"))
    return call


def _in_order(layer: Layer, given: list[object], keywords: dict[str, object]) -> list[object]:
    """What the layer reads in the order of its roles, whether it was given by position or by name."""
    roles = layer.roles or ("inputs",)
    by_role = dict(zip(roles, given, strict=False))
    if len(given) > len(roles):
        raise UnknownNetwork(phrase("it was called with more than what it reads"))
    for role in roles:
        if keywords.get(role) is not None:
            by_role[role] = keywords.pop(role)
    named = {role: value for role, value in by_role.items() if value is not None}
    missing = next((role for role in roles[: layer.inputs[0]] if role not in named), None) if layer.roles else None
    if missing:
        raise UnknownNetwork(phrase("it was called without its {name}", name=missing))
    if any(not _tensors(value) or (layer.roles and isinstance(value, list | tuple)) for value in named.values()):
        raise UnknownNetwork(phrase("it was called with something that is not the output of a layer"))
    return [named[role] for role in roles if role in named]


def _tensors(argument: object) -> list[TensorReference]:
    """The tensors in an argument: one, a list of them, or an object of them by name (in the order of the names)."""
    if isinstance(argument, dict) and argument.get("class_name") == "__keras_tensor__":
        return [_reference(mapping(argument.get("config")).get("keras_history"))]
    if isinstance(argument, dict):
        items: list[Any] = [argument[key] for key in sorted(mapping(argument))]
    elif isinstance(argument, list | tuple):
        items = read_list(argument, MAX_LAYERS)
    else:
        return []
    found = []
    for item in items:
        if isinstance(item, dict) and item.get("class_name") == "__keras_tensor__":
            found.append(_reference(mapping(item.get("config")).get("keras_history")))
        elif item is not None:
            raise UnknownNetwork(phrase("it was called with something that is not the output of a layer"))
    return found


def references(value: object) -> list[TensorReference]:
    """`input_layers` or `output_layers`: one reference, a list of them, or an object of them by name."""
    if isinstance(value, dict):
        described = mapping(value)
        return [_reference(described[key]) for key in sorted(described)]
    items = read_list(value, MAX_LAYERS)
    if len(items) == 3 and isinstance(items[0], str):
        return [_reference(items)]
    return [_reference(item) for item in items]


def _reference(value: object) -> TensorReference:
    items = read_list(value, 3)
    if len(items) != 3 or not isinstance(items[0], str):
        raise UnknownNetwork(phrase("a reference to a layer cannot be read"))
    position = integer(0, MAX_LAYERS)
    return TensorReference(items[0], position(items[1]), position(items[2]))
