"""How a network was compiled: optimizer, loss and metrics from `model.get_compile_config()`, without TensorFlow."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from autograder.core.data import Data, OmitsNewDefaults
from autograder.core.language import gettext_noop
from autograder.core.messages import NOTHING, Message, Text, in_turn, message, phrase
from autograder.network.optimizers import read_optimizer
from autograder.network.values import (
    Reader,
    UnknownNetwork,
    boolean,
    mapping,
    number,
    only,
    shown_value,
)


class Optimizer(Data):
    """A Keras optimizer by its class name in lower case ("adam", "sgd", ...) and its settings, defaults filled in."""

    name: str = "adam"
    settings: dict[str, Any] = {}


class Loss(Data):
    """A Keras loss by its function name ("categorical_crossentropy", ...) and settings such as from_logits."""

    name: str = "categorical_crossentropy"
    settings: dict[str, Any] = {}


class OutputLoss(Data):
    """The loss of one of several outputs, by the output's name, "" if losses are given in the outputs' order.

    `loss` is None where the usual one for the output's task is to be used. The training minimizes the sum of the
    losses, each times its `weight`.
    """

    output: str = ""
    loss: Loss | None = None
    weight: float = 1.0


class Compilation(OmitsNewDefaults):
    """What `compile` was given. `problem` is not empty if part of it cannot be rebuilt (such as a custom loss); then
    the part that could not be read holds its default. `losses` are those of a network with several outputs, if each has
    its own; `loss` is then the first of them."""

    optimizer: Optimizer = Optimizer()
    loss: Loss = Loss()
    metrics: tuple[str, ...] = ("accuracy",)
    problem: Text = NOTHING
    losses: tuple[OutputLoss, ...] = ()

    added_later: ClassVar[tuple[str, ...]] = ("losses",)


# The codes of the problem of a network that was compiled without a loss: its own code may compute one.
NO_LOSS = frozenset({"compile.no_loss", "compile.no_criterion"})
# What is said of each part that cannot be read.
UNREAD = {
    "optimizer": gettext_noop("The optimizer cannot be read: {reason}."),
    "loss": gettext_noop("The loss cannot be read: {reason}."),
    "metrics": gettext_noop("The metrics cannot be read: {reason}."),
}
_OWN_FUNCTION = {
    "loss": gettext_noop("the loss is a function of your own, which cannot be rebuilt"),
    "metric": gettext_noop("the metric is a function of your own, which cannot be rebuilt"),
}
_NOT_OF_KERAS = {
    "loss": gettext_noop("the loss is not one of Keras' own, so it cannot be rebuilt"),
    "metric": gettext_noop("the metric is not one of Keras' own, so it cannot be rebuilt"),
}
_SMOOTHING = (number(0, 1), 0.0)
_LOGITS = (boolean, False)
_AXIS = (only(-1), -1)
_LOSSES: dict[str, dict[str, tuple[Reader, Any]]] = {
    "binary_crossentropy": {"from_logits": _LOGITS, "label_smoothing": _SMOOTHING, "axis": _AXIS},
    "categorical_crossentropy": {"from_logits": _LOGITS, "label_smoothing": _SMOOTHING, "axis": _AXIS},
    "sparse_categorical_crossentropy": {"from_logits": _LOGITS, "ignore_class": (only(None), None)},
    "categorical_focal_crossentropy": {
        "from_logits": _LOGITS,
        "label_smoothing": _SMOOTHING,
        "axis": _AXIS,
        "alpha": (number(0, 1e3), 0.25),
        "gamma": (number(0, 1e3), 2.0),
    },
    "categorical_hinge": {},
    "cosine_similarity": {"axis": _AXIS},
    "hinge": {},
    "huber": {"delta": (number(0, 1e6), 1.0)},
    "kl_divergence": {},
    "log_cosh": {},
    "mean_absolute_error": {},
    "mean_absolute_percentage_error": {},
    "mean_squared_error": {},
    "mean_squared_logarithmic_error": {},
    "poisson": {},
    "squared_hinge": {},
}
_NAMES = {
    "mse": "mean_squared_error",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error",
    "bce": "binary_crossentropy",
    "kld": "kl_divergence",
    "kullback_leibler_divergence": "kl_divergence",
    "logcosh": "log_cosh",
    "huber_loss": "huber",
    "acc": "accuracy",
}
_MOST_OUTPUTS = 64
_METRICS = frozenset(_LOSSES) | {
    "accuracy",
    "auc",
    "binary_accuracy",
    "categorical_accuracy",
    "sparse_categorical_accuracy",
    "top_k_categorical_accuracy",
    "sparse_top_k_categorical_accuracy",
    "precision",
    "recall",
    "f1_score",
    "root_mean_squared_error",
    "true_positives",
    "true_negatives",
    "false_positives",
    "false_negatives",
}


def read_compilation(config: dict[str, Any] | None) -> Compilation:
    """What `compile` was given, from `get_compile_config()` (untrusted). Raises nothing.

    What cannot be read keeps its default, and `problem` says what it was.
    """
    if not isinstance(config, dict):
        return Compilation(problem=message("compile.missing", "The network was not compiled."))
    problems: list[Message] = []
    parts: dict[str, Any] = {}
    for part, read in (("optimizer", _optimizer), ("loss", _loss), ("metrics", _metrics)):
        try:
            if part == "loss" and (losses := _losses(config.get(part), config.get("loss_weights"))):
                parts |= {"losses": losses, "loss": next(one.loss for one in losses if one.loss)}
            else:
                parts[part] = read(config.get(part))
        except UnknownNetwork as error:
            nothing = part == "loss" and config.get("loss") is None
            problems.append(
                message("compile.no_loss", "`compile` was given no loss.")
                if nothing
                else message(f"compile.{part}_unread", UNREAD[part], reason=error.reason)
            )
    if config.get("loss_weights") is not None and len(parts.get("losses", ())) < 2:
        problems.append(message("compile.loss_weights", "Loss weights are not used here."))
    return Compilation(**parts, problem=in_turn(*problems))


def _optimizer(value: object) -> Optimizer:
    if value is None:
        raise UnknownNetwork(phrase("there is none"))
    name, settings = read_optimizer(value)
    return Optimizer(name=name, settings=settings)


def _only_one(value: object) -> object:
    """The single value in a list or an object, as for a network with one output."""
    for _ in range(4):
        if isinstance(value, list | tuple):
            items: list[object] = list(value)
        elif isinstance(value, dict) and "class_name" not in value:
            items = list(value.values())
        else:
            return value
        if len(items) != 1:
            raise UnknownNetwork(phrase("there are {count} of the loss, where one is understood", count=len(items)))
        value = items[0]
    raise UnknownNetwork(phrase("it is nested too deep"))


def _losses(value: object, weights: object) -> tuple[OutputLoss, ...]:
    """The losses of several outputs, in a list or by name; () if there is one loss without a name."""
    if isinstance(value, list | tuple):
        named: list[tuple[str, object]] = [("", one) for one in value]
    elif isinstance(value, dict) and "class_name" not in value:
        named = [(str(name)[:200], one) for name, one in value.items()]
    else:
        return ()
    if len(named) > _MOST_OUTPUTS or all(one is None for _, one in named):
        return ()
    if len(named) == 1:
        # Of several outputs, those that are not named have no loss.
        return (OutputLoss(output=named[0][0], loss=_loss(named[0][1])),) if named[0][0] else ()
    if isinstance(weights, dict):
        given = [weights.get(name, 1.0) for name, _ in named]
    else:
        given = list(weights) if isinstance(weights, list | tuple) else [1.0] * len(named)
    if len(given) != len(named):
        raise UnknownNetwork(
            phrase("there are {count} loss weights for {losses} losses", count=len(given), losses=len(named))
        )
    read_weight = number(0, 1e6)
    return tuple(
        # Keras does not train an output without a loss.
        OutputLoss(output=name, weight=0.0)
        if one is None
        else OutputLoss(output=name, loss=_loss(one), weight=float(read_weight(weight)))
        for (name, one), weight in zip(named, given, strict=True)
    )


def _loss(value: object) -> Loss:
    value = _only_one(value)
    if value is None:
        raise UnknownNetwork(phrase("there is none"))
    name, given = _named(value, "loss")
    if name not in _LOSSES:
        raise UnknownNetwork(phrase("{name} is not a loss of Keras that is known here", name=shown_value(name)))
    only("sum_over_batch_size", "auto", "mean", None)(given.pop("reduction", None))
    fields = _LOSSES[name]
    for key in given:
        if key not in fields:
            raise UnknownNetwork(
                phrase("{name} has a setting {key} that is not known here", name=name, key=shown_value(key))
            )
    settings = {key: read(given[key]) if key in given else default for key, (read, default) in fields.items()}
    return Loss(name=name, settings=settings)


def _metrics(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    found: list[str] = []
    queue: list[tuple[object, int]] = [(value, 0)]
    while queue:
        item, depth = queue.pop(0)
        nested = isinstance(item, list | tuple) or (isinstance(item, dict) and "class_name" not in item)
        if nested and depth < 4 and len(queue) < 64:
            children = item.values() if isinstance(item, dict) else item
            queue.extend((child, depth + 1) for child in list(children)[:64])  # type: ignore[call-overload]
        elif nested:
            raise UnknownNetwork(phrase("there are too many"))
        elif item is not None:
            name, _ = _named(item, "metric")
            if name not in _METRICS:
                raise UnknownNetwork(
                    phrase("{name} is not a metric of Keras that is known here", name=shown_value(name))
                )
            if name not in found:
                found.append(name)
    return tuple(found)


def _named(value: object, what: str) -> tuple[str, dict[str, object]]:
    """The function name and the settings of a loss or a metric, given by name, as an object or as a function."""
    if isinstance(value, str):
        return _NAMES.get(value.lower(), _snake(value)), {}
    described = mapping(value)
    name = described.get("class_name")
    if name == "function":
        name = described.get("config")
        if described.get("module") not in ("builtins", "keras.losses", "keras.metrics") or not isinstance(name, str):
            raise UnknownNetwork(phrase(_OWN_FUNCTION[what]))
        return _NAMES.get(name, name), {}
    if (
        not isinstance(name, str)
        or described.get("module") not in ("keras.losses", "keras.metrics")
        or described.get("registered_name") is not None
    ):
        raise UnknownNetwork(phrase(_NOT_OF_KERAS[what]))
    settings = {key: item for key, item in mapping(described.get("config")).items() if key not in ("name", "dtype")}
    snake = _snake(name)
    return _NAMES.get(snake, snake), settings


def _snake(name: str) -> str:
    """CategoricalCrossentropy as categorical_crossentropy; likewise KLDivergence and MeanSquaredError."""
    if len(name) > 80:
        return shown_value(name)
    known = {"AUC": "auc", "KLDivergence": "kl_divergence", "F1Score": "f1_score", "LogCosh": "log_cosh"}
    return known.get(name) or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
