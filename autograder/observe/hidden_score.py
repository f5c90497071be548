"""The score of predictions on hidden rows, computed from what their metric uses of them; with NumPy alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from autograder.datasets.source import DatasetSource
from autograder.records.metrics import Metric
from autograder.records.predictions import TOP, OutputProblem

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Six digits are more than any scale of points needs.
_DIGITS = 6
_LARGEST = 1e30
# Keras' own bound for what it takes the logarithm of, and for divisors.
_LEAST = 1e-7
# How far the probabilities of a row may be from the sum 1.
_SUM = 1e-3

# Scored by the logarithm of the probability of the right class: beside one certain class, the divergence from the
# targets is their cross-entropy.
OF_LOGARITHMS = frozenset({"categorical_crossentropy", "kl_divergence"})


class Unreadable(ValueError):
    """The outputs do not fit the target or its metric; `what` says what is wrong."""

    def __init__(self, what: OutputProblem) -> None:
        super().__init__(what)
        self.what: OutputProblem = what


def used_by(metric: Metric, outputs: NDArray[Any] | list[str], source: DatasetSource) -> NDArray[Any]:
    """What the metric uses of the outputs, and nothing else of them: whole numbers, or numbers with six digits.

    A class for each row, -1 for no known one ("accuracy", "precision", "recall", "f1", "binary_io_u"; with several
    labels 0 or 1 for each of them); 0 or 1 for each class ("top_k_categorical_accuracy"); a value for each class, for
    the second of two ("auc"); probabilities (hinges), or their logarithms, for one class or label those of their odds
    (cross-entropies, "kl_divergence"); the logarithms of values ("msle"), their direction ("cosine_similarity"), those
    above 0 ("poisson"), or the values (rows × values).

    Raises:
        Unreadable: they have another form.
    """
    import numpy as np

    if source.target_kind == "values":
        return _digits(_of_values(metric, values_of(outputs, source)))
    if metric.name in ("accuracy", "binary_accuracy", "precision", "recall", "f1", "binary_io_u"):
        return classes_of(outputs, source)
    likely = likelihoods_of(outputs, source)
    if metric.name == "top_k_categorical_accuracy":
        # Equal values share the last of their places: who takes all classes for equally likely has none among the five.
        sixth = np.sort(likely, axis=1)[:, -TOP - 1 : -TOP]
        return np.asarray(likely > sixth, dtype=int)
    single = source.target_kind == "classes" and len(source.classes) == 2
    if metric.name == "auc":
        return _digits(likely[:, 1:] if single else likely)
    sums = likely.sum(axis=1) if source.target_kind == "classes" else np.ones(len(likely))
    if (likely < 0).any() or (likely > 1).any() or (np.abs(sums - 1) > _SUM).any():
        raise Unreadable("probabilities")
    if metric.name.endswith("hinge"):
        return _digits(likely[:, 1:] if single and metric.name != "categorical_hinge" else likely)
    bounded = np.clip(likely, _LEAST, 1 - _LEAST)
    if metric.name in OF_LOGARITHMS:
        return _digits(np.log(bounded))
    bounded = bounded[:, 1:] if single else bounded
    return _digits(np.log(bounded) - np.log1p(-bounded))


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
    if _are_whole(single):
        numbered = all(name.lstrip("-").isdigit() for name in names)
        labels = {float(name): label for label, name in enumerate(names)} if numbered else {}
        labels = labels or {float(label): label for label in range(len(names))}
        return np.array([labels.get(value, -1) for value in single.tolist()])
    if len(names) != 2:
        raise Unreadable("values")
    return (single >= 0.5).astype(int)


def likelihoods_of(outputs: NDArray[Any] | list[str], source: DatasetSource) -> NDArray[Any]:
    """A value for each class or label, rows × classes: as given, 1 - p and p for the probability p of the second of two
    classes, and 0 and 1 for classes without values. The arguments are those of `classes_of`.

    Raises:
        Unreadable: as `classes_of`.
    """
    import numpy as np

    names = source.classes
    labels = classes_of(outputs, source)
    if isinstance(outputs, list) or (outputs.shape[1] == 1 and _are_whole(outputs) and len(names) > 1):
        return np.asarray(labels[:, None] == np.arange(len(names)), dtype=np.float64)
    if outputs.shape[1] == 1 and len(names) == 2:
        return np.concatenate([1 - outputs, outputs], axis=1)
    return np.asarray(np.clip(outputs, -_LARGEST, _LARGEST))


def values_of(outputs: NDArray[Any] | list[str], source: DatasetSource) -> NDArray[Any]:
    """The predicted values, rows × values.

    Raises:
        Unreadable: they have another number of values, or are texts.
    """
    import numpy as np

    if isinstance(outputs, list):
        raise Unreadable("form")
    if outputs.shape[1] != math.prod(next(iter(source.outputs.values()))):
        raise Unreadable("values")
    return np.asarray(np.clip(outputs, -_LARGEST, _LARGEST))


def score_of(metric: Metric, given: NDArray[Any], truth: NDArray[Any], source: DatasetSource) -> float:
    """The score of predictions, as the metric is stored.

    "precision", "recall" and "f1" are the means over the classes (over the labels, with several at a time) that are
    there or predicted; "auc" is the mean area under the ROC curve over the classes of which there are rows and others.

    Args:
        metric: one that fits the target.
        given: what it uses of the predictions, see `used_by`.
        truth: the targets, one per row of `given`.
        source: the record of the data set.
    """
    import numpy as np

    if source.target_kind == "values":
        wanted = truth.reshape(given.shape).astype(np.float64)
        return metric.rounded(_score_of_values(metric.name, given, wanted))
    classed = source.target_kind == "classes"
    if metric.name in ("accuracy", "binary_accuracy"):
        return metric.rounded(float((given == truth.reshape(given.shape)).mean()))
    if metric.name == "binary_io_u":
        return metric.rounded(_overlap(given.reshape(-1), truth.reshape(-1)))
    # Rows × classes, or labels.
    right = truth.reshape(-1)[:, None] == np.arange(len(source.classes)) if classed else truth == 1
    if metric.name in ("precision", "recall", "f1"):
        chosen = given[:, None] == np.arange(len(source.classes)) if given.ndim == 1 else given == 1
        both, found, there = (chosen & right).sum(axis=0), chosen.sum(axis=0), right.sum(axis=0)
        divisor = {"precision": found, "recall": there, "f1": (found + there) / 2}[metric.name]
        shares = (both / np.maximum(divisor, 0.5))[found + there > 0]
        return metric.rounded(float(shares.mean()) if len(shares) else 0.0)
    if metric.name == "top_k_categorical_accuracy":
        return metric.rounded(float((given[right] == 1).mean()))
    if metric.name in OF_LOGARITHMS:
        return metric.rounded(float(-given[right].mean()))
    if metric.name == "categorical_hinge":
        other = np.where(right, -np.inf, given).max(axis=1)
        return metric.rounded(float(np.maximum(0, 1 + np.maximum(other, 0) - given[right]).mean()))
    right = right[:, 1:] if classed and given.shape[1] == 1 else right
    if metric.name.endswith("hinge"):
        missed = np.maximum(0, 1 - (2 * given - 1) * np.where(right, 1, -1))
        return metric.rounded(float((missed**2 if metric.name == "squared_hinge" else missed).mean()))
    if metric.name == "binary_crossentropy":
        return metric.rounded(float(np.logaddexp(0, np.where(right, -given, given)).mean()))
    areas = [_area(given[:, one], right[:, one]) for one in range(given.shape[1]) if 0 < right[:, one].mean() < 1]
    return metric.rounded(float(np.mean(areas)) if areas else 0.5)


def ranks(values: NDArray[Any]) -> NDArray[Any]:
    """The place of each value in its column, from 0 to 1; equal values share the mean of their places."""
    import numpy as np

    found = np.empty(values.shape, np.float64)
    for column in range(values.shape[1]):
        _, place, count = np.unique(values[:, column], return_inverse=True, return_counts=True)
        found[:, column] = ((np.cumsum(count) - (count + 1) / 2) / max(1, len(values) - 1))[place.reshape(-1)]
    return found


def _of_values(metric: Metric, values: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    if metric.name == "msle":
        return np.asarray(np.log1p(np.maximum(values, _LEAST)))
    if metric.name == "cosine_similarity":
        return _directions(values)
    return np.maximum(values, 0) if metric.name == "poisson" else values


def _score_of_values(name: str, given: NDArray[Any], truth: NDArray[Any]) -> float:
    import numpy as np

    if name == "cosine_similarity":
        return float((_directions(truth) * given).sum(axis=1).mean())
    if name == "msle":
        return float(((given - np.log1p(np.maximum(truth, _LEAST))) ** 2).mean())
    if name == "poisson":
        return float((given - truth * np.log(given + _LEAST)).mean())
    if name.endswith("_correlation"):
        return _correlation(given, truth, concordance=name == "concordance_correlation")
    errors = given - truth
    if name == "r2":
        spread = float(((truth - truth.mean(axis=0)) ** 2).sum())
        return max(-_LARGEST, 1 - float((errors**2).sum()) / (spread or 1.0))
    if name == "mape":
        return float((100 * np.abs(errors) / np.maximum(np.abs(truth), _LEAST)).mean())
    if name == "log_cosh":
        return float((np.logaddexp(errors, -errors) - math.log(2)).mean())
    square = float((errors**2).mean())
    return {"mae": float(np.abs(errors).mean()), "mse": square, "rmse": math.sqrt(square)}[name]


def _correlation(given: NDArray[Any], truth: NDArray[Any], *, concordance: bool) -> float:
    """The mean over the columns: Pearson's, 0 for a constant column; or Lin's, which also takes the means into account
    (Biometrics 45, 1989)."""
    import numpy as np

    here, there = given - given.mean(axis=0), truth - truth.mean(axis=0)
    common = (here * there).mean(axis=0)
    first, second = (here**2).mean(axis=0), (there**2).mean(axis=0)
    if concordance:
        shift = (given.mean(axis=0) - truth.mean(axis=0)) ** 2
        return float((2 * common / np.maximum(first + second + shift, _LEAST)).mean())
    return float((common / np.maximum(np.sqrt(first) * np.sqrt(second), _LEAST)).clip(-1, 1).mean())


def _overlap(chosen: NDArray[Any], right: NDArray[Any]) -> float:
    """The mean of intersection over union of the zeros and of the ones, of those that are there or chosen."""
    import numpy as np

    shares = []
    for value in (0, 1):
        union = int(((chosen == value) | (right == value)).sum())
        if union:
            shares.append(float(((chosen == value) & (right == value)).sum()) / union)
    return float(np.mean(shares)) if shares else 0.0


def _area(values: NDArray[Any], right: NDArray[Any]) -> float:
    """The area under the ROC curve: how often a row of the class has the larger value, and half of it if equal."""
    place = ranks(values[:, None])[:, 0] * (len(values) - 1) + 1
    there = int(right.sum())
    return float((place[right].sum() - there * (there + 1) / 2) / (there * (len(values) - there)))


def _directions(values: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    largest = np.maximum(np.abs(values).max(axis=1, keepdims=True), 1e-300)
    scaled = values / largest
    return np.asarray(scaled / np.maximum(np.sqrt((scaled**2).sum(axis=1, keepdims=True)), 1e-6))


def _are_whole(values: NDArray[Any]) -> bool:
    return bool((values == values.round()).all())


def _digits(values: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    return np.array([[float(f"{value:.{_DIGITS}g}") for value in row] for row in values.tolist()])
