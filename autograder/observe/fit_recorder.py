"""Inside the kernel: records every call of `fit`, and shortens it if the assignment asks for that.

A shortened call runs one epoch of one small batch, without compiling a graph. The network is applied to the batch in
training mode, and its loss and metrics are computed; the weights do not change, because gradients and the optimizer's
variables cost more than everything else (0.35 of 0.65 s for cnn2), and one step would not train the network.
A `train_step` that the student wrote is called unchanged. Callbacks, validation, generators and `tf.data` work as
usual. The history keeps its keys, and its lists have the requested length (the last value is repeated), so that later
cells plot and compute as after a full run.
"""

from __future__ import annotations

import functools
import inspect
import os
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import GeneratorType
from typing import Any

import numpy as np

from autograder.observe.array_statistics import input_facts, stream_facts, target_facts, validation_facts
from autograder.observe.given_arrays import FirstBatches, is_stream, see_some
from autograder.observe.shortening import SHORT_ROWS, Shortener, repeated, whole

# Fewer rows of a validation stream say nothing about how it was prepared.
_FEW_ROWS = 16
Listener = Callable[[str, Any, str], "int | None"]


@dataclass
class FitCall:
    """One call of `fit`: the model, the History it returned, and the requested arguments.

    Also a training loop of PyTorch, whose counts are in `loop`, and its lists in `variable`.
    """

    model: Any
    epochs: int
    shortened: bool
    inputs: dict[str, Any] | None
    targets: dict[str, Any] | None
    validation: dict[str, Any] | None
    batch_size: int | None
    record: int | None = None
    failure: dict[str, str] | None = None
    history: Any = None
    values: dict[str, list[Any]] = field(default_factory=dict)
    variable: str = ""
    loop: dict[str, Any] | None = None


class FitRecorder:
    """Wraps Keras' `fit` in the class that defines it, so that every call is recorded.

    Other events of a network (such as creation and compilation) are wrapped, too, and reported to `listener`.
    """

    def __init__(self, *, shorten: bool) -> None:
        import keras

        self.listener: Listener | None = None
        self._shorten = shorten
        self._shortened = False
        self._fitting = 0
        self._shortener = Shortener() if shorten else None
        self._keras_model, self._batches = keras.Model, keras.utils.PyDataset
        self._calls: list[FitCall] = []
        model = keras.Model
        self._fit = vars(_owner(model, "fit"))["fit"]
        self._signature = inspect.signature(self._fit)
        self._train_step = model.train_step
        _owner(model, "fit").fit = self._replacement()
        for name in ("evaluate", "predict"):
            setattr(_owner(model, name), name, self._bounded(name))
        for name in ("compile", "save", "load_weights"):
            setattr(_owner(model, name), name, self._heard_after(name))
        # The `__init__` of every network calls this one.
        trainer = _owner(model, "compile")
        trainer.__init__ = self._heard_when_built(trainer.__init__)

    def take(self) -> list[FitCall]:
        """The calls since the previous `take`."""
        calls, self._calls = self._calls, []
        return calls

    def _replacement(self) -> Any:
        @functools.wraps(self._fit)
        def fit(model: Any, *positional: Any, **named: Any) -> Any:
            try:
                asked = self._signature.bind(model, *positional, **named)
            except TypeError:
                return self._fit(model, *positional, **named)  # invalid arguments: Keras raises the error
            asked.apply_defaults()
            return self._run(model, asked.arguments)

        return fit

    def _notify(self, kind: str, model: Any, detail: str = "") -> int | None:
        return self.listener(kind, model, detail) if self.listener is not None else None

    def _heard_when_built(self, init: Any) -> Any:
        @functools.wraps(init)
        def initialize(model: Any, *positional: Any, **named: Any) -> None:
            init(model, *positional, **named)
            self._notify("built", model)

        return initialize

    def _heard_after(self, name: str) -> Any:
        """Keras' method, reported to the listener after it has returned."""
        kind = {"load_weights": "load"}.get(name, name)
        original = vars(_owner(self._keras_model, name))[name]

        @functools.wraps(original)
        def method(model: Any, *positional: Any, **named: Any) -> Any:
            given = original(model, *positional, **named)
            path = (positional[0] if positional else named.get("filepath", "")) if name != "compile" else ""
            self._notify(kind, model, str(path) if isinstance(path, str | os.PathLike) else "")
            return given

        return method

    def _bounded(self, name: str) -> Any:
        """`evaluate` or `predict`: after a shortened training, only some rows are computed, to represent all."""
        original = vars(_owner(self._keras_model, name))[name]
        signature = inspect.signature(original)

        @functools.wraps(original)
        def method(model: Any, *positional: Any, **named: Any) -> Any:
            if self._fitting:  # `fit` calls it to validate
                return original(model, *positional, **named)
            self._notify(name, model)
            shortener = self._shortener
            try:
                asked = signature.bind(model, *positional, **named)
            except TypeError:
                return original(model, *positional, **named)
            if shortener is None or not self._shortened:
                return original(model, *positional, **named)
            asked.apply_defaults()
            arguments = {key: value for key, value in asked.arguments.items() if key not in ("self", "kwargs")}
            arguments |= asked.arguments.get("kwargs", {})
            parts = [key for key in ("x", "y", "sample_weight") if arguments.get(key) is not None]
            rows = shortener.rows(*(arguments[key] for key in parts))
            if rows > SHORT_ROWS and arguments["steps"] is None:
                arguments |= {key: shortener.cut(arguments[key], SHORT_ROWS) for key in parts}
                arguments["batch_size"] = min(whole(arguments["batch_size"]) or 32, 32)
                with _eager(model):
                    found = original(model, **arguments)
                return repeated(rows, found) if name == "predict" else found
            if not rows and name == "evaluate" and isinstance(arguments["x"], shortener.streams):
                arguments |= {"x": shortener.stream(arguments["x"], SHORT_ROWS), "steps": 1}
            return original(model, **arguments)

        return method

    def _run(self, model: Any, asked: dict[str, Any]) -> Any:
        first, epochs = whole(asked["initial_epoch"]), whole(asked["epochs"])
        shorten = self._shorten and first is not None and epochs is not None and epochs > first
        call = FitCall(
            weakref.ref(model),
            max(epochs or 0, 0),
            shorten,
            input_facts(asked["x"]),
            target_facts(asked["x"], asked["y"], asked["sample_weight"]),
            validation_facts(asked["x"], asked["validation_data"], asked["validation_split"]),
            # Keras' default is 32; generators and tf.data have their own batches.
            (whole(asked["batch_size"]) or 32) if type(asked["x"]) is np.ndarray else None,
        )
        call.record = self._notify("fit", model) if not self._fitting else None
        if len(self._calls) < 200:
            self._calls.append(call)
        arguments = {name: value for name, value in asked.items() if name != "self"}
        streams = _Streams(asked, self._batches)
        self._fitting += 1
        try:
            if not shorten or first is None or self._shortener is None:
                history = self._fit(model, **streams.noted(arguments))
            else:
                self._shortened = True
                with _eager(model), self._forward_only(model):
                    short = self._shortener.fit(arguments, first, streams.seen, streams.validated)
                    history = self._fit(model, **short)
        except Exception as error:
            call.failure = {"name": type(error).__name__[:200], "message": _in_words(error)}
            raise
        finally:
            self._fitting -= 1
            with suppress(ValueError, TypeError, IndexError, MemoryError):  # it must not make the student's call fail
                streams.describe(call)
        _note(call, history)
        if shorten and not model.stop_training:
            _lengthen(history, first or 0, epochs or 0, whole(asked["validation_freq"]) or 1)
        return history

    @contextmanager
    def _forward_only(self, model: Any) -> Iterator[None]:
        """Replace the training step by one that stops after the loss, unless the student wrote one."""
        usable = type(model).train_step is self._train_step and "train_step" not in vars(model)
        usable = usable and all(hasattr(model, name) for name in ("_compute_loss", "_loss_tracker"))
        if usable:
            object.__setattr__(model, "train_step", functools.partial(_step_without_update, model))
        try:
            yield
        finally:
            if usable:
                object.__delattr__(model, "train_step")


