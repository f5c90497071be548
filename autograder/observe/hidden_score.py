"""The score of predictions on hidden rows, computed from one class or value for each row; with NumPy alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from autograder.datasets.source import DatasetSource
from autograder.records.metrics import Metric
from autograder.records.predictions import OutputProblem

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Six digits are more than any scale of points needs.
_DIGITS = 6
_LARGEST = 1e30


class Unreadable(ValueError):
    """The outputs do not fit the target; `what` says what is wrong."""

    def __init__(self, what: OutputProblem) -> None:
        super().__init__(what)
        self.what: OutputProblem = what


def classes_of(outputs: NDArray[Any] | list[str], source: DatasetSource) -> NDArray[Any]:
    """The predicted label of each row, -1 for no known class; with several labels, 0 or 1 for each of them.

    Args:
        outputs: rows × values, or the names of the classes. A value for each class: the largest counts. One value: the
            class itself if all are whole numbers, as the file names the classes or by its number; otherwise the
            probability of the second of two classes. Labels are set from 0.5 on.
        source: the record of the data set.

    Raises:
        Unreadable: they have another number of values.
    """
    import numpy as np

    names = list(source.classes)
    if isinstance(outputs, list):
        if source.target_kind == "multilabel":
            raise Unreadable("form")
        return np.array([names.index(text) if text in names else -1 for text in outputs])
    width = outputs.shape[1]
    if source.target_kind == "multilabel":
        if width != len(names):
            raise Unreadable("values")
        return (outputs >= 0.5).astype(int)
    if width == len(names) and width > 1:
        return np.asarray(outputs.argmax(axis=1))
    if width != 1:
        raise Unreadable("values")
    single = outputs[:, 0]
    if (single == np.round(single)).all():
        numbered = all(name.lstrip("-").isdigit() for name in names)
        labels = {float(name): label for label, name in enumerate(names)} if numbered else {}
        labels = labels or {float(label): label for label in range(len(names))}
        return np.array([labels.get(value, -1) for value in single.tolist()])
    if len(names) != 2:
        raise Unreadable("values")
    return (single >= 0.5).astype(int)


def values_of(outputs: NDArray[Any] | list[str], source: DatasetSource) -> NDArray[Any]:
    """The predicted values, rows × values, with six digits.

    Raises:
        Unreadable: they have another number of values, or are texts.
    """
    import numpy as np

    if isinstance(outputs, list):
        raise Unreadable("form")
    if outputs.shape[1] != math.prod(next(iter(source.outputs.values()))):
        raise Unreadable("values")
    clipped = np.clip(outputs, -_LARGEST, _LARGEST)
    return np.array([[float(f"{value:.{_DIGITS}g}") for value in row] for row in clipped.tolist()])


def score_of(metric: Metric, given: NDArray[Any], truth: NDArray[Any], classes: int) -> float:
    """The score of predictions, as the metric is stored.

    Args:
        metric: one of `PREDICTION_METRICS`. "f1" is the mean of the classes' F1 scores (of the labels', with several
            at a time), a class that is neither there nor predicted left out.
        given: labels, rows × labels, or rows × values.
        truth: the targets, one per row of `given`.
        classes: the number of classes or labels.
    """
    import numpy as np

    truth = truth.reshape(given.shape) if given.ndim == 2 else truth.reshape(-1)
    if metric.name in ("accuracy", "binary_accuracy"):
        return metric.rounded(float((given == truth).mean()))
    if metric.name == "f1":
        pairs = (
            [(given == label, truth == label) for label in range(classes)]
            if given.ndim == 1
            else [(given[:, label] == 1, truth[:, label] == 1) for label in range(classes)]
        )
        counts = [(int((one & other).sum()), int(one.sum()) + int(other.sum())) for one, other in pairs]
        scores = [2 * both / every for both, every in counts if every]
        return metric.rounded(float(np.mean(scores)) if scores else 0.0)
    wanted, errors = truth.astype(np.float64), given - truth.astype(np.float64)
    if metric.name == "r2":
        spread = float(((wanted - wanted.mean(axis=0)) ** 2).sum())
        return metric.rounded(max(-_LARGEST, 1 - float((errors**2).sum()) / (spread or 1.0)))
    if metric.name == "mape":
        return metric.rounded(float((100 * np.abs(errors) / np.maximum(np.abs(wanted), 1e-7)).mean()))
    square = float((errors**2).mean())
    found = {"mae": float(np.abs(errors).mean()), "mse": square, "rmse": math.sqrt(square)}[metric.name]
    return metric.rounded(found)
