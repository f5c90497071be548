"""The data of a trusted training run: the request (Recipe, TrainingTask) and the outcome (TrainingRun)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from autograder.core.data import OmitsNewDefaults, digest
from autograder.core.messages import NOTHING, Text
from autograder.datasets import DATASETS, DatasetSource
from autograder.datasets.source import TargetKind
from autograder.network.architecture import Architecture
from autograder.network.compilation import Compilation, Loss, Optimizer, OutputLoss
from autograder.records.metrics import METRICS, Metric, Task, find_metric, metric_for
from autograder.records.predictions import PredictionRequest
from autograder.records.training_outcomes import LayerSignal, PredictedClasses, Reconstruction, Residuals, Roc

Normalization = Literal["none", "unit", "standardize"]


class Prepare(OmitsNewDefaults):
    """How the data is prepared before a network sees it, in this order; every statistic is of the training rows only.

    `vocabulary`: texts become whole numbers, the most frequent words first (0 fills up, 1 is any other word); so many
    numbers are used. `pad`: sequences are filled up with 0 at their end, or cut there, to this length. `one_hot`: whole
    numbers become rows of zeros with a one. `resize`: images get this height and width in pixels. `scale`: numbers are
    multiplied by this factor. `standardize`: of each feature the mean is subtracted, and it is divided by its standard
    deviation. `standardize_target`: likewise for the targets of a regression; its scores are in the original units.

    `function` replaces all of these: the name of the student's own function (or of an object with `transform`), which
    the notebook defines. It gets raw rows without targets, as `inputs` says (see `PredictionRequest`), and returns one
    array. The network is then scored on the hidden rows alone. The text "function" stands for `prepare`.
    """

    vocabulary: int | None = Field(default=None, ge=3, le=500_000)
    pad: int | None = Field(default=None, ge=1, le=100_000)
    one_hot: bool = False
    resize: tuple[int, int] | None = None
    scale: float | None = Field(default=None, gt=0)
    standardize: bool = False
    standardize_target: bool = False
    function: str | None = Field(default=None, pattern=r"^[A-Za-z_]\w{0,99}$")
    inputs: Literal["array", "table"] = "array"

    added_later: ClassVar[tuple[str, ...]] = ("function", "inputs")

    @model_validator(mode="before")
    @classmethod
    def _by_word(cls, given: Any) -> Any:
        return {"function": "prepare"} if given == "function" else given

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        steps = self.model_dump(exclude={"function", "inputs"}, exclude_defaults=True)
        if self.function is not None and steps:
            raise ValueError(f"function replaces all steps; leave out {', '.join(steps)}.")
        return self


class Recipe(OmitsNewDefaults):
    """How a network is trained for grading: on the first `train` images of the dataset's training set, after a shuffle
    that is the same for every network and seed; the next `validation` images validate it. `dataset` is a built-in data
    set or one that the assignment declares, whose record is then `source`; where that has held-out examples, only these
    validate.

    `task` is what it learns: one class of several; one of two; several labels at a time; values; a class for each step
    of a sequence; its own input. By default it follows from the data. `metric` scores it on the validation images; by
    default it is the usual one for the task.
    `base_models` are the digests of the declared files whose weights networks may start with.
    `prepare` replaces `normalization` by declared steps. `metric_output` names the output that is scored, and that
    `task` and `metric` are about, where the data has several with names; by default the first.

    `normalization`: "unit" divides by 255; "standardize" subtracts the mean and divides by the standard deviation of
    the training images, pixel by pixel; "none" leaves 0..255. `epochs` is the maximum number of epochs.
    An epoch sees the training images once, in a new order, without an incomplete last batch. It has `validations`
    validations at equal intervals, the last one at its end. `seed` determines the weights, dropout and order. A run
    that only has to reach an accuracy ends as soon as it does; it is given up when half of its validations are done
    and neither training nor validation accuracy was ever above `give_up`: the network is guessing. `seconds` and
    `memory_mb` limit one run. `compilation` is used if the student's own cannot be rebuilt.
    """

    dataset: str
    train: int = Field(gt=0, le=500_000)
    validation: int = Field(gt=0, le=500_000)
    epochs: int = Field(gt=0, le=100)
    batch_size: int = Field(gt=0, le=4096)
    validations: int = Field(default=1, ge=1, le=20)
    give_up: float = Field(default=0.2, ge=0, le=1)
    normalization: Normalization = "standardize"
    channels_last: bool = True
    seed: int = 1
    seconds: float = Field(default=120.0, gt=0)
    memory_mb: int = Field(default=4096, gt=0)
    compilation: Compilation = Compilation()
    task: Task | None = None
    metric: str | None = None
    prepare: Prepare | None = None
    source: DatasetSource | None = None
    metric_output: str | None = None
    base_models: tuple[str, ...] = ()

    added_later: ClassVar[tuple[str, ...]] = ("task", "metric", "prepare", "source", "metric_output", "base_models")

    @field_validator("metric")
    @classmethod
    def _canonical(cls, name: str | None) -> str | None:
        return None if name is None else find_metric(name).name

    @model_validator(mode="after")
    def _fits(self) -> Recipe:
        # What a declared data set is about is known only with its record.
        known = self.task is not None or self.source is not None or self.dataset in DATASETS
        if known and (said := self.metric_problem):
            raise ValueError(said)
        return self

    @property
    def metric_problem(self) -> str:
        """Why the metric does not fit what is learned; "" if it does."""
        try:
            metric_for(self.learns, self.metric)
        except ValueError as error:
            return f"metric {error}"
        return ""

    @property
    def own_preparation(self) -> PredictionRequest | None:
        """What is asked of the notebook if the student's own function prepares the data."""
        if self.prepare is None or self.prepare.function is None:
            return None
        return PredictionRequest(
            name=self.prepare.function, dataset=self.dataset, inputs=self.prepare.inputs, purpose="prepare"
        )

    @property
    def title(self) -> str:
        """What people call the data set."""
        return self.source.title if self.source is not None else DATASETS[self.dataset].title

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes by their labels, those of a built-in data set in English; () without classes."""
        return self.source.classes_of(self.scored_output) if self.source is not None else DATASETS[self.dataset].classes

    @property
    def scored_output(self) -> str:
        """The name of the output that is scored; "" if it has none."""
        return self.metric_output or next(iter(self.source.outputs if self.source is not None else ()), "")

    def of_output(self, name: str) -> Recipe:
        """The recipe as it is for one of several outputs: of those that are not scored, the task is the usual one."""
        if name == self.scored_output:
            return self
        usual = {"metric_output": name, "task": None, "metric": None, "compilation": Compilation()}
        return self.model_copy(update=usual)

    @property
    def learns(self) -> Task:
        """What is learned: `task`, or what the targets of the data are."""
        if self.task is not None:
            return self.task
        return "classification" if self.source is None else _TASK_OF_TARGETS[self.source.kind_of(self.scored_output)]

    @property
    def scored_by(self) -> Metric:
        """The metric that scores a run."""
        return metric_for(self.learns, self.metric)

    @property
    def task_has_values(self) -> bool:
        """Whether what is learned are numbers, not classes."""
        return self.learns in ("multilabel", "regression", "autoencoder")

    def gives_up_at(self, classes: int) -> float | None:
        """The accuracy up to which a network of so many classes is guessing; None if runs are not given up.

        `give_up`, and with more than ten classes at most twice the share that guessing gets right.
        """
        if not self.scored_by.share or self.task_has_values:
            return None
        return min(self.give_up, 2 / classes) if classes > 10 else self.give_up

    @property
    def steps_per_epoch(self) -> int:
        """The steps of one epoch: an incomplete last batch is left out."""
        return self.train // min(self.batch_size, self.train)

    @property
    def usual_compilation(self) -> Compilation:
        """How a network is compiled if the student's own cannot be rebuilt: `compilation`, or what the task needs."""
        loss = _USUAL_LOSS.get(self.learns)
        if loss is None or self.compilation != Compilation():
            return self.compilation
        return Compilation(loss=Loss(name=loss))


