"""Causes of shape errors in words: the shape that came, the one that is needed, where it comes from, and a hint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from autograder.core.language import gettext_noop
from autograder.core.messages import Message, in_turn, message, nphrase, phrase
from autograder.network.architecture import Operation, Shape
from autograder.network.describe import named, shape_in_words
from autograder.records.network_failure import GivenData, NetworkFailure

_AXES: Mapping[int, str] = {
    2: gettext_noop("2 axes, (None, features)"),
    3: gettext_noop("3 axes, (None, steps, features)"),
    4: gettext_noop("4 axes, (None, height, width, channels)"),
    5: gettext_noop("5 axes, (None, depth, height, width, channels)"),
}


@dataclass(frozen=True)
class Cause:
    """Why a network stopped.

    Attributes:
        code: the cause ("channels_first").
        layer: the layer that cannot go on; None if the data do not fit the network as a whole.
        came: what came, in words; NOTHING if the shapes are not the point.
        needs: what is needed, in words.
        origin: which earlier layer, or which data, made it so.
        hint: one thing to look at.
    """

    code: str
    layer: Operation | None
    came: Message
    needs: Message
    origin: Message
    hint: Message

    def sentence(self) -> Message:
        """What came, what is needed, and where the difference comes from."""
        return in_turn(self.came, self.origin)


def rank_in_words(rank: int) -> Message:
    """How many axes are needed, and which."""
    if rank in _AXES:
        return phrase(_AXES[rank])
    return nphrase("{count} axis", "{count} axes", rank, count=rank)


def into_layer(layer: Operation, came: Shape, needs: Message | str) -> Message:
    """What a layer gets and what it needs."""
    return message(
        "shape.into_layer",
        "{layer} gets the shape {came} and needs {needs}.",
        layer=named(layer),
        came=shape_in_words(came),
        needs=needs,
    )


def into_network(failure: NetworkFailure, given: GivenData, needs: str) -> Message:
    """What was given to a network as a whole, and what it needs."""
    came = shape_in_words(given.shape or ())
    if failure.method == "call":
        return message(
            "shape.into_network",
            "Your network gets the shape {came}, and was built for {needs}.",
            came=came,
            needs=needs,
        )
    if failure.validation:
        return message(
            "shape.validation_into_network",
            "Your validation data have the shape {came}, and your network was built for {needs}.",
            came=came,
            needs=needs,
        )
    if given.kind == "stream":
        return message(
            "shape.batch_into_network",
            "One batch of what you gave to `{method}` has the shape {came}, and your network was built for {needs}.",
            method=failure.method,
            came=came,
            needs=needs,
        )
    return message(
        "shape.data_into_network",
        "What you gave to `{method}` has the shape {came}, and your network was built for {needs}.",
        method=failure.method,
        came=came,
        needs=needs,
    )


def against_targets(layer: Operation | None, came: Shape, targets: Shape) -> Message:
    """What a network gives, beside what it is to be compared with."""
    if layer is None:
        return message(
            "shape.output_and_labels",
            "Your network gives the shape {came}, and the targets have the shape {targets}.",
            came=shape_in_words(came),
            targets=shape_in_words(targets),
        )
    return message(
        "shape.against_labels",
        "{layer} gives the shape {came}, and the targets have the shape {targets}.",
        layer=named(layer),
        came=shape_in_words(came),
        targets=shape_in_words(targets),
    )


def made_by(layer: Operation, before: Shape, after: Shape) -> Message:
    """Which earlier layer made the shape what it is."""
    return message(
        "shape.made_by",
        "It is {layer} that made {after} of {before}.",
        layer=named(layer),
        before=shape_in_words(before),
        after=shape_in_words(after),
    )


def kept_by(layer: Operation, shape: Shape) -> Message:
    """Which layer gives all steps or places on."""
    return message(
        "shape.kept_by",
        "{layer} gives {shape}, and nothing after it makes one row of that.",
        layer=named(layer),
        shape=shape_in_words(shape),
    )


def from_input(shape: Shape) -> Message:
    """That the network's own input says so."""
    return message(
        "shape.from_input",
        "The input of your network is declared as {shape}, the batch being the first axis, which Keras adds.",
        shape=shape_in_words(shape),
    )


def from_data(failure: NetworkFailure, given: GivenData) -> Message:
    """That the data say so."""
    shape = shape_in_words(given.shape or ())
    if failure.validation:
        return message("shape.from_validation", "That is the shape of the validation data, {shape}.", shape=shape)
    if given.kind == "stream":
        return message(
            "shape.from_stream",
            "One batch of what you gave to `{method}` has the shape {shape}.",
            method=failure.method,
            shape=shape,
        )
    return message(
        "shape.from_data", "What you gave to `{method}` has the shape {shape}.", method=failure.method, shape=shape
    )


def from_branches(branches: tuple[tuple[Operation, Shape], ...]) -> Message:
    """What each branch gives."""
    each = [phrase("{shape} from {layer}", shape=shape_in_words(shape), layer=named(one)) for one, shape in branches]
    return message("shape.from_branches", "What it joins: {branches}.", branches=tuple(each))


def hint_for(cause: str, rank: int = 0) -> Message:
    """One thing to look at for a cause; `rank` is the number of axes that are needed."""
    if cause == "input_rank" and rank in _RANK_HINTS:
        return _RANK_HINTS[rank]
    return _HINTS[cause]


