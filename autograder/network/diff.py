"""What differs between the expected network and the student's: every mistake once, at its root."""

from __future__ import annotations

from typing import Literal

from autograder.core.data import Data
from autograder.core.messages import NOTHING, Text
from autograder.network import freezing, repeats
from autograder.network.align import Pair, differing, needs_no_padding
from autograder.network.architecture import Architecture, Row
from autograder.network.deviation import Deviation
from autograder.network.effects import Edit, Effect, insertion_anchor, partners
from autograder.network.measure import measure_until_misfit, rows
from autograder.network.pairing import pair_up
from autograder.network.repeats import fold
from autograder.network.torch.words import in_torch, torch_rows, with_torch_names
from autograder.network.wording import consequence, hint, message_of, where

AlignedState = Literal["same", "different", "missing", "extra", "moved", "consequence"]

# With more deviations the network is a different one, and the effect of each deviation alone is no longer computed.
_MOST_EFFECTS = 30


class AlignedRow(Data):
    """One row of the two networks side by side, with the operations' indices and, for a consequence, the reason."""

    state: AlignedState
    expected: int | None = None
    actual: int | None = None
    marked: bool = False
    note: Text = NOTHING


class Diff(Data):
    """The deviations in the order of the networks, and all operations of both side by side.

    `actual_rows` ends where the student's layers stop fitting together.
    """

    deviations: tuple[Deviation, ...]
    aligned: tuple[AlignedRow, ...]
    expected_rows: tuple[Row, ...]
    actual_rows: tuple[Row, ...]

    @property
    def same(self) -> bool:
        """Whether it is the expected network."""
        return not self.deviations


def compare(
    expected: Architecture,
    actual: Architecture,
    marked: frozenset[int] = frozenset(),
    *,
    strict: bool = False,
    folded: bool = True,
) -> Diff:
    """Compare the student's network with the expected one.

    Args:
        expected: the reference; its operations fit together.
        actual: the student's; it may not fit together.
        marked: the indices of the expected operations that the student had to write.
        strict: also compare initializers, regularizers, constraints and other settings that matter for learning only.
        folded: a repeated block is one deviation, not one for each of its layers; so are all layers that should be
            frozen, and all that should not be, and likewise those with the weights of a base model.

    Raises:
        ShapeError: the expected operations do not fit together.
    """
    measured = rows(expected)
    any_padding = needs_no_padding(expected, measured)
    actual_rows, _ = measure_until_misfit(actual)
    pairs, moved = pair_up(expected, actual, marked, any_padding, (measured, actual_rows), strict=strict)
    found = _deviations(expected, actual, marked, pairs, moved, any_padding, strict=strict)
    found = _in_order(found + _connected(expected, actual, marked, pairs), pairs)
    if folded:
        found = freezing.fold_frozen(fold(found, actual), expected)
    effects = _effects(expected, actual, found, pairs, measured)
    named, shown = expected, (measured, actual_rows)
    if in_torch(actual):
        named = with_torch_names(expected, measured)
        shown = torch_rows(expected, measured), torch_rows(actual, actual_rows)
    deviations = tuple(
        deviation.model_copy(update={"changes_totals": effect.totals} | _words(deviation, named, actual, pairs, *shown))
        for deviation, effect in zip(found, effects, strict=True)
    )
    aligned = _aligned(named, actual, marked, pairs, deviations, effects, measured, actual_rows, shown)
    return Diff(deviations=deviations, aligned=aligned, expected_rows=measured, actual_rows=actual_rows)


def _words(
    deviation: Deviation,
    expected: Architecture,
    actual: Architecture,
    pairs: tuple[Pair, ...],
    measured: tuple[Row, ...],
    actual_rows: tuple[Row, ...],
) -> dict[str, Text]:
    if deviation.kind in ("repeated", "shared"):
        return {
            "message": repeats.repeat_message(deviation, actual),
            "where": repeats.repeat_place(deviation, actual),
            "hint": repeats.repeat_hint(deviation),
        }
    if deviation.kind == "frozen":
        return {
            "message": freezing.frozen_message(deviation, actual),
            "where": freezing.frozen_place(deviation, actual),
            "hint": freezing.frozen_hint(deviation, actual),
        }
    if deviation.kind == "base_weights":
        return {
            "message": freezing.base_weights_message(deviation, expected, actual),
            "where": freezing.frozen_place(deviation, actual),
            "hint": freezing.base_weights_hint(deviation, expected),
        }
    return {
        "message": message_of(deviation, expected, actual),
        "where": where(deviation, actual, pairs),
        "hint": hint(deviation, expected, actual, measured, actual_rows),
    }


