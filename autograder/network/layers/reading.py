"""From a layer's configuration, which is untrusted, to its operations."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from autograder.core.messages import phrase
from autograder.network import activations
from autograder.network.activations import Applied
from autograder.network.layers.fields import COMMON
from autograder.network.layers.record import LAYERS, Config, Fields, Layer
from autograder.network.values import UnknownNetwork, boolean, mapping, shown_value

# How deep layers may be nested: TimeDistributed(Bidirectional(LSTM)) is two deep.
_DEEPEST = 4
_NO_CALL: Mapping[str, object] = {}


def read_layer(class_name: str, config: Config, call: Mapping[str, object] = _NO_CALL, depth: int = 0) -> list[Applied]:
    """The operations of one layer in order: none if it computes nothing, two if it has its own activation.

    Args:
        class_name: the layer's class.
        config: its configuration.
        call: the settings of its call.
        depth: how deep it is nested in other layers.

    Raises:
        UnknownNetwork: its class or one of its settings is not supported.
    """
    layer = LAYERS.get(class_name)
    if layer is None or class_name == "Input":
        raise UnknownNetwork(phrase("the layer class {name} is not known here", name=shown_value(class_name)))
    if depth > _DEEPEST:
        raise UnknownNetwork(phrase("layers stand in layers more than {most} deep", most=_DEEPEST))
    refuse_unknown(class_name, call, layer.call.keys())
    if layer.read is not None:
        return layer.read(config, depth)
    settings = {**read_settings(layer, config), **_values(class_name, layer.call, call)}
    operation = Applied(class_name, settings) if layer.simplest is None else layer.simplest(settings)
    activation = read_activation(config.get("activation")) if layer.activated else None
    return [one for one in (operation, activation) if one is not None]


def read_settings(layer: Layer, config: Config) -> dict[str, Any]:
    """The settings of a layer in canonical form, defaults filled in.

    Raises:
        UnknownNetwork: one of them is not supported.
    """
    refuse_unknown(layer.name, config, layer.fields.keys() | (COMMON if layer.activated else COMMON - {"activation"}))
    settings = _values(layer.name, layer.fields, config)
    if layer.complete is not None:
        layer.complete(settings)
    if layer.weighted:
        settings["trainable"] = boolean(config.get("trainable", True))
    return settings


def read_activation(value: object) -> Applied | None:
    """The value of a layer's `activation`, as Keras describes it: a name, a function or a layer.

    Raises:
        UnknownNetwork: it is a function or a layer that is not Keras' own.
    """
    if value is None or isinstance(value, str):
        return None if value is None else activations.named_activation(value)
    described = mapping(value)
    if described.get("class_name") == "function" and described.get("registered_name") == "function":
        return activations.tensorflow_function(described.get("module"), described.get("config"))
    if described.get("module") == "keras.layers" and described.get("registered_name") is None:
        layer = LAYERS.get(str(described.get("class_name")))
        if layer is not None and layer.family.category == "activation" and layer.name != "Activation":
            found = read_layer(layer.name, dict(mapping(described.get("config"))))
            return found[0] if found else None
    raise UnknownNetwork(phrase("its activation is not one of Keras' own, so it cannot be rebuilt"))


def inner_config(value: object) -> tuple[str, Config]:
    """Class and configuration of a layer inside another layer.

    Raises:
        UnknownNetwork: it is not one of Keras' own.
    """
    described = mapping(value)
    class_name = described.get("class_name")
    own = described.get("module") == "keras.layers" and described.get("registered_name") is None
    if not own or not isinstance(class_name, str):
        raise UnknownNetwork(
            phrase("{name} is not one of Keras' own layers, so it cannot be rebuilt", name=shown_value(class_name))
        )
    return class_name, dict(mapping(described.get("config")))


def refuse_unknown(class_name: str, config: Mapping[str, object], known: Set[str]) -> None:
    """Refuse a configuration with a setting that is not among the `known` ones."""
    for key in config:
        if key not in known:
            raise UnknownNetwork(
                phrase("{name} has a setting {key} that is not known here", name=class_name, key=shown_value(key))
            )


def _values(class_name: str, fields: Fields, config: Mapping[str, object]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, field in fields.items():
        if key not in config and field.default is ...:
            raise UnknownNetwork(phrase("{name} lacks its {key}", name=class_name, key=key))
        try:
            value = field.read(config[key]) if key in config else field.default
        except UnknownNetwork as error:
            raise UnknownNetwork(phrase("{key}: {reason}", key=key, reason=error.reason)) from None
        if field.kept:
            values[key] = value
    return values
