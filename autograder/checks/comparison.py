"""Compares two of the student's networks: their scores, numbers of parameters, or how far each overfits."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from autograder.checks.base import Context, Question
from autograder.checks.charged_repair import charging_repairs, repaired_architecture, repaired_to_learn, titles_of
from autograder.checks.mean_of_runs import MOST_RUNS
from autograder.checks.score_wording import is_accuracy, telling_digits
from autograder.checks.student_network import StudentNetwork, find_network
from autograder.checks.training_tasks import training_task
from autograder.core.language import gettext_noop
from autograder.core.messages import NOTHING, Message, Value, message
from autograder.network.measure import totals
from autograder.records.metrics import Metric
from autograder.records.result import CurveExhibit, Finding, Verdict
from autograder.records.training import Recipe, TrainingRun, TrainingTask

Claim = Literal["higher_accuracy", "better_score", "smaller_gap", "fewer_parameters", "more_parameters"]
_TRAINED = ("higher_accuracy", "better_score", "smaller_gap")
_HINTS: dict[Claim, tuple[str, str]] = {
    "higher_accuracy": (
        "hint.higher_accuracy",
        gettext_noop("`{network}` is to be clearly better than `{other}`: compare its layers with the exercise."),
    ),
    "better_score": (
        "hint.higher_accuracy",
        gettext_noop("`{network}` is to be clearly better than `{other}`: compare its layers with the exercise."),
    ),
    "smaller_gap": (
        "hint.smaller_gap",
        gettext_noop("`{network}` is to overfit less than `{other}`: look at what it does against overfitting."),
    ),
    "fewer_parameters": (
        "hint.fewer_parameters",
        gettext_noop("`{network}` is to have fewer than `{other}`: look at which layer holds most of them."),
    ),
    "more_parameters": (
        "hint.more_parameters",
        gettext_noop("`{network}` is to have more than `{other}`: look at which layer holds most of them."),
    ),
}


Pairs = Sequence[tuple[TrainingRun, TrainingRun]]


class Comparison(Question):
    """Whether the exercise's claim about two networks holds for those that the student built; all points or none.

    `claim` is what must hold for `network` against `other`: a higher validation accuracy, or a better validation score
    by the metric of `[training]`, in its direction; a smaller gap between training and validation score (both at the
    end of trusted runs, accuracies as fractions); fewer parameters, or more. `margin` is the least difference: a
    fraction for accuracies, a number in the metric's unit for other scores, a count for parameters. If a claim about
    scores does not hold from the first random start, both networks are trained from `runs` starts in total and their
    means decide, so that nobody fails by chance. If it fails only because of mistakes that have cost points at other
    questions about the networks, it costs nothing here, unless `follow_through` is false.
    """

    kind: Literal["comparison"]
    network: str = Field(min_length=1, max_length=200)
    other: str = Field(min_length=1, max_length=200)
    claim: Claim
    margin: float = Field(default=0.0, ge=0)
    runs: int = Field(default=3, ge=1, le=MOST_RUNS)
    follow_through: bool = True

    about_layers: ClassVar[bool] = True
    public: ClassVar[tuple[str, ...]] = ("network", "other", "claim", "margin")

    @model_validator(mode="after")
    def _two_networks(self) -> Comparison:
        if self.network == self.other:
            raise ValueError("network and other are the same")
        if self.claim == "higher_accuracy" and self.margin >= 1:
            raise ValueError("margin is a fraction below 1 for accuracies")
        return self

    @property
    def requires_training(self) -> bool:
        return self.claim in _TRAINED

    def training_problem(self, recipe: Recipe) -> str:
        if self.claim != "higher_accuracy" or is_accuracy(recipe.scored_by):
            return ""
        return f'[training] scores networks by "{recipe.scored_by.name}"; use claim = "better_score".'

    def networks(self) -> tuple[str, ...]:
        return (self.network, self.other)

    def builds_on(self, questions: tuple[Question, ...]) -> frozenset[str]:
        found = super().builds_on(questions)
        if not self.follow_through:
            return found
        return found | charging_repairs(questions, self.networks(), scores=self.requires_training)

    def training(self, context: Context) -> tuple[TrainingTask, ...]:
        if not self.requires_training:
            return ()
        pairs = self._pairs(context)
        if self._fails(pairs, context):
            pairs += self._repaired_pairs(context)[0]
        return tuple(task for pair in pairs for task in pair)

    def _fails(self, pairs: list[tuple[TrainingTask, TrainingTask]], context: Context) -> bool:
        """Whether the claim does not hold for the runs of both networks, or one cannot be trained."""
        runs = [(context.run_of(one), context.run_of(other)) for one, other in pairs]
        made = [(one, other) for one, other in runs if one is not None and other is not None]
        if not made or len(made) < len(pairs):
            return False
        return not _measured(*made[0]) or not self._holds([pair for pair in made if _measured(*pair)])

    def _repaired_pairs(self, context: Context) -> tuple[list[tuple[TrainingTask, TrainingTask]], tuple[Verdict, ...]]:
        """The runs of the repaired networks, and the questions at which the mistakes have cost points."""
        own = self._pairs(context)
        if not self.follow_through or not own:
            return [], ()
        repairs = [repaired_to_learn(context, name, task) for name, task in zip(self.networks(), own[0], strict=True)]
        charged = tuple(verdict for repair in repairs if repair is not None for verdict in repair.charged)
        one, other = (task if repair is None else repair.task for repair, task in zip(repairs, own[0], strict=True))
        return (self._pairs_of(one, other, context) if charged else []), charged

    def _pairs(self, context: Context) -> list[tuple[TrainingTask, TrainingTask]]:
        """The runs of both networks; none if one of them cannot be rebuilt."""
        one, other = (
            training_task(find_network(context, name), self._recipe(context, name)) for name in self.networks()
        )
        if one is None or other is None:
            return []  # one run alone is not enough
        return self._pairs_of(one, other, context)

    def _pairs_of(
        self, one: TrainingTask, other: TrainingTask, context: Context
    ) -> list[tuple[TrainingTask, TrainingTask]]:
        """From one random start, or from several if the first does not confirm the claim."""
        first, second = context.run_of(one), context.run_of(other)
        if first is None or second is None or not _measured(first, second) or self._holds([(first, second)]):
            return [(one, other)]
        starts = (one.recipe.seed + further for further in range(1, self.runs))
        return [(one, other), *((one.with_seed(seed), other.with_seed(seed)) for seed in starts)]

    def judge(self, context: Context) -> Verdict:
        students = [find_network(context, name) for name in self.networks()]
        missing = [student for student in students if student.architecture is None]
        if missing:
            built = all(student.captured is not None for student in missing)
            problems = tuple(Finding(message=student.problem) for student in missing)
            return self.verdict("wrong" if built else "not_reached", 0.0, *problems)
        notes = tuple(finding for student in students for finding in student.findings)
        return self._judge_runs(notes, context) if self.requires_training else self._count(students, notes, context)

    def _count(self, students: list[StudentNetwork], notes: tuple[Finding, ...], context: Context) -> Verdict:
        own = [student.architecture for student in students if student.architecture is not None]
        one, other = (totals(network).total for network in own)
        sentence = message(
            "comparison.parameters",
            "`{network}` has {one:,} parameters, `{other}` has {two:,}.",
            network=self.network,
            one=one,
            other=self.other,
            two=other,
        )
        if self._more(one, other):
            return self.verdict("correct", self.points, *notes, Finding(message=sentence))
        repairs = [
            repaired_architecture(context, name, network) for name, network in zip(self.networks(), own, strict=True)
        ]
        charged = tuple(at for _, at in repairs if at is not None)
        if self.follow_through and charged and self._more(*(totals(network).total for network, _ in repairs)):
            return self.verdict("correct", self.points, *notes, Finding(message=sentence), _kept(charged))
        return self.verdict("wrong", 0.0, *notes, Finding(message=sentence, hint=self._hint()))

    def _more(self, one: int, other: int) -> bool:
        more = one - other if self.claim == "more_parameters" else other - one
        return more > 0 and more >= self.margin

    def _judge_runs(self, notes: tuple[Finding, ...], context: Context) -> Verdict:
        pairs = []
        for tasks in self._pairs(context):
            one, other = (context.run_of(task) for task in tasks)
            if one is None or other is None:
                unset = Finding(
                    message=message(
                        "question.not_judged", "The autograder could not judge this question; that is not your fault."
                    ),
                    hint=message("hint.instructor_run_missing", "For the instructor: a training run is missing."),
                )
                return self.verdict("error", 0.0, unset)
            pairs.append((one, other))
        curves = self._curves(pairs[0], context)
        if self._fails(self._pairs(context), context):
            repairs, charged = self._repaired_pairs(context)
            made = [(context.run_of(one), context.run_of(other)) for one, other in repairs]
            runs = [(one, other) for one, other in made if one is not None and other is not None]
            if runs and _measured(*runs[0]) and self._holds([pair for pair in runs if _measured(*pair)]):
                own = [pair for pair in pairs if _measured(*pair)]
                seen = (self._finding(own, holds=True),) if own else ()
                return self.verdict("correct", self.points, *notes, *seen, _kept(charged), exhibits=curves)
        for run, name in zip(pairs[0], self.networks(), strict=True):
            if not _measured(run):
                sentence = message(
                    "comparison.untrainable",
                    "`{network}` could not be trained: {problem}",
                    network=name,
                    problem=run.problem,
                )
                return self.verdict("wrong", 0.0, *notes, Finding(message=sentence), exhibits=curves)
        pairs = [pair for pair in pairs if _measured(*pair)]
        holds = self._holds(pairs)
        finding = self._finding(pairs, holds=holds)
        return self.verdict(
            "correct" if holds else "wrong", self.points if holds else 0.0, *notes, finding, exhibits=curves
        )

    def _holds(self, pairs: Pairs) -> bool:
        """Whether the claim holds; rounded, so that 0.3 - 0.2 reaches a margin of 0.1."""
        one, other = self._means(pairs)
        metric = pairs[0][0].scored_by
        by = round(other - one if self.claim == "smaller_gap" else metric.lead(one, other), 9)
        return by > 0 and by >= self.margin

    def _means(self, pairs: Pairs) -> tuple[float, float]:
        """The compared quantity of each network, averaged over its runs."""

        def of(run: TrainingRun) -> float:
            return _gap(run) if self.claim == "smaller_gap" else run.score

        return fmean(of(one) for one, _ in pairs), fmean(of(other) for _, other in pairs)

    def _finding(self, pairs: Pairs, *, holds: bool) -> Finding:
        one, two = self._means(pairs)
        metric = pairs[0][0].scored_by
        if not is_accuracy(metric):
            sentence = self._score_sentence(one, two, metric)
        elif self.claim != "smaller_gap":
            sentence = message(
                "comparison.accuracy",
                "Validation accuracy: `{network}` {one:.3f}, `{other}` {two:.3f}.",
                network=self.network,
                one=one,
                other=self.other,
                two=two,
            )
        else:
            sentence = message(
                "comparison.gap",
                "Training accuracy minus validation accuracy after the last epoch: "
                "{one:+.3f} for `{network}`, {two:+.3f} for `{other}`.",
                network=self.network,
                one=one,
                other=self.other,
                two=two,
            )
        where = message("where.own_runs", "our own runs, with the same images for both networks")
        if len(pairs) > 1:
            where = message(
                "where.own_runs_mean",
                "our own runs, with the same images for both networks; the first did not show it, so each was trained "
                "from {count} random starts, and the mean counts",
                count=len(pairs),
            )
        return Finding(message=sentence, where=where, hint=NOTHING if holds else self._hint())

    def _score_sentence(self, one: float, two: float, metric: Metric) -> Message:
        values: dict[str, Value] = {"network": self.network, "other": self.other, "one": one, "two": two}
        digits = telling_digits(one, two, metric)
        if self.claim == "smaller_gap":
            return message(
                "comparison.score_gap",
                "By how much the {metric} is worse in validation than in training after the last epoch: "
                "{one:.{digits}f} for `{network}`, {two:.{digits}f} for `{other}`.",
                metric=metric.shown,
                digits=digits,
                **values,
            )
        return message(
            "comparison.score",
            "The {metric} in validation: `{network}` {one:.{digits}f}, `{other}` {two:.{digits}f}.",
            metric=metric.shown,
            digits=digits,
            **values,
        )

    def _hint(self) -> Message:
        """What must hold, and where to look."""
        return message(*_HINTS[self.claim], network=self.network, other=self.other)

    def _curves(self, runs: tuple[TrainingRun, TrainingRun], context: Context) -> tuple[CurveExhibit, ...]:
        return tuple(
            CurveExhibit(
                network=name,
                training_accuracy=run.training_accuracy,
                validation_accuracy=run.validation_accuracy,
                threshold=None,
                validations=self._recipe(context, name).validations,
                metric=run.metric,
            )
            for name, run in zip(self.networks(), runs, strict=True)
            if run.validation_accuracy
        )

    def _recipe(self, context: Context, name: str) -> Recipe:
        recipe = context.expected[name].recipe
        if recipe is None:
            raise LookupError(f'the assignment says nowhere how "{name}" is trained')
        return recipe


def _kept(charged: tuple[Verdict, ...]) -> Finding:
    """That the claim would hold without the mistakes that have cost points elsewhere."""
    return Finding(
        message=message(
            "comparison.charged",
            "With the mistakes repaired that have cost points at {titles}, and nothing else changed, the claim holds. "
            "It fails because of them, so it costs nothing here.",
            titles=titles_of(charged),
        )
    )


def _measured(*runs: TrainingRun) -> bool:
    return all(run.validation_accuracy and run.training_accuracy for run in runs)


def _gap(run: TrainingRun) -> float:
    """How much worse the validation score is than the training score at the end."""
    return run.scored_by.lead(run.training_accuracy[-1], run.validation_accuracy[-1])