_TASK_OF_TARGETS: dict[TargetKind, Task] = {
    "classes": "classification",
    "values": "regression",
    "multilabel": "multilabel",
    "tokens": "sequence",
    "input": "autoencoder",
}
_USUAL_LOSS: dict[Task, str] = {
    "binary": "binary_crossentropy",
    "multilabel": "binary_crossentropy",
    "regression": "mean_squared_error",
    "autoencoder": "mean_squared_error",
}


class TrainingTask(OmitsNewDefaults):
    """One requested run. Two submissions with the same network have the same task and share its run.

    `target` is the validation score to reach: the run ends at the first validation that reaches it. None runs to the
    end. `inputs` and `outputs` are the names of a network's several inputs and outputs, in their order, "" for one
    that the data does not have. The losses of several outputs are in that order too.
    `prepared` is the SHA-256 of the data that the student's own function prepared.
    """

    architecture: Architecture
    compilation: Compilation
    recipe: Recipe
    target: float | None = None
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    prepared: str = ""

    added_later: ClassVar[tuple[str, ...]] = ("inputs", "outputs", "prepared")

    @cached_property
    def key(self) -> str:
        """A digest of everything that the run depends on, except the data and the versions, which the trainer adds.

        The target is not included: it only decides how long the run is, see `TrainingRun.answers`.
        """
        return digest("training task", self.whole)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy; an update changes its key."""
        copy = super().model_copy(update=update, deep=deep)
        copy.__dict__.pop("key", None)
        return copy

    @property
    def optimizer(self) -> Optimizer:
        """The student's optimizer, or the recipe's if the student's could not be read (it then has its default)."""
        unread = self.compilation.problem and self.compilation.optimizer == Optimizer()
        return self.recipe.usual_compilation.optimizer if unread else self.compilation.optimizer

    @property
    def loss(self) -> Loss:
        """The student's loss, or the recipe's if the student's could not be read (it then has its default)."""
        unread = self.compilation.problem and self.compilation.loss == Loss()
        return self.recipe.usual_compilation.loss if unread else self.compilation.loss

    @property
    def losses(self) -> tuple[OutputLoss, ...]:
        """A loss for each output of the network, in their order."""
        count = len(self.architecture.outputs)
        if len(self.compilation.losses) == count:
            return self.compilation.losses
        return tuple(OutputLoss(loss=self.loss) for _ in range(count))

    @property
    def canonical(self) -> TrainingTask:
        """The task without what does not affect its run, such as metrics: equal canonical forms share a run."""
        return TrainingTask(
            architecture=self.architecture,
            compilation=Compilation(
                optimizer=self.optimizer, loss=self.loss, metrics=(), losses=self.compilation.losses
            ),
            recipe=self.recipe.model_copy(update={"compilation": Compilation()}),
            inputs=self.inputs,
            outputs=self.outputs,
            prepared=self.prepared,
        )

    @property
    def whole(self) -> TrainingTask:
        """The same run without a target."""
        return self.model_copy(update={"target": None})

    def with_seed(self, seed: int) -> TrainingTask:
        """The same run with another seed."""
        return self.model_copy(update={"recipe": self.recipe.model_copy(update={"seed": seed})})


