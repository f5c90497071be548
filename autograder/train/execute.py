"""One trusted training run, in the child process that the worker forked for it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from autograder.network.architecture import Shape
from autograder.network.measure import measure_until_misfit
from autograder.records.training import Recipe, TrainingTask
from autograder.records.training_messages import CannotTrain, problem
from autograder.train.backends import BACKEND, out_of_memory, prepare_device, training_steps
from autograder.train.predictions import predictions, reconstructions, residuals, roc
from autograder.train.rebuild import adapt, build_open, load_base_weights, make_loss, make_optimizer
from autograder.train.row_split import Rows, TrainingData, class_count, fed, nbytes, training_data
from autograder.train.several_outputs import SeveralTargets, SummedLoss, several_of
from autograder.train.signals import signals
from autograder.train.targets import Targets

if TYPE_CHECKING:
    from autograder.datasets import Arrays

# The batch size of validation; it affects memory only.
_VALIDATION_BATCH = 300
# The most data of the steps that are trained by one call, which is what a call costs in memory.
_BYTES_AT_ONCE = 16 * 2**20

Report = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Reached:
    """The results of one validation: scores by the recipe's metric, and losses.

    The training loss is the mean over the steps since the previous validation, and so is the training accuracy of a
    classifier; other training scores are measured on as many training rows as there are validation rows.
    """

    training_score: float
    validation_score: float
    training_loss: float
    validation_loss: float


def execute(task: TrainingTask, arrays: Arrays, report: Report, base_weights: Mapping[str, Any] | None = None) -> None:
    """Train the network and report, as plain data: the device, each validation, and finally the outcome.

    `base_weights` are the weights in the declared base models, by their fingerprints.
    """
    try:
        report({"device": prepare_device()})
        report({"outcome": "trained", "ended": _train(task, arrays, report, base_weights or {})})
    except CannotTrain as error:
        report({"outcome": "failed", "problem": error.problem.model_dump()})
    except Exception as error:
        if out_of_memory(error):
            report({"outcome": "limit"})
        else:
            report({"outcome": "failed", "problem": problem("refused", cause=_cause(error)).model_dump()})


def _train(task: TrainingTask, arrays: Arrays, report: Report, base_weights: Mapping[str, Any]) -> str:
    """Train; returns the reason why the run ended, as one word."""
    keras.utils.set_random_seed(task.recipe.seed)
    measured, misfit = measure_until_misfit(task.architecture)
    if misfit is not None:
        raise CannotTrain(problem("misfit", misfit=misfit.reason))
    inputs = [row.shape for row in measured if row.kind == "Input"]
    outputs = task.architecture.outputs
    data: TrainingData
    targets: Targets | SeveralTargets
    if task.recipe.source is not None and task.recipe.source.has_names:
        shapes = [measured[index].shape[1:] for index in outputs]
        data, targets = several_of(arrays, task, [shape[1:] for shape in inputs], shapes)
    elif len(inputs) != 1 or len(outputs) != 1:
        counts = {"inputs": len(inputs), "outputs": len(outputs)}
        raise CannotTrain(problem("one_in_one_out", **counts))
    else:
        data, targets = _one_of_each(task, arrays, inputs[0][1:], measured[outputs[0]].shape[1:])
    built = build_open(task.architecture)
    model = built.model
    if not model.trainable_variables:
        raise CannotTrain(problem("nothing_learns"))
    load_base_weights(built, task.architecture, base_weights)
    adapt(built, task.architecture, fed(data.x_train))
    optimizer = make_optimizer(task.optimizer)
    # Built first: else the first step creates the optimizer's variables, and TensorFlow traces it twice (2 s).
    optimizer.build(model.trainable_variables)
    loss = _new_loss(targets)
    # Without XLA TensorFlow starts faster; JAX would not compile at all.
    settings: dict[str, Any] = {"metrics": _measured_in_steps(targets), "jit_compile": BACKEND == "jax"}
    if isinstance(loss, SummedLoss):
        model.compile(optimizer, loss.each, loss_weights=loss.weights, **settings)
    else:
        model.compile(optimizer, loss, **settings)
    validation = ValidationData(model, loss, data, targets)
    if task.recipe.source is not None:
        report({"baseline": _finite(targets.baseline(data.y_train, data.y_validation))})
    ended = _until_decided(model, data, validation, task, targets, report)
    _report_outputs(validation.outputs, data, targets, report)
    if ended != "target":
        report({"signals": signals(built, task.architecture, data, _new_loss(targets), targets)})
    return ended


def _one_of_each(
    task: TrainingTask, arrays: Arrays, input_shape: Shape, output_shape: Shape
) -> tuple[TrainingData, Targets]:
    """The rows and the targets for a network with one input and one output."""
    targets = Targets(task.recipe, task.loss, class_count(arrays, task.recipe), output_shape)
    if not task.recipe.task_has_values:
        targets.check(arrays["y_train"].shape[1:])
    data = training_data(arrays, task.recipe, input_shape)
    if task.recipe.task_has_values:
        targets = replace(targets, unit=data.unit, origin=data.origin)
        targets.check(data.y_train.shape[1:])
    return data, targets


def _new_loss(targets: Targets | SeveralTargets) -> Any:
    return SummedLoss(targets) if isinstance(targets, SeveralTargets) else make_loss(targets.loss)


def _measured_in_steps(targets: Targets | SeveralTargets) -> list[Any]:
    if isinstance(targets, SeveralTargets) or not targets.measured_in_steps:
        return []
    accuracy = keras.metrics.SparseCategoricalAccuracy if targets.sparse else keras.metrics.CategoricalAccuracy
    return [accuracy(name="accuracy")]


def _report_outputs(outputs: Any, data: TrainingData, targets: Targets | SeveralTargets, report: Report) -> None:
    """Report what the page shows of the outputs, or of the scored one, on the validation rows."""
    y = data.y_validation
    if isinstance(targets, SeveralTargets):
        outputs, y, targets = outputs.parts[targets.scored], y.parts[targets.scored], targets.main
    if targets.recipe.learns == "regression":
        report({"residuals": residuals(targets.values(outputs), targets.values(y))})
    elif targets.recipe.learns in ("classification", "binary") and targets.shape[-1] in (1, targets.classes):
        decided = targets.surplus(outputs)
        report({"predictions": predictions(decided, y, data.shown_validation, targets.classes)})
        if targets.classes == 2 and (curve := roc(decided[:, 1] - decided[:, 0], y)):
            report({"roc": curve})
    elif targets.recipe.learns == "autoencoder":
        report({"reconstructions": reconstructions(y, outputs, data.shown_validation.shape)})


def _until_decided(
    model: Any,
    data: TrainingData,
    validation: ValidationData,
    task: TrainingTask,
    targets: Targets | SeveralTargets,
    report: Report,
) -> str:
    """Train and report each validation; returns the reason why training ended, as one word."""
    metric = task.recipe.scored_by
    best, guessing = 0.0, task.recipe.gives_up_at(targets.classes)
    half = math.ceil(task.recipe.epochs * task.recipe.validations / 2)
    for number, reached in enumerate(_rounds(model, data, validation, task.recipe, targets), start=1):
        rounded = [metric.rounded(reached.training_score), metric.rounded(reached.validation_score)]
        report({"reached": [*rounded, round(reached.training_loss, 6), round(reached.validation_loss, 6)]})
        best = max(best, *rounded)
        if task.target is None:
            continue
        if metric.reaches(rounded[1], task.target):
            return "target"
        if guessing is not None and number >= half and best <= guessing:
            return "flat"
    return "complete"


def _finite(score: float | None) -> float | None:
    return score if score is not None and math.isfinite(score) else None


def _rounds(
    model: Any, data: TrainingData, validation: ValidationData, recipe: Recipe, targets: Targets | SeveralTargets
) -> Iterator[Reached]:
    """Train epoch by epoch; each epoch sees every row once, in a new order, without an incomplete last batch."""
    y_train = targets.encoded(data.y_train)
    count = len(data.x_train)
    size = min(recipe.batch_size, count)
    steps = count // size
    validations = min(recipe.validations, steps)
    shuffle = np.random.RandomState(recipe.seed % 2**32)
    train = training_steps(model)
    at_once = max(1, _BYTES_AT_ONCE // (size * (nbytes(data.x_train[:1]) + nbytes(y_train[:1]))))
    for epoch in range(1, recipe.epochs + 1):
        order = shuffle.permutation(count)
        done = 0
        for number in range(1, validations + 1):
            sums = np.zeros(2)
            until = steps * number // validations
            for first in range(done, until, at_once):
                batches = order[first * size : min(until, first + at_once) * size].reshape(-1, size)
                for step, measured in enumerate(train(fed(data.x_train[batches]), fed(y_train[batches])), start=first):
                    _check_finite(measured[1], epoch, step)
                    sums += measured
            training_score, training_loss = sums / (until - done)
            done = until
            validation_score, validation_loss = validation.measure()
            _check_finite(validation_loss, epoch, done)
            if not targets.measured_in_steps:
                training_score = validation.training_score()
                _check_finite(training_score + validation_score, epoch, done)
            yield Reached(float(training_score), validation_score, float(training_loss), validation_loss)


class ValidationData:
    """The network on the validation rows. `outputs` are its latest outputs, one row per validation row."""

    def __init__(self, model: Any, loss: Any, data: TrainingData, targets: Targets | SeveralTargets) -> None:
        self._model, self._loss, self._data, self._targets = model, loss, data, targets
        self._y = targets.encoded(data.y_validation)
        self.outputs: Any = None

    def measure(self) -> tuple[float, float]:
        """The current score, and the compiled loss with the penalties on the weights, without those on outputs
        (`activity_regularizer`).

        The outputs are computed once for both: Keras' `evaluate` would build another graph (0.3 s) and does not return
        the outputs.
        """
        self.outputs = self._predicted(self._data.x_validation)
        score = self._targets.score(self.outputs, self._data.y_validation)
        penalties = sum(
            float(variable.regularizer(variable))
            for variable in self._model.trainable_variables
            if getattr(variable, "regularizer", None) is not None
        )
        return score, float(self._loss(self._y, self.outputs)) + penalties

    def training_score(self) -> float:
        """The current score on the first training rows, as many as there are validation rows."""
        count = len(self._data.x_validation)
        return self._targets.score(self._predicted(self._data.x_train[:count]), self._data.y_train[:count])

    def _predicted(self, x: Any) -> Any:
        starts = range(0, len(x), _VALIDATION_BATCH)
        rows = [self._model.predict_on_batch(fed(x[start : start + _VALIDATION_BATCH])) for start in starts]
        if isinstance(self._targets, SeveralTargets):
            parts = zip(*rows, strict=True)
            return Rows(tuple(np.concatenate([np.asarray(row) for row in part]) for part in parts))
        return np.concatenate([np.asarray(row) for row in rows])


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
