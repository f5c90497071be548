"""Inside the kernel: `model.add_loss(tensor)` of Keras 2, for a loss that is computed from the network's own tensors.

Keras 3 accepts a loss only from inside a layer's `call`. Calls with values of today are passed on unchanged.
"""

from __future__ import annotations

import functools
import weakref
from typing import Any

import keras
from keras.src.models.functional import Functional

from autograder.observe.compatibility.stand_in_log import note_stand_in

_added: weakref.WeakKeyDictionary[Any, list[Any]] = weakref.WeakKeyDictionary()


def accept_added_losses() -> None:
    """Let networks add such losses to the one that they are compiled with, or train with them alone."""
    for kind in (keras.Model, Functional):
        _accept(kind)
    compute = keras.Model.compute_loss

    @functools.wraps(compute)
    def compute_loss(
        network: Any, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, **named: Any
    ) -> Any:
        added = _added.get(network)
        if added is None:
            return compute(network, x, y, y_pred, sample_weight, **named)
        losses = [keras.ops.mean(one(x)) for one in added]
        if network.losses or getattr(network, "_compile_loss", None) is not None:
            losses.append(compute(network, x, y, y_pred, sample_weight, **named))
        return keras.ops.sum(keras.ops.stack(losses))

    setattr(keras.Model, "compute_loss", compute_loss)  # noqa: B010


def _accept(kind: Any) -> None:
    add = kind.add_loss

    @functools.wraps(add)
    def add_loss(network: Any, loss: Any) -> Any:
        if not isinstance(loss, keras.KerasTensor):
            return add(network, loss)
        note_stand_in("added_loss")
        _added.setdefault(network, []).append(keras.Model(network.inputs, loss))
        return None

    kind.add_loss = add_loss
