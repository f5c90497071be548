"""The training signal inside a network at the end of a run, for the diagnosis: gradients and dead units."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np

from autograder.network.architecture import Architecture
from autograder.train.backends import squared_gradients
from autograder.train.rebuild import Built
from autograder.train.row_split import TrainingData, fed
from autograder.train.several_outputs import SeveralTargets
from autograder.train.targets import Targets

_BATCH = 64
# An activation below this counts as none (TheDeepChecker, Ben Braiek and Khomh, TOSEM 2023: act < 1e-5).
_NOTHING = 1e-5
_RELUS = ("relu", "relu6")


def signals(
    built: Built, architecture: Architecture, data: TrainingData, loss: Any, targets: Targets | SeveralTargets
) -> list[dict[str, Any]]:
    """The fields of a `LayerSignal` for each operation that has trainable weights or is a ReLU."""
    x = fed(data.x_train[:_BATCH])
    gradients = _gradients(built, x, fed(targets.encoded(data.y_train[:_BATCH])), loss)
    dead = _dead(built, architecture, x)
    return [
        {"operation": index, "gradient": gradients.get(index), "dead": dead.get(index)}
        for index in range(len(architecture.operations))
        if index in gradients or index in dead
    ]


def _gradients(built: Built, x: Any, y: Any, loss: Any) -> dict[int, float]:
    """Gradient norms by operation; shared weights count at their first use."""
    owners: dict[int, int] = {}
    for index, layer in enumerate(built.layers):
        for variable in [] if layer is None else layer.trainable_variables:
            owners.setdefault(id(variable), index)
    squares: dict[int, float] = {}
    found = squared_gradients(built.model, x, y, loss)
    for variable, square in zip(built.model.trainable_variables, found, strict=True):
        owner = owners[id(variable)]
        squares[owner] = squares.get(owner, 0.0) + square
    return {owner: round(math.sqrt(square), 12) for owner, square in squares.items() if math.isfinite(square)}


def _dead(built: Built, architecture: Architecture, x: Any) -> dict[int, float]:
    relus = [
        index
        for index, operation in enumerate(architecture.operations)
        if operation.kind == "Activation" and operation.settings["activation"] in _RELUS
    ]
    if not relus:
        return {}
    given = keras.Model(built.model.inputs, [built.tensors[index] for index in relus])(
        x if isinstance(x, list) else [x], training=False
    )
    values = given if isinstance(given, list | tuple) else [given]
    shares = {}
    for index, value in zip(relus, values, strict=True):
        array = np.asarray(value)
        units = array.max(axis=tuple(range(array.ndim - 1)))
        shares[index] = round(float((units <= _NOTHING).mean()), 6)
    return shares
