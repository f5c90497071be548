"""A figure that the notebook drew: which curves it shows, over how many epochs, and whether they can be told apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import Field

from autograder.checks.base import Context, Question
from autograder.checks.drawn_curves import QUANTITIES, Curve, Origin, curve_named, owner_of, sources
from autograder.checks.stopped_fit import charging_stops, draws, kept_if_unreached
from autograder.checks.student_network import find_network
from autograder.checks.trainings import is_known
from autograder.core.language import gettext_noop
from autograder.core.messages import Message, message
from autograder.network.values import shown_value
from autograder.records.evidence import CapturedFigure, CapturedFit
from autograder.records.result import Finding, Verdict

# In words of several languages and as Keras names its metrics; tried in this order.
_SOMETHING_ELSE = {
    "accuracy": ("figure.no_accuracy", gettext_noop("The figure shows something else than the accuracy.")),
    "loss": ("figure.no_loss", gettext_noop("The figure shows something else than the loss.")),
}
_NO_CURVE: dict[Curve, tuple[str, str]] = {
    "training": ("figure.no_training", gettext_noop("The figure has no curve for training.")),
    "validation": ("figure.no_validation", gettext_noop("The figure has no curve for validation.")),
}
_NEITHER = ("figure.neither_curve", gettext_noop("The figure has no curve for training and validation."))
# By the requested curves: with no line, and with one.
_TOO_FEW = {
    "training": (
        (
            "figure.no_line_of_training",
            gettext_noop("The figure has no line in its axes; a training curve is asked for."),
        ),
    )
    * 2,
    "validation": (
        (
            "figure.no_line_of_validation",
            gettext_noop("The figure has no line in its axes; a validation curve is asked for."),
        ),
    )
    * 2,
    "both": (
        (
            "figure.no_line_of_both",
            gettext_noop(
                "The figure has no line in its axes; a training and a validation curve in the same axes are asked for."
            ),
        ),
        (
            "figure.one_line_of_both",
            gettext_noop(
                "The figure has one line in its axes; a training and a validation curve in the same axes are asked for."
            ),
        ),
    ),
}
_CURVES: tuple[Curve, ...] = ("training", "validation")
# Keras' prefix for the metric of each curve.
_METRIC: dict[Curve, str] = {"training": "", "validation": "val_"}
_SAYS_OTHERWISE = {
    "loss": (
        "figure.says_loss",
        gettext_noop("The figure names the loss, but its curves are those of the accuracy."),
    ),
    "accuracy": (
        "figure.says_accuracy",
        gettext_noop("The figure names the accuracy, but its curves are those of the loss."),
    ),
}


class Figure(Question):
    """A matplotlib figure with the `curves` as lines in one axes, each with as many points as a training had epochs.

    `quantity` is what the curves show, if that matters, `network` the network whose training it is. `points_per_line`
    is the number of points per line, if it is not the epochs of a training; with `curves = []` one line (or one scatter
    plot, with as many points) is enough. Curves without labels earn half, and so do curves whose labels or title
    contradict the plotted values. Values that match no training are judged by the labels alone. Curves that could not
    be drawn because of a mistake that has cost points cost nothing here, unless `follow_through` is false.
    """

    kind: Literal["figure"]
    curves: tuple[Curve, ...] = ("training", "validation")
    quantity: Literal["accuracy", "loss", "any"] = "any"
    network: str = Field(default="", max_length=200)
    points_per_line: int | None = Field(default=None, ge=1, le=100_000)
    follow_through: bool = True

    public: ClassVar[tuple[str, ...]] = ("curves", "quantity", "network", "points_per_line")

    def networks(self) -> tuple[str, ...]:
        return (self.network,) if self.network else ()

    def builds_on(self, questions: tuple[Question, ...]) -> frozenset[str]:
        found = super().builds_on(questions)
        return found | charging_stops(questions, self.networks()) if self.follow_through else found

    def judge(self, context: Context) -> Verdict:
        verdict = self._judge_figures(context)
        if verdict.score or not self.follow_through:
            return verdict
        return kept_if_unreached(self, verdict, context, draws(context), of_metrics=self.quantity != "loss")

    def _judge_figures(self, context: Context) -> Verdict:
        figures = context.evidence.figures
        lengths = self._lengths(context)
        judged = [
            (self._judge_axes(axes, figure, lengths, context), context.is_handout(figure.cell))
            for figure in figures
            for axes in _axes_of(figure)
        ]
        # A figure that the handout draws may show the student's training, but its faults are not the student's.
        counted = [one for one, given in judged if not given or one.share]
        if not counted and all(context.is_handout(figure.cell) for figure in figures):
            return self.verdict(
                "not_reached",
                0.0,
                Finding(
                    message=message("figure.none", "No figure was drawn."),
                    hint=message("hint.draw", "Draw it with matplotlib, and look whether its cell runs to the end."),
                ),
            )
        if not counted:
            sentence = message("figure.no_curve", "None of the figures that were drawn shows a curve.")
            return self.verdict("wrong", 0.0, Finding(message=sentence))
        untrained = self._not_trained(context)
        if untrained is not None:
            return self.verdict("wrong", 0.0, untrained)
        best = max(counted, key=lambda one: (one.share, one.closeness))
        status = "correct" if best.share == 1 else "partial" if best.share else "wrong"
        return self.verdict(status, best.share * self.points, *(() if best.finding is None else (best.finding,)))

    def _not_trained(self, context: Context) -> Finding | None:
        """A finding if the curves cannot be those of a training, because there was none."""
        if not self.curves or self.points_per_line is not None or not is_known(context) or self._fits(context):
            return None
        sentence = message("figure.nothing_trained", "No network was trained, so these are not curves of a training.")
        if self.network:
            sentence = message(
                "figure.not_trained",
                "`{network}` was not trained, so these are not the curves of its training.",
                network=self.network,
            )
        return Finding(message=sentence, hint=message("hint.draw_history", "Draw what the history of `fit` holds."))

    def _judge_axes(
        self, axes: _Axes, figure: CapturedFigure, lengths: frozenset[int] | None, context: Context
    ) -> _Judged:
        where = message("where.code_cell", "code cell {number}", number=figure.cell + 1)
        lines = [line for line in axes.lines if lengths is None or line.points in lengths]
        if not self.curves:
            if lines or (axes.clouds and self.points_per_line in (None, *axes.scattered)):
                return _Judged(1.0)
            sentence = message("figure.no_line", "The figure holds no line.")
            if lengths:
                sentence = message(
                    "figure.no_such_line", "The figure holds no line with as many points as there are values."
                )
            return _Judged(0.0, Finding(message=sentence, where=where))
        drawn = self._drawn(lines, context)
        if len(lines) >= len(self.curves) and drawn:
            wrong = self._by_values(drawn, axes, where, context)
            if wrong is not None:
                return wrong
        elif self._shows_something_else(axes):
            sentence = message(*_SOMETHING_ELSE[self.quantity])
            return _Judged(0.0, Finding(message=sentence, where=where))
        if len(lines) < len(self.curves):
            return self._too_few(axes, lines, where)
        named = {curve for line in lines if (curve := line.curve) is not None}
        missing = [curve for curve in self.curves if curve not in named]
        if not missing:
            return _Judged(1.0)
        unnamed = [line for line in lines if line.curve is None]
        if len(unnamed) >= len(missing):
            sentence = message(
                "figure.unnamed_curves", "The figure has the curves, but nothing says which of them is which."
            )
            hint = message("hint.legend", "Give every line a label, and show a legend.")
            return _Judged(0.5, Finding(message=sentence, where=where, hint=hint))
        sentence = message(*(_NO_CURVE[missing[0]] if len(missing) == 1 else _NEITHER))
        return _Judged(0.0, Finding(message=sentence, where=where), closeness=len(named))

    def _drawn(self, lines: list[_Line], context: Context) -> list[tuple[_Line, frozenset[Origin]]]:
        """The lines with the history lists that they match; empty if one of them matches none."""
        found = [(line, sources(line.values, context.evidence.fits)) for line in lines]
        return found if all(held for _, held in found) else []

    def _by_values(
        self, drawn: list[tuple[_Line, frozenset[Origin]]], axes: _Axes, where: Message, context: Context
    ) -> _Judged | None:
        """What is wrong with lines that are known by their values; None if they are the requested ones."""
        own = {owner_of(fit) for fit in self._fits(context)}
        others = sorted(one.name for _, held in drawn for one in held if one.owner not in own)
        drawn = [(line, frozenset(one for one in held if one.owner in own)) for line, held in drawn]
        if others and not any(held for _, held in drawn):
            other, asked_for = shown_value(next(filter(None, others), "")), self.network
            sentence = message(
                "figure.unnamed_network",
                "The curves are those of another network, not of `{network}`.",
                network=asked_for,
            )
            if other and other != asked_for:
                sentence = message(
                    "figure.other_network",
                    "The curves are those of `{drawn}`, not of `{network}`.",
                    drawn=other,
                    network=asked_for,
                )
            return _Judged(0.0, Finding(message=sentence, where=where))
        held_of = {curve: [held for _, held in drawn if any(one.curve == curve for one in held)] for curve in _CURVES}
        asked = self.quantity
        pairs = {
            one
            for _, held in drawn
            for one in held
            if asked in ("any", one.quantity)
            and all(
                any(Origin(one.owner, _METRIC[curve] + one.plain) in held for _, held in drawn) for curve in self.curves
            )
        }
        if not pairs:
            missing = [curve for curve in self.curves if not held_of[curve]]
            if missing:
                if len({frozenset(held) for _, held in drawn}) < len(drawn):
                    sentence = message("figure.same_twice", "Two of the lines are the same curve, drawn twice.")
                else:
                    sentence = message(*(_NO_CURVE[missing[0]] if len(missing) == 1 else _NEITHER))
                return _Judged(0.0, Finding(message=sentence, where=where), closeness=1)
            quantities = {one.quantity for _, held in drawn for one in held}
            if asked != "any" and asked not in quantities:
                return _Judged(0.0, Finding(message=message(*_SOMETHING_ELSE[asked]), where=where), closeness=1)
            sentence = message(
                "figure.not_of_one_kind",
                "The training curve and the validation curve do not belong together: one is of the accuracy, the other "
                "of the loss.",
            )
            return _Judged(0.0, Finding(message=sentence, where=where), closeness=1)
        swapped = [
            line
            for line, held in drawn
            if line.curve is not None and held and all(one.curve != line.curve for one in held)
        ]
        if swapped:
            sentence = message(
                "figure.swapped", "The labels are swapped: `{label}` is the other curve.", label=swapped[0].label
            )
            return _Judged(0.5, Finding(message=sentence, where=where))
        said = {quantity for quantity, words in QUANTITIES.items() if words.search(axes.words)}
        shown = {one.quantity for one in pairs}
        if said and not said & shown and shown & set(QUANTITIES):
            sentence = message(*_SAYS_OTHERWISE["loss" if "loss" in said else "accuracy"])
            return _Judged(0.5, Finding(message=sentence, where=where))
        return None

    def _too_few(self, axes: _Axes, lines: list[_Line], where: Message) -> _Judged:
        if len(axes.lines) >= len(self.curves):
            sentence = message(
                "figure.not_one_per_epoch", "The lines in the figure do not have one point for each epoch."
            )
            if self.network:
                sentence = message(
                    "figure.not_one_per_epoch_of",
                    "The lines in the figure do not have one point for each epoch of `{network}`.",
                    network=self.network,
                )
            hint = message("hint.draw_history", "Draw what the history of `fit` holds.")
            return _Judged(0.0, Finding(message=sentence, where=where, hint=hint))
        # Fewer than requested: at most one line.
        asked = self.curves[0] if len(self.curves) == 1 else "both"
        sentence = message(*_TOO_FEW[asked][min(len(lines), 1)])
        return _Judged(0.0, Finding(message=sentence, where=where))

    def _shows_something_else(self, axes: _Axes) -> bool:
        if self.quantity == "any":
            return False
        found = {quantity for quantity, words in QUANTITIES.items() if words.search(axes.words)}
        return bool(found) and self.quantity not in found

    def _lengths(self, context: Context) -> frozenset[int] | None:
        """How many points a curve may have; None if unknown."""
        if self.points_per_line is not None:
            return frozenset({self.points_per_line})
        if not self.curves:
            return None
        lengths: set[int] = set()
        together: dict[str, int] = {}
        for fit in self._fits(context):
            owner = owner_of(fit)
            together[owner] = together.get(owner, 0) + fit.epochs
            lengths |= {fit.epochs, together[owner], *(len(values) for values in fit.history.values())}
        return frozenset(lengths - {0}) or None

    def _fits(self, context: Context) -> tuple[CapturedFit, ...]:
        """The trainings whose curves may be shown: the network's own, or all of them if it has none."""
        if not self.network:
            return context.evidence.fits
        student = find_network(context, self.network)
        if student.record is None:
            return student.fits(context, self.network) or context.evidence.fits
        # A later network of the same kind may have taken the variable over after the figure was drawn.
        return tuple(fit for fit in context.evidence.fits if fit.record in student.alike)


