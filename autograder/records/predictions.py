"""Predictions on hidden examples: what is asked of a notebook, and what came of it."""

from __future__ import annotations

import builtins
from functools import cached_property
from typing import Literal

from pydantic import Field

from autograder.core.data import Data, digest
from autograder.datasets.source import DatasetSource, TargetKind
from autograder.records.metrics import METRICS, USUAL, Metric, Task, find_metric

# How many classes count as the likeliest.
TOP = 5
# What a network would learn from targets of these kinds: any metric for it scores predictions, too.
_TASKS: dict[TargetKind, Task] = {"classes": "classification", "multilabel": "multilabel", "values": "regression"}
# The exceptions that are named to students; another one is only called an exception. A student can define an exception
# with any name, and would read there what the hidden rows hold.
NAMED_ERRORS = frozenset(
    name for name, one in vars(builtins).items() if isinstance(one, type) and issubclass(one, Exception)
) | {"NotFittedError", "InvalidArgumentError", "ResourceExhaustedError", "SystemExit"}


def prediction_metrics(kind: TargetKind, classes: int = 0) -> tuple[str, ...]:
    """The names of the metrics that score predictions of targets of this kind; of so many classes, if that is known."""
    fitting = {_TASKS.get(kind), "binary" if kind == "classes" and classes == 2 else None}
    # Of five classes, every one is among the five likeliest.
    without = {"top_k_categorical_accuracy"} if 0 < classes <= TOP else set()
    return tuple(name for name, metric in METRICS.items() if fitting & set(metric.tasks) and name not in without)


# Every metric that scores predictions of some targets.
PREDICTION_METRICS = frozenset(name for kind in _TASKS for count in (0, 2) for name in prediction_metrics(kind, count))


class PredictionRequest(Data):
    """The predictions to ask for after the last cell, or the preparation of the data.

    name: the variable with the function or the trained network.
    purpose: "predict" for hidden rows alone; "prepare" for public and hidden rows, without targets.
    dataset: the declared data set with the hidden examples; `source` is its record, once the assignment was read.
    inputs: "array" gives the rows as networks are trained with them, "table" as a DataFrame with the file's columns.
    metric: what scores them.
    seconds: how long all of them may take; None for the time of a cell.
    """

    name: str = Field(max_length=200)
    dataset: str = Field(max_length=200)
    inputs: Literal["array", "table"] = "array"
    metric: str | None = None
    seconds: float | None = Field(default=None, gt=0, le=86_400)
    source: DatasetSource | None = None
    purpose: Literal["predict", "prepare"] = "predict"

    @cached_property
    def key(self) -> str:
        """The key of what came of it in the evidence, whose own key has the data."""
        return digest("predictions", self.name, self.dataset, self.inputs, self.metric, self.seconds, self.purpose)[:16]

    @property
    def scored_by(self) -> Metric:
        """The metric; the usual one for the target if none is named."""
        kind = self.source.target_kind if self.source is not None else "values"
        return find_metric(self.metric or USUAL[_TASKS[kind]])


PredictionStatus = Literal[
    "predicted", "no_name", "no_call", "raised", "malformed", "unsteady", "timeout", "died", "not_run"
]
# What is wrong with an output: it is not one plain array of numbers, has another number of rows, or of values in a row,
# lacks a value, holds no probabilities, which the metric needs, or does not name the inputs that it is for.
OutputProblem = Literal["", "form", "rows", "values", "missing", "probabilities", "inputs"]


class CapturedPredictions(Data):
    """What came of a request, by its `key`. The `score` is the only number that is computed with hidden targets, by the
    grader, and the only trace of the outputs: they are in no evidence.

    "no_name": there is no such variable; "no_call": it can be neither called nor does it predict; "raised": it raised
    the exception `error` in the line `line` (1-based) of the code cell `cell` (0-based), where that is known;
    `busy`: the time was over while the grading machine was busy with other work.
    A preparation has no score: `prepared` is the SHA-256 of the data with its outputs (`autograder.datasets.prepared`).
    "malformed": its output is not what was asked for, see `problem`; "unsteady": the same row had two outputs.
    """

    key: str = Field(max_length=64)
    status: PredictionStatus
    score: float | None = Field(default=None, allow_inf_nan=False)
    metric: str = Field(default="", max_length=40)
    problem: OutputProblem = ""
    error: str = Field(default="", max_length=40)
    cell: int | None = Field(default=None, ge=0)
    line: int | None = Field(default=None, ge=1)
    prepared: str = Field(default="", max_length=64)
    busy: bool = False
