"""Activations in canonical form."""

from __future__ import annotations

from typing import Any, NamedTuple

from autograder.core.messages import phrase
from autograder.network.values import UnknownNetwork, shown_value

# keras.activations that have no settings.
PLAIN = frozenset(
    {"relu", "relu6", "softmax", "log_softmax", "sigmoid", "log_sigmoid", "hard_sigmoid", "tanh", "hard_tanh", "elu"}
    | {"celu", "selu", "gelu", "silu", "hard_silu", "mish", "softplus", "softsign", "exponential", "linear"}
)
_ALIASES = {"swish": "silu", "hard_swish": "hard_silu"}
# The names of TensorFlow's own functions, where they differ from Keras' name: tf.nn.softmax, tf.nn.silu, ...
_TENSORFLOW = {
    "softmax_v2": "softmax",
    "log_softmax_v2": "log_softmax",
    "swish": "silu",
    "identity": "linear",
}
IDEMPOTENT = frozenset({"relu", "relu6"})


class Applied(NamedTuple):
    """An operation without its place in a network."""

    kind: str
    settings: dict[str, Any]


def named_activation(name: str) -> Applied | None:
    """The operation of a Keras activation name; None if it computes nothing (linear)."""
    name = _ALIASES.get(name, name)
    if name == "leaky_relu":
        return leaky_relu(0.2)
    if name not in PLAIN:
        raise UnknownNetwork(phrase("{name} is not an activation of Keras that is known here", name=shown_value(name)))
    return None if name == "linear" else Applied("Activation", {"activation": name})


def tensorflow_function(module: object, name: object) -> Applied | None:
    """The operation of a function used as an activation: TensorFlow's own are known by name, others are the student's.

    Raises:
        UnknownNetwork: it is a function of the student's.
    """
    if module == "builtins" and isinstance(name, str) and name in _TENSORFLOW:
        return named_activation(_TENSORFLOW[name])
    raise UnknownNetwork(
        phrase("its activation {name} is a function of your own, which cannot be rebuilt", name=shown_value(name))
    )


def name_only(value: object) -> str:
    """The activation of a layer such as LSTM, where it must be given by name."""
    if not isinstance(value, str) or _ALIASES.get(value, value) not in PLAIN | {"leaky_relu"}:
        raise UnknownNetwork(phrase("its activation is not one of Keras' own, so it cannot be rebuilt"))
    return _ALIASES.get(value, value)


def leaky_relu(slope: float) -> Applied | None:
    """max(x, slope·x)."""
    if slope in (0.0, 1.0):
        return None if slope else named_activation("relu")
    return Applied("LeakyReLU", {"negative_slope": slope})
