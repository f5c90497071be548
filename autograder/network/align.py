"""Aligns the operations of two networks: edit distance over the two lists of operations.

Whether two operations are the same is decided by kind and *local* settings only, never by shape or parameters, so that
the consequences of an earlier mistake do not count as mistakes. Shape and parameters decide which of several operations
of one kind is meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from autograder.core.weight_fingerprint import BASE_WEIGHTS
from autograder.network.architecture import Architecture, Operation, Row
from autograder.network.builder import needs_padding
from autograder.network.kinds import related

# Settings that the handout's table does not show and that do not change what an operation computes.
_FOR_LEARNING_ONLY = frozenset({"momentum", "epsilon", "unit_forget_bias"})
_ENDINGS = ("_initializer", "_regularizer", "_constraint")

FROZEN = "trainable"
LEARNED_ALONE = ((FROZEN,), (BASE_WEIGHTS,), (BASE_WEIGHTS, FROZEN))

_EDIT = 1_000_000_000
_SAME_KIND, _PER_SETTING = 500_000_000, 40_000_000
_RELATED, _UNRELATED = 1_200_000_000, 1_500_000_000
# Tie-breakers: first by what is marked, then by sizes. All of them together weigh less than one setting.
_TIE, _SIZE_TIE = 1_000, 1
# Forgetting to freeze a base, or to load its weights, is one mistake: it decides only between layers that are equal but
# for this.
_FROZEN_TIE = 20_000
# More than any network's edits.
_NEVER = 10_000 * _EDIT

Pair = tuple[int | None, int | None]


class Alignment(NamedTuple):
    """How two networks are aligned.

    Attributes:
        strict: also compare initializers, regularizers, constraints and the like.
        sizes: the rows of both networks (the student's end where its layers stop fitting together); among pairings of
            equal cost, the one in which the rows have the same size wins.
        by_parameters: a pair of the same kind with different numbers of parameters costs about as much as an edit, and
            kinds that have nothing in common are not paired.
        pinned: operations outside the marked ones are paired with their equals, or with nothing.
    """

    strict: bool = False
    sizes: tuple[tuple[Row, ...], tuple[Row, ...]] = ((), ())
    by_parameters: bool = False
    pinned: bool = False


def differing(
    expected: Operation, actual: Operation, *, any_padding: bool = False, strict: bool = False
) -> tuple[str, ...]:
    """The names of the settings in which two operations differ; ("kind",) if they are of different kinds.

    Args:
        expected: one operation.
        actual: the other.
        any_padding: "same" and "valid" mean the same for `expected`, because it needs no padding.
        strict: also compare what matters for learning only, and what the handout's table does not show.
    """
    if expected.kind != actual.kind:
        return ("kind",)
    ours, theirs = expected.settings, actual.settings
    return tuple(
        name
        for name in sorted(ours.keys() | theirs.keys())
        if _visible(ours, name, strict=strict) != _visible(theirs, name, strict=strict)
        and not (any_padding and name == "padding" and "causal" not in (ours[name], theirs[name]))
    )


def compared(operation: Operation) -> dict[str, Any]:
    """The settings of an operation that are compared unless the comparison is strict."""
    found = ((name, _visible(operation.settings, name, strict=False)) for name in operation.settings)
    return {name: value for name, value in found if value is not None}


def for_learning_only(name: str) -> bool:
    """Whether a setting of this name matters for learning only, so that it is not compared unless strictly."""
    return name in _FOR_LEARNING_ONLY or name.endswith(_ENDINGS)


def _visible(settings: Mapping[str, Any], name: str, *, strict: bool) -> Any:
    if not strict and for_learning_only(name):
        return None
    value = settings.get(name)
    if name == "layer" and value is not None and not strict:
        inner = value["config"]
        return [value["class_name"], {key: _visible(inner, key, strict=False) for key in inner}]
    return value


def needs_no_padding(architecture: Architecture, measured: tuple[Row, ...]) -> frozenset[int]:
    """The operations for which "same" and "valid" are the same, because their input needs no padding."""
    free = set()
    for index, operation in enumerate(architecture.operations):
        if operation.settings.get("padding") in ("valid", "same") and "Transpose" not in operation.kind:
            shape = measured[operation.inputs[0]].shape
            if not needs_padding(operation.kind, operation.settings, shape):
                free.add(index)
    return frozenset(free)


def align(
    expected: Architecture,
    actual: Architecture,
    marked: frozenset[int],
    any_padding: frozenset[int],
    how: Alignment = Alignment(),  # noqa: B008 - it never changes
) -> tuple[Pair, ...]:
    """Pair up the operations of two networks at the least cost.

    Among alignments of equal cost, operations outside `marked` are matched first: what looks like a marked row but was
    there before the student started is not the student's.
    """
    ours, theirs = expected.operations, actual.operations
    replace = _replacing(ours, theirs, marked, any_padding, how)
    remove = [_removing(index in marked, how) for index in range(len(ours))]
    add = [_EDIT + (0 if {index - 1, index} & marked else _TIE) for index in range(len(ours) + 1)]
    costs = [[0] * (len(theirs) + 1) for _ in range(len(ours) + 1)]
    for j in range(1, len(theirs) + 1):
        costs[0][j] = costs[0][j - 1] + add[0]
    for i in range(1, len(ours) + 1):
        before, current, matching = costs[i - 1], costs[i], replace[i - 1]
        current[0] = before[0] + remove[i - 1]
        for j in range(1, len(theirs) + 1):
            current[j] = min(before[j - 1] + matching[j - 1], before[j] + remove[i - 1], current[j - 1] + add[i])
    return _trace(costs, replace, add)


def same_size(ours: int, theirs: int, sizes: tuple[tuple[Row, ...], tuple[Row, ...]]) -> bool:
    """Whether two rows have the same shape and parameter count, as far as both are known."""
    expected, actual = sizes
    if ours >= len(expected) or theirs >= len(actual):
        return True
    one, other = expected[ours], actual[theirs]
    return (one.shape, one.parameters) == (other.shape, other.parameters)


def _removing(in_marked: bool, how: Alignment) -> int:
    if in_marked:
        return _EDIT
    return _NEVER if how.pinned else _EDIT + 2 * _TIE


def _replacing(
    ours: tuple[Operation, ...],
    theirs: tuple[Operation, ...],
    marked: frozenset[int],
    any_padding: frozenset[int],
    how: Alignment,
) -> list[list[int]]:
    """The cost of substituting each actual operation for each expected one; equal pairs are computed once."""
    known: dict[tuple[str, str, bool], int] = {}
    our_keys = [repr((operation.kind, operation.settings)) for operation in ours]
    their_keys = [repr((operation.kind, operation.settings)) for operation in theirs]
    table = []
    for i, our in enumerate(ours):
        free = i in any_padding
        fixed = how.pinned and i not in marked
        line = []
        for j, their in enumerate(theirs):
            key = (our_keys[i], their_keys[j], free)
            if key not in known:
                known[key] = _cost(our, their, differing(our, their, any_padding=free, strict=how.strict))
            cost = _NEVER if fixed and known[key] > 2 * _FROZEN_TIE else known[key]
            if how.by_parameters and cost == _UNRELATED:
                cost = 2 * _EDIT + _EDIT // 10
            line.append(cost + (_TIE if i in marked else 0) + _size_cost(i, j, our.kind == their.kind, how))
        table.append(line)
    return table


def _size_cost(ours: int, theirs: int, same_kind: bool, how: Alignment) -> int:
    if not same_kind or same_size(ours, theirs, how.sizes):
        return 0
    expected, actual = how.sizes
    other = how.by_parameters and expected[ours].parameters != actual[theirs].parameters
    return _SIZE_TIE + (_EDIT * 3 // 5 if other else 0)


def _cost(ours: Operation, theirs: Operation, different: tuple[str, ...]) -> int:
    if "Input" in (ours.kind, theirs.kind) and ours.kind != theirs.kind:
        return 3 * _EDIT
    if different in LEARNED_ALONE:
        return _FROZEN_TIE * len(different)
    if ours.kind == theirs.kind:
        return min(_SAME_KIND + _PER_SETTING * len(different), _EDIT - _EDIT // 20) if different else 0
    return _RELATED if related(ours.kind, theirs.kind) else _UNRELATED


def _trace(costs: list[list[int]], replace: list[list[int]], add: list[int]) -> tuple[Pair, ...]:
    pairs: list[Pair] = []
    i, j = len(costs) - 1, len(costs[0]) - 1
    adding = False
    while i or j:
        # Among paths of equal cost, prefer the one with adjacent additions.
        adding = adding and j > 0 and costs[i][j] == costs[i][j - 1] + add[i]
        if not adding and i and j and costs[i][j] == costs[i - 1][j - 1] + replace[i - 1][j - 1]:
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif j and costs[i][j] == costs[i][j - 1] + add[i]:
            j -= 1
            adding = True
            pairs.append((None, j))
        else:
            i -= 1
            pairs.append((i, None))
    return tuple(reversed(pairs))