class _Streams:
    """The streams among the arguments of a call of `fit`, and the first batches that came out of them."""

    def __init__(self, asked: dict[str, Any], batches: type) -> None:
        self._batches = batches
        self._given = {name: asked[name] for name in ("x", "validation_data") if is_stream(asked[name], batches)}
        self.seen, self.validated = FirstBatches(), FirstBatches()

    def noted(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """The arguments, with a generator that it trains with noted while it is used."""
        x = arguments["x"]
        return arguments | {"x": (self.seen.see(part) for part in x)} if isinstance(x, GeneratorType) else arguments

    def describe(self, call: FitCall) -> None:
        """Add to the call what its streams gave; what was not read by then is read now."""
        for name, given in self._given.items():
            seen = self.seen if name == "x" else self.validated
            if not seen.some:
                see_some(given, self._batches, seen)
            inputs, targets = seen.arrays()
            facts = stream_facts(input_facts(inputs), given), stream_facts(target_facts(inputs, targets), given)
            if name == "x":
                call.inputs, call.targets = facts[0] or call.inputs, facts[1]
            elif facts[0] and seen.rows >= _FEW_ROWS:
                call.validation = {"inputs": facts[0], "targets": facts[1]}


def _step_without_update(model: Any, data: Any) -> Any:
    """Keras' `train_step` without gradients and without the optimizer (keras 3.15, TensorFlowTrainer)."""
    import keras

    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    y_pred = model(x, training=True) if model._call_has_training_arg else model(x)
    loss = model._compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=True)
    rows = next(part for part in keras.tree.flatten(x) if part is not None).shape[0]
    model._loss_tracker.update_state(loss, sample_weight=rows)
    if model.optimizer is not None:
        model.optimizer.iterations.assign_add(1)
    return model.compute_metrics(x, y, y_pred, sample_weight=sample_weight)


@contextmanager
def _eager(model: Any) -> Iterator[None]:
    """Run eagerly: one batch takes less time than compiling a graph."""
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
        pass  # a `fit` that the student wrote, with another return value


def _owner(kind: Any, name: str) -> Any:
    """The class that defines the method."""
    return next(base for base in kind.__mro__ if name in vars(base))


def _in_words(error: Exception) -> str:
    try:
        return str(error)[:4000].encode("utf-8", "replace").decode()
    except Exception:
        return ""


def _lengthen(history: Any, first: int, epochs: int, validation_freq: int) -> None:
    wanted = min(epochs - first, 10_000)
    for name, values in history.history.items():
        length = max(wanted // validation_freq, 1) if name.startswith("val_") else wanted
        values.extend(values[-1:] * (length - len(values)))
    history.epoch = list(range(first, first + wanted))
    history.params = {**(history.params or {}), "epochs": epochs}
