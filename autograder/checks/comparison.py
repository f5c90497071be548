"""Two of the student's networks against each other: accuracy, number of parameters, or how far each overfits."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from autograder.checks.base import Context, Question
from autograder.checks.networks import StudentNetwork, find_network
from autograder.checks.tasks import training_task
from autograder.language import mark, say
from autograder.network.measure import totals
from autograder.result import CurveExhibit, Finding, Verdict
from autograder.training import Recipe, TrainingRun, TrainingTask
from autograder.training_problems import told_problem

Claim = Literal["higher_accuracy", "smaller_gap", "fewer_parameters", "more_parameters"]
_TRAINED = ("higher_accuracy", "smaller_gap")
_HINTS: dict[Claim, str] = {
    "higher_accuracy": mark(
        "`{network}` is to be clearly better than `{other}`: compare its layers with the exercise."
    ),
    "smaller_gap": mark("`{network}` is to overfit less than `{other}`: look at what it does against overfitting."),
    "fewer_parameters": mark("`{network}` is to have fewer than `{other}`: look at which layer holds most of them."),
    "more_parameters": mark("`{network}` is to have more than `{other}`: look at which layer holds most of them."),
}


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

    about_layers: ClassVar[bool] = True
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
        message = say(
            "`{network}` has {one:,} parameters, `{other}` has {two:,}.",
            network=self.network,
            one=one,
            other=self.other,
            two=other,
        )
        if more > 0 and more >= self.margin:
            return self.verdict("correct", self.points, *notes, Finding(message=message))
        return self.verdict("wrong", 0.0, *notes, Finding(message=message, hint=self._hint()))

    def _judge_runs(self, students: list[StudentNetwork], notes: tuple[Finding, ...], context: Context) -> Verdict:
        runs = []
        for student, name in zip(students, self.networks(), strict=True):
            task = self._task(student, name, context)
            run = context.run_of(task) if task else None
            if run is None:
                unset = Finding(
                    message=say("The autograder could not judge this question; that is not your fault."),
                    hint=say("For the instructor: a training run is missing."),
                )
                return self.verdict("error", 0.0, unset)
            runs.append(run)
        for run, name in zip(runs, self.networks(), strict=True):
            if not run.validation_accuracy or not run.training_accuracy:
                told = say("`{network}` could not be trained: {problem}", network=name, problem=told_problem(run))
                failed = Finding(message=told)
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
        where = say("our own runs, with the same images for both networks")
        one, two = runs
        if self.claim == "higher_accuracy":
            message = say(
                "Validation accuracy: `{network}` {one:.3f}, `{other}` {two:.3f}.",
                network=self.network,
                one=one.accuracy,
                other=self.other,
                two=two.accuracy,
            )
        else:
            message = say(
                "Training accuracy minus validation accuracy after the last epoch: "
                "{one:+.3f} for `{network}`, {two:+.3f} for `{other}`.",
                network=self.network,
                one=_gap(one),
                other=self.other,
                two=_gap(two),
            )
        return Finding(message=message, where=where, hint="" if holds else self._hint())

    def _hint(self) -> str:
        """What is to hold, and where to look."""
        return say(_HINTS[self.claim], network=self.network, other=self.other)

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
