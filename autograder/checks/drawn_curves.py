"""Which curves of which trainings the lines of a figure show, identified by their values."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from autograder.checks.metric_names import is_known_metric, metric_name
from autograder.records.evidence import CapturedFit

Curve = Literal["training", "validation"]
_VALIDATION = re.compile(r"^(val$|val(?=acc|loss)|valid|eval|test|dev$|holdout|unseen)")
_TRAINING = re.compile(r"^(train|trn|tr$|fit)")
# The words by which a title or a label says what its curve shows.
QUANTITIES = {
    "accuracy": re.compile(r"acc|genauigkeit|treffer|correct|richtig"),
    "loss": re.compile(r"loss|verlust|fehler|error|cost|kosten|entropy"),
}
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


def curve_named(label: str) -> Curve | None:
    """Which curve a line's label names; None if it names none or both."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", label).casefold()  # valLoss as val loss
    words = [word for word in re.split(r"[\W\d_]+", parted) if word]
    validation = any(_VALIDATION.match(word) for word in words)
    training = any(_TRAINING.match(word) for word in words)
    if validation != training:
        return "validation" if validation else "training"
    # In a history the training curve is the one that is named by its metric alone.
    plain = any(quantity.search(word) for word in words for quantity in QUANTITIES.values())
    plain = plain or any(is_known_metric(metric_name(one)) for one in (label, *words))
    return "training" if plain and not validation else None
