"""Messages about a deviation: what kind of thing differs, where, and what to check, never how to write it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autograder.core.messages import NOTHING, Message, message, nmessage, nphrase, phrase, verbatim
from autograder.network import kinds
from autograder.network.align import Pair
from autograder.network.architecture import Architecture, Operation, Row
from autograder.network.describe import in_words, named, setting_in_words, shape_in_words
from autograder.network.values import shown_value

if TYPE_CHECKING:
    from autograder.network.deviation import Deviation


def message_of(deviation: Deviation, expected: Architecture, actual: Architecture) -> Message:
    """One sentence on what differs and where."""
    ours = None if deviation.expected is None else expected.operations[deviation.expected]
    theirs = None if deviation.actual is None else actual.operations[deviation.actual]
    if deviation.kind == "missing" and ours is not None:
        return message("layer.missing", "{thing!c} is missing.", thing=in_words(ours.kind))
    if deviation.kind == "extra" and theirs is not None:
        owner = actual.operations[theirs.inputs[0]] if theirs.inputs else theirs
        if theirs.kind == "Activation" and theirs.label and owner.label == theirs.label:
            # The summary has no row for it.
            return message(
                "layer.extra_activation",
                "{layer} has the activation {activation}, which does not belong there.",
                layer=named(owner),
                activation=shown_value(theirs.settings.get("activation")),
            )
        return message("layer.extra", "{layer} is one layer too many.", layer=named(theirs))
    if deviation.kind == "moved" and theirs is not None:
        return message("layer.moved", "{layer} stands in another place than expected.", layer=named(theirs))
    if deviation.kind == "different" and ours is not None and theirs is not None:
        if deviation.settings == ("kind",):
            words, instead = in_words(ours.kind), in_words(theirs.kind)
            if words == instead:
                return message(
                    "layer.other_kind",
                    "{layer} stands where {thing} of another kind belongs.",
                    layer=named(theirs),
                    thing=words,
                )
            return message("layer.other", "{layer} stands where {thing} belongs.", layer=named(theirs), thing=words)
        return nmessage(
            "layer.settings",
            "The {settings} of {layer} is not as expected.",
            "The {settings} of {layer} are not as expected.",
            len(deviation.settings),
            settings=_settings(deviation),
            layer=named(theirs),
        )
    if theirs is not None:
        return message("layer.connected", "{layer} reads other layers than expected.", layer=named(theirs))
    return message("network.output", "The network ends in another place than expected.")


def where(deviation: Deviation, actual: Architecture, pairs: tuple[Pair, ...]) -> Message:
    """Where in the student's network it is."""
    if deviation.actual is not None:
        place = next(place for place, (_, theirs) in enumerate(pairs) if theirs == deviation.actual)
    else:
        place = next(place for place, (ours, _) in enumerate(pairs) if ours == deviation.expected)
    before = next((theirs for _, theirs in reversed(pairs[:place]) if theirs is not None), None)
    after = next((theirs for _, theirs in pairs[place + 1 :] if theirs is not None), None)
    names = [None if index is None else _short(actual.operations[index]) for index in (before, after)]
    if deviation.kind in ("different", "connected") or names == [None, None]:
        return NOTHING if deviation.actual is None else verbatim(_short(actual.operations[deviation.actual]))
    if names[0] is None:
        return message("where.before", "before {layer}", layer=names[1])
    if names[1] is None:
        return message("where.after", "after {layer}", layer=names[0])
    return message("where.between", "between {layer} and {other}", layer=names[0], other=names[1])


def _short(operation: Operation) -> str:
    return operation.label or operation.shown or operation.kind


