"""How well the student's network learns: a short trusted training run, with the same images for everybody."""

from __future__ import annotations

import statistics
from typing import ClassVar, Literal

from pydantic import Field

from autograder.checks.base import Calibration, Context, Question
from autograder.checks.explanation import AccuracyMiss
from autograder.checks.score_statistics import (
    MOST_RUNS,
    chance_of_passing,
    clear_from,
    interval,
    is_clear_miss,
    is_close,
    spread,
)
from autograder.checks.student_network import StudentNetwork, find_network
from autograder.checks.training_tasks import training_task
from autograder.core.language import gettext_noop
from autograder.core.messages import NOTHING, Message, message, nphrase, phrase
from autograder.records.result import CurveExhibit, Finding, MistakenImage, PredictionsExhibit, Verdict
from autograder.records.training import Recipe, TrainingRun, TrainingTask

# A network that learned nothing is right on about one image in ten; all our datasets have ten classes of like size.
CHANCE = 0.2
WIDE_GAP = 0.1
# How the one run was made, by how it ended.
_ONE_RUN = {
    "complete": ("where.own_run", gettext_noop("our own run: {how}")),
    "target": (
        "where.own_run_target",
        gettext_noop("our own run: {how}; it ended as soon as the accuracy was clearly reached"),
    ),
    "flat": (
        "where.own_run_flat",
        gettext_noop("our own run: {how}; it was given up half-way, because the network still guessed"),
    ),
}


