"""One trusted training run, in the child process that the worker forked for it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from autograder.network.measure import measure_until_misfit
from autograder.records.training import Recipe, TrainingTask
from autograder.records.training_messages import CannotTrain, problem
from autograder.train.backends import BACKEND, out_of_memory, prepare_device
from autograder.train.images import Images, one_hot, prepare_images
from autograder.train.predictions import predictions
from autograder.train.rebuild import adapt, build_open, make_loss, make_optimizer
from autograder.train.signals import signals

if TYPE_CHECKING:
    from autograder.datasets import Arrays

# The batch size of validation; it affects memory only.
_VALIDATION_BATCH = 300

Report = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Reached:
    """The results of one validation: accuracies (fractions in 0..1) and losses.

    The training values are means over the steps since the previous validation.
    """

    training_accuracy: float
    validation_accuracy: float
    training_loss: float
    validation_loss: float


def execute(task: TrainingTask, arrays: Arrays, report: Report) -> None:
    """Train the network and report, as plain data: the device, each validation, and finally the outcome."""
    try:
        report({"device": prepare_device()})
        report({"outcome": "trained", "ended": _train(task, arrays, report)})
    except CannotTrain as error:
        report({"outcome": "failed", "problem": error.problem.model_dump()})
    except Exception as error:
        if out_of_memory(error):
            report({"outcome": "limit"})
        else:
            report({"outcome": "failed", "problem": problem("refused", cause=_cause(error)).model_dump()})


def _train(task: TrainingTask, arrays: Arrays, report: Report) -> str:
    """Train; returns why the run ended, in a word."""
    keras.utils.set_random_seed(task.recipe.seed)
    measured, misfit = measure_until_misfit(task.architecture)
    if misfit is not None:
        raise CannotTrain(problem("misfit", misfit=misfit.reason))
    inputs = [row.shape for row in measured if row.kind == "Input"]
    outputs = task.architecture.outputs
    if len(inputs) != 1 or len(outputs) != 1:
        counts = {"inputs": len(inputs), "outputs": len(outputs)}
        raise CannotTrain(problem("one_in_one_out", **counts))
    sparse = task.loss.name.startswith("sparse_")
    classes = len(task.recipe.classes)
    _check_output(measured[outputs[0]].shape[1:], classes, sparse)
    images = prepare_images(arrays, task.recipe, inputs[0][1:])
    built = build_open(task.architecture)
    model = built.model
    if not model.trainable_variables:
        raise CannotTrain(problem("nothing_learns"))
    adapt(built, task.architecture, images.x_train)
    optimizer = make_optimizer(task.optimizer)
    # Built first: else the first step creates the optimizer's variables, and TensorFlow traces it twice (2 s).
    optimizer.build(model.trainable_variables)
    accuracy = keras.metrics.SparseCategoricalAccuracy if sparse else keras.metrics.CategoricalAccuracy
    loss = make_loss(task.loss)
    # Without XLA TensorFlow starts faster; JAX would not compile at all.
    model.compile(optimizer, loss, metrics=[accuracy(name="accuracy")], jit_compile=BACKEND == "jax")
    validation = ValidationData(model, loss, images, classes, sparse)
    ended = _until_decided(model, images, validation, task, sparse, report)
    if measured[outputs[0]].shape[-1] == classes:
        raw = images.pixels_validation
        report({"predictions": predictions(validation.outputs, images.y_validation, raw)})
    if ended != "target":
        report({"signals": signals(built, task.architecture, images, make_loss(task.loss), sparse)})
    return ended


def _until_decided(
    model: Any, images: Images, validation: ValidationData, task: TrainingTask, sparse: bool, report: Report
) -> str:
    """Train and report each validation; returns why it ended, in a word."""
    best = 0.0
    half = math.ceil(task.recipe.epochs * task.recipe.validations / 2)
    for number, reached in enumerate(_rounds(model, images, validation, task.recipe, sparse), start=1):
        report({"reached": [round(value, 6) for value in vars(reached).values()]})
        best = max(best, round(reached.training_accuracy, 6), round(reached.validation_accuracy, 6))
        if task.target is None:
            continue
        if round(reached.validation_accuracy, 6) >= task.target:
            return "target"
        if number >= half and best <= task.recipe.give_up:
            return "flat"
    return "complete"


def _check_output(shape: tuple[int | None, ...], classes: int, sparse: bool) -> None:
    if len(shape) != 1:
        shown = "×".join(map(str, shape))
        raise CannotTrain(problem("no_plain_list", shape=shown, classes=classes))
    size = shape[0] or 0
    if size < classes or (size > classes and not sparse):
        raise CannotTrain(problem("one_value" if size == 1 else "wrong_count", count=size, classes=classes))


def _rounds(model: Any, images: Images, validation: ValidationData, recipe: Recipe, sparse: bool) -> Iterator[Reached]:
    """Train epoch by epoch; each epoch sees every image once, in a new order, without an incomplete last batch."""
    y_train = images.y_train if sparse else one_hot(images.y_train, len(recipe.classes))
    count = len(images.x_train)
    size = min(recipe.batch_size, count)
    steps = count // size
    validations = min(recipe.validations, steps)
    shuffle = np.random.RandomState(recipe.seed % 2**32)
    for epoch in range(1, recipe.epochs + 1):
        order = shuffle.permutation(count)
        done = 0
        for number in range(1, validations + 1):
            sums = np.zeros(2)
            until = steps * number // validations
            for step in range(done, until):
                batch = order[step * size : (step + 1) * size]
                model.reset_metrics()
                logs = model.train_on_batch(images.x_train[batch], y_train[batch], return_dict=True)
                _check_finite(float(logs["loss"]), epoch, step)
                sums += float(logs["accuracy"]), float(logs["loss"])
            training_accuracy, training_loss = sums / (until - done)
            done = until
            validation_accuracy, validation_loss = validation.measure()
            _check_finite(validation_loss, epoch, done)
            yield Reached(float(training_accuracy), validation_accuracy, float(training_loss), validation_loss)


class ValidationData:
    """The network on the validation images. `outputs` are its latest outputs, one row per image (N × classes)."""

    def __init__(self, model: Any, loss: keras.losses.Loss, images: Images, classes: int, sparse: bool) -> None:
        self._model, self._loss = model, loss
        self._x, self._classes = images.x_validation, images.y_validation
        self._y = self._classes if sparse else one_hot(self._classes, classes)
        self.outputs: Any = None

    def measure(self) -> tuple[float, float]:
        """The current accuracy and loss: the share of images whose largest output belongs to their class, and the
        compiled loss with the penalties on the weights, without those on outputs (`activity_regularizer`).

        The outputs are computed once for both: Keras' `evaluate` would build another graph (0.3 s) and does not return
        the outputs.
        """
        starts = range(0, len(self._x), _VALIDATION_BATCH)
        rows = [self._model.predict_on_batch(self._x[start : start + _VALIDATION_BATCH]) for start in starts]
        self.outputs = np.concatenate([np.asarray(row) for row in rows])
        accuracy = float(np.mean(self.outputs.argmax(axis=1) == self._classes))
        penalties = sum(
            float(variable.regularizer(variable))
            for variable in self._model.trainable_variables
            if getattr(variable, "regularizer", None) is not None
        )
        return accuracy, float(self._loss(self._y, self.outputs)) + penalties


def _check_finite(loss: float, epoch: int, step: int) -> None:
    if not math.isfinite(loss):
        raise CannotTrain(problem("diverged", steps=step, epoch=epoch))


def _cause(error: Exception) -> str:
    """The message of an exception in one line: TensorFlow prints the place in its graph before the actual cause."""
    lines = [line.strip() for line in str(error).splitlines()]
    telling = [
        line for line in lines if line and not line.startswith(("Graph execution error", "Detected at", "File "))
    ]
    return f"{type(error).__name__}: {telling[0][:300] if telling else 'no reason given'}"
