"""The targets of a network in the form that its loss accepts, and the score of its outputs."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, cast

import keras
import numpy as np
from numpy.typing import NDArray

from autograder.network.compilation import Loss
from autograder.records.training import Recipe
from autograder.records.training_messages import CannotTrain, problem

_HINGES = frozenset({"hinge", "squared_hinge"})
# Metrics of whole rows of probabilities, which need one for each class.
_OF_ROWS = frozenset({"categorical_crossentropy", "categorical_hinge", "kl_divergence", "top_k_categorical_accuracy"})
# Metrics that a constant prediction has no score in.
_NO_BASELINE = frozenset({"cosine_similarity", "pearson_correlation"})
_OF_CLASSES = frozenset(
    {"categorical_crossentropy", "sparse_categorical_crossentropy", "categorical_focal_crossentropy"}
)


@dataclass(frozen=True)
class Targets:
    """The targets of one network.

    Attributes:
        recipe: with the task and its metric.
        loss: the network's loss.
        classes: the number of classes; 0 if the targets are values.
        shape: the shape of the network's output, without the batch axis.
        unit, origin: they convert an output into the dataset's units: output x unit + origin.
    """

    recipe: Recipe
    loss: Loss
    classes: int
    shape: tuple[int | None, ...]
    unit: Any = 1.0
    origin: Any = 0.0

    @property
    def sparse(self) -> bool:
        return self.loss.name.startswith("sparse_")

    @property
    def measured_in_steps(self) -> bool:
        """Whether Keras measures the training accuracy in each step; other metrics are computed on a sample."""
        return (
            self.recipe.learns == "classification" and self.recipe.scored_by.name == "accuracy" and not self._one_unit
        )

    @property
    def _one_unit(self) -> bool:
        """Whether a single value decides between two classes."""
        return self.recipe.learns in ("classification", "binary") and self.shape == (1,)

    def check(self, target: tuple[int, ...]) -> None:
        """Check that output, loss and targets (of the shape `target` for one row) fit.

        Raises:
            CannotTrain: they do not.
        """
        task = self.recipe.learns
        if task in ("classification", "binary"):
            _check_classifier(self.shape, self.classes, self.sparse)
        elif task == "sequence":
            *places, size = self.shape or (0,)
            fits = len(places) == len(target) and all(
                have in (None, wanted) for have, wanted in zip(places, target, strict=True)
            )
            if not fits or not _enough(size or 0, self.classes, self.sparse):
                wanted = _words((*target, self.classes))
                raise CannotTrain(
                    problem("no_classes_per_step", shape=_words(self.shape), wanted=wanted, classes=self.classes)
                )
        else:
            if self.loss.name in _OF_CLASSES and (self.sparse or task == "regression"):
                raise CannotTrain(problem("other_loss", loss=self.loss.name))
            if not _same_size(self.shape, target):
                raise CannotTrain(problem("other_outputs", shape=_words(self.shape), wanted=_words(target)))

    def encoded(self, y: NDArray[Any]) -> NDArray[Any]:
        """The targets of some rows in the form that the loss accepts."""
        if self._one_unit:
            return y.reshape(-1, 1).astype(np.float32)
        if self.recipe.learns in ("classification", "binary", "sequence"):
            return y if self.sparse else one_hot(y, self.classes)
        return y.reshape(len(y), *(size or -1 for size in self.shape))

    def score(self, outputs: NDArray[Any], y: NDArray[Any]) -> float:
        """The metric of the outputs (one row per row of `y`), in the dataset's units."""
        metric = self.recipe.scored_by
        if metric.name == "accuracy":
            if self._one_unit:
                return float(np.mean((outputs.reshape(-1) > self._boundary) == (y.reshape(-1) > 0)))
            return float(np.mean(outputs.argmax(axis=-1) == y))
        truth, predicted = self._comparable(outputs, y)
        settings: dict[str, Any] = {}
        single = predicted.shape[-1] == 1
        if single and metric.name in _OF_ROWS:
            truth, predicted = (np.concatenate([1 - one, one], axis=1) for one in (truth, predicted))
        elif metric.name in ("hinge", "squared_hinge"):
            predicted = 2 * predicted - 1  # Keras expects outputs from -1 to 1
        elif metric.name == "poisson":
            predicted = np.maximum(predicted, 0)  # of which it takes the logarithm
        if metric.name == "auc" and not single:
            settings = {"multi_label": True, "num_labels": predicted.shape[-1]}
        elif metric.name == "f1":
            decided_by_largest = self.recipe.learns == "classification" and not single
            settings = {"average": "macro"} | ({} if decided_by_largest else {"threshold": 0.5})
        elif metric.name == "mean_io_u":
            truth, predicted = y.reshape(-1), outputs.argmax(axis=-1).reshape(-1)
            settings = {"num_classes": max(self.classes, outputs.shape[-1])}
        elif metric.name in ("pearson_correlation", "concordance_correlation"):
            settings = {"axis": 0}  # over the examples, not over the values of one
        elif metric.name == "binary_io_u":
            settings = {"target_class_ids": (0, 1), "threshold": 0.5}
        shapes = (np.shape(truth), np.shape(predicted))
        measure = _measuring(metric.keras, tuple(settings.items()), shapes)
        measure.reset_state()
        measure.update_state(truth, predicted)
        return float(measure.result())

    def surplus(self, outputs: NDArray[Any]) -> NDArray[Any]:
        """One column per class, the largest of which is the prediction."""
        if not self._one_unit:
            return outputs
        above = outputs.reshape(-1, 1) - self._boundary
        return np.concatenate([-above, above], axis=1)

    def values(self, outputs: NDArray[Any]) -> NDArray[Any]:
        """Outputs on values in the dataset's units."""
        return np.asarray(outputs * self.unit + self.origin)

    def baseline(self, y_train: NDArray[Any], y_validation: NDArray[Any]) -> float | None:
        """The score of the best constant prediction: the most frequent class, or the mean value."""
        metric, task = self.recipe.scored_by, self.recipe.learns
        if metric.share and task != "multilabel":
            values, counts = np.unique(y_train, return_counts=True)
            return float(np.mean(y_validation == values[counts.argmax()]))
        if task in ("regression", "autoencoder") and metric.name not in _NO_BASELINE:
            mean = np.broadcast_to(y_train.mean(axis=0), y_validation.shape)
            return self.score(mean, y_validation)
        return None

    @property
    def _boundary(self) -> float:
        """The output from which one unit stands for the second class."""
        return 0.0 if self.loss.settings.get("from_logits") or self.loss.name in _HINGES else 0.5

    def _comparable(self, outputs: NDArray[Any], y: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Targets and outputs as rows of probabilities, or of values in the dataset's units."""
        task = self.recipe.learns
        if task in ("regression", "autoencoder"):
            rows = self.values(outputs.reshape(y.shape)).reshape(len(y), -1)
            return self.values(y).reshape(len(y), -1), rows
        likely = self._probabilities(outputs)
        if task == "multilabel":
            return y, likely
        if self._one_unit or (self.classes == 2 and task == "binary"):
            return y.reshape(-1, 1).astype(np.float32), likely.reshape(len(y), -1)[:, -1:]
        return one_hot(y, likely.shape[-1]), likely

    def _probabilities(self, outputs: NDArray[Any]) -> NDArray[Any]:
        if self.loss.name in _HINGES:
            return (outputs + 1) / 2
        if not self.loss.settings.get("from_logits"):
            return outputs
        several = self.loss.name in _OF_CLASSES
        made = keras.ops.softmax(outputs) if several else keras.ops.sigmoid(outputs)
        return np.asarray(made)


@functools.lru_cache(maxsize=16)
def _measuring(name: str, settings: tuple[tuple[str, Any], ...], _shapes: object) -> Any:
    """A metric of Keras for arrays of these shapes: it is created once, which takes as long as to compute it."""
    return getattr(keras.metrics, name)(**dict(settings))


def one_hot(classes: NDArray[np.int32], count: int) -> NDArray[np.float32]:
    """One row of `count` numbers per class."""
    return np.eye(count, dtype=np.float32)[classes]


def _check_classifier(shape: tuple[int | None, ...], classes: int, sparse: bool) -> None:
    if len(shape) != 1:
        raise CannotTrain(problem("no_plain_list", shape=_words(shape), classes=classes))
    size = shape[0] or 0
    if (classes == 2 and size == 1 and not sparse) or _enough(size, classes, sparse):
        return
    raise CannotTrain(problem("one_value" if size == 1 else "wrong_count", count=size, classes=classes))


def _enough(size: int, classes: int, sparse: bool) -> bool:
    """Whether an output of `size` values has one for each class; a loss on class numbers accepts more."""
    return size == classes or (size > classes and sparse)


def _same_size(shape: tuple[int | None, ...], target: tuple[int, ...]) -> bool:
    if any(size is None for size in shape):
        return len(shape) == len(target) and all(
            have in (None, wanted) for have, wanted in zip(shape, target, strict=True)
        )
    sizes = cast("tuple[int, ...]", shape)
    squeezed = tuple(size for size in sizes if size != 1)
    flat = (int(np.prod(target)),)
    return squeezed in (tuple(size for size in target if size != 1), tuple(size for size in flat if size != 1))


def _words(shape: tuple[int | None, ...]) -> str:
    return "×".join("?" if size is None else str(size) for size in shape) or "1"
