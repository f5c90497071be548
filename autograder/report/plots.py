"""Plots as numbers: the position of each line, bar and label of our SVG. The templates draw them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.core.language import format_decimal, gettext
from autograder.records.metrics import METRICS
from autograder.records.result import CurveExhibit, Verdict
from autograder.report.labels import fixed

WIDTH, HEIGHT = 560, 320
LEFT, RIGHT, TOP, BOTTOM = 58, 20, 22, 52


@dataclass(frozen=True)
class Tick:
    """A tick on an axis: its position in the drawing and its label."""

    at: float
    label: str


@dataclass(frozen=True)
class PlottedCurve:
    """A training curve in drawing units; points are (x, y), lines are ready for the attribute `points`.

    `epochs` has the number of finished epochs at each point: "0.25", "1".
    """

    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    training: tuple[tuple[float, float], ...]
    validation: tuple[tuple[float, float], ...]
    threshold: float | None
    band: tuple[float, float] | None
    best: int | None
    epochs: tuple[str, ...]

    @staticmethod
    def line(points: Sequence[tuple[float, float]]) -> str:
        return " ".join(f"{x:g},{y:g}" for x, y in points)


def curve(exhibit: CurveExhibit) -> PlottedCurve:
    """The positions for the curve of a training run; accuracies have an axis from near the lowest value to 1."""
    given = [*exhibit.training_accuracy, *exhibit.validation_accuracy]
    given += [
        value for value in (exhibit.threshold, exhibit.reference_low, exhibit.reference_high) if value is not None
    ]
    metric = METRICS[exhibit.metric]
    finite = [value for value in given if math.isfinite(value)]
    ticks = _accuracy_axis(finite) if metric.share else axis(min(finite, default=0.0), max(finite, default=1.0))
    low, high = ticks[0][0], ticks[-1][0]
    points = max(len(exhibit.training_accuracy), len(exhibit.validation_accuracy), 1)

    def x(point: int) -> float:
        share = (point - 1) / (points - 1) if points > 1 else 0.5
        return round(LEFT + 14 + share * (WIDTH - LEFT - RIGHT - 28), 1)

    def y(value: float) -> float:
        share = (min(high, max(low, value)) - low) / (high - low)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)

    def line(values: Sequence[float]) -> tuple[tuple[float, float], ...]:
        return tuple((x(point), y(value)) for point, value in enumerate(values, 1) if math.isfinite(value))

    every = max(1, math.ceil(points / 8))
    labels = tuple(format_decimal(f"{round(point / exhibit.validations, 2):g}") for point in range(1, points + 1))
    validation = [value if math.isfinite(value) else metric.worst for value in exhibit.validation_accuracy]
    best = metric.best(validation)
    band = (exhibit.reference_low, exhibit.reference_high)
    return PlottedCurve(
        x_ticks=tuple(Tick(x(point), labels[point - 1]) for point in range(1, points + 1, every)),
        y_ticks=tuple(Tick(y(value), label) for value, label in ticks),
        training=line(exhibit.training_accuracy),
        validation=line(exhibit.validation_accuracy),
        threshold=None if exhibit.threshold is None else y(exhibit.threshold),
        band=(y(band[1]), y(band[0])) if band[0] is not None and band[1] is not None else None,
        best=validation.index(best) if any(map(math.isfinite, exhibit.validation_accuracy)) else None,
        epochs=labels,
    )


def _accuracy_axis(finite: Sequence[float]) -> list[tuple[float, str]]:
    low = min((min(1.0, max(0.0, value)) for value in finite), default=0.0)
    step = next(step for step in (0.01, 0.02, 0.05, 0.1, 0.2) if (1 - low) / step <= 5.5)
    low = math.floor(low / step + 1e-9) * step
    return [(low + k * step, fixed(low + k * step, 2)) for k in range(round((1 - low) / step) + 1)]


def axis(low: float, high: float) -> list[tuple[float, str]]:
    """Four to six round values that enclose a range, with their labels."""
    span = high - low or abs(high) or 1.0
    power = 10.0 ** math.floor(math.log10(span / 4))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if span / (power * factor) <= 5)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    decimals = next(places for places in range(12) if abs(step - round(step, places)) < 1e-9 * step or places == 11)
    return [(k * step, fixed(k * step, decimals)) for k in range(first, max(last, first + 1) + 1)]


@dataclass(frozen=True)
class Starts:
    """The accuracies from several random starts on one line, in drawing units; `mean` is a fraction."""

    places: tuple[float, ...]
    mean: float
    middle: float
    low: float
    high: float
    needed: float | None


def starts(exhibit: CurveExhibit) -> Starts:
    """The positions of the runs, their mean, its interval and the threshold; the line is as long as these reach."""
    mean = statistics.fmean(exhibit.accuracies)
    ends = exhibit.interval or (mean, mean)
    shown = [*exhibit.accuracies, *ends, *([] if exhibit.threshold is None else [exhibit.threshold])]
    low, reach = min(shown), max(max(shown) - min(shown), 1e-6)

    def x(value: float) -> float:
        # Room on both sides for the text centred above and below the line.
        return round(WIDTH * (0.3 + 0.4 * (value - low) / reach), 1)

    needed = None if exhibit.threshold is None else x(exhibit.threshold)
    return Starts(tuple(map(x, exhibit.accuracies)), mean, x(mean), x(ends[0]), x(ends[1]), needed)


@dataclass(frozen=True)
class Segment:
    """A stretch of a bar, in thousandths of its width."""

    start: float
    width: float
    state: str
    filled: float = 0.0


def ruler(questions: Sequence[Verdict]) -> tuple[Segment, ...]:
    """One stretch per question, as wide as its points and filled as far as they were earned."""
    total = sum(question.points for question in questions)
    gap = 8.0 if len(questions) < 40 else 0.0
    room = 1000.0 - gap * max(0, len(questions) - 1)
    start, segments = 0.0, []
    for question in questions:
        width = room * question.points / total if total > 0 else 0.0
        share = question.score / question.points if question.points > 0 else 0.0
        share = min(1.0, max(0.0, share)) if math.isfinite(share) else 0.0
        segments.append(Segment(round(start, 2), round(width, 2), question.status, round(width * share, 2)))
        start += width + gap
    return tuple(segments)


def stacked(counts: Sequence[tuple[str, int]]) -> tuple[Segment, ...]:
    """A bar divided in proportion to the counts."""
    total = sum(count for _, count in counts)
    start, segments = 0.0, []
    for state, count in counts:
        if count:
            width = 1000.0 * count / total
            segments.append(Segment(round(start, 2), round(width, 2), state))
            start += width
    return tuple(segments)


@dataclass(frozen=True)
class Bar:
    """A bar of a histogram, in drawing units, with the range it counts."""

    x: float
    y: float
    width: float
    height: float
    count: int
    label: str
    tick: str


def histogram(shares: Sequence[float]) -> tuple[Bar, ...]:
    """Scores as shares of the points (0..1), counted in tenths; full marks have a separate bar."""
    counts = [0] * 11
    for share in shares:
        counts[10 if share >= 1 else min(9, max(0, int(share * 10 + 1e-9)))] += 1
    highest = max(counts) or 1
    slot = (WIDTH - LEFT / 2 - RIGHT) / 11
    bars = []
    for index, count in enumerate(counts):
        height = round((HEIGHT - TOP - BOTTOM - 16) * count / highest, 1)
        within = gettext("{low} % to under {high} %", low=index * 10, high=index * 10 + 10)
        label = gettext("full marks") if index == 10 else within
        tick = gettext("full") if index == 10 else f"{index * 10}"
        left = round(LEFT / 2 + index * slot + 3, 1)
        bars.append(Bar(left, HEIGHT - BOTTOM - height, round(slot - 6, 1), height, count, label, tick))
    return tuple(bars)
