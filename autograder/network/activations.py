"""Activations in their one canonical form, however they were written: name, function, layer or `keras.ops` node."""

from __future__ import annotations

from typing import Any, NamedTuple

from autograder.core.messages import phrase
from autograder.network.learning import constraint, initializer, regularizer
from autograder.network.values import UnknownNetwork, integers, mapping, number, optional, shown_value

# keras.activations, all without settings of their own.
PLAIN = frozenset(
    {"relu", "relu6", "softmax", "log_softmax", "sigmoid", "log_sigmoid", "hard_sigmoid", "tanh", "hard_tanh", "elu"}
    | {"celu", "selu", "gelu", "silu", "hard_silu", "mish", "softplus", "softsign", "exponential", "linear"}
)
_ALIASES = {"swish": "silu", "hard_swish": "hard_silu"}
# What TensorFlow's own functions are called inside, where that is not Keras' name: tf.nn.softmax, tf.nn.silu, ...
_TENSORFLOW = {
    "softmax_v2": "softmax",
    "log_softmax_v2": "log_softmax",
    "swish": "silu",
    "identity": "linear",
}
IDEMPOTENT = frozenset({"relu", "relu6"})
_SLOPE = number(-1e3, 1e3)


class Applied(NamedTuple):
    """An operation without its place in a network."""

    kind: str
    settings: dict[str, Any]


def named_activation(name: str) -> Applied | None:
    """The operation of a Keras activation name; None where it computes nothing (linear)."""
    name = _ALIASES.get(name, name)
    if name == "leaky_relu":
        return leaky_relu(0.2)
    if name not in PLAIN:
        raise UnknownNetwork(phrase("{name} is not an activation of Keras that is known here", name=shown_value(name)))
    return None if name == "linear" else Applied("Activation", {"activation": name})


def read_activation(value: object) -> Applied | None:
    """The value of a layer's `activation`, as Keras describes it.

    Raises:
        UnknownNetwork: it is a function or a layer that is not Keras' own.
    """
    if value is None:
        return None
    if isinstance(value, str):
        return named_activation(value)
    described = mapping(value)
    if described.get("class_name") == "function" and described.get("registered_name") == "function":
        name = described.get("config")
        if described.get("module") == "builtins" and isinstance(name, str) and name in _TENSORFLOW:
            return named_activation(_TENSORFLOW[name])
        raise UnknownNetwork(
            phrase("its activation {name} is a function of your own, which cannot be rebuilt", name=shown_value(name))
        )
    if described.get("module") == "keras.layers" and described.get("registered_name") is None:
        class_name = described.get("class_name")
        if isinstance(class_name, str) and class_name in LAYERS:
            return activation_layer(class_name, dict(mapping(described.get("config"))))
    raise UnknownNetwork(phrase("its activation is not one of Keras' own, so it cannot be rebuilt"))


def name_only(value: object) -> str:
    """An activation inside a layer that must be a name (as in LSTM)."""
    if not isinstance(value, str) or _ALIASES.get(value, value) not in PLAIN | {"leaky_relu"}:
        raise UnknownNetwork(phrase("its activation is not one of Keras' own, so it cannot be rebuilt"))
    return _ALIASES.get(value, value)


def leaky_relu(slope: float) -> Applied | None:
    """max(x, slope·x)."""
    if slope in (0.0, 1.0):
        return None if slope else named_activation("relu")
    return Applied("LeakyReLU", {"negative_slope": slope})


LAYERS = frozenset({"ReLU", "LeakyReLU", "ELU", "PReLU", "Softmax"})
_COMMON = frozenset({"name", "dtype", "trainable"})


def activation_layer(class_name: str, config: dict[str, object]) -> Applied | None:
    """A layer that is nothing but an activation.

    Raises:
        UnknownNetwork: one of its settings is not understood.
    """
    given = {key: value for key, value in config.items() if key not in _COMMON}
    read_one = {"ReLU": _relu, "LeakyReLU": _leaky, "ELU": _elu, "Softmax": _softmax, "PReLU": _prelu}[class_name]
    applied = read_one(given)
    if given:
        key = shown_value(next(iter(given)))
        raise UnknownNetwork(phrase("{name} has a setting {key} that is not known here", name=class_name, key=key))
    if applied is not None and applied.kind == "PReLU":
        trainable = config.get("trainable", True)
        if not isinstance(trainable, bool):
            raise UnknownNetwork(phrase("{value} stands where True or False belongs", value=shown_value(trainable)))
        applied.settings["trainable"] = trainable
    return applied


def _relu(given: dict[str, object]) -> Applied | None:
    slope = _SLOPE(given.pop("negative_slope", 0.0) or 0.0)
    most = optional(number(0, 1e6))(given.pop("max_value", None))
    threshold = _SLOPE(given.pop("threshold", 0.0) or 0.0)
    if threshold == 0.0 and most is None:
        return leaky_relu(slope)
    if threshold == 0.0 and slope == 0.0 and most == 6.0:
        return named_activation("relu6")
    return Applied("ReLU", {"negative_slope": slope, "max_value": most, "threshold": threshold})


def _leaky(given: dict[str, object]) -> Applied | None:
    return leaky_relu(_SLOPE(given.pop("negative_slope", 0.3)))


def _elu(given: dict[str, object]) -> Applied | None:
    alpha = _SLOPE(given.pop("alpha", 1.0))
    return named_activation("elu") if alpha == 1.0 else Applied("ELU", {"alpha": alpha})


def _softmax(given: dict[str, object]) -> Applied | None:
    axis = given.pop("axis", -1)
    (position,) = integers(-8, 8, 1)(axis if isinstance(axis, list | tuple) else [axis])
    return named_activation("softmax") if position == -1 else Applied("Softmax", {"axis": position})


def _prelu(given: dict[str, object]) -> Applied | None:
    return Applied(
        "PReLU",
        {
            "alpha_initializer": initializer(given.pop("alpha_initializer", {"class_name": "Zeros", "config": {}})),
            "alpha_regularizer": regularizer(given.pop("alpha_regularizer", None)),
            "alpha_constraint": constraint(given.pop("alpha_constraint", None)),
            "shared_axes": optional(integers(-8, 8))(given.pop("shared_axes", None)),
        },
    )
