"""Scores by any metric as the page shows them, and the sentences around a training curve."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.checks.score_wording import is_accuracy, telling_digits
from autograder.core.language import format_decimal, gettext, ngettext
from autograder.records.metrics import METRICS
from autograder.records.result import CurveExhibit, SubstitutionExhibit
from autograder.report.labels import accuracy


def score(value: float, metric: str, against: float | None = None) -> str:
    """A score: an accuracy to three decimals, any other to about four digits; more to tell it from `against`."""
    known = METRICS[metric]
    if known.share:
        return accuracy(value, against)
    if not math.isfinite(value):
        return "–"
    return format_decimal(f"{value:.{telling_digits(value, value if against is None else against, known)}f}")


def scores(values: Sequence[float], metric: str) -> str:
    """Several scores; if decimals have a comma, they are not separated by commas."""
    between = ", " if format_decimal("0.1") == "0.1" else "; "
    return between.join(score(value, metric) for value in values)


@dataclass(frozen=True)
class CurveWords:
    """The text around a curve: its title, the best score, and what the drawing shows."""

    title: str
    best: str
    description: str


def curve_words(exhibit: CurveExhibit, best: float | None, epoch: str) -> CurveWords:
    """The words for a curve whose best score is `best`, after `epoch` epochs."""
    metric, needed = METRICS[exhibit.metric], exhibit.threshold
    times = ngettext("{number} time", "{number} times", len(exhibit.validation_accuracy))
    reached = "" if best is None else score(best, metric.name, needed)
    asked = "" if needed is None else score(needed, metric.name, best)
    if is_accuracy(metric):
        title = gettext("Accuracy of your network per epoch")
        shown = (
            gettext("Training and validation accuracy, measured {times}.", times=times)
            if needed is None
            else gettext(
                "Training and validation accuracy, measured {times}, with a line at the accuracy that was needed, "
                "{needed}.",
                times=times,
                needed=accuracy(needed),
            )
        )
        if best is None:
            said = gettext("it ended before the first validation")
        elif needed is None:
            said = gettext("best validation accuracy {accuracy} after epoch {epoch}", accuracy=reached, epoch=epoch)
        else:
            said = gettext(
                "best validation accuracy {accuracy} after epoch {epoch}, {needed} was needed",
                accuracy=reached,
                epoch=epoch,
                needed=asked,
            )
        return CurveWords(title, said, shown)
    name = str(metric.shown)
    title = gettext("Score of your network per epoch: {metric}", metric=name)
    shown = (
        gettext("{metric} in training and validation, measured {times}.", metric=name, times=times)
        if needed is None
        else gettext(
            "{metric} in training and validation, measured {times}, with a line at what was needed, {needed}.",
            metric=name,
            times=times,
            needed=asked,
        )
    )
    if best is None:
        said = gettext("it ended before the first validation")
    elif needed is None:
        said = gettext(
            "{metric} in validation: {reached} after epoch {epoch} at best", metric=name, reached=reached, epoch=epoch
        )
    elif metric.higher_is_better:
        said = gettext(
            "{metric} in validation: {reached} after epoch {epoch} at best, at least {needed} was needed",
            metric=name,
            reached=reached,
            epoch=epoch,
            needed=asked,
        )
    else:
        said = gettext(
            "{metric} in validation: {reached} after epoch {epoch} at best, at most {needed} was needed",
            metric=name,
            reached=reached,
            epoch=epoch,
            needed=asked,
        )
    return CurveWords(title, said, shown)


def tried_caption(exhibit: SubstitutionExhibit) -> str:
    """The caption of the substitutions that were tried."""
    if is_accuracy(METRICS[exhibit.metric]):
        return gettext(
            "Validation accuracy with something changed; yours reached {reached:.3f}, {needed:.2f} was needed",
            reached=exhibit.reached or 0.0,
            needed=exhibit.needed,
        )
    reached = "–" if exhibit.reached is None else score(exhibit.reached, exhibit.metric, exhibit.needed)
    return gettext(
        "{metric} in validation with something changed; yours reached {reached}, {needed} was needed",
        metric=str(METRICS[exhibit.metric].shown),
        reached=reached,
        needed=score(exhibit.needed, exhibit.metric, exhibit.reached),
    )
