"""What is said of a deviation: what kind of thing differs, where, and what to look at again. Never how to write it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autograder.core.language import say, say_count
from autograder.network import kinds
from autograder.network.align import Pair
from autograder.network.architecture import Architecture, Operation, Row
from autograder.network.describe import in_words, joined, named, setting_in_words, shape_in_words

if TYPE_CHECKING:
    from autograder.network.deviation import Deviation


def message(deviation: Deviation, expected: Architecture, actual: Architecture) -> str:
    """One sentence on what is so and where."""
    ours = None if deviation.expected is None else expected.operations[deviation.expected]
    theirs = None if deviation.actual is None else actual.operations[deviation.actual]
    if deviation.kind == "missing" and ours is not None:
        return say("{thing} is missing.", thing=_capital(in_words(ours.kind)))
    if deviation.kind == "extra" and theirs is not None:
        return say("{layer} is one layer too many.", layer=named(theirs))
    if deviation.kind == "moved" and theirs is not None:
        return say("{layer} stands in another place than expected.", layer=named(theirs))
    if deviation.kind == "different" and ours is not None and theirs is not None:
        if deviation.settings == ("kind",):
            words, instead = in_words(ours.kind), in_words(theirs.kind)
            if words == instead:
                return say("{layer} stands where {thing} of another kind belongs.", layer=named(theirs), thing=words)
            return say("{layer} stands where {thing} belongs.", layer=named(theirs), thing=words)
        return say_count(
            "The {settings} of {layer} is not as expected.",
            "The {settings} of {layer} are not as expected.",
            len(deviation.settings),
            settings=_settings(deviation),
            layer=named(theirs),
        )
    if theirs is not None:
        return say("{layer} reads other layers than expected.", layer=named(theirs))
    return say("The network ends in another place than expected.")


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
        return say("before {layer}", layer=names[1])
    if names[1] is None:
        return say("after {layer}", layer=names[0])
    return say("between {layer} and {other}", layer=names[0], other=names[1])


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
        return say("Go through the expected table row by row beside your own summary: which row has no counterpart?")
    if deviation.kind == "extra":
        return say("Go through your summary row by row beside the expected table: which row does it not have?")
    if deviation.kind == "moved":
        return say("Look at the order of the rows in the expected table: what comes right before and right after it?")
    if deviation.kind == "connected":
        return say("Look again at what each layer is called on, and at what the network gives out.")
    ours, theirs = deviation.expected, deviation.actual
    if ours is None or theirs is None or theirs >= len(actual_rows):
        return say("Look at this layer again.")
    want, have = expected_rows[ours], actual_rows[theirs]
    if want.shape != have.shape and "kind" not in deviation.settings:
        return say(
            "Its output shape should be {wanted}; yours is {given}. Which setting decides that?",
            wanted=shape_in_words(want.shape),
            given=shape_in_words(have.shape),
        )
    if want.parameters != have.parameters and "kind" not in deviation.settings:
        return say(
            "It should have {wanted:,} parameters; yours has {given:,}. What decides that?",
            wanted=want.parameters,
            given=have.parameters,
        )
    if deviation.settings == ("activation",):
        return say("Look again at which activation function belongs here, and what it does to its input.")
    if deviation.settings == ("trainable",):
        return say("Which layers may change during training, and which did you freeze?")
    return say("Look again at what the exercise says about this layer.")


def consequence(
    expected: Row,
    actual_rows: tuple[Row, ...],
    index: int,
    causes: list[Deviation],
    expected_network: Architecture,
    actual_network: Architecture,
) -> str:
    """Why a row that was written correctly has another size than expected."""
    reasons = [_reason(cause, expected_network, actual_network) for cause in causes[:2]]
    if len(causes) > 2:
        reasons = [reasons[0], say("of the other differences")]
    why = joined(reasons)
    if index >= len(actual_rows):
        return say("It cannot be computed because {reasons}.", reasons=why) if why else say("It cannot be computed.")
    if expected.parameters != actual_rows[index].parameters:
        counts = {"expected": expected.parameters, "given": actual_rows[index].parameters}
        if not why:
            return say("{expected:,} parameters were expected here; it has {given:,}.", **counts)
        return say(
            "{expected:,} parameters were expected here; it has {given:,} because {reasons}.", **counts, reasons=why
        )
    shapes = {"expected": shape_in_words(expected.shape), "given": shape_in_words(actual_rows[index].shape)}
    if not why:
        return say("The shape {expected} was expected here; it is {given}.", **shapes)
    return say("The shape {expected} was expected here; it is {given} because {reasons}.", **shapes, reasons=why)


def _reason(cause: Deviation, expected: Architecture, actual: Architecture) -> str:
    theirs = None if cause.actual is None else actual.operations[cause.actual]
    if cause.kind == "missing" and cause.expected is not None:
        ours = expected.operations[cause.expected]
        following = _following(cause.expected, expected)
        if ours.kind in kinds.POOLINGS:
            return _not_made_smaller(following, halved=all(step == 2 for step in ours.settings["strides"]))
        if following:
            return say("{thing} is missing before {layer}", thing=in_words(ours.kind), layer=following)
        return say("{thing} is missing", thing=in_words(ours.kind))
    if theirs is None:
        return say("the network ends in another place")
    if cause.kind == "extra":
        return say("{layer} was added", layer=named(theirs))
    if cause.kind == "moved":
        return say("{layer} stands in another place", layer=named(theirs))
    if cause.kind == "connected":
        return say("{layer} reads other layers", layer=named(theirs))
    if cause.settings == ("kind",):
        return say("{layer} stands in the place of another layer", layer=named(theirs))
    return say_count(
        "the {settings} of {layer} differs",
        "the {settings} of {layer} differ",
        len(cause.settings),
        settings=_settings(cause),
        layer=named(theirs),
    )


def _not_made_smaller(following: str, *, halved: bool) -> str:
    if not following:
        return say("nothing halved the image") if halved else say("nothing made the image smaller")
    if halved:
        return say("nothing halved the image before {layer}", layer=following)
    return say("nothing made the image smaller before {layer}", layer=following)


def _settings(deviation: Deviation) -> str:
    return joined([setting_in_words(name) for name in deviation.settings])


def _following(index: int, expected: Architecture) -> str:
    reader = next((one for one in expected.operations if index in one.inputs), None)
    return reader.kind if reader is not None else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
