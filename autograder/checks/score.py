"""How well the student's network learns: a short trusted training run, with the same data for everybody."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from autograder.checks.base import Calibration, Context, Question, of_framework
from autograder.checks.charged_repair import Repair, charging_repairs, repaired, titles_of
from autograder.checks.explanation import AccuracyMiss
from autograder.checks.mean_of_runs import MOST_RUNS, clear_from, interval, is_clear_miss, is_close, spread
from autograder.checks.own_calls import asked_otherwise, failed_call, status_of
from autograder.checks.run_exhibits import exhibits_of
from autograder.checks.score_wording import Measurement, after_repair, mean_score, unused_compilation
from autograder.checks.student_network import StudentNetwork, find_network
from autograder.checks.training_tasks import training_task
from autograder.core.messages import NOTHING, Message, message, phrase
from autograder.network.measure import measure_until_misfit, sum_up
from autograder.network.torch.schedules import unused_schedule
from autograder.records.predictions import CapturedPredictions
from autograder.records.result import (
    CurveExhibit,
    Finding,
    Verdict,
)
from autograder.records.training import Recipe, TrainingRun, TrainingTask

# A network with more than this many times the expected number of parameters is called large.
_FAR_MORE = 2


class ScoreQuestion(Question):
    """The validation score that the student's network reaches in a trusted run; all points or none.

    If the assignment names no threshold, `autograder calibrate` computes it from the reference solution's own short
    runs: from what they reach in the first `calibrate_at` (0..1) of the run. Most correct networks then need only that
    part, and slower ones have the rest. If the score is close to the threshold, the mean of `runs` random
    starts decides instead of one run, and a run far from it must be confirmed by a second start
    (`autograder.checks.mean_of_runs`; with `runs` 1, one run always decides). After a miss, at most
    `substitutions` further short runs of each distinct network look for the smallest change that restores the score
    (0: none).

    A mistake that has cost points at an `architecture`, `parameters` or `compiled` question costs none here if the
    network with just these mistakes repaired passes, unless `follow_through` is false.
    """

    network: str = Field(min_length=1, max_length=200)
    calibrate_at: float = Field(default=1.0, gt=0, le=1)
    runs: int = Field(default=5, ge=1, le=MOST_RUNS)
    substitutions: int = Field(default=12, ge=0, le=50)
    follow_through: bool = True

    requires_training: ClassVar[bool] = True
    about_layers: ClassVar[bool] = True

    @property
    @abstractmethod
    def threshold(self) -> float | None:
        """The score that the assignment asks for; None if it is calibrated."""

    @property
    def needs_calibration(self) -> bool:
        return self.threshold is None

    @property
    def calibration_share(self) -> float:
        return self.calibrate_at

    def networks(self) -> tuple[str, ...]:
        return (self.network,)

    def builds_on(self, questions: tuple[Question, ...]) -> frozenset[str]:
        found = super().builds_on(questions)
        return found | charging_repairs(questions, self.networks()) if self.follow_through else found

    def training(self, context: Context) -> tuple[TrainingTask, ...]:
        task = self._first_task(context)
        repair = self._repair(context)
        tasks = [one for one in (task, None if repair is None else repair.task) if one is not None]
        return tuple(each for one in tasks for each in (one, *self._further_tasks(one, context)))

    def _first_task(self, context: Context) -> TrainingTask | None:
        """The run that decides unless it ends close to the threshold; it stops early once it is clearly above."""
        what = ("first task", self.id, self.network, self.runs, self._needed(context))
        return context.once(what, lambda: self._made_first_task(context))

    def _made_first_task(self, context: Context) -> TrainingTask | None:
        recipe, needed = self._recipe(context), self._needed(context)
        target = None if needed is None else self._clear_from(needed, context)
        prepared = self._preparation(context)
        found = prepared.prepared if prepared is not None else ""
        return training_task(find_network(context, self.network), recipe, target, prepared=found)

    def _preparation(self, context: Context) -> CapturedPredictions | None:
        """What came of the student's own preparation; None if there is no such, or the evidence is of another one."""
        request = self._recipe(context).own_preparation
        return None if request is None else context.evidence.prediction(request.key)

    def _unprepared(self, context: Context) -> Verdict | None:
        """The verdict if the student's own function has prepared nothing."""
        request, found = self._recipe(context).own_preparation, self._preparation(context)
        if request is None or (found is not None and found.prepared):
            return None
        if found is None:
            return self.verdict("error", 0.0, asked_otherwise())
        return self.verdict(status_of(found), 0.0, failed_call(request, found))

    def _further_tasks(self, first: TrainingTask, context: Context) -> tuple[TrainingTask, ...]:
        """The runs from other random starts that the first run requires: full ones, because their mean decides.

        All of them if it is close; if it clearly missed, one, and then all if that one did not clearly miss.
        """
        run, needed = context.run_of(first), self._needed(context)
        if run is None or needed is None or not run.validation_accuracy or self.runs == 1:
            return ()
        deviation, seed, metric = self._spread(needed, context), first.recipe.seed, first.recipe.scored_by
        others = tuple(first.whole.with_seed(seed + further) for further in range(1, self.runs))
        if is_close(run.score, needed, deviation, metric):
            return others
        if not is_clear_miss(run.score, needed, deviation, metric):
            return ()
        second = context.run_of(others[0])
        agrees = second is None or is_clear_miss(second.score, needed, deviation, metric)
        return others[:1] if agrees else others

    def _scores(self, first: TrainingTask, context: Context) -> tuple[float, ...]:
        """The scores of the runs made so far, the first run's first."""
        runs = [context.run_of(task) for task in (first, *self._further_tasks(first, context))]
        return tuple(run.score for run in runs if run is not None)

    def _is_averaged(self, scores: tuple[float, ...], needed: float, context: Context) -> bool:
        """Whether the mean of several runs decides; not for a single run, nor for two that were both far below."""
        deviation, metric = self._spread(needed, context), self._recipe(context).scored_by
        twice = len(scores) == 2 and all(is_clear_miss(reached, needed, deviation, metric) for reached in scores)
        return len(scores) > 1 and not twice

    def _reached(self, first: TrainingTask, context: Context) -> bool | None:
        """Whether a network reaches the score; None if a run is missing."""
        run, needed, metric = context.run_of(first), self._needed(context), first.recipe.scored_by
        if run is None or needed is None or not all(map(context.run_of, self._further_tasks(first, context))):
            return None
        reached = mean_score(self._scores(first, context), first.recipe)
        return bool(run.validation_accuracy) and metric.reaches(reached, needed)

    def _repair(self, context: Context) -> Repair | None:
        """The repaired network to train: only after the student's own has missed, by mistakes that cost points."""
        task = self._first_task(context)
        if not self.follow_through or task is None or self._reached(task, context) is not False:
            return None
        return repaired(context, self.network, task)

    def explaining(self, context: Context) -> tuple[TrainingTask, ...]:
        subject = self.subject(context)
        return () if subject is None else subject.tasks()

    def judge(self, context: Context) -> Verdict:
        needed = self._needed(context)
        if needed is None:
            return self._unset(phrase("no accuracy to be reached was computed yet; run `autograder calibrate`"))
        if unprepared := self._unprepared(context):
            return unprepared
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
        repair = self._repair(context)
        restored = None if repair is None else self._reached(repair.task, context)
        if repair is not None and restored is None:
            return self._unset(phrase("the training run of the repaired network is missing"))
        scores = self._scores(task, context)
        shown = run if further else run.until(self._clear_from(needed, context))
        averaged = self._is_averaged(scores, needed, context)
        verdict = self._judge_run(shown, scores, needed, context, student, averaged=averaged)
        if repair is not None and restored:
            return self._kept(verdict, repair, context)
        return self._explained(verdict, context)

    def _kept(self, verdict: Verdict, repair: Repair, context: Context) -> Verdict:
        """The verdict on a network that misses the score only because of mistakes that have cost points elsewhere."""
        recipe = repair.task.recipe
        sentence = after_repair(
            titles_of(repair.charged), mean_score(self._scores(repair.task, context), recipe), recipe
        )
        # The hint for a missed score would suggest looking for a cause that is already known.
        findings = _without_hints(verdict.findings)
        return self.verdict(
            "correct", self.points, *findings, Finding(message=sentence), exhibits=tuple(verdict.exhibits)
        )

    def _explained(self, verdict: Verdict, context: Context) -> Verdict:
        subject = self.subject(context)
        if subject is None:
            return verdict
        findings, exhibits = subject.explain()
        # The hint for a missed score would suggest looking for a cause that a run has shown.
        missed = _without_hints(verdict.findings) if subject.cause_shown else verdict.findings
        return verdict.model_copy(update={"findings": (*missed, *findings), "exhibits": (*verdict.exhibits, *exhibits)})

    def subject(self, context: Context) -> AccuracyMiss | None:
        """What to explain; None if there is no network, if no accuracy is required of it, or if it is scored on hidden
        rows, of which one score is all that is said."""
        if self._recipe(context).own_preparation is not None:
            return None
        student, needed = find_network(context, self.network), self._needed(context)
        task = None if needed is None else training_task(student, self._recipe(context), needed)
        if task is None or needed is None:
            return None
        first = self._first_task(context)
        repair = self._repair(context)
        if repair is not None and self._reached(repair.task, context):
            return None  # the cause has cost points already
        # A miss decided by the mean of several runs may be due to chance, which has no cause to explain.
        made = () if first is None else self._scores(first, context)
        budget = 0 if self._is_averaged(made, needed, context) else self.substitutions
        return AccuracyMiss(context, self.network, student, task, needed, self._calibration(context), budget)

    def _judge_run(
        self,
        run: TrainingRun,
        scores: tuple[float, ...],
        needed: float,
        context: Context,
        student: StudentNetwork,
        *,
        averaged: bool,
    ) -> Verdict:
        recipe, calibration = self._recipe(context), self._calibration(context)
        metric = recipe.scored_by
        mean = mean_score(scores, recipe)
        reached = bool(run.validation_accuracy) and metric.reaches(mean, needed)
        # Without a validation, an error has the score infinity, which no page can show.
        starts = scores if averaged and math.isfinite(mean) else ()
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
                    hint=self._hint_at_limit(student, context),
                )
            )
        if run.validation_accuracy:
            said = Measurement(run, scores, needed, recipe)
            if recipe.own_preparation is not None:
                findings.append(said.on_hidden_rows())
            else:
                findings.append(said.on_average(self.runs) if averaged else said.once())
        if student.compilation.problem:
            findings.append(unused_compilation(student))
        given = student.captured.compile if student.captured is not None else None
        if name := unused_schedule(student.compilation.optimizer, given):
            findings.append(
                Finding(
                    message=message(
                        "accuracy.schedule_unused",
                        "Our run had a constant learning rate: your schedule {name} cannot be used here.",
                        name=name,
                    )
                )
            )
        status, points = ("correct", self.points) if reached else ("wrong", 0.0)
        if recipe.own_preparation is not None:
            return self.verdict(status, points, *findings)
        curve = CurveExhibit(
            network=self.network,
            training_accuracy=run.training_accuracy,
            validation_accuracy=run.validation_accuracy,
            threshold=needed,
            reference_low=min(calibration.accuracies) if calibration and calibration.accuracies else None,
            reference_high=max(calibration.accuracies) if calibration and calibration.accuracies else None,
            validations=recipe.validations,
            accuracies=starts,
            interval=interval(starts, metric) if starts else None,
            metric=metric.name,
        )
        return self.verdict(
            status,
            points,
            *findings,
            exhibits=(curve, *exhibits_of(run, recipe, self.network)) if run.validation_accuracy else (),
        )

    def _hint_at_limit(self, student: StudentNetwork, context: Context) -> Message:
        expected = context.expected[self.network].architecture
        own = measure_until_misfit(student.architecture)[0] if student.architecture is not None else ()
        asked = sum_up(measure_until_misfit(expected)[0]).total
        if sum_up(own).total <= _FAR_MORE * asked:
            return message("hint.reached_until_then", "What counts is what it reached until then.")
        return message(
            "hint.large_network",
            "What counts is what it reached until then. Your network has {own:,} parameters, and {asked:,} were asked "
            "for: that needs more time and memory.",
            own=sum_up(own).total,
            asked=asked,
        )

    def _calibration(self, context: Context) -> Calibration | None:
        """The reference's runs, with the defaults of the framework that the student uses, where that was measured."""
        captured = find_network(context, self.network).captured
        framework = (captured.framework if captured is not None else "") or "keras"
        own = context.calibrations.get(of_framework(self.id, framework))
        return own or context.calibrations.get(self.id)

    def _spread(self, needed: float, context: Context) -> float:
        calibration, recipe = self._calibration(context), self._recipe(context)
        return spread(calibration.accuracies if calibration else (), needed, recipe.validation, recipe.scored_by)

    def _clear_from(self, needed: float, context: Context) -> float:
        """The accuracy at which one run passes: above the threshold if close runs are repeated."""
        metric = self._recipe(context).scored_by
        return needed if self.runs == 1 else clear_from(needed, self._spread(needed, context), metric)

    def _needed(self, context: Context) -> float | None:
        if self.threshold is not None:
            return self.threshold
        calibration = self._calibration(context)
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


def _without_hints(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(one.model_copy(update={"hint": NOTHING}) for one in findings)


class Score(ScoreQuestion):
    """`needed` is the required score by the metric of `[training]`: a minimum, or a maximum if lower is better."""

    kind: Literal["score"]
    needed: float | None = None

    @property
    def threshold(self) -> float | None:
        return self.needed
