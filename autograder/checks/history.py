"""How the student trained: for how many epochs, watching which metrics, and with validation data or without."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from autograder.checks.base import Context, Question
from autograder.checks.diagnosis.rules.loop import loop_findings
from autograder.checks.equal_shares import RIGHT, Aspect, judged, kept, missed
from autograder.checks.metric_names import compiled_metrics, metric_name
from autograder.checks.stopped_fit import charging_stops, follows, metric_charged_at, stop_of, stopped_at, unreached_fit
from autograder.checks.stopped_loop import as_planned
from autograder.checks.student_network import StudentNetwork, find_network
from autograder.checks.training_targets import WrongTargets, wrong_targets
from autograder.core.messages import Message, in_turn, message, nmessage
from autograder.network.torch.words import in_torch
from autograder.records.evidence import CapturedFit
from autograder.records.result import Finding, Verdict

_LOOK_THERE = message(
    "hint.stopped_fit", "Look at what `fit` was given: its data, its callbacks, and the names that these ask for."
)
_LOOK_AT_LOOP = message(
    "hint.stopped_loop",
    "Compare shapes and types of what the network and the criterion are given and of what they expect.",
)


class History(Question):
    """A call of `fit` on a network: whether it asked for at least `epochs` epochs, its history holds the `metrics`
    (by any usual name), and `validation` data was given.

    Each of these earns the same share of the points; of several calls the best counts, with the epochs of all of them.
    The requested epochs count, even if grading has shortened the call. `variable` names the variable that holds what
    `fit` returned, for a network that is no longer in any variable.

    A loop that the student wrote with PyTorch counts as such a call: its epochs are its passes over the data, its
    history is the lists that it appended to, and a pass over other data is validation. With `loop`, what the loop does
    earns a share of its own, which its mistakes cost once (`checks.diagnosis.rules.loop`); without it, they are named.

    A call that stopped, or a metric that is missing, because of a mistake that has cost points at another question
    about the network costs nothing here, unless `follow_through` is false. Wrong targets of the call, such as labels
    that no class has, cost one share more, at the first such question that they concern (`checks.training_targets`).
    """

    kind: Literal["history"]
    network: str = Field(min_length=1, max_length=200)
    variable: str = Field(default="", max_length=200)
    epochs: int | None = Field(default=None, ge=1, le=10_000)
    metrics: tuple[str, ...] = ()
    validation: bool = False
    loop: bool = False
    follow_through: bool = True

    public: ClassVar[tuple[str, ...]] = ("network", "variable", "epochs", "metrics", "validation", "loop")

    @field_validator("metrics")
    @classmethod
    def _usual_names(cls, metrics: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(metric_name(metric) for metric in metrics))

    @model_validator(mode="after")
    def _asks_for_something(self) -> History:
        if self.epochs is None and not self.metrics and not self.validation and not self.loop:
            raise ValueError("give epochs, metrics, validation or loop: there is nothing to judge")
        return self

    def networks(self) -> tuple[str, ...]:
        return (self.network,)

    def builds_on(self, questions: tuple[Question, ...]) -> frozenset[str]:
        found = super().builds_on(questions)
        return found | charging_stops(questions, self.networks()) if self.follow_through else found

    def judge(self, context: Context) -> Verdict:
        student = find_network(context, self.network)
        name = student.captured.name if student.captured else self.network
        notes = student.findings
        fits = self._fits(student, context)
        stopped = stopped_at(context, self.network) if self.follow_through else None
        unreached = unreached_fit(context, self.network)
        # Without a network of the student's, the exercise says which framework it is about.
        expected = context.expected.get(self.network)
        torch = expected is not None and in_torch(expected.architecture)
        if student.captured is not None:
            torch = student.captured.framework == "torch"
        if torch and not fits and (stopped is None or unreached is None):
            nothing = Finding(
                message=message(
                    "loop.none", "`{network}` was not trained: no loop was seen that changes its weights.", network=name
                ),
                hint=message("hint.loop_needed", "Write the training loop, and look whether its cell runs to the end."),
            )
            return self.verdict("not_reached", 0.0, *notes, nothing)
        if stopped is not None and unreached is not None:
            why = Finding(message=_unreached(unreached))
            aspects = self._aspects(unreached, None, dict.fromkeys(self.metrics, stopped), unreached.epochs)
            return judged(self, aspects, *notes, why, Finding(message=follows(stopped)))
        never = student.captured is not None and not torch and not student.compiled
        if never and stopped is None and all(fit.failure for fit in fits):
            nothing = Finding(
                message=message("compile.not_compiled", "`{network}` was not compiled.", network=name),
                hint=message("hint.compile_first", "A network has to be compiled before it can be trained."),
            )
            return self.verdict("not_reached", 0.0, *notes, nothing)
        if not fits:
            return self.verdict(
                "not_reached",
                0.0,
                *notes,
                Finding(
                    message=message(
                        "fit.not_called", "`{network}` was not trained: no call of `fit` on it was seen.", network=name
                    ),
                    hint=message(
                        "hint.call_fit", "Call `fit` on the network, and look whether its cell runs to the end."
                    ),
                ),
            )
        compiled = student.captured.compile if student.captured is not None else None
        charged = self._charged(context)
        best = self._best(fits, compiled, student, context)
        aspects = self._aspects(best, compiled, charged, _in_all(student.fits(context, self.network)))
        wrong = self._mistakes(fits, student, context)
        targets = wrong_targets(context, self.network, student, best)
        if targets is not None:
            # The error that stopped the call may be that of the targets, and has its share already.
            if self._pays(targets, context) and best.failure is None:
                aspects.append(Aspect(targets.finding))
            else:
                notes = [*notes, targets.finding]
        if self.loop:
            # One share for the loop: the first mistake costs it, the others are named.
            aspects.append(Aspect(wrong[0] if wrong else None))
        return judged(self, aspects, *notes, *wrong[self.loop :])

    def _best(
        self, fits: Sequence[CapturedFit], compiled: dict[str, Any] | None, student: StudentNetwork, context: Context
    ) -> CapturedFit:
        """The call with most of what is asked for; among those, one with right targets, and the last."""

        charged, epochs = self._charged(context), _in_all(student.fits(context, self.network))

        def rank(fit: CapturedFit) -> tuple[int, bool]:
            right = sum(aspect.right for aspect in self._aspects(fit, compiled, charged, epochs))
            return right, wrong_targets(context, self.network, student, fit) is None

        return max(reversed(fits), key=rank)

    def _charged(self, context: Context) -> dict[str, Verdict | None]:
        """By metric, the verdict at which a mistake that keeps it out of the history has cost points; "" is for the
        training as a whole."""
        if not self.follow_through:
            return {}
        stopped = stopped_at(context, self.network)
        of_metrics = {metric: stopped or metric_charged_at(context, self.network, metric) for metric in self.metrics}
        return {**of_metrics, "": stopped}

    def _pays(self, wrong: WrongTargets, context: Context) -> bool:
        """Whether the mistake costs points, and here: networks that share their targets share the mistake."""
        return wrong.costs and not any(one._has(wrong, context) for one in self._before(context))

    def _before(self, context: Context) -> list[History]:
        """The questions of this kind before this one."""
        asked = [one for one in context.questions if isinstance(one, History)]
        return list(itertools.takewhile(lambda one: one.id != self.id, asked))

    def _has(self, wrong: WrongTargets, context: Context) -> bool:
        """Whether the training that this question judges has the same mistake, and pays for it."""
        student = find_network(context, self.network)
        fits = self._fits(student, context)
        if not fits:
            return False
        compiled = student.captured.compile if student.captured is not None else None
        own = wrong_targets(context, self.network, student, self._best(fits, compiled, student, context))
        return own is not None and own.costs and own.finding.code == wrong.finding.code

    def _fits(self, student: StudentNetwork, context: Context) -> list[CapturedFit]:
        """The calls of `fit` on the network, and those whose history the variable holds."""
        fits = list(student.fits(context, self.network))
        more = [fit for fit in context.evidence.fits if self.variable and fit.variable == self.variable]
        return [as_planned(context, fit) for fit in fits + [fit for fit in more if fit not in fits]]

    def _mistakes(self, fits: list[CapturedFit], student: StudentNetwork, context: Context) -> list[Finding]:
        """What is wrong with a written loop. A softmax too many is left to a question about the criterion."""
        expected = context.expected.get(self.network)
        found = loop_findings(fits, student.evaluations, expected.fit if expected is not None else None)
        asked = any(one.kind == "compiled" and self.network in one.networks() for one in context.questions)
        return [one for one in found if not (asked and one.message.code == "loop.softmax_twice")]

    def _aspects(
        self, fit: CapturedFit, compiled: dict[str, Any] | None, charged: Mapping[str, Verdict | None], epochs: int
    ) -> list[Aspect]:
        """Whether a call of `fit` has what is asked for. One that stopped has none of it, which costs one share.

        Args:
            charged: by metric, the question at which it has cost points that it is missing; "" for the whole call.
            epochs: those of all calls on the network, which train it one after the other.
        """
        where = message("where.code_cell", "code cell {number}", number=fit.cell + 1)
        aspects = []
        if self.epochs is not None:
            aspects.append(
                RIGHT
                if max(fit.epochs, epochs) >= self.epochs
                else missed(
                    _few_passes(fit)
                    if fit.loop is not None
                    else nmessage(
                        "fit.few_epochs",
                        "`fit` ran for {count} epoch, which is fewer than the exercise asks for.",
                        "`fit` ran for {count} epochs, which is fewer than the exercise asks for.",
                        fit.epochs,
                        count=fit.epochs,
                    ),
                    where=where,
                    hint=message("hint.loop_epochs", "Look at the outer loop, which goes over the epochs.")
                    if fit.loop is not None
                    else message(
                        "hint.epochs_argument",
                        "Look at the argument of `fit` that says how often all training images are gone through.",
                    ),
                )
            )
        called = compiled_metrics(compiled)
        names = {called.get(key.removeprefix("val_"), metric_name(key)) for key in fit.history}
        stopped = stop_of(fit)
        aspects += [RIGHT] * len(self.metrics if stopped else ())
        for metric in () if stopped else self.metrics:
            at = charged.get(metric)
            lacking = message("fit.no_metric", "The history holds no {metric}.", metric=metric)
            aspects.append(
                RIGHT
                if metric in names
                else kept(in_turn(lacking, follows(at), code="fit.no_metric_charged"))
                if at is not None
                else missed(
                    lacking,
                    where=where,
                    hint=message(
                        "hint.loop_lists", "Append it to a list once per epoch, in a variable that says what it is."
                    )
                    if fit.loop is not None
                    else message(
                        "hint.metrics_compiled",
                        "What `fit` watches beside the loss is said when the network is compiled.",
                    ),
                )
            )
        if self.validation:
            validated = fit.validation is not None or any(key.startswith("val_") for key in fit.history)
            aspects.append(
                RIGHT
                if validated
                else missed(
                    message("loop.no_validation", "The loop never calls the network on other data than it trains on.")
                    if fit.loop is not None
                    else message("fit.no_validation", "`fit` was given no validation data."),
                    where=where,
                    hint=message(
                        "hint.validation_data",
                        "Without it nobody sees how the network does on images that it was not trained with.",
                    ),
                )
            )
        if stopped and aspects and (self.metrics or aspects[0].right):
            # There is no history, so no metric is right, and there are no epochs.
            at, place = charged.get(""), int(self.epochs is not None and bool(self.metrics))
            first = missed(stopped, where=where, hint=_LOOK_THERE if fit.loop is None else _LOOK_AT_LOOP)
            aspects[place] = first if at is None else kept(in_turn(stopped, follows(at), code="fit.stopped_charged"))
        return aspects


def _in_all(fits: Sequence[CapturedFit]) -> int:
    """The epochs of all calls that were not stopped."""
    return sum(fit.epochs for fit in fits if fit.failure is None)


def _unreached(fit: CapturedFit) -> Message:
    """That training was not reached, because of what comes before it."""
    if fit.loop is not None:
        return message(
            "loop.unreached",
            "The training loop was not reached, because making its optimizer or its criterion stopped.",
        )
    return message("fit.unreached", "`fit` was not reached, because `compile` stopped.")


def _few_passes(fit: CapturedFit) -> Message:
    return nmessage(
        "loop.few_epochs",
        "The loop goes through the data {count} time, which is fewer than the exercise asks for.",
        "The loop goes through the data {count} times, which is fewer than the exercise asks for.",
        fit.epochs,
        count=fit.epochs,
    )