class TrainingRun(OmitsNewDefaults):
    """The measurements of a trusted run, one value per validation. What is called an accuracy here is the score by
    `metric`: a fraction in 0..1 for accuracies, in the metric's own unit otherwise.

    `outcome`: "trained"; "failed" (the network or its compilation cannot be trained: `problem` tells the student why);
    "limit" (time or memory ran out: the lists hold the values until then).
    `ended`: why a trained run ended: "complete", "target" (it reached the task's target), "flat" (it was given up, see
    `Recipe`).
    `predictions`: at the end of a trained run, if the network has one output per class.
    `signals`: for the diagnosis, measured unless the run ended by reaching its target.
    `baseline`: the score of the best constant answer, which every network should beat; None if it was not measured.
    `residuals`: at the end of a trained run on values; `roc`: on two classes; `reconstructions`: of an autoencoder of
    images.
    """

    key: str
    outcome: Literal["trained", "failed", "limit"]
    problem: Text = NOTHING
    ended: Literal["complete", "target", "flat"] = "complete"
    training_accuracy: tuple[float, ...] = ()
    validation_accuracy: tuple[float, ...] = ()
    training_loss: tuple[float, ...] = ()
    validation_loss: tuple[float, ...] = ()
    predictions: PredictedClasses | None = None
    signals: tuple[LayerSignal, ...] = ()
    device: str = "cpu"
    backend: str = "tensorflow"
    versions: dict[str, str] = {}
    seconds: float = 0.0
    metric: str = "accuracy"
    baseline: float | None = None
    residuals: Residuals | None = None
    roc: Roc | None = None
    reconstructions: tuple[Reconstruction, ...] = ()

    added_later: ClassVar[tuple[str, ...]] = ("metric", "baseline", "residuals", "roc", "reconstructions")

    @property
    def scored_by(self) -> Metric:
        return METRICS[self.metric]

    def answers(self, task: TrainingTask) -> bool:
        """Whether this run is long enough to answer the task."""
        if task.target is None:
            return self.ended == "complete"
        return self.ended != "target" or self.scored_by.reaches(self.score, task.target)

    def until(self, target: float) -> TrainingRun:
        """The run cut off at the first validation that reaches `target`."""
        reaches = self.scored_by.reaches
        reached = next((at for at, value in enumerate(self.validation_accuracy, 1) if reaches(value, target)), None)
        if reached is None or (reached == len(self.validation_accuracy) and self.ended == "target"):
            return self
        series = ("training_accuracy", "validation_accuracy", "training_loss", "validation_loss")
        shortened = {name: getattr(self, name)[:reached] for name in series}
        # The predictions belong to the end of the run; they are kept only if the run is cut there.
        whole = reached == len(self.validation_accuracy)
        # The signals are dropped: they are measured only if the target was not reached.
        kept = {name: getattr(self, name) if whole else None for name in ("predictions", "residuals", "roc")}
        images = self.reconstructions if whole else ()
        return self.model_copy(
            update={**shortened, **kept, "reconstructions": images, "ended": "target", "signals": ()}
        )

    def reached_by(self, share: float) -> float:
        """The best validation score of the first `share` (0..1) of the run's validations, at least one."""
        validations = max(1, math.floor(len(self.validation_accuracy) * share + 1e-9))
        return self.scored_by.best(self.validation_accuracy[:validations])

    @property
    def computed_on(self) -> str:
        """The device, with the backend if it is not TensorFlow: "cpu", "gpu:NVIDIA H200 (jax)"."""
        return self.device if self.backend == "tensorflow" else f"{self.device} ({self.backend})"

    @property
    def score(self) -> float:
        """The validation score used for grading: the best of the run (the metric's worst if there was none)."""
        return self.scored_by.best(self.validation_accuracy)

    @property
    def training_score(self) -> float:
        """The best training score of the run."""
        return self.scored_by.best(self.training_accuracy)
