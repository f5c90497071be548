"""How a network was compiled: optimizer, loss and metrics from `model.get_compile_config()`, without TensorFlow."""

from __future__ import annotations

from typing import Any

from autograder.data import Data


class Optimizer(Data):
    """A Keras optimizer by its class name in lower case ("adam", "sgd", ...) and its settings, defaults filled in."""

    name: str = "adam"
    settings: dict[str, Any] = {}


class Loss(Data):
    """A Keras loss by its function name ("categorical_crossentropy", ...) and settings such as from_logits."""

    name: str = "categorical_crossentropy"
    settings: dict[str, Any] = {}


class Compilation(Data):
    """What `compile` was given. `problem` is not empty where something in it cannot be rebuilt (a custom loss, say);
    then the part that could not be read holds its default."""

    optimizer: Optimizer = Optimizer()
    loss: Loss = Loss()
    metrics: tuple[str, ...] = ("accuracy",)
    problem: str = ""