def _deviations(
    expected: Architecture,
    actual: Architecture,
    marked: frozenset[int],
    pairs: tuple[Pair, ...],
    moved: dict[int, int],
    any_padding: frozenset[int],
    *,
    strict: bool,
) -> list[Deviation]:
    among = _among_marked(pairs, marked)
    found: list[Deviation] = []
    for place, (ours, theirs) in enumerate(pairs):
        if ours is not None and theirs is not None:
            one, other = expected.operations[ours], actual.operations[theirs]
            if names := differing(one, other, any_padding=ours in any_padding, strict=strict):
                found.append(
                    Deviation(kind="different", expected=ours, actual=theirs, marked=ours in marked, settings=names)
                )
        elif ours is not None and ours in moved:
            there = next(spot for spot, (_, other) in enumerate(pairs) if other == moved[ours])
            inside = ours in marked or among[there] == "between"
            found.append(Deviation(kind="moved", expected=ours, actual=moved[ours], marked=inside))
        elif ours is not None:
            found.append(Deviation(kind="missing", expected=ours, marked=ours in marked))
        elif theirs not in moved.values():
            found.append(Deviation(kind="extra", actual=theirs, marked=among[place] != "outside"))
    return found


def _among_marked(pairs: tuple[Pair, ...], marked: frozenset[int]) -> list[Literal["outside", "beside", "between"]]:
    """For every place, whether what is added there is between marked operations, or at their edge ("beside")."""
    before: list[int | None] = []
    last: int | None = None
    for ours, _ in pairs:
        before.append(last)
        last = ours if ours is not None else last
    after: list[int | None] = []
    following: int | None = None
    for ours, _ in reversed(pairs):
        after.append(following)
        following = ours if ours is not None else following
    words: tuple[Literal["outside", "beside", "between"], ...] = ("outside", "beside", "between")
    return [words[(one in marked) + (other in marked)] for one, other in zip(before, reversed(after), strict=True)]


def _connected(
    expected: Architecture,
    actual: Architecture,
    marked: frozenset[int],
    pairs: tuple[Pair, ...],
) -> list[Deviation]:
    """Paired operations whose inputs or weights differ in a way that missing or extra ones do not explain."""
    if expected.is_chain and actual.is_chain and not _sharing(expected) and not _sharing(actual):
        return []
    partner = partners(pairs)
    matched = set(partner.values())
    found = []
    for ours, theirs in pairs:
        if ours is None or theirs is None:
            continue
        one, other = expected.operations[ours], actual.operations[theirs]
        wanted = [_settle(source, expected, matched) for source in one.inputs]
        given = [_settle(source, actual, partner) for source in other.inputs]
        reads = [None if source is None else partner[source] for source in given]
        shared = None if other.shares is None else partner.get(other.shares, -1)
        if reads != wanted:
            found.append(Deviation(kind="connected", expected=ours, actual=theirs, marked=ours in marked))
        elif shared != one.shares and one.kind == other.kind:
            found.append(Deviation(kind="shared", expected=ours, actual=theirs, marked=ours in marked))
    wanted = [_settle(end, expected, matched) for end in expected.outputs]
    ends = [_settle(end, actual, partner) for end in actual.outputs]
    if [None if end is None else partner[end] for end in ends] != wanted and expected.outputs and not found:
        ours = expected.outputs[0]
        found.append(Deviation(kind="connected", expected=ours, marked=ours in marked))
    return found


def _sharing(architecture: Architecture) -> bool:
    return any(operation.shares is not None for operation in architecture.operations)


def _settle(index: int, architecture: Architecture, known: set[int] | dict[int, int]) -> int | None:
    """The nearest operation at or before `index` that has a partner."""
    while index not in known:
        inputs = architecture.operations[index].inputs
        if not inputs:
            return None
        index = inputs[0]
    return index


