"""What occurs in a network more often than it should: a block that was pasted again, a layer that is used again."""

from __future__ import annotations

from collections.abc import Iterator

from autograder.core.messages import Message, message, verbatim
from autograder.network.align import compared
from autograder.network.architecture import Architecture
from autograder.network.describe import named
from autograder.network.deviation import Deviation


def fold(found: list[Deviation], actual: Architecture) -> list[Deviation]:
    """The same deviations, with the layers of a block that was pasted again as one: the block is "repeated"."""
    folded: list[Deviation] = []
    for run in _runs(found):
        extra = [one.actual for one in run if one.kind == "extra" and one.actual is not None]
        while extra and (block := _copies(range(extra[0], extra[-1] + 1), actual)) is not None:
            members = [one for one in run if one.actual in block]
            whole = Deviation(
                kind="repeated", actual=block.start, span=len(block), marked=any(one.marked for one in members)
            )
            first = run.index(members[0])
            folded += run[:first]
            run = run[first + len(members) :]
            folded.append(whole)
            extra = [one.actual for one in run if one.actual is not None]
        folded += run
    return folded


def repeat_message(deviation: Deviation, actual: Architecture) -> Message:
    """One sentence on what is repeated; it names the first of the layers."""
    operation = actual.operations[deviation.actual or 0]
    if deviation.kind == "repeated":
        first, last = _first(deviation, actual), _last(deviation, actual)
        if first == last:
            return message("layer.repeated", "{layer} stands there again.", layer=named(operation))
        return message(
            "layer.block_repeated", "The block from {first} to {last} stands there again.", first=first, last=last
        )
    if operation.shares is None:
        return message(
            "layer.not_shared",
            "{layer} has weights of its own, but should share those of another layer.",
            layer=named(operation),
        )
    owner = actual.operations[operation.shares]
    if operation.label == owner.label:
        return message(
            "layer.used_again",
            "{layer} is one layer that is used at several places: it has the same weights at each of them.",
            layer=named(operation),
        )
    return message("layer.shared", "{layer} shares the weights of {other}.", layer=named(operation), other=named(owner))


def repeat_hint(deviation: Deviation) -> Message:
    """Advice on what to check."""
    if deviation.kind == "repeated":
        return message("hint.pasted_twice", "Was a part pasted twice, or a cell that adds layers run twice?")
    return message(
        "hint.layer_called",
        "Where is each layer made, and where is it called? A layer that is called twice has its weights once.",
    )


def repeat_place(deviation: Deviation, actual: Architecture) -> Message:
    """Where in the student's network it is."""
    if deviation.kind == "repeated":
        first, last = _first(deviation, actual), _last(deviation, actual)
        return (
            verbatim(first) if first == last else message("where.from_to", "{first} to {last}", first=first, last=last)
        )
    return verbatim(_first(deviation, actual))


def _first(deviation: Deviation, actual: Architecture) -> str:
    operation = actual.operations[deviation.actual or 0]
    return operation.label or operation.kind


def _last(deviation: Deviation, actual: Architecture) -> str:
    operation = actual.operations[(deviation.actual or 0) + deviation.span - 1]
    return operation.label or operation.kind


def _runs(found: list[Deviation]) -> Iterator[list[Deviation]]:
    """Adjacent extra layers as one run, and every other deviation alone."""
    run: list[Deviation] = []
    for one in found:
        before = run[-1] if run else None
        if before is not None and before.kind == one.kind == "extra" and one.actual == (before.actual or 0) + 1:
            run.append(one)
            continue
        if run:
            yield run
        run = [one]
    if run:
        yield run


def _copies(run: range, actual: Architecture) -> range | None:
    """The longest part of a run of extra operations that repeats what comes right before or after it."""
    keys = [repr((one.kind, compared(one))) for one in actual.operations]
    chained = [one.inputs == (index - 1,) for index, one in enumerate(actual.operations)]
    best = range(0)
    for period in range(1, len(run) + 1):
        # From `start` on, each operation equals the one a period later, as long as the chain continues.
        start = None
        for index in range(len(keys) - period + 1):
            same = index + period < len(keys) and keys[index] == keys[index + period] and chained[index + period]
            if same and start is None:
                start = index
            if not same and start is not None:
                first, end = max(start, run.start), min(index + period, run.stop)
                length = min(end - first, index - start) // period * period
                if length > max(len(best), 1):
                    best = range(first, first + length)
                start = None
    return best or None
