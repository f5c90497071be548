"""What a trusted run is scored by: the metrics that `[training]` may name, each with its direction and its tasks."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from autograder.core.language import gettext_noop
from autograder.core.messages import Message, phrase

Task = Literal["classification", "binary", "multilabel", "regression", "sequence", "autoencoder"]

_LABELS: tuple[Task, ...] = ("classification", "binary", "multilabel")
_VALUES: tuple[Task, ...] = ("regression", "autoencoder")
_TWO: tuple[Task, ...] = ("binary", "multilabel")
# Those of which a higher score is better, and which may be below 0.
_NEGATIVE = ("r2", "cosine_similarity", "pearson_correlation", "concordance_correlation")


@dataclass(frozen=True)
class Metric:
    """One metric of `keras.metrics`.

    Attributes:
        name: what `[training]` calls it.
        keras: the class in `keras.metrics`.
        title: what students read, in English.
        perfect: its best value, 1 if higher is better, else 0.
        tasks: the tasks that it fits.
        share: whether it is a share of right answers, so that it is shown as an accuracy.
    """

    name: str
    keras: str
    title: str
    perfect: Literal[0, 1]
    tasks: tuple[Task, ...]
    share: bool = False

    @property
    def higher_is_better(self) -> bool:
        return self.perfect == 1

    @property
    def shown(self) -> Message:
        """Its title as a part of a sentence."""
        return phrase(self.title)

    @property
    def worst(self) -> float:
        """The score of a run without any validation."""
        return 0.0 if self.share else float("-inf") if self.higher_is_better else float("inf")

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the largest value that a score can have."""
        if not self.higher_is_better:
            return (float("-inf") if self.name == "poisson" else 0.0), float("inf")
        return (float("-inf") if self.name in _NEGATIVE else 0.0), 1.0

    def rounded(self, score: float) -> float:
        """A share to a millionth, any other score to seven digits: as scores are stored."""
        return round(score, 6) if self.share else float(f"{score:.7g}")

    def rounded_on_hidden_rows(self, score: float) -> float:
        """A score as it is shown and counts if it is of hidden rows: two decimals of one that is at most 1, three
        digits of any other."""
        if not math.isfinite(score):
            return score
        return round(score, 2) if self.bounds[1] == 1 else float(f"{score:.3g}")

    def shifted(self, score: float, by: float) -> float:
        """A score that is better by so much; worse if `by` is negative."""
        return score + by if self.higher_is_better else score - by

    def lead(self, score: float, other: float) -> float:
        """How much better a score is than another; negative if it is worse."""
        return score - other if self.higher_is_better else other - score

    def reaches(self, score: float, needed: float) -> bool:
        """Whether a score is as good as the one needed, or better."""
        return score >= needed if self.higher_is_better else score <= needed

    def best(self, scores: Iterable[float]) -> float:
        """The best of the scores; `worst` if there are none."""
        return max(scores, default=self.worst) if self.higher_is_better else min(scores, default=self.worst)


def _all(*metrics: Metric) -> dict[str, Metric]:
    return {metric.name: metric for metric in metrics}


