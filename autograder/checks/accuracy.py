"""How well the student's network learns: a short training run of ours, with the same images for everybody."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from autograder.checks.base import Calibration, Context, Question
from autograder.checks.diagnosing import Subject
from autograder.checks.networks import StudentNetwork, find_network
from autograder.checks.tasks import training_task
from autograder.result import CurveExhibit, Finding, Verdict
from autograder.training import Recipe, TrainingRun, TrainingTask

DATASET_NAMES = {"mnist": "MNIST", "fashion_mnist": "Fashion-MNIST", "cifar10": "CIFAR-10"}
# A network that learned nothing is right on about one image in ten; all our datasets have ten classes of like size.
CHANCE = 0.2
WIDE_GAP = 0.1
_ENDINGS = {
    "complete": "",
    "target": "; it ended as soon as the accuracy was reached",
    "flat": "; it was given up half-way, because the network still guessed",
}


class Accuracy(Question):
    """The validation accuracy that the student's network reaches in a trusted run; all points or none.

    `minimum` (0..1) is the accuracy that is needed. Where it is not given, it is computed from the reference
    solution's own short runs by `autograder calibrate`. Where it is missed, at most `substitutions` further short runs
    of each distinct network look for the smallest change that restores it (0: none).
    """

    kind: Literal["accuracy"]
    network: str = Field(min_length=1, max_length=200)
    minimum: float | None = Field(default=None, gt=0, lt=1)
    substitutions: int = Field(default=6, ge=0, le=50)

    requires_training: ClassVar[bool] = True

    @property
    def needs_calibration(self) -> bool:
        return self.minimum is None

    def networks(self) -> tuple[str, ...]:
        return (self.network,)

    def training(self, context: Context) -> tuple[TrainingTask, ...]:
        # Nothing but this accuracy is asked of the run, so it ends where it is reached.
        task = training_task(find_network(context, self.network), self._recipe(context), self._minimum(context))
        return () if task is None else (task,)

    def explaining(self, context: Context) -> tuple[TrainingTask, ...]:
        subject = self.subject(context)
        return () if subject is None else subject.tasks()

    def judge(self, context: Context) -> Verdict:
        recipe = self._recipe(context)
        calibration = context.calibrations.get(self.id)
        minimum = self._minimum(context)
        if minimum is None:
            return self._unset("no accuracy to be reached was computed yet; run `autograder calibrate`")
        student = find_network(context, self.network)
        task = training_task(student, recipe, minimum)
        if task is None:
            return self.verdict(
                "not_reached",
                0.0,
                Finding(
                    message=student.problem or f"There is no network `{self.network}` to train.",
                    hint="Without a network that can be built again from its description, there is nothing to train.",
                ),
            )
        run = context.run_of(task)
        if run is None:
            return self._unset("the training run is missing")
        verdict = self._judge_run(run.until(minimum), minimum, calibration, recipe, student)
        return self._explained(verdict, context)

    def _explained(self, verdict: Verdict, context: Context) -> Verdict:
        subject = self.subject(context)
        if subject is None:
            return verdict
        findings, exhibits = subject.explain()
        return verdict.model_copy(
            update={"findings": (*verdict.findings, *findings), "exhibits": (*verdict.exhibits, *exhibits)}
        )

    def subject(self, context: Context) -> Subject | None:
        """What is to be explained, None where there is no network or nothing was asked of it."""
        student, minimum = find_network(context, self.network), self._minimum(context)
        task = None if minimum is None else training_task(student, self._recipe(context), minimum)
        if task is None or minimum is None:
            return None
        calibration = context.calibrations.get(self.id)
        return Subject(context, self.network, student, task, minimum, calibration, self.substitutions)

    def _judge_run(
        self,
        run: TrainingRun,
        minimum: float,
        calibration: Calibration | None,
        recipe: Recipe,
        student: StudentNetwork,
    ) -> Verdict:
        reached = bool(run.validation_accuracy) and run.accuracy >= minimum
        findings = []
        if run.outcome == "failed":
            findings.append(
                Finding(
                    message=f"Your network could not be trained: {run.problem}",
                    hint="Look at the last layer, the loss, and the shapes of what goes in and comes out.",
                )
            )
        elif run.outcome == "limit":
            findings.append(
                Finding(
                    message=f"The training of your network was stopped early: {run.problem}",
                    hint="What counts is what it reached until then. A network with far more parameters than the "
                    "task asks for needs more time and memory.",
                )
            )
        if run.validation_accuracy:
            findings.append(self._measured(run, minimum, recipe, reached=reached))
        if student.compilation.problem:
            findings.append(
                Finding(
                    message=f"What you gave to `compile` was not used as a whole: {student.compilation.problem}",
                    hint="Our run used the usual settings in its place.",
                )
            )
        curve = CurveExhibit(
            network=self.network,
            training_accuracy=run.training_accuracy,
            validation_accuracy=run.validation_accuracy,
            threshold=minimum,
            reference_low=min(calibration.accuracies) if calibration and calibration.accuracies else None,
            reference_high=max(calibration.accuracies) if calibration and calibration.accuracies else None,
            validations=recipe.validations,
        )
        return self.verdict(
            "correct" if reached else "wrong",
            self.points if reached else 0.0,
            *findings,
            exhibits=(curve,) if run.validation_accuracy else (),
        )

    def _measured(self, run: TrainingRun, minimum: float, recipe: Recipe, *, reached: bool) -> Finding:
        dataset = DATASET_NAMES[recipe.dataset]
        got, needed = _told_apart(run.accuracy, minimum)
        most = f"{recipe.epochs} epochs" if recipe.epochs > 1 else "one epoch"
        ended = _ENDINGS[run.ended]
        return Finding(
            message=f"Your network reached a validation accuracy of {got}; {needed} was needed.",
            where=f"our own run: {recipe.train:,} images of {dataset} to train, {recipe.validation:,} to validate, "
            f"at most {most}{ended}",
            hint="" if reached else _advice(run),
        )

    def _minimum(self, context: Context) -> float | None:
        if self.minimum is not None:
            return self.minimum
        calibration = context.calibrations.get(self.id)
        return calibration.minimum if calibration else None

    def _recipe(self, context: Context) -> Recipe:
        recipe = context.expected[self.network].recipe
        if recipe is None:
            raise LookupError(f'the assignment says nowhere how "{self.network}" is trained')
        return recipe

    def _unset(self, why: str) -> Verdict:
        return self.verdict(
            "error",
            0.0,
            Finding(
                message="The autograder could not judge this question; that is not your fault.",
                hint=f"For the instructor: {why}.",
            ),
        )


def _told_apart(reached: float, needed: float) -> tuple[str, str]:
    """Both to three decimals, or to as many as it takes to tell them apart."""
    for decimals in range(3, 7):
        texts = f"{reached:.{decimals}f}", f"{needed:.{decimals}f}"
        if texts[0] != texts[1] or reached == needed:
            break
    return texts


def _advice(run: TrainingRun) -> str:
    best = max(run.training_accuracy, default=0.0)
    if run.accuracy < CHANCE:
        return (
            "This is hardly better than guessing. Look at the last layer and its activation, the loss, "
            "and the learning rate."
        )
    if best - run.accuracy > WIDE_GAP:
        return (
            f"On the training images it was right far more often ({best:.3f}), so it learns, but it does not "
            "carry over to new images. Look at what the network does against overfitting."
        )
    return "It learns, but too slowly. Look at the layers and their order, the activations, and the optimizer."
