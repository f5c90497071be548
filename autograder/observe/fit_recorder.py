"""Inside the kernel: every call of `fit` is noted, and made short where the assignment wants that.

A shortened call runs one epoch of one small batch, without compiling a graph for them. The network is applied to the
batch in training mode, and its loss and metrics are computed; the weights are left as they are, because gradients and
the optimizer's own variables cost more than all the rest (0.35 of 0.65 s for cnn2), and one step would teach nothing.
A `train_step` of the student's own is called as it is. Callbacks, validation, generators and `tf.data` work as ever.
The history keeps its keys, and its lists the length that the student asked for (the last value is repeated), so that
the cells after it draw and compute as after a full run.
"""

from __future__ import annotations

import functools
import inspect
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograder.observe.array_statistics import statistics, target_facts, validation_facts

STEPS = 1
BATCH = 8


@dataclass
class FitCall:
    """One call of `fit`: the model, the History it returned, and what was asked for."""

    model: Any
    epochs: int
    shortened: bool
    inputs: dict[str, Any] | None
    targets: dict[str, Any] | None
    validation: dict[str, Any] | None
    batch_size: int | None
    history: Any = None
    values: dict[str, list[Any]] = field(default_factory=dict)


class FitRecorder:
    """Stands before Keras' own `fit`, wherever that is defined, so that every way of calling it comes through here."""

    def __init__(self, *, shorten: bool) -> None:
        import keras

        self._shorten = shorten
        self._calls: list[FitCall] = []
        owner = next(kind for kind in keras.Model.__mro__ if "fit" in vars(kind))
        self._fit = vars(owner)["fit"]
        self._signature = inspect.signature(self._fit)
        self._train_step = keras.Model.train_step
        owner.fit = self._replacement()

    def take(self) -> list[FitCall]:
        """The calls since the last time."""
        calls, self._calls = self._calls, []
        return calls

    def _replacement(self) -> Any:
        @functools.wraps(self._fit)
        def fit(model: Any, *positional: Any, **named: Any) -> Any:
            try:
                asked = self._signature.bind(model, *positional, **named)
            except TypeError:
                return self._fit(model, *positional, **named)  # Keras says best what is wrong with it
            asked.apply_defaults()
            return self._run(model, asked.arguments)

        return fit

    def _run(self, model: Any, asked: dict[str, Any]) -> Any:
        first, epochs = _whole(asked["initial_epoch"]), _whole(asked["epochs"])
        shorten = self._shorten and first is not None and epochs is not None and epochs > first
        call = FitCall(
            weakref.ref(model),
            max(epochs or 0, 0),
            shorten,
            statistics(asked["x"]),
            target_facts(asked["x"], asked["y"]),
            validation_facts(asked["x"], asked["validation_data"], asked["validation_split"]),
            # What Keras takes where nothing is given; generators and tf.data bring batches of their own.
            (_whole(asked["batch_size"]) or 32) if type(asked["x"]) is np.ndarray else None,
        )
        if len(self._calls) < 200:
            self._calls.append(call)
        arguments = {name: value for name, value in asked.items() if name != "self"}
        if not shorten or first is None or epochs is None:
            history = self._fit(model, **arguments)
        else:
            with _eager(model), self._forward_only(model):
                history = self._fit(model, **_shortened(arguments, first))
        _note(call, history)
        if shorten and not model.stop_training:
            _lengthen(history, first or 0, epochs or 0, _whole(asked["validation_freq"]) or 1)
        return history

    @contextmanager
    def _forward_only(self, model: Any) -> Iterator[None]:
        """A step of training is Keras' own up to the loss, unless the student wrote one."""
        usable = type(model).train_step is self._train_step and "train_step" not in vars(model)
        usable = usable and all(hasattr(model, name) for name in ("_compute_loss", "_loss_tracker"))
        if usable:
            object.__setattr__(model, "train_step", functools.partial(_step_without_update, model))
        try:
            yield
        finally:
            if usable:
                object.__delattr__(model, "train_step")