METRICS = _all(
    Metric("accuracy", "Accuracy", gettext_noop("accuracy"), 1, ("classification", "binary", "sequence"), share=True),
    Metric("binary_accuracy", "BinaryAccuracy", gettext_noop("accuracy"), 1, ("binary", "multilabel"), share=True),
    Metric(
        "top_k_categorical_accuracy",
        "TopKCategoricalAccuracy",
        gettext_noop("share of rows whose class is among the five likeliest"),
        1,
        ("classification",),
        share=True,
    ),
    Metric("auc", "AUC", gettext_noop("area under the ROC curve"), 1, _LABELS),
    Metric("precision", "Precision", gettext_noop("precision"), 1, _LABELS),
    Metric("recall", "Recall", gettext_noop("recall"), 1, _LABELS),
    Metric("f1", "F1Score", gettext_noop("F1 score"), 1, _LABELS),
    Metric("mean_io_u", "MeanIoU", gettext_noop("mean intersection over union"), 1, ("sequence",)),
    Metric("r2", "R2Score", gettext_noop("coefficient of determination R²"), 1, ("regression",)),
    Metric("pearson_correlation", "PearsonCorrelation", gettext_noop("Pearson correlation"), 1, ("regression",)),
    Metric(
        "concordance_correlation", "ConcordanceCorrelation", gettext_noop("concordance correlation"), 1, ("regression",)
    ),
    Metric("binary_io_u", "BinaryIoU", gettext_noop("mean intersection over union"), 1, _TWO),
    Metric("cosine_similarity", "CosineSimilarity", gettext_noop("cosine similarity"), 1, _VALUES),
    Metric("mae", "MeanAbsoluteError", gettext_noop("mean absolute error"), 0, _VALUES),
    Metric("mse", "MeanSquaredError", gettext_noop("mean squared error"), 0, _VALUES),
    Metric("rmse", "RootMeanSquaredError", gettext_noop("root mean squared error"), 0, _VALUES),
    Metric("mape", "MeanAbsolutePercentageError", gettext_noop("mean absolute percentage error"), 0, _VALUES),
    Metric("msle", "MeanSquaredLogarithmicError", gettext_noop("mean squared logarithmic error"), 0, _VALUES),
    Metric("log_cosh", "LogCoshError", gettext_noop("mean log-cosh error"), 0, _VALUES),
    Metric("poisson", "Poisson", gettext_noop("Poisson error"), 0, ("regression",)),
    Metric("hinge", "Hinge", gettext_noop("hinge error"), 0, _TWO),
    Metric("squared_hinge", "SquaredHinge", gettext_noop("squared hinge error"), 0, _TWO),
    Metric("categorical_hinge", "CategoricalHinge", gettext_noop("hinge error"), 0, ("classification",)),
    Metric("kl_divergence", "KLDivergence", gettext_noop("Kullback-Leibler divergence"), 0, ("classification",)),
    Metric("binary_crossentropy", "BinaryCrossentropy", gettext_noop("cross-entropy"), 0, _TWO),
    Metric(
        "categorical_crossentropy", "CategoricalCrossentropy", gettext_noop("cross-entropy"), 0, ("classification",)
    ),
)
# Keras' other names of the same metrics.
_ALIASES = {
    "acc": "accuracy",
    "categorical_accuracy": "accuracy",
    "sparse_categorical_accuracy": "accuracy",
    "sparse_top_k_categorical_accuracy": "top_k_categorical_accuracy",
    "sparse_categorical_crossentropy": "categorical_crossentropy",
    "f1_score": "f1",
    "fbeta_score": "f1",  # with its usual beta, 1
    "one_hot_mean_io_u": "mean_io_u",
    "r2_score": "r2",
    "mean_absolute_error": "mae",
    "mean_squared_error": "mse",
    "root_mean_squared_error": "rmse",
    "mean_absolute_percentage_error": "mape",
    "mean_squared_logarithmic_error": "msle",
    "log_cosh_error": "log_cosh",
    "logcosh": "log_cosh",
}
# What Keras has besides, and why no run is scored by it.
_NEEDS_MORE = ("IoU", "OneHotIoU", "PrecisionAtRecall", "RecallAtPrecision", "SensitivityAtSpecificity")
_REFUSED = {
    **dict.fromkeys((*_NEEDS_MORE, "SpecificityAtSensitivity"), "it needs numbers of its own, and metric is a name"),
    **dict.fromkeys(
        ("TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives"),
        "it counts examples; precision and recall are shares",
    ),
    **dict.fromkeys(("Mean", "Sum", "MeanMetricWrapper", "Metric"), "it compares nothing with the targets"),
}
# What a task is scored by if nothing is said.
USUAL: dict[Task, str] = {
    "classification": "accuracy",
    "binary": "accuracy",
    "multilabel": "binary_accuracy",
    "regression": "mae",
    "sequence": "accuracy",
    "autoencoder": "mse",
}


ACCURACY = METRICS["accuracy"]


def find_metric(name: str) -> Metric:
    """The metric of this name, in any of Keras' spellings ("MeanAbsoluteError", "mean_absolute_error", "mae").

    Raises:
        ValueError: there is none; the message names those that are known.
    """
    plain = _plain(name)
    names = {_plain(one): metric for metric in METRICS.values() for one in (metric.name, metric.keras)}
    names |= {_plain(alias): METRICS[one] for alias, one in _ALIASES.items()}
    if plain in names:
        return names[plain]
    if why := next((why for one, why in _REFUSED.items() if _plain(one) == plain), ""):
        raise ValueError(f'no run is scored by "{name}": {why}.')
    near = difflib.get_close_matches(name.lower(), [*METRICS, *_ALIASES], n=1)
    meant = f'did you mean "{near[0]}"?' if near else f"the known ones are {', '.join(METRICS)}."
    raise ValueError(f'there is no metric "{name}"; {meant}')


def _plain(name: str) -> str:
    return name.lower().replace("_", "")


def metric_for(task: Task, name: str | None) -> Metric:
    """The metric that scores this task: the named one, or the usual one.

    Raises:
        ValueError: it is unknown, or does not fit the task.
    """
    metric = find_metric(name or USUAL[task])
    if task not in metric.tasks:
        fitting = ", ".join(one.name for one in METRICS.values() if task in one.tasks)
        raise ValueError(f'"{name}" does not fit the task "{task}"; those that do are {fitting}.')
    return metric
