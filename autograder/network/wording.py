"""What is said of a deviation: what kind of thing differs, where, and what to look at again. Never how to write it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autograder.network import kinds
from autograder.network.align import Pair
from autograder.network.architecture import Architecture, Operation, Row
from autograder.network.describe import in_words, joined, named, setting_in_words, shape_in_words

if TYPE_CHECKING:
    from autograder.network.diff import Deviation


def message(deviation: Deviation, expected: Architecture, actual: Architecture) -> str:
    """One sentence on what is so and where."""
    ours = None if deviation.expected is None else expected.operations[deviation.expected]
    theirs = None if deviation.actual is None else actual.operations[deviation.actual]
    if deviation.kind == "missing" and ours is not None:
        return f"{_capital(in_words(ours.kind))} is missing."
    if deviation.kind == "extra" and theirs is not None:
        return f"{named(theirs)} is one layer too many."
    if deviation.kind == "moved" and theirs is not None:
        return f"{named(theirs)} stands in another place than expected."
    if deviation.kind == "different" and ours is not None and theirs is not None:
        if deviation.settings == ("kind",):
            return f"{named(theirs)} stands where {in_words(ours.kind)}{_other(ours.kind, theirs.kind)} belongs."
        words = [setting_in_words(name) for name in deviation.settings]
        verb = "is" if len(words) == 1 else "are"
        return f"The {joined(words)} of {named(theirs)} {verb} not as expected."
    if theirs is not None:
        return f"{named(theirs)} reads other layers than expected."
    return "The network ends in another place than expected."


def where(deviation: Deviation, actual: Architecture, pairs: tuple[Pair, ...]) -> str:
    """Where in the student's network it is."""
    if deviation.actual is not None:
        place = next(place for place, (_, theirs) in enumerate(pairs) if theirs == deviation.actual)
    else:
        place = next(place for place, (ours, _) in enumerate(pairs) if ours == deviation.expected)
    before = next((theirs for _, theirs in reversed(pairs[:place]) if theirs is not None), None)
    after = next((theirs for _, theirs in pairs[place + 1 :] if theirs is not None), None)
    names = [None if index is None else _short(actual.operations[index]) for index in (before, after)]
    if deviation.kind in ("different", "connected") or names == [None, None]:
        return "" if deviation.actual is None else _short(actual.operations[deviation.actual])
    if names[0] is None:
        return f"before {names[1]}"
    return f"after {names[0]}" if names[1] is None else f"between {names[0]} and {names[1]}"


def _short(operation: Operation) -> str:
    return operation.label or operation.kind


def hint(
    deviation: Deviation,
    expected: Architecture,
    actual: Architecture,
    expected_rows: tuple[Row, ...],
    actual_rows: tuple[Row, ...],
) -> str:
    """What to look at again."""
    if deviation.kind == "missing":
        return "Go through the expected table row by row beside your own summary: which row has no counterpart?"
    if deviation.kind == "extra":
        return "Go through your summary row by row beside the expected table: which row does it not have?"
    if deviation.kind == "moved":
        return "Look at the order of the rows in the expected table: what comes right before and right after it?"
    if deviation.kind == "connected":
        return "Look again at what each layer is called on, and at what the network gives out."
    ours, theirs = deviation.expected, deviation.actual
    if ours is None or theirs is None or theirs >= len(actual_rows):
        return "Look at this layer again."
    want, have = expected_rows[ours], actual_rows[theirs]
    if want.shape != have.shape and "kind" not in deviation.settings:
        return (
            f"Its output shape should be {shape_in_words(want.shape)}; yours is {shape_in_words(have.shape)}. "
            "Which setting decides that?"
        )
    if want.parameters != have.parameters and "kind" not in deviation.settings:
        return f"It should have {want.parameters:,} parameters; yours has {have.parameters:,}. What decides that?"
    if deviation.settings == ("activation",):
        return "Look again at which activation function belongs here, and what it does to its input."
    if deviation.settings == ("trainable",):
        return "Which layers may change during training, and which did you freeze?"
    return "Look again at what the exercise says about this layer."


def consequence(
    expected: Row,
    actual_rows: tuple[Row, ...],
    index: int,
    causes: list[Deviation],
    expected_network: Architecture,
    actual_network: Architecture,
) -> str:
    """Why a row that was written correctly has another size than expected."""
    if index >= len(actual_rows):
        what = "It cannot be computed"
    elif expected.parameters != actual_rows[index].parameters:
        have = actual_rows[index].parameters
        what = f"{expected.parameters:,} parameters were expected here; it has {have:,}"
    else:
        have_shape = shape_in_words(actual_rows[index].shape)
        what = f"The shape {shape_in_words(expected.shape)} was expected here; it is {have_shape}"
    reasons = [_reason(cause, expected_network, actual_network) for cause in causes[:2]]
    if len(causes) > 2:
        reasons = [reasons[0], "of the other differences"]
    return f"{what} because {joined(reasons)}." if reasons else f"{what}."


def _reason(cause: Deviation, expected: Architecture, actual: Architecture) -> str:
    theirs = None if cause.actual is None else actual.operations[cause.actual]
    if cause.kind == "missing" and cause.expected is not None:
        ours = expected.operations[cause.expected]
        following = _following(cause.expected, expected)
        before = f" before {following}" if following else ""
        if ours.kind in kinds.POOLINGS:
            halved = all(step == 2 for step in ours.settings["strides"])
            return f"nothing {'halved the image' if halved else 'made the image smaller'}{before}"
        return f"{in_words(ours.kind)} is missing{before}"
    if theirs is None:
        return "the network ends in another place"
    if cause.kind == "extra":
        return f"{named(theirs)} was added"
    if cause.kind == "moved":
        return f"{named(theirs)} stands in another place"
    if cause.kind == "connected":
        return f"{named(theirs)} reads other layers"
    if cause.settings == ("kind",):
        return f"{named(theirs)} stands in the place of another layer"
    words = joined([setting_in_words(name) for name in cause.settings])
    return f"the {words} of {named(theirs)} differ{'s' if len(cause.settings) == 1 else ''}"


def _following(index: int, expected: Architecture) -> str:
    reader = next((one for one in expected.operations if index in one.inputs), None)
    return reader.kind if reader is not None else ""


def _other(expected: str, actual: str) -> str:
    return " of another kind" if in_words(expected) == in_words(actual) else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