class Accuracy(Question):
    """The validation accuracy that the student's network reaches in a trusted run; all points or none.

    `minimum` (0..1) is the accuracy needed. If it is not given, `autograder calibrate` computes it from the reference
    solution's own short runs: from what they reach in the first `calibrate_at` (0..1) of the run, so that most correct
    networks need only that part of it, and slower ones have the rest. If the accuracy is close to the threshold, the
    mean of `runs` random starts decides instead of one run, and a run far below it must be confirmed by a second start
    (`autograder.checks.score_statistics`; with `runs` 1, one run always decides). After a miss, at most
    `substitutions` further short runs of each distinct network look for the smallest change that restores the accuracy
    (0: none).
    """

    kind: Literal["accuracy"]
    network: str = Field(min_length=1, max_length=200)
    minimum: float | None = Field(default=None, gt=0, lt=1)
    calibrate_at: float = Field(default=1.0, gt=0, le=1)
    runs: int = Field(default=5, ge=1, le=MOST_RUNS)
    substitutions: int = Field(default=6, ge=0, le=50)

    requires_training: ClassVar[bool] = True
    about_layers: ClassVar[bool] = True

    @property
    def needs_calibration(self) -> bool:
        return self.minimum is None

    @property
    def calibration_share(self) -> float:
        return self.calibrate_at

    def networks(self) -> tuple[str, ...]:
        return (self.network,)

    def training(self, context: Context) -> tuple[TrainingTask, ...]:
        task = self._first_task(context)
        return () if task is None else (task, *self._further_tasks(task, context))

    def _first_task(self, context: Context) -> TrainingTask | None:
        """The run that decides unless it ends close to the threshold; it stops early once it is clearly above."""
        what = ("first task", self.id, self.network, self.runs, self._minimum(context))
        return context.once(what, lambda: self._made_first_task(context))

    def _made_first_task(self, context: Context) -> TrainingTask | None:
        recipe, minimum = self._recipe(context), self._minimum(context)
        target = None if minimum is None else self._clear_from(minimum, context)
        return training_task(find_network(context, self.network), recipe, target)

    def _further_tasks(self, first: TrainingTask, context: Context) -> tuple[TrainingTask, ...]:
        """The runs from other random starts that the first run requires: full ones, because their mean decides.

        All of them if it is close; if it clearly missed, one, and then all if that one did not clearly miss.
        """
        run, minimum = context.run_of(first), self._minimum(context)
        if run is None or minimum is None or not run.validation_accuracy or self.runs == 1:
            return ()
        deviation, seed = self._spread(minimum, context), first.recipe.seed
        others = tuple(first.whole.with_seed(seed + further) for further in range(1, self.runs))
        if is_close(run.accuracy, minimum, deviation):
            return others
        if not is_clear_miss(run.accuracy, minimum, deviation):
            return ()
        second = context.run_of(others[0])
        return others if second is not None and not is_clear_miss(second.accuracy, minimum, deviation) else others[:1]

    def _accuracies(self, first: TrainingTask, context: Context) -> tuple[float, ...]:
        """The accuracies of the runs made so far, the first run's first."""
        runs = [context.run_of(task) for task in (first, *self._further_tasks(first, context))]
        return tuple(run.accuracy for run in runs if run is not None)

    def _is_averaged(self, accuracies: tuple[float, ...], minimum: float, context: Context) -> bool:
        """Whether the mean of several runs decides; not for a single run, nor for two that were both far below."""
        deviation = self._spread(minimum, context)
        twice = len(accuracies) == 2 and all(is_clear_miss(reached, minimum, deviation) for reached in accuracies)
        return len(accuracies) > 1 and not twice

    def explaining(self, context: Context) -> tuple[TrainingTask, ...]:
        subject = self.subject(context)
        return () if subject is None else subject.tasks()

    def judge(self, context: Context) -> Verdict:
        recipe = self._recipe(context)
        calibration = context.calibrations.get(self.id)
        minimum = self._minimum(context)
        if minimum is None:
            return self._unset(phrase("no accuracy to be reached was computed yet; run `autograder calibrate`"))
        student = find_network(context, self.network)
        task = self._first_task(context)
        if task is None:
            return self.verdict(
                "not_reached",
                0.0,
                Finding(
                    message=student.problem
                    or message("accuracy.no_network", "There is no network `{name}` to train.", name=self.network),
                    hint=message(
                        "hint.nothing_to_train",
                        "Without a network that can be built again from its description, there is nothing to train.",
                    ),
                ),
            )
        run = context.run_of(task)
        if run is None:
            return self._unset(phrase("the training run is missing"))
        further = [context.run_of(other) for other in self._further_tasks(task, context)]
        if None in further:
            return self._unset(phrase("a further training run, from another random start, is missing"))
        accuracies = self._accuracies(task, context)
        shown = run if further else run.until(self._clear_from(minimum, context))
        averaged = self._is_averaged(accuracies, minimum, context)
        verdict = self._judge_run(shown, accuracies, minimum, calibration, recipe, student, averaged=averaged)
        return self._explained(verdict, context)

    def _explained(self, verdict: Verdict, context: Context) -> Verdict:
        subject = self.subject(context)
        if subject is None:
            return verdict
        findings, exhibits = subject.explain()
        return verdict.model_copy(
            update={"findings": (*verdict.findings, *findings), "exhibits": (*verdict.exhibits, *exhibits)}
        )

    def subject(self, context: Context) -> AccuracyMiss | None:
        """What to explain; None if there is no network or no accuracy is required of it."""
        student, minimum = find_network(context, self.network), self._minimum(context)
        task = None if minimum is None else training_task(student, self._recipe(context), minimum)
        if task is None or minimum is None:
            return None
        first = self._first_task(context)
        # A miss decided by the mean of several runs may be bad luck, and luck has no cause to look for.
        made = () if first is None else self._accuracies(first, context)
        budget = 0 if self._is_averaged(made, minimum, context) else self.substitutions
        return AccuracyMiss(context, self.network, student, task, minimum, context.calibrations.get(self.id), budget)

    def _judge_run(
        self,
        run: TrainingRun,
        accuracies: tuple[float, ...],
        minimum: float,
        calibration: Calibration | None,
        recipe: Recipe,
        student: StudentNetwork,
        *,
        averaged: bool,
    ) -> Verdict:
        reached = bool(run.validation_accuracy) and _mean(accuracies) >= minimum
        findings = []
        if run.outcome == "failed":
            findings.append(
                Finding(
                    message=message(
                        "accuracy.untrainable", "Your network could not be trained: {problem}", problem=run.problem
                    ),
                    hint=message(
                        "hint.trainable_network",
                        "Look at the last layer, the loss, and the shapes of what goes in and comes out.",
                    ),
                )
            )
        elif run.outcome == "limit":
            findings.append(
                Finding(
                    message=message(
                        "accuracy.stopped_early",
                        "The training of your network was stopped early: {problem}",
                        problem=run.problem,
                    ),
                    hint=message(
                        "hint.large_network",
                        "What counts is what it reached until then. A network with far more parameters than the "
                        "task asks for needs more time and memory.",
                    ),
                )
            )
        if run.validation_accuracy:
            measured = self._measured_on_average if averaged else self._measured
            findings.append(measured(run, accuracies, minimum, recipe))
        if student.compilation.problem:
            findings.append(
                Finding(
                    message=message(
                        "accuracy.compile_unused",
                        "What you gave to `compile` was not used as a whole: {problem}",
                        problem=student.compilation.problem,
                    ),
                    hint=message("hint.usual_settings", "Our run used the usual settings in its place."),
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
            accuracies=accuracies if averaged else (),
            interval=interval(accuracies) if averaged else None,
        )
        return self.verdict(
            "correct" if reached else "wrong",
            self.points if reached else 0.0,
            *findings,
            exhibits=(curve, *self._predictions(run, recipe)) if run.validation_accuracy else (),
        )

    def _predictions(self, run: TrainingRun, recipe: Recipe) -> tuple[PredictionsExhibit, ...]:
        if run.predictions is None:
            return ()
        # A course's own names are plain text; ours have a translation.
        names = recipe.classes if recipe.source is not None else tuple(map(phrase, recipe.classes))
        mistakes = tuple(
            MistakenImage(truth=names[one.truth], predicted=names[one.predicted], png=one.png)
            for one in run.predictions.mistakes
        )
        confusion = run.predictions.confusion
        return (PredictionsExhibit(network=self.network, classes=names, confusion=confusion, mistakes=mistakes),)

    def _measured(self, run: TrainingRun, accuracies: tuple[float, ...], minimum: float, recipe: Recipe) -> Finding:
        """The finding for one run that decided, or for two that were both far below."""
        first, digits = accuracies[0], _telling_digits(accuracies[0], minimum)
        said = message(
            "accuracy.reached",
            "Your network reached a validation accuracy of {reached:.{digits}f}; {needed:.{digits}f} was needed.",
            reached=first,
            needed=minimum,
            digits=digits,
        )
        if len(accuracies) > 1:
            said = message(
                "accuracy.reached_twice",
                "Your network reached a validation accuracy of {reached:.{digits}f} ({again:.3f} from another random "
                "start); {needed:.{digits}f} was needed.",
                reached=first,
                again=accuracies[1],
                needed=minimum,
                digits=digits,
            )
        where = message(*_ONE_RUN[run.ended], how=_how(recipe))
        return Finding(message=said, where=where, hint=NOTHING if first >= minimum else _advice(run))

    def _measured_on_average(
        self, run: TrainingRun, accuracies: tuple[float, ...], minimum: float, recipe: Recipe
    ) -> Finding:
        mean = _mean(accuracies)
        low, high = interval(accuracies)
        return Finding(
            message=message(
                "accuracy.reached_on_average",
                "Your network reached a validation accuracy of {reached:.{digits}f} on average; {needed:.{digits}f} "
                "was needed. The first run left open whether luck had decided, being close to that or unlike the "
                "second: so we trained your network from {count} random starts, and their mean counts. By "
                "{confidence:.0%} confidence it lies between {low:.3f} and {high:.3f}. A network whose true mean "
                "lies one standard deviation below what is needed would pass this in {cases:.1f} of 100 cases.",
                reached=mean,
                needed=minimum,
                digits=_telling_digits(mean, minimum),
                count=len(accuracies),
                confidence=0.95,
                low=low,
                high=high,
                cases=100 * chance_of_passing(1, self.runs),
            ),
            where=message(
                "where.own_runs_each", "our own {count} runs, each: {how}", count=len(accuracies), how=_how(recipe)
            ),
            hint=NOTHING if mean >= minimum else _advice(run),
        )

    def _spread(self, minimum: float, context: Context) -> float:
        calibration = context.calibrations.get(self.id)
        return spread(calibration.accuracies if calibration else (), minimum, self._recipe(context).validation)

    def _clear_from(self, minimum: float, context: Context) -> float:
        """The accuracy at which one run passes: above the threshold if close runs are repeated."""
        return minimum if self.runs == 1 else clear_from(minimum, self._spread(minimum, context))

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

    def _unset(self, why: Message) -> Verdict:
        return self.verdict(
            "error",
            0.0,
            Finding(
                message=message(
                    "question.not_judged", "The autograder could not judge this question; that is not your fault."
                ),
                hint=message("hint.instructor_why", "For the instructor: {why}.", why=why),
            ),
        )


def _how(recipe: Recipe) -> Message:
    return phrase(
        "{train:,} images of {dataset} to train, {validation:,} to validate, at most {epochs}",
        train=recipe.train,
        dataset=recipe.title,
        validation=recipe.validation,
        epochs=nphrase("one epoch", "{count} epochs", recipe.epochs, count=recipe.epochs),
    )


def _mean(accuracies: tuple[float, ...]) -> float:
    """Rounded to a millionth, as accuracies are stored: the mean of equal accuracies is that accuracy."""
    return round(statistics.fmean(accuracies), 6)


def _telling_digits(reached: float, needed: float) -> int:
    """The number of decimals to print for both: three, or as many as it takes to tell them apart."""
    telling = (
        digits for digits in range(3, 6) if reached == needed or f"{reached:.{digits}f}" != f"{needed:.{digits}f}"
    )
    return next(telling, 6)


def _advice(run: TrainingRun) -> Message:
    best = max(run.training_accuracy, default=0.0)
    if run.accuracy < CHANCE:
        return message(
            "hint.guessing",
            "This is hardly better than guessing. Look at the last layer and its activation, the loss, "
            "and the learning rate.",
        )
    if best - run.accuracy > WIDE_GAP:
        return message(
            "hint.overfitting",
            "On the training images it was right far more often ({reached:.3f}), so it learns, but it does not "
            "carry over to new images. Look at what the network does against overfitting.",
            reached=best,
        )
    return message(
        "hint.too_slow",
        "It learns, but too slowly. Look at the layers and their order, the activations, and the optimizer.",
    )
