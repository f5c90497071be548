"""The smallest set of changes that repairs a network, found with few tests: delta debugging over its differences.

Zeller and Hildebrandt, Simplifying and Isolating Failure-Inducing Input (TSE 2002), search from the failing side; here
the repaired side is known (all changes at once give the reference), so that the student's settings are given back group
by group. Each cause is found by a binary search in the ordered changes, as in QuickXplain (Junker, AAAI 2004): k causes
among n changes cost about k·log2(n) tests.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from itertools import combinations

Chosen = frozenset[int]
# What is tested next; the answer is how far the result lies above the minimum (0 or more: repaired), or None if these
# changes cannot be combined, which costs nothing.
Search = Generator[Chosen, float | None, "EvaluatedRepair"]
# Up to so many changes, each alone comes first: that costs no more than to halve, and shows what each does.
_FEW = 3


@dataclass(frozen=True)
class EvaluatedRepair:
    """What the tests have shown.

    Attributes:
        causes: a set of changes that repairs, the one that does most alone first; empty if none was found.
        minimal: whether none of them can be left out, each having been tried.
        exhausted: whether nothing is left to be tried; False if the tests ran out.
    """

    causes: tuple[int, ...] = ()
    minimal: bool = False
    exhausted: bool = False


def minimal_repair(count: int, budget: int) -> Search:
    """Yields the changes (0 … count - 1, most likely first) to test together, and returns the smallest repair found.

    No change at all is known not to repair. What is found was always tested itself, whatever the effects of changes on
    each other. Where further changes never undo a repair, k causes among n are found and shown to be minimal after
    about k log2(n) tests.
    """
    return (yield from _Tests(count, budget).search())


@dataclass
class _Tests:
    """The tests made so far, and the search that needs them."""

    count: int
    budget: int
    known: dict[Chosen, float | None] = field(default_factory=dict)
    made: int = 0

    def search(self) -> Search:
        try:
            found = yield from self._found()
        except _OutOfTests:
            return self._smallest(exhausted=False)
        if found is None:
            return EvaluatedRepair(exhausted=True)
        try:
            found = yield from self._reduced(found)
            yield from self._chain(found)
        except _OutOfTests:
            return self._smallest(exhausted=False)
        return EvaluatedRepair(self._ordered(found), minimal=True, exhausted=True)

    def _found(self) -> Generator[Chosen, float | None, Chosen | None]:
        """A set that repairs, None if all that can be tried does not."""
        singles = [frozenset((one,)) for one in range(self.count)]
        for one in singles if self.count <= _FEW else singles[:1]:
            if (yield from self._repairs(one)):
                return one
        everything = frozenset(range(self.count))
        if not (yield from self._repairs(everything)):
            return (yield from self._one_by_one(singles))
        needed: Chosen = frozenset()
        left = list(range(self.count))
        while not needed or not (yield from self._repairs(needed)):
            # `needed` with the first `high` repairs, with the first `low` it does not.
            low, high = 0, len(left)
            while high - low > 1:
                middle = (low + high) // 2
                if (yield from self._repairs(needed | frozenset(left[:middle]))):
                    high = middle
                else:
                    low = middle
            needed |= {left[high - 1]}
            left = left[: high - 1]
        return needed

    def _one_by_one(self, singles: list[Chosen]) -> Generator[Chosen, float | None, Chosen | None]:
        """Where all changes at once do not repair, or cannot be combined: each alone, then pairs, best ones first."""
        for one in singles:
            if (yield from self._repairs(one)):
                return one
        pairs = sorted(
            (one | other for one, other in combinations(singles, 2)),
            key=lambda pair: -sum(self._lead(frozenset((one,))) for one in pair),
        )
        for pair in pairs:
            if (yield from self._repairs(pair)):
                return pair
        return None

    def _reduced(self, found: Chosen) -> Generator[Chosen, float | None, Chosen]:
        """`found` without each change that is not needed after all, because it only mattered next to others."""
        whole: Chosen = frozenset()
        # Without one change, another that was needed beside it may be needed no more.
        while whole != found:
            whole = found
            for one in sorted(whole, reverse=True):
                if len(found) > 1 and (yield from self._repairs(found - {one})):
                    found -= {one}
        return found

    def _chain(self, found: Chosen) -> Generator[Chosen, float | None, None]:
        """Test what shows the share of each cause: smaller and smaller parts of the repair."""
        while len(found) > 2:
            found -= {self._least(found)}
            if not any(found - {one} in self.known for one in found):
                yield from self._repairs(found - {max(found)})

    def _ordered(self, found: Chosen) -> tuple[int, ...]:
        """The causes, so that each first few of them did best among those that were tried."""
        order: list[int] = []
        while len(found) > 1:
            least = self._least(found)
            order.append(least)
            found -= {least}
        return (*found, *reversed(order))

    def _least(self, found: Chosen) -> int:
        """The cause without which the others do best, of those tried; else the least likely one."""
        return max(found, key=lambda one: (self._lead(found - {one}), one))

    def _smallest(self, *, exhausted: bool) -> EvaluatedRepair:
        repairs = [chosen for chosen, lead in self.known.items() if lead is not None and lead >= 0]
        if not repairs:
            return EvaluatedRepair(exhausted=exhausted)
        found = min(repairs, key=lambda chosen: (len(chosen), sorted(chosen)))
        return EvaluatedRepair(self._ordered(found), minimal=len(found) == 1, exhausted=exhausted)

    def _lead(self, chosen: Iterable[int]) -> float:
        lead = self.known.get(frozenset(chosen))
        return -math.inf if lead is None else lead

    def _repairs(self, chosen: Chosen) -> Generator[Chosen, float | None, bool]:
        if chosen not in self.known:
            if self.made >= self.budget:
                raise _OutOfTests
            lead = yield chosen
            self.known[chosen] = lead
            self.made += lead is not None
        return self._lead(chosen) >= 0


class _OutOfTests(Exception):
    """No further test is allowed."""
