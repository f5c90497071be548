"""Which curves of which trainings the lines of a figure show, identified by their values."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from autograder.checks.metric_names import metric_name
from autograder.records.evidence import CapturedFit

Curve = Literal["training", "validation"]
# Metrics by the names that a history gives them, beside the words for accuracy and loss.
OTHER_METRIC = re.compile(r"^(mae|mse|rmse|mape|msle|auc|iou|precision|recall)$")
# Tolerance for single-precision numbers that the student averaged or scaled.
_NEAR = 1e-4


@dataclass(frozen=True)
class Origin:
    """One list of a history: the trained network, and the metric by Keras' name ("val_loss").

    `owner` tells networks apart, whatever variables held them; `name` is the variable, "" if there was none.
    """

    owner: str
    metric: str
    name: str = field(default="", compare=False)

    @property
    def curve(self) -> Curve:
        return "validation" if self.metric.startswith("val_") else "training"

    @property
    def plain(self) -> str:
        """The metric without "val_"."""
        return self.metric.removeprefix("val_")

    @property
    def quantity(self) -> str:
        """The quantity: "accuracy", "loss" or the metric's own name."""
        return "loss" if self.plain.endswith("loss") else metric_name(self.plain)


def owner_of(fit: CapturedFit) -> str:
    """The network that was trained: by its number in the history, or by its variable if that is unknown."""
    return fit.network if fit.record is None else f"#{fit.record}"


def sources(values: Sequence[float | None], fits: Iterable[CapturedFit]) -> frozenset[Origin]:
    """The lists that a line may show, several if they hold the same numbers; empty if it matches no known list."""
    found: set[Origin] = set()
    together: dict[Origin, tuple[float | None, ...]] = {}
    for fit in fits:
        for metric, one in fit.history.items():
            source = Origin(owner_of(fit), metric, fit.network)
            # A shortened run repeats its last value up to the requested length.
            held = (*one, *one[-1:] * (fit.epochs - len(one))) if fit.shortened else one
            together[source] = (*together.get(source, ()), *held)
            if _same(values, held) or _same(values, together[source]):
                found.add(source)
    return frozenset(found)


def _same(values: Sequence[float | None], held: Sequence[float | None]) -> bool:
    """Whether these are the same numbers, possibly in percent."""
    beginning = held[: len(values)]
    if not values or len(beginning) != len(values):
        return False
    return any(
        all(
            one is not None and other is not None and math.isclose(one, other * scale, rel_tol=_NEAR, abs_tol=1e-6)
            for one, other in zip(values, beginning, strict=True)
        )
        for scale in (1, 100)
    )