@dataclass(frozen=True)
class _Judged:
    """What one axes earns and, to break ties, how close it is to the requested figure."""

    share: float
    finding: Finding | None = None
    closeness: int = 0


@dataclass(frozen=True)
class _Line:
    label: str
    points: int
    values: tuple[float | None, ...] = ()

    @property
    def curve(self) -> Curve | None:
        """Which curve the label names; None if it names none or both."""
        return curve_named(self.label)


@dataclass(frozen=True)
class _Axes:
    lines: tuple[_Line, ...]
    clouds: int
    scattered: tuple[int, ...]
    words: str


def _axes_of(figure: CapturedFigure) -> Iterator[_Axes]:
    """The axes of a figure, from the kernel's claims about them; malformed ones are left out."""
    for axes in figure.axes:
        legend = _texts(axes.get("legend"))
        drawn = [line for line in _entries(axes.get("lines")) if _count(line.get("points")) > 0]
        # A legend given as a list names the lines in their order, without giving them labels.
        lines = tuple(
            _Line(
                _label(line, legend[place] if place < len(legend) else ""),
                _count(line.get("points")),
                _numbers(line.get("values")),
            )
            for place, line in enumerate(drawn)
        )
        words = [
            *_texts([axes.get("title"), axes.get("x_label"), axes.get("y_label")]),
            *(line.label for line in lines),
        ]
        if lines or _count(axes.get("collections")):
            scattered = axes.get("scattered")
            points = tuple(map(_count, scattered)) if isinstance(scattered, list) else ()
            yield _Axes(lines, _count(axes.get("collections")), points, " ".join(words).casefold())


def _label(line: dict[str, Any], in_legend: str) -> str:
    label = line.get("label")
    return label if isinstance(label, str) and label and not label.startswith("_") else in_legend


def _entries(value: Any) -> Iterable[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _texts(value: Any) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def _numbers(value: Any) -> tuple[float | None, ...]:
    """The values of a line; empty if they are not all known, as in evidence from before version 0.2."""
    if not isinstance(value, list) or len(value) > 1000:
        return ()
    return tuple(one if isinstance(one, int | float) and not isinstance(one, bool) else None for one in value)


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
