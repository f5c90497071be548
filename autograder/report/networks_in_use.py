"""The distinct networks of a class, collected one result at a time."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from autograder.core.language import gettext
from autograder.records.metrics import METRICS
from autograder.records.result import (
    ComparisonExhibit,
    ComparisonRow,
    CurveExhibit,
    Result,
    RowCells,
)
from autograder.report import labels


@dataclass
class NetworkInUse:
    """One distinct network: how it differs from the expected one, who built it (by row), its scores by `metric`."""

    variable: str
    differs: tuple[str, ...]
    parameters: int | None
    students: list[int] = field(default_factory=list)
    accuracies: list[float] = field(default_factory=list)
    metric: str = "accuracy"

    @property
    def differs_in_words(self) -> str:
        """Its differences, the first six of them."""
        return (", ".join(self.differs[:6]) + (" …" if len(self.differs) > 6 else "")) or gettext("as expected")

    @property
    def accuracy(self) -> float | None:
        """The best validation score of the trusted run; the mean, if there were several."""
        return sum(self.accuracies) / len(self.accuracies) if self.accuracies else None


class NetworksInUse:
    """Collects the distinct networks of a class."""

    def __init__(self) -> None:
        self._found: dict[tuple[object, ...], NetworkInUse] = {}

    def add(self, row: int, result: Result) -> None:
        """Note the networks of this row's submission."""
        exhibits = [one for verdict in result.questions for one in verdict.exhibits]
        best = _accuracies(exhibits)
        seen = set()
        for exhibit in exhibits:
            if not isinstance(exhibit, ComparisonExhibit) or exhibit.network in seen:
                continue
            seen.add(exhibit.network)
            rows = tuple(
                (each.state, each.actual or _layer(each.expected))
                for each in exhibit.rows
                if each.actual or each.expected
            )
            if not any(each.actual for each in exhibit.rows):
                continue
            network = self._found.setdefault(
                (exhibit.network, rows), NetworkInUse(exhibit.network, _differences(exhibit), exhibit.actual_total)
            )
            network.students.append(row)
            if exhibit.network in best:
                reached, network.metric = best[exhibit.network]
                network.accuracies.append(reached)

    def listed(self) -> list[NetworkInUse]:
        """The most common first."""
        return sorted(self._found.values(), key=lambda one: (-len(one.students), one.variable, one.differs))


def _accuracies(exhibits: Sequence[object]) -> Mapping[str, tuple[float, str]]:
    """The score of each network, and its metric."""
    return {
        one.network: (
            statistics.fmean(one.accuracies or (METRICS[one.metric].best(one.validation_accuracy),)),
            one.metric,
        )
        for one in exhibits
        if isinstance(one, CurveExhibit) and one.validation_accuracy
    }


def _differences(exhibit: ComparisonExhibit) -> tuple[str, ...]:
    return tuple(filter(None, map(_difference, exhibit.rows)))


def _difference(row: ComparisonRow) -> str:
    """One row that differs: its sign and layer, with the settings that the student gave it."""
    expected, actual = _layer(row.expected), _layer(row.actual)
    settings = f" ({labels.settings_text(row.actual)})" if row.actual and row.actual.settings else ""
    if row.state == "missing":
        return f"− {expected}"
    if row.state == "extra":
        return f"+ {actual}{settings}"
    if row.state == "different":
        return f"≠ {actual if expected == actual else f'{expected} → {actual}'}{settings}"
    # A layer that moved has two rows: where it was expected, and where it is.
    return f"↕ {actual}" if row.state == "moved" and actual else ""


def _layer(cells: RowCells | None) -> str:
    return cells.layer if cells else ""
