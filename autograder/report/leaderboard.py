"""The leaderboard of an open exercise: who chose a name for it, with the rounded score, best first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.checks.predictions import ON_THE_BOARD, SCORE
from autograder.core.language import format_decimal
from autograder.core.messages import Message
from autograder.core.pseudonyms import appearance
from autograder.records.result import Result

# More rows than that are of no interest on a board.
_MOST = 100


@dataclass(frozen=True)
class Standing:
    """A line: `place` 1 is the best; equal scores share one."""

    place: int
    name: str
    score: float

    @property
    def shown(self) -> str:
        """The score in the active language."""
        return format_decimal(f"{self.score:,.10g}")


@dataclass(frozen=True)
class Board:
    """The standings in one question, the best first; `metric` is what the scores are."""

    question: str
    metric: Message | str
    standings: tuple[Standing, ...]


class Boards:
    """Collects the scores of those who chose a name, one result at a time."""

    def __init__(self) -> None:
        self._entries: dict[str, list[tuple[float, str]]] = {}
        self._about: dict[str, tuple[str, Message | str, bool]] = {}

    def add(self, result: Result) -> None:
        """Take what the result of one student says about a leaderboard."""
        for verdict in result.questions:
            values = {finding.code: finding.message.values for finding in verdict.findings}
            if SCORE not in values or ON_THE_BOARD not in values:
                continue
            score, full, zero = (float(values[SCORE].get(key, "nan")) for key in ("score", "full", "zero"))
            self._about[verdict.id] = (verdict.title, values[SCORE].get("metric", ""), full > zero)
            self._entries.setdefault(verdict.id, []).append((score, str(values[ON_THE_BOARD].get("name", ""))))

    def listed(self) -> tuple[Board, ...]:
        """A board for each question that has one, in the order of the questions."""
        boards = []
        for question, entries in self._entries.items():
            title, metric, higher_is_better = self._about[question]
            best = sorted(entries, key=lambda one: (-one[0] if higher_is_better else one[0], one[1]))
            scores = [score for score, _ in best]
            listed = zip(told_apart([name for _, name in best]), scores, strict=True)
            standings = tuple(Standing(scores.index(score) + 1, name, score) for name, score in listed)[:_MOST]
            boards.append(Board(title, metric, standings))
        return tuple(boards)


def told_apart(names: Sequence[str]) -> list[str]:
    """The names, each with a number where several look alike: who takes another one's name is seen to be a second."""
    alike = Counter(appearance(name) for name in names)
    so_far: Counter[str] = Counter()
    shown = []
    for name in names:
        look = appearance(name)
        so_far[look] += 1
        shown.append(f"{name} #{so_far[look]}" if alike[look] > 1 else name)
    return shown
