"""Predictions on hidden examples: whatever the student built, only what it predicts for unseen rows counts."""

from __future__ import annotations

from functools import cached_property
from typing import Literal, Self

from pydantic import Field, model_validator

from autograder.checks.base import Context, Question
from autograder.checks.own_calls import asked_otherwise, failed_call, status_of
from autograder.core.messages import NOTHING, Message, message
from autograder.core.pseudonyms import readable
from autograder.datasets import DatasetSource
from autograder.records.metrics import METRICS, find_metric
from autograder.records.predictions import (
    PREDICTION_METRICS,
    CapturedPredictions,
    PredictionRequest,
    prediction_metrics,
)
from autograder.records.result import Finding, Verdict

# The codes of what the leaderboard is made of.
SCORE, ON_THE_BOARD = "predictions.score", "predictions.on_the_board"
LONGEST_NAME = 30


class Predictions(Question):
    """The notebook's own function or trained network, in any library, called on hidden rows after the last cell.

    `predict` is its name in the notebook: a function of the rows, or a network or estimator with a method `predict`.
    `dataset` is a declared data set with `hidden` examples. `inputs` "array" gives the rows as networks are trained
    with them, "table" as a DataFrame with the columns of the file. `metric` scores them; by default the usual one. A
    score of `zero_at` or worse earns nothing, `full_at` or better everything, and in between the points rise in
    proportion; the score is rounded to `decimals` before (negative: to tens, hundreds, …). `seconds` is the time for
    all of them, by default that of a cell.

    `leaderboard` is a variable in which a student may put a pseudonym, a short text: the class page then lists it with
    the rounded score. Who leaves it empty is not listed, nor a name that cannot be seen.
    """

    kind: Literal["predictions"]
    predict: str = Field(default="predict", pattern=r"^[A-Za-z_]\w{0,99}$")
    dataset: str = Field(min_length=1, max_length=200)
    inputs: Literal["array", "table"] = "array"
    metric: str | None = None
    zero_at: float = Field(allow_inf_nan=False)
    full_at: float = Field(allow_inf_nan=False)
    decimals: int = Field(default=2, ge=-6, le=4)
    seconds: float | None = Field(default=None, gt=0, le=86_400)
    leaderboard: str | None = Field(default=None, pattern=r"^[A-Za-z_]\w{0,99}$")

    @model_validator(mode="after")
    def _has_a_scale(self) -> Self:
        if self.zero_at == self.full_at:
            raise ValueError("zero_at and full_at are the same; points rise from the one score to the other.")
        if self.metric is not None:
            metric = find_metric(self.metric)
            if metric.name not in PREDICTION_METRICS:
                fitting = ", ".join(name for name in METRICS if name in PREDICTION_METRICS)
                raise ValueError(f'metric is "{self.metric}"; predictions are scored by one of {fitting}.')
        return self

    @cached_property
    def request(self) -> PredictionRequest:
        """What is asked of the notebook, without the record of the data set."""
        metric = None if self.metric is None else find_metric(self.metric).name
        return PredictionRequest(
            name=self.predict, dataset=self.dataset, inputs=self.inputs, metric=metric, seconds=self.seconds
        )

    def variables(self) -> tuple[str, ...]:
        return () if self.leaderboard is None else (self.leaderboard,)

    def predictions(self) -> tuple[PredictionRequest, ...]:
        return (self.request,)

    def prediction_problem(self, source: DatasetSource, training: str) -> str:
        """Why the question cannot be asked of this data, with notebooks run so; "" if it can."""
        if not source.hidden:
            return (
                f'{self.dataset} has no hidden examples; name their file in [datasets.{self.dataset}], as hidden = "…".'
            )
        metric = self.request.model_copy(update={"source": source}).scored_by
        fitting = prediction_metrics(source.target_kind, len(source.classes))
        if metric.name not in fitting:
            listed = ", ".join(fitting)
            return f'metric is "{metric.name}"; those that fit the target of {self.dataset} are {listed}.'
        if (self.full_at > self.zero_at) != metric.higher_is_better:
            better = "higher" if metric.higher_is_better else "lower"
            return f"a {better} {metric.name} is better: full_at has to be {better} than zero_at."
        if self.inputs == "table" and source.source != "csv":
            return f'inputs = "table" is for csv; {self.dataset} is {source.source}.'
        if training != "full":
            return 'a network that predicts has to be trained: set training = "full" in [observe].'
        return ""

    def judge(self, context: Context) -> Verdict:
        found = context.evidence.prediction(self.request.key)
        if found is None:
            return self.verdict("error", 0.0, asked_otherwise())
        if found.status == "predicted" and found.score is not None:
            return self._scored(found, found.score, self._pseudonym(context))
        return self.verdict(status_of(found), 0.0, failed_call(self.request, found))

    def rounded(self, score: float) -> float:
        """A score as it is shown and as it counts."""
        return round(score, self.decimals)

    def _pseudonym(self, context: Context) -> str:
        """The name that the student chose for the leaderboard; "" for none."""
        value = None if self.leaderboard is None else context.evidence.value(self.leaderboard)
        return value.value.strip() if value is not None and isinstance(value.value, str) else ""

    def _scored(self, found: CapturedPredictions, score: float, pseudonym: str) -> Verdict:
        metric, reached = METRICS[found.metric], self.rounded(score)
        share = min(max((reached - self.zero_at) / (self.full_at - self.zero_at), 0.0), 1.0)
        said = message(
            "predictions.score",
            "On examples that you have not seen, your predictions reach this score: {metric} {score:,.10g}. It takes "
            "{full:,.10g} for all points, and {zero:,.10g} earns none.",
            metric=metric.shown,
            score=reached,
            full=self.full_at,
            zero=self.zero_at,
        )
        hint = NOTHING
        if share < 1:
            hint = message(
                "hint.estimate_first",
                "Keep some of the examples that you have out of the training, and compare what you try on these.",
            )
        status = "correct" if share == 1 else "partial" if share else "wrong"
        findings = [Finding(message=said, hint=hint)]
        if pseudonym:
            findings.append(Finding(message=_on_the_board(readable(pseudonym, LONGEST_NAME))))
        return self.verdict(status, share * self.points, *findings)


def _on_the_board(name: str) -> Message:
    """What is said of a pseudonym, "" for one that cannot be listed."""
    if name:
        return message("predictions.on_the_board", "The leaderboard lists this score as “{name}”.", name=name)
    return message(
        "predictions.not_on_the_board",
        "The leaderboard does not list your pseudonym: it takes at most {longest} characters of one script, all of "
        "which can be seen.",
        longest=LONGEST_NAME,
    )