def hint(
    deviation: Deviation,
    expected: Architecture,
    actual: Architecture,
    expected_rows: tuple[Row, ...],
    actual_rows: tuple[Row, ...],
) -> Message:
    """Advice on what to check."""
    if deviation.kind == "missing":
        return message(
            "hint.row_missing",
            "Go through the expected table row by row beside your own summary: which row has no counterpart?",
        )
    if deviation.kind == "extra" and message_of(deviation, expected, actual).code == "layer.extra_activation":
        return message(
            "hint.activation", "Look again at which activation function belongs here, and what it does to its input."
        )
    if deviation.kind == "extra":
        return message(
            "hint.row_extra",
            "Go through your summary row by row beside the expected table: which row does it not have?",
        )
    if deviation.kind == "moved":
        return message(
            "hint.row_order",
            "Look at the order of the rows in the expected table: what comes right before and right after it?",
        )
    if deviation.kind == "connected":
        return message(
            "hint.connections", "Look again at what each layer is called on, and at what the network gives out."
        )
    ours, theirs = deviation.expected, deviation.actual
    if ours is None or theirs is None or theirs >= len(actual_rows):
        return message("hint.layer", "Look at this layer again.")
    want, have = expected_rows[ours], actual_rows[theirs]
    if want.shape != have.shape and "kind" not in deviation.settings:
        return message(
            "hint.shape",
            "Its output shape should be {wanted}; yours is {given}. Which setting decides that?",
            wanted=shape_in_words(want.shape),
            given=shape_in_words(have.shape),
        )
    if want.parameters != have.parameters and "kind" not in deviation.settings:
        return message(
            "hint.parameters",
            "It should have {wanted:,} parameters; yours has {given:,}. What decides that?",
            wanted=want.parameters,
            given=have.parameters,
        )
    if deviation.settings == ("activation",):
        return message(
            "hint.activation", "Look again at which activation function belongs here, and what it does to its input."
        )
    if deviation.settings == ("trainable",):
        return message("hint.trainable", "Which layers may change during training, and which did you freeze?")
    return message("hint.exercise", "Look again at what the exercise says about this layer.")


def consequence(
    expected: Row,
    actual_rows: tuple[Row, ...],
    index: int,
    causes: list[Deviation],
    expected_network: Architecture,
    actual_network: Architecture,
) -> Message:
    """Why a row that was written correctly has a different size than expected."""
    reasons = [_reason(cause, expected_network, actual_network) for cause in causes[:2]]
    if len(causes) > 2:
        reasons = [reasons[0], phrase("of the other differences")]
    why = tuple(reasons)
    if index >= len(actual_rows):
        if not why:
            return message("row.not_computed", "It cannot be computed.")
        return message("row.not_computed_because", "It cannot be computed because {reasons}.", reasons=why)
    if expected.parameters != actual_rows[index].parameters:
        counts = {"expected": expected.parameters, "given": actual_rows[index].parameters}
        if not why:
            return message("row.parameters", "{expected:,} parameters were expected here; it has {given:,}.", **counts)
        return message(
            "row.parameters_because",
            "{expected:,} parameters were expected here; it has {given:,} because {reasons}.",
            **counts,
            reasons=why,
        )
    shapes = {"expected": shape_in_words(expected.shape), "given": shape_in_words(actual_rows[index].shape)}
    if not why:
        return message("row.shape", "The shape {expected} was expected here; it is {given}.", **shapes)
    return message(
        "row.shape_because",
        "The shape {expected} was expected here; it is {given} because {reasons}.",
        **shapes,
        reasons=why,
    )


def _reason(cause: Deviation, expected: Architecture, actual: Architecture) -> Message:
    theirs = None if cause.actual is None else actual.operations[cause.actual]
    if cause.kind == "missing" and cause.expected is not None:
        ours = expected.operations[cause.expected]
        following = _following(cause.expected, expected)
        if ours.kind in kinds.POOLINGS:
            return _not_made_smaller(following, halved=all(step == 2 for step in ours.settings["strides"]))
        if following:
            return phrase("{thing} is missing before {layer}", thing=in_words(ours.kind), layer=following)
        return phrase("{thing} is missing", thing=in_words(ours.kind))
    if theirs is None:
        return phrase("the network ends in another place")
    if cause.kind == "extra":
        return phrase("{layer} was added", layer=named(theirs))
    if cause.kind == "moved":
        return phrase("{layer} stands in another place", layer=named(theirs))
    if cause.kind == "connected":
        return phrase("{layer} reads other layers", layer=named(theirs))
    if cause.settings == ("kind",):
        return phrase("{layer} stands in the place of another layer", layer=named(theirs))
    return nphrase(
        "the {settings} of {layer} differs",
        "the {settings} of {layer} differ",
        len(cause.settings),
        settings=_settings(cause),
        layer=named(theirs),
    )


def _not_made_smaller(following: str, *, halved: bool) -> Message:
    if not following:
        return phrase("nothing halved the image") if halved else phrase("nothing made the image smaller")
    if halved:
        return phrase("nothing halved the image before {layer}", layer=following)
    return phrase("nothing made the image smaller before {layer}", layer=following)


def _settings(deviation: Deviation) -> tuple[str | Message, ...]:
    return tuple(setting_in_words(name) for name in deviation.settings)


def _following(index: int, expected: Architecture) -> str:
    reader = next((one for one in expected.operations if index in one.inputs), None)
    return (reader.shown or reader.kind) if reader is not None else ""
