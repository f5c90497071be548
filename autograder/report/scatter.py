"""True and predicted values, and ROC curves, as points of our SVG, with a sentence on what they show."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.core.language import format_integer, gettext
from autograder.records.result import ResidualsExhibit, RocExhibit
from autograder.report.plots import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Tick, axis
from autograder.report.scores import score


@dataclass(frozen=True)
class Scatter:
    """Points (x, y) in drawing units: true values to the right, predicted ones upwards; `line` is where both agree."""

    points: tuple[tuple[float, float], ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    line: tuple[float, float, float, float]
    gist: str


def scatter(exhibit: ResidualsExhibit) -> Scatter:
    """The positions of the points; both axes have the same range."""
    values = [*exhibit.truth, *exhibit.predicted]
    ticks = axis(min(values), max(values))
    low, high = ticks[0][0], ticks[-1][0]

    def x(value: float) -> float:
        return round(LEFT + (value - low) / (high - low) * (WIDTH - LEFT - RIGHT), 1)

    def y(value: float) -> float:
        return round(HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM), 1)

    return Scatter(
        tuple((x(true), y(made)) for true, made in zip(exhibit.truth, exhibit.predicted, strict=True)),
        tuple(Tick(x(value), label) for value, label in ticks),
        tuple(Tick(y(value), label) for value, label in ticks),
        (x(low), y(low), x(high), y(high)),
        _gist(exhibit),
    )


def roc_curve(exhibit: RocExhibit) -> Scatter:
    """The curve as points from the lower left to the upper right; `line` is where guessing is."""
    ticks = axis(0.0, 1.0)
    width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def x(share: float) -> float:
        return round(LEFT + share * width, 1)

    def y(share: float) -> float:
        return round(HEIGHT - BOTTOM - share * height, 1)

    return Scatter(
        tuple((x(false), y(true)) for false, true in zip(exhibit.false_positive, exhibit.true_positive, strict=True)),
        tuple(Tick(x(value), label) for value, label in ticks),
        tuple(Tick(y(value), label) for value, label in ticks),
        (x(0.0), y(0.0), x(1.0), y(1.0)),
        gettext(
            "The area below the curve is {area}: so often a row of {positive} gets a higher output than one of the "
            "other class. Guessing has 0.5.",
            area=score(exhibit.area, "auc"),
            positive=exhibit.positive,
        ),
    )


def _gist(exhibit: ResidualsExhibit) -> str:
    differences = [made - true for true, made in zip(exhibit.truth, exhibit.predicted, strict=True)]
    too_high = sum(one > 0 for one in differences)
    largest = max(differences, key=abs)
    return gettext(
        "Of {rows} validation rows {high} are predicted too high and {low} too low; the largest difference is "
        "{largest}.",
        rows=format_integer(len(differences)),
        high=format_integer(too_high),
        low=format_integer(sum(one < 0 for one in differences)),
        largest=score(abs(largest), "mae"),
    )
