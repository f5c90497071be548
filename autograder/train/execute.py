"""One trusted training run, inside the child process that the worker forked for it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from autograder.datasets import CLASSES
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

# Validation runs in batches of this size; it changes nothing but memory.
_VALIDATION_BATCH = 300

Report = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Reached:
    """What a run reached when it was validated: accuracies (fractions in 0..1) and losses.

    The training values are means over the steps since the validation before.
    """

    training_accuracy: float
    validation_accuracy: float
    training_loss: float
    validation_loss: float


def execute(task: TrainingTask, arrays: Arrays, report: Report) -> None:
    """Train the network and report, as plain data: the device, each validation, and the outcome at the end."""
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
    """Train; why the run ended, in a word."""
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
    _check_output(measured[outputs[0]].shape[1:], sparse)
    images = prepare_images(arrays, task.recipe, inputs[0][1:])
    built = build_open(task.architecture)
    model = built.model
    if not model.trainable_variables:
        raise CannotTrain(problem("nothing_learns"))
    adapt(built, task.architecture, images.x_train)
    optimizer = make_optimizer(task.optimizer)
    # Built ahead: else the first step creates the optimizer's variables, for which TensorFlow traces it twice (2 s).
    optimizer.build(model.trainable_variables)
    accuracy = keras.metrics.SparseCategoricalAccuracy if sparse else keras.metrics.CategoricalAccuracy
    loss = make_loss(task.loss)
    # Without XLA TensorFlow starts sooner, and JAX compiles nothing at all.
    model.compile(optimizer, loss, metrics=[accuracy(name="accuracy")], jit_compile=BACKEND == "jax")
    validation = ValidationData(model, loss, images, sparse)
    ended = _until_decided(model, images, validation, task, sparse, report)
    if measured[outputs[0]].shape[-1] == CLASSES:
        raw = images.pixels_validation
        report({"predictions": predictions(validation.outputs, images.y_validation, raw)})
    if ended != "target":
        report({"signals": signals(built, task.architecture, images, make_loss(task.loss), sparse)})
    return ended


def _until_decided(
    model: Any, images: Images, validation: ValidationData, task: TrainingTask, sparse: bool, report: Report
) -> str:
    """Train and report each validation; why it ended, in a word."""
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


def _check_output(shape: tuple[int | None, ...], sparse: bool) -> None:
    if len(shape) != 1:
        shown = "×".join(map(str, shape))
        raise CannotTrain(problem("no_plain_list", shape=shown, classes=CLASSES))
    size = shape[0] or 0
    if size < CLASSES or (size > CLASSES and not sparse):
        raise CannotTrain(problem("one_value" if size == 1 else "wrong_count", count=size, classes=CLASSES))


def _rounds(model: Any, images: Images, validation: ValidationData, recipe: Recipe, sparse: bool) -> Iterator[Reached]:
    """Train epoch by epoch; each epoch sees every image once, in a new order, an incomplete last batch left out."""
    y_train = images.y_train if sparse else one_hot(images.y_train)
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
    """The network on the validation images. `outputs` is what it last said of them, one row each (N × classes)."""

    def __init__(self, model: Any, loss: keras.losses.Loss, images: Images, sparse: bool) -> None:
        self._model, self._loss = model, loss
        self._x, self._classes = images.x_validation, images.y_validation
        self._y = self._classes if sparse else one_hot(self._classes)
        self.outputs: Any = None

    def measure(self) -> tuple[float, float]:
        """Accuracy and loss now: the share of images whose largest output is that of their class, and the compiled loss
        with the penalties on the weights. A penalty on a layer's outputs (`activity_regularizer`) is left out.

        The outputs are computed once and serve both: Keras' own `evaluate` would be one more graph to build (0.3 s),
        and does not give the outputs back.
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
    """What an exception says, in one line: TensorFlow prints where in its graph it was before it says what it was."""
    lines = [line.strip() for line in str(error).splitlines()]
    telling = [
        line for line in lines if line and not line.startswith(("Graph execution error", "Detected at", "File "))
    ]
    return f"{type(error).__name__}: {telling[0][:300] if telling else 'no reason given'}"
