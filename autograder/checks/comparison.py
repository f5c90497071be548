"""Two of the student's networks against each other: accuracy, number of parameters, or how far each overfits."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from autograder.checks.base import Context, Question
from autograder.checks.networks import StudentNetwork, find_network
from autograder.checks.tasks import training_task
from autograder.network.measure import totals
from autograder.result import CurveExhibit, Finding, Verdict
from autograder.training import Recipe, TrainingRun, TrainingTask

Claim = Literal["higher_accuracy", "smaller_gap", "fewer_parameters", "more_parameters"]
_TRAINED = ("higher_accuracy", "smaller_gap")


class Comparison(Question):
    """Whether what the exercise says of two networks holds for those that the student built; all points or none.

    `claim` is what must hold for `network` against `other`: a higher validation accuracy, a smaller gap between
    training and validation accuracy (both at the end of trusted runs, the accuracies as fractions), fewer parameters,
    or more. `margin` is by how much at least: a fraction for accuracies, a count for parameters.
    """

    kind: Literal["comparison"]
    network: str = Field(min_length=1, max_length=200)
    other: str = Field(min_length=1, max_length=200)
    claim: Claim
    margin: float = Field(default=0.0, ge=0)

    public: ClassVar[tuple[str, ...]] = ("network", "other", "claim", "margin")

    @model_validator(mode="after")
    def _two_networks(self) -> Comparison:
        if self.network == self.other:
            raise ValueError("network and other are the same")
        if self.claim in _TRAINED and self.margin >= 1:
            raise ValueError("margin is a fraction below 1 for accuracies")
        return self

    @property
    def requires_training(self) -> bool:
        return self.claim in _TRAINED

    def networks(self) -> tuple[str, ...]:
        return (self.network, self.other)

    def training(self, context: Context) -> tuple[TrainingTask, ...]:
        if not self.requires_training:
            return ()
        tasks = [self._task(find_network(context, name), name, context) for name in self.networks()]
        # One run alone decides nothing.
        return tuple(task for task in tasks if task is not None) if None not in tasks else ()

    def judge(self, context: Context) -> Verdict:
        students = [find_network(context, name) for name in self.networks()]
        missing = [student for student in students if student.architecture is None]
        if missing:
            built = all(student.captured is not None for student in missing)
            problems = tuple(Finding(message=student.problem) for student in missing)
            return self.verdict("wrong" if built else "not_reached", 0.0, *problems)
        notes = tuple(Finding(message=student.understood) for student in students if student.understood)
        return self._judge_runs(students, notes, context) if self.requires_training else self._count(students, notes)

    def _count(self, students: list[StudentNetwork], notes: tuple[Finding, ...]) -> Verdict:
        counts = [totals(student.architecture).total for student in students if student.architecture is not None]
        one, other = counts
        more = one - other if self.claim == "more_parameters" else other - one
        message = f"`{self.network}` has {one:,} parameters, `{self.other}` has {other:,}."
        if more > 0 and more >= self.margin:
            return self.verdict("correct", self.points, *notes, Finding(message=message))
        expected = "more" if self.claim == "more_parameters" else "fewer"
        hint = f"`{self.network}` is to have {expected} than `{self.other}`: look at which layer holds most of them."
        return self.verdict("wrong", 0.0, *notes, Finding(message=message, hint=hint))

    def _judge_runs(self, students: list[StudentNetwork], notes: tuple[Finding, ...], context: Context) -> Verdict:
        runs = []
        for student, name in zip(students, self.networks(), strict=True):
            task = self._task(student, name, context)
            run = context.run_of(task) if task else None
            if run is None:
                unset = Finding(
                    message="The autograder could not judge this question; that is not your fault.",
                    hint="For the instructor: a training run is missing.",
                )
                return self.verdict("error", 0.0, unset)
            runs.append(run)
        for run, name in zip(runs, self.networks(), strict=True):
            if not run.validation_accuracy or not run.training_accuracy:
                failed = Finding(message=f"`{name}` could not be trained: {run.problem}")
                return self.verdict("wrong", 0.0, *notes, failed, exhibits=self._curves(runs, context))
        by = self._difference(*runs)
        holds = by > 0 and by >= self.margin
        verdict = "correct" if holds else "wrong"
        finding = self._finding(runs, holds=holds)
        return self.verdict(
            verdict, self.points if holds else 0.0, *notes, finding, exhibits=self._curves(runs, context)
        )

    def _difference(self, one: TrainingRun, other: TrainingRun) -> float:
        """By how much the claim holds; rounded, so that 0.3 - 0.2 reaches a margin of 0.1."""
        by = one.accuracy - other.accuracy if self.claim == "higher_accuracy" else _gap(other) - _gap(one)
        return round(by, 9)

    def _finding(self, runs: list[TrainingRun], *, holds: bool) -> Finding:
        where = "our own runs, with the same images for both networks"
        if self.claim == "higher_accuracy":
            reached = [f"`{name}` {run.accuracy:.3f}" for name, run in zip(self.networks(), runs, strict=True)]
            message = f"Validation accuracy: {reached[0]}, {reached[1]}."
            hint = (
                f"`{self.network}` is to be clearly better than `{self.other}`: compare its layers with the exercise."
            )
        else:
            gaps = [f"{_gap(run):+.3f} for `{name}`" for name, run in zip(self.networks(), runs, strict=True)]
            message = f"Training accuracy minus validation accuracy after the last epoch: {gaps[0]}, {gaps[1]}."
            hint = f"`{self.network}` is to overfit less than `{self.other}`: look at what it does against overfitting."
        return Finding(message=message, where=where, hint="" if holds else hint)

    def _curves(self, runs: list[TrainingRun], context: Context) -> tuple[CurveExhibit, ...]:
        return tuple(
            CurveExhibit(
                network=name,
                training_accuracy=run.training_accuracy,
                validation_accuracy=run.validation_accuracy,
                threshold=None,
                validations=self._recipe(context, name).validations,
            )
            for name, run in zip(self.networks(), runs, strict=True)
            if run.validation_accuracy
        )

    def _task(self, student: StudentNetwork, name: str, context: Context) -> TrainingTask | None:
        return training_task(student, self._recipe(context, name))

    def _recipe(self, context: Context, name: str) -> Recipe:
        recipe = context.expected[name].recipe
        if recipe is None:
            raise LookupError(f'the assignment says nowhere how "{name}" is trained')
        return recipe


def _gap(run: TrainingRun) -> float:
    return run.training_accuracy[-1] - run.validation_accuracy[-1]