def _in_order(found: list[Deviation], pairs: tuple[Pair, ...]) -> list[Deviation]:
    places = {("ours", ours): place for place, (ours, _) in enumerate(pairs) if ours is not None}
    places |= {("theirs", theirs): place for place, (_, theirs) in enumerate(pairs) if theirs is not None}

    def place(deviation: Deviation) -> tuple[int, str]:
        if deviation.expected is not None:
            return places[("ours", deviation.expected)], deviation.kind
        return places[("theirs", deviation.actual if deviation.actual is not None else -1)], deviation.kind

    return sorted(found, key=place)


def _effects(
    expected: Architecture,
    actual: Architecture,
    found: list[Deviation],
    pairs: tuple[Pair, ...],
    measured: tuple[Row, ...],
) -> list[Effect]:
    if len(found) > _MOST_EFFECTS:
        return [Effect(totals=True, rows=frozenset())] * len(found)
    partner = partners(pairs)
    effects = []
    for deviation in found:
        edit = Edit(expected)
        ours, theirs = deviation.expected, deviation.actual
        if deviation.kind in ("missing", "moved") and ours is not None:
            edit.remove(ours)
        if deviation.kind in ("extra", "moved", "repeated") and theirs is not None and edit.possible:
            after = insertion_anchor(theirs, actual, partner)
            for operation in reversed(actual.operations[theirs : theirs + deviation.span]):
                edit.insert(operation, after)
        if deviation.kind == "shared" and ours is not None and theirs is not None:
            owner = actual.operations[theirs].shares
            edit.share(ours, None if owner is None else partner.get(owner))
        if deviation.kind == "different" and ours is not None and theirs is not None:
            edit.replace(ours, actual.operations[theirs])
        for mine, other in deviation.pairs if deviation.kind == "frozen" else ():
            edit.replace(mine, freezing.with_frozen_state(expected.operations[mine], actual.operations[other]))
        if deviation.kind == "connected" and ours is not None and theirs is not None:
            sources = actual.operations[theirs].inputs
            edit.reconnect(ours, tuple(partner.get(source) for source in sources))
        effects.append(edit.effect(measured))
    return effects


def _aligned(
    expected: Architecture,
    actual: Architecture,
    marked: frozenset[int],
    pairs: tuple[Pair, ...],
    deviations: tuple[Deviation, ...],
    effects: list[Effect],
    measured: tuple[Row, ...],
    actual_rows: tuple[Row, ...],
    shown: tuple[tuple[Row, ...], tuple[Row, ...]],
) -> tuple[AlignedRow, ...]:
    """All operations side by side; `shown` are the rows as the student's framework counts them."""
    by_expected: dict[int | None, Deviation] = {
        deviation.expected: deviation for deviation in deviations if deviation.expected is not None
    }
    frozen: dict[int | None, Deviation] = {ours: one for one in deviations for ours, _ in one.pairs}
    by_expected = {**frozen, **by_expected}
    by_actual: dict[int | None, Deviation] = {
        place: deviation
        for deviation in deviations
        if deviation.actual is not None
        for place in range(deviation.actual, deviation.actual + deviation.span)
    }
    result = []
    earlier: list[Deviation] = []
    for ours, theirs in pairs:
        state: AlignedState = "same"
        note = NOTHING
        deviation = by_actual.get(theirs) if ours is None else by_expected.get(ours)
        if theirs is None:
            state = "moved" if deviation is not None and deviation.kind == "moved" else "missing"
        elif ours is None:
            state = "moved" if deviation is not None and deviation.kind == "moved" else "extra"
        elif deviation is not None:
            state = "different"
        elif _differs(measured[ours], actual_rows, theirs):
            state = "consequence"
            causes = [one for one, effect in zip(deviations, effects, strict=True) if ours in effect.rows] or earlier
            sentence = [one.model_copy(update={"kind": "extra"}) if one.kind == "repeated" else one for one in causes]
            note = consequence(shown[0][ours], shown[1], theirs, sentence, expected, actual)
        result.append(AlignedRow(state=state, expected=ours, actual=theirs, marked=ours in marked, note=note))
        # Shared, frozen and other weights change no shape.
        weights_alone = deviation is not None and deviation.kind in ("shared", "frozen", "base_weights")
        if deviation is not None and not weights_alone and deviation not in earlier:
            earlier.append(deviation)
    return tuple(result)


def _differs(expected: Row, actual_rows: tuple[Row, ...], theirs: int) -> bool:
    if theirs >= len(actual_rows):
        return True
    actual = actual_rows[theirs]
    return (expected.shape, expected.parameters) != (actual.shape, actual.parameters)