def _step_without_update(model: Any, data: Any) -> Any:
    """What Keras' `train_step` does, without gradients and without the optimizer (keras 3.15, TensorFlowTrainer)."""
    import keras

    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    y_pred = model(x, training=True) if model._call_has_training_arg else model(x)
    loss = model._compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=True)
    rows = next(part for part in keras.tree.flatten(x) if part is not None).shape[0]
    model._loss_tracker.update_state(loss, sample_weight=rows)
    if model.optimizer is not None:
        model.optimizer.iterations.assign_add(1)
    return model.compute_metrics(x, y, y_pred, sample_weight=sample_weight)


def _shortened(asked: dict[str, Any], first: int) -> dict[str, Any]:
    """The arguments of a call that takes a moment, and goes through the same paths of Keras as the one asked for."""
    short = dict(asked, epochs=first + 1, validation_freq=1)
    rows = _rows(asked["x"], asked["y"], asked["sample_weight"])
    batch = min(_whole(asked["batch_size"]) or BATCH, BATCH)
    if rows:
        kept = slice(0, STEPS * batch)
        split = asked["validation_split"]
        if asked["validation_data"] is None and isinstance(split, float) and 0 < split < 1:
            held = slice(int(rows * (1 - split)), int(rows * (1 - split)) + batch)
            if held.start in (0, rows):
                return short  # Keras has a word to say about that
            names = ("x", "y", "sample_weight")
            validation = tuple(asked[name][held] for name in names if asked[name] is not None)
            short |= {"validation_split": 0.0, "validation_data": validation}
        short |= {name: asked[name][kept] for name in ("x", "y", "sample_weight") if asked[name] is not None}
        short |= {"batch_size": batch, "steps_per_epoch": None}
    else:
        short["steps_per_epoch"] = min(_whole(asked["steps_per_epoch"]) or STEPS, STEPS)
    validation = short["validation_data"]
    if type(validation) in (tuple, list) and validation and _rows(*validation):
        short |= {"validation_data": tuple(part[:batch] for part in validation), "validation_batch_size": batch}
        short["validation_steps"] = None
    elif validation is not None:
        short["validation_steps"] = 1
    return short


def _rows(*arrays: Any) -> int:
    """How many rows the arrays have; 0 where they are not plain arrays that agree."""
    given = [array for array in arrays if array is not None]
    if not given or any(type(array) is not np.ndarray or array.ndim == 0 for array in given):
        return 0
    counts = {array.shape[0] for array in given}
    return counts.pop() if len(counts) == 1 else 0


@contextmanager
def _eager(model: Any) -> Iterator[None]:
    """A batch is done before a graph for them would be compiled."""
    before = getattr(model, "_run_eagerly", None), getattr(model, "_jit_compile", None)
    usable = before[0] is not None and getattr(model, "steps_per_execution", 1) == 1
    if usable:
        model._run_eagerly, model._jit_compile = True, False
        model.train_function = model.test_function = None
    try:
        yield
    finally:
        if usable:
            model._run_eagerly, model._jit_compile = before
            model.train_function = model.test_function = None


def _note(call: FitCall, history: Any) -> None:
    try:
        call.history = weakref.ref(history)
        call.values = {name: list(values) for name, values in history.history.items()}
    except (AttributeError, TypeError):
        pass  # a fit of the student's own, that returns something else


def _lengthen(history: Any, first: int, epochs: int, validation_freq: int) -> None:
    wanted = min(epochs - first, 10_000)
    for name, values in history.history.items():
        length = max(wanted // validation_freq, 1) if name.startswith("val_") else wanted
        values.extend(values[-1:] * (length - len(values)))
    history.epoch = list(range(first, first + wanted))
    history.params = {**(history.params or {}), "epochs": epochs}


def _whole(value: Any) -> int | None:
    return int(value) if type(value) is int or isinstance(value, np.integer) else None