_RANK_HINTS: Mapping[int, Message] = {
    3: message(
        "hint.shape_rank_steps",
        "A sequence has an axis of steps and an axis of features, even if there is only one feature: print the shape "
        "of the data before this line, and say of each axis what it counts.",
    ),
    4: message(
        "hint.shape_rank_images",
        "The channels of an image are an axis of their own, even if there is only one: print the shape of the data "
        "before this line, and say of each axis what it counts.",
    ),
}
_HINTS: Mapping[str, Message] = {
    "input_rank": message(
        "hint.shape_rank",
        "An axis is missing, or is one too many: print the shape of the data before this line, and say of each axis "
        "what it counts.",
    ),
    "channels_first": message(
        "hint.shape_channels",
        "The channels stand in front of height and width here. Which order does Keras expect, and which step puts the "
        "axes into it?",
    ),
    "flatten_missing": message(
        "hint.shape_flatten",
        "Which step makes one row of all these values, before the network decides? Look at where it should stand.",
    ),
    "dense_before_conv": message(
        "hint.shape_dense_before",
        "A dense layer reads rows and gives rows; this layer needs places side by side. Look at the order of the two.",
    ),
    "flattened_too_early": message(
        "hint.shape_flattened", "After that step there are no places side by side any more. Look at where it stands."
    ),
    "units_and_classes": message(
        "hint.shape_units",
        "How many values does the last layer give for one example, and how many does its target have? Look at the "
        "number of units, and at the loss.",
    ),
    "labels_whole": message(
        "hint.shape_labels_whole",
        "The loss expects one-hot rows, and the labels are whole numbers: there are two losses of nearly the same "
        "name for the two ways of writing labels.",
    ),
    "labels_one_hot": message(
        "hint.shape_labels_one_hot",
        "The loss expects one whole number for each example, and the labels are one-hot rows: there are two losses of "
        "nearly the same name for the two ways of writing labels.",
    ),
    "one_hot_twice": message(
        "hint.shape_one_hot_twice",
        "The labels were made one-hot twice. Restart the kernel, and see how often the line that does it is run.",
    ),
    "batch_axis_twice": message(
        "hint.shape_batch_twice",
        "Keras adds the batch axis itself. What is the shape of a single example, without the number of examples?",
    ),
    "batch_axis_missing": message(
        "hint.shape_batch_missing",
        "The first axis counts the examples, even if there is only one. What makes a batch of one example, or of a "
        "stream of them?",
    ),
    "axis_order": message(
        "hint.shape_order", "The sizes are right, but in another order. Which axis is which, on either side?"
    ),
    "merge": message(
        "hint.shape_merge",
        "The branches have to agree in every axis except one along which they are put side by side. Look at the "
        "layers of either branch that change a size: strides, pooling, padding, the number of filters or units.",
    ),
    "sequence_length": message(
        "hint.shape_length",
        "The sequences have another length than the network was built for. To which length are they cut or filled up?",
    ),
    "rows_of_different_length": message(
        "hint.shape_ragged",
        "An array needs rows of one length. Which step fills short sequences up, and cuts long ones?",
    ),
    "return_sequences_missing": message(
        "hint.shape_last_step",
        "The recurrent layer before gives its last step only, and this one needs all of them. See "
        "`keras.layers`, return_sequences.",
    ),
    "sequences_returned": message(
        "hint.shape_all_steps",
        "The recurrent layer gives every step here, where one value for the whole sequence is needed. See "
        "`keras.layers`, return_sequences.",
    ),
    "target_shape": message(
        "hint.shape_targets",
        "What should the network give for one example? Compare the shape of one target with that of one output.",
    ),
    "rows_differ": message(
        "hint.shape_rows",
        "Each example needs its target. Look at where the two were split or selected, and whether both come from the "
        "same part of the data.",
    ),
    "weights_differ": message(
        "hint.shape_weights",
        "`sample_weight` has a number for each example. Weights of classes are given as `class_weight`, a dictionary.",
    ),
    "features": message(
        "hint.shape_features",
        "The examples have another number of columns than the network's input. Look at which columns were taken, and "
        "at the shape that the network begins with.",
    ),
    "channels": message(
        "hint.shape_colours",
        "Grey images have one channel, colour images three. Which ones is the network for, and which ones are these?",
    ),
    "image_size": message(
        "hint.shape_size", "The images have another size than the network's input. Which of the two is meant?"
    ),
    "nothing_left": message(
        "hint.shape_nothing_left",
        "Each convolution without padding and each pooling makes the image smaller. Follow height and width from the "
        "input to here.",
    ),
    "reshape_count": message(
        "hint.shape_reshape", "Reshaping keeps the number of values. Multiply the sizes on both sides."
    ),
    "shared_layer": message(
        "hint.shape_shared",
        "A layer object keeps the weights of its first call. Is this the same object as before, and should it be?",
    ),
    "input_count": message(
        "hint.shape_inputs", "How many inputs does the network have, and how many arrays did you give it?"
    ),
    "size_unknown": message(
        "hint.shape_unknown",
        "The number of weights follows from this size, so it must be known. Which size did the input leave open?",
    ),
    "stream_without_targets": message(
        "hint.shape_stream",
        "For training, each batch is a pair: the inputs, and their targets. What does yours consist of?",
    ),
}
