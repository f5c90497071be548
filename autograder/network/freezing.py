"""Which layers may learn, and which start with the weights of a base model: those that do so in only one of two
networks are one mistake, however many they are."""

from __future__ import annotations

from autograder.core.messages import Message, message, nmessage, verbatim
from autograder.core.weight_fingerprint import BASE_WEIGHTS
from autograder.network.align import FROZEN, LEARNED_ALONE
from autograder.network.architecture import Architecture, Operation
from autograder.network.describe import named
from autograder.network.deviation import Deviation


def fold_frozen(found: list[Deviation], expected: Architecture) -> list[Deviation]:
    """The same deviations, with all layers that should be frozen as one, and all that should not be as another;
    likewise all that should start with the weights of a base model, and all that should not.

    A layer that differs in something else as well keeps a deviation for that. It keeps its frozen state (or weights)
    there, too, if no other layer differs in them alone: one layer that is wrong stays one mistake.
    """
    return _folded(_folded(found, expected, FROZEN), expected, BASE_WEIGHTS)


def _folded(found: list[Deviation], expected: Architecture, name: str) -> list[Deviation]:
    """The deviations with those in the setting `name` folded."""
    alone = {
        _wanted(one, expected, name): one
        for one in reversed(found)
        if name in one.settings and one.settings in LEARNED_ALONE
    }
    folded: list[Deviation] = []
    for one in found:
        if name not in one.settings or (wanted := _wanted(one, expected, name)) not in alone:
            folded.append(one)
            continue
        if one is alone[wanted]:
            members = [each for each in found if name in each.settings and _wanted(each, expected, name) == wanted]
            pairs = ((each.expected, each.actual) for each in members)
            folded.append(
                one.model_copy(
                    update={
                        "kind": "frozen" if name == FROZEN else "base_weights",
                        "settings": (name,),
                        "marked": any(each.marked for each in members if each.settings in LEARNED_ALONE),
                        "pairs": tuple(
                            (ours, theirs) for ours, theirs in pairs if ours is not None and theirs is not None
                        ),
                    }
                )
            )
        if one.settings != (name,):
            folded.append(one.model_copy(update={"settings": tuple(each for each in one.settings if each != name)}))
    return folded


def with_frozen_state(operation: Operation, other: Operation) -> Operation:
    """The operation, frozen or not as `other` is."""
    return operation.model_copy(update={"settings": {**operation.settings, FROZEN: other.settings[FROZEN]}})


def base_weights_message(deviation: Deviation, expected: Architecture, actual: Architecture) -> Message:
    """One sentence on which layers should have, or should not have, the weights of a base model."""
    first = actual.operations[deviation.pairs[0][1]]
    count, wanted = len(deviation.pairs), expected.operations[deviation.pairs[0][0]]
    if BASE_WEIGHTS not in wanted.settings:
        return nmessage(
            "layer.base_weights",
            "{layer} has weights of the base model, but should start with new ones.",
            "{number} layers, from {layer} on, have weights of the base model, but should start with new ones.",
            count,
            layer=named(first),
        )
    if BASE_WEIGHTS in first.settings:
        return nmessage(
            "layer.other_base_weights",
            "{layer} has the weights of another layer of the base model.",
            "{number} layers, from {layer} on, have the weights of other layers of the base model.",
            count,
            layer=named(first),
        )
    return nmessage(
        "layer.no_base_weights",
        "{layer} does not have the weights of the base model.",
        "{number} layers, from {layer} on, do not have the weights of the base model.",
        count,
        layer=named(first),
    )


def base_weights_hint(deviation: Deviation, expected: Architecture) -> Message:
    """Advice on what to check."""
    if BASE_WEIGHTS in expected.operations[deviation.pairs[0][0]].settings:
        return message(
            "hint.base_weights",
            "A layer that is built again, or copied with `clone_model` or `from_config`, has new random weights: use "
            "the layers of the loaded network itself, or load its weights into yours.",
        )
    return message("hint.new_weights", "Which layers come from the loaded network, and which did you add?")


def frozen_message(deviation: Deviation, actual: Architecture) -> Message:
    """One sentence on which layers should be frozen, or should not be."""
    names = _names(deviation, actual)
    count, theirs = len(names), deviation.pairs[0][1]
    if actual.operations[theirs].settings[FROZEN]:
        return nmessage(
            "layer.not_frozen",
            "{layer} should be frozen: trainable = False.",
            "{number} layers, from {layer} on, should be frozen: trainable = False.",
            count,
            layer=named(actual.operations[theirs]),
        )
    return nmessage(
        "layer.frozen",
        "{layer} is frozen, but should learn: trainable = True.",
        "{number} layers, from {layer} on, are frozen, but should learn: trainable = True.",
        count,
        layer=named(actual.operations[theirs]),
    )


def frozen_hint(deviation: Deviation, actual: Architecture) -> Message:
    """Advice on what to check."""
    if actual.operations[deviation.pairs[0][1]].settings[FROZEN]:
        return message(
            "hint.freeze_base",
            "Layers keep their pretrained weights only if they are frozen before `compile`.",
        )
    return message("hint.trainable", "Which layers may change during training, and which did you freeze?")


def frozen_place(deviation: Deviation, actual: Architecture) -> Message:
    """The layers in the student's network, from the first to the last."""
    names = _names(deviation, actual)
    if len(names) == 1:
        return verbatim(names[0])
    return message("where.from_to", "{first} to {last}", first=names[0], last=names[-1])


def _names(deviation: Deviation, actual: Architecture) -> list[str]:
    operations = (actual.operations[theirs] for _, theirs in deviation.pairs)
    return [operation.label or operation.kind for operation in operations]


def _wanted(deviation: Deviation, expected: Architecture, name: str) -> bool:
    """Whether the expected layer is frozen, or has the weights of a base model."""
    if deviation.expected is None:
        return False
    settings = expected.operations[deviation.expected].settings
    return settings.get(FROZEN) is False if name == FROZEN else BASE_WEIGHTS in settings
