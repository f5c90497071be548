"""The pairing that best explains a student's mistakes: of several alignments, the one with the fewest and likeliest."""

from __future__ import annotations

from typing import NamedTuple

from autograder.network.align import LEARNED_ALONE, Alignment, Pair, align, differing, same_size
from autograder.network.architecture import Architecture, Row
from autograder.network.kinds import WEIGHTED


class Pairing(NamedTuple):
    """Which operation is paired with which, and a map from missing operations to equal extra ones: those are in another
    place."""

    pairs: tuple[Pair, ...]
    moved: dict[int, int]


def pair_up(
    expected: Architecture,
    actual: Architecture,
    marked: frozenset[int],
    any_padding: frozenset[int],
    sizes: tuple[tuple[Row, ...], tuple[Row, ...]],
    *,
    strict: bool = False,
) -> Pairing:
    """Pair up the operations of two networks.

    The alignment with the fewest edits is taken, with three exceptions. Another one that reports no more mistakes and
    pairs fewer layers with those of a different number of parameters is nearer to what the student meant. One by which
    the networks differ in a single place is the simplest. And if given operations would be out of place only because
    the student's come before them, the student's are the ones out of place.
    """
    search = _Search(expected, actual, marked, any_padding, Alignment(strict=strict, sizes=sizes))
    found = search.pairing(search.how)
    if search.misfits(found):
        other = search.pairing(search.how._replace(by_parameters=True))
        no_worse = search.mistakes(other) <= search.mistakes(found) and search.given(other) <= search.given(found)
        if no_worse and search.misfits(other) < search.misfits(found):
            found = other
    if search.places(found) > 1:
        other = search.pairing(search.how._replace(sizes=((), ())))
        if search.places(other) == 1 and search.given(other) <= search.given(found):
            found = other
    if marked and any(ours not in marked for ours in found.moved):
        other = search.pairing(search.how._replace(pinned=True))
        if search.given(other) == 0 and search.layers(other) <= search.layers(found):
            found = other
    return found


class _Search(NamedTuple):
    expected: Architecture
    actual: Architecture
    marked: frozenset[int]
    any_padding: frozenset[int]
    how: Alignment

    def pairing(self, how: Alignment) -> Pairing:
        pairs = align(self.expected, self.actual, self.marked, self.any_padding, how)
        return Pairing(pairs, self._moved(pairs))

    def different(self, pairs: tuple[Pair, ...]) -> int:
        """How many pairs are not equal, whether they are frozen or not."""
        return sum(self._unequal(ours, theirs) for ours, theirs in pairs if ours is not None and theirs is not None)

    def mistakes(self, pairing: Pairing) -> int:
        """How many operations are different, missing, extra or moved."""
        alone = sum(None in pair for pair in pairing.pairs)
        return self.different(pairing.pairs) + alone - len(pairing.moved)

    def places(self, pairing: Pairing) -> int:
        """In how many places the networks differ; adjacent missing or extra layers are one place."""
        alone = [None in pair for pair in pairing.pairs]
        gaps = sum(here and not before for before, here in zip([False, *alone], alone, strict=False))
        return self.different(pairing.pairs) + gaps

    def layers(self, pairing: Pairing) -> int:
        """How many layers are wrong; a layer and its own activation are one, even if both are wrong."""
        moved = pairing.moved.keys()
        found = set()
        for ours, theirs in pairing.pairs:
            if theirs is None and ours is not None and ours not in moved:
                found.add(("missing", self.expected.operations[ours].label or str(ours)))
            elif theirs is not None and (ours is None or self._unequal(ours, theirs)):
                found.add(("there", self.actual.operations[theirs].label or str(theirs)))
        return len(found)

    def misfits(self, pairing: Pairing) -> int:
        """How many operations with weights are paired with one of the same kind but a different size."""
        return sum(
            not same_size(ours, theirs, self.how.sizes)
            for ours, theirs in pairing.pairs
            if ours is not None and theirs is not None and self._weighted(ours, theirs)
        )

    def given(self, pairing: Pairing) -> int:
        """How many given operations are missing or out of order; 0 if nothing is marked."""
        if not self.marked:
            return 0
        return sum(
            theirs is None or self._unequal(ours, theirs)
            for ours, theirs in pairing.pairs
            if ours is not None and ours not in self.marked
        )

    def _weighted(self, ours: int, theirs: int) -> bool:
        kind = self.expected.operations[ours].kind
        return kind in WEIGHTED and kind == self.actual.operations[theirs].kind

    def _unequal(self, ours: int, theirs: int) -> bool:
        """Whether they differ in more than being frozen, which is one mistake for all layers."""
        return self._differing(ours, theirs) not in ((), *LEARNED_ALONE)

    def _differing(self, ours: int, theirs: int) -> tuple[str, ...]:
        return differing(
            self.expected.operations[ours],
            self.actual.operations[theirs],
            any_padding=ours in self.any_padding,
            strict=self.how.strict,
        )

    def _moved(self, pairs: tuple[Pair, ...]) -> dict[int, int]:
        """From the missing operations to equal extra ones: of the same size first, then the nearest."""
        missing = [(place, ours) for place, (ours, theirs) in enumerate(pairs) if theirs is None and ours is not None]
        extra = [(place, theirs) for place, (ours, theirs) in enumerate(pairs) if ours is None and theirs is not None]
        candidates = sorted(
            (not same_size(ours, theirs, self.how.sizes), abs(here - there), ours, theirs)
            for here, ours in missing
            for there, theirs in extra
            if self.expected.operations[ours].kind == self.actual.operations[theirs].kind
        )
        found: dict[int, int] = {}
        taken: set[int] = set()
        for *_, ours, theirs in candidates:
            if ours in found or theirs in taken:
                continue
            if not self._differing(ours, theirs):
                found[ours] = theirs
                taken.add(theirs)
        return found
