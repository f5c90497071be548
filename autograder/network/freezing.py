"""Which layers may learn: those that are frozen in only one of two networks are one mistake, however many they are."""

from __future__ import annotations

from autograder.core.messages import Message, message, nmessage, plain
from autograder.network.align import FROZEN
from autograder.network.architecture import Architecture, Operation
from autograder.network.describe import named
from autograder.network.deviation import Deviation


def fold_frozen(found: list[Deviation], expected: Architecture) -> list[Deviation]:
    """The same deviations, with all layers that should be frozen as one, and all that should not be as another.

    A layer that differs in something else as well keeps a deviation for that. It keeps its frozen state there, too,
    if no other layer differs in the frozen state alone: one layer that is wrong stays one mistake.
    """
    alone = {_wanted(one, expected): one for one in reversed(found) if one.settings == (FROZEN,)}
    folded: list[Deviation] = []
    for one in found:
        if FROZEN not in one.settings or (frozen := _wanted(one, expected)) not in alone:
            folded.append(one)
            continue
        if one is alone[frozen]:
            members = [each for each in found if FROZEN in each.settings and _wanted(each, expected) == frozen]
            pairs = ((each.expected, each.actual) for each in members)
            folded.append(
                one.model_copy(
                    update={
                        "kind": "frozen",
                        "marked": any(each.marked for each in members if each.settings == (FROZEN,)),
                        "pairs": tuple(
                            (ours, theirs) for ours, theirs in pairs if ours is not None and theirs is not None
                        ),
                    }
                )
            )
        if one.settings != (FROZEN,):
            folded.append(one.model_copy(update={"settings": tuple(name for name in one.settings if name != FROZEN)}))
    return folded


def with_frozen_state(operation: Operation, other: Operation) -> Operation:
    """The operation, frozen or not as `other` is."""
    return operation.model_copy(update={"settings": {**operation.settings, FROZEN: other.settings[FROZEN]}})


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
        return plain(names[0])
    return message("where.from_to", "{first} to {last}", first=names[0], last=names[-1])


def _names(deviation: Deviation, actual: Architecture) -> list[str]:
    operations = (actual.operations[theirs] for _, theirs in deviation.pairs)
    return [operation.label or operation.kind for operation in operations]


def _wanted(deviation: Deviation, expected: Architecture) -> bool:
    """Whether the expected layer is frozen."""
    return deviation.expected is not None and expected.operations[deviation.expected].settings.get(FROZEN) is False
