"""Why a network could not be trained, or not completely: made in the training process, and stored with the run."""

from __future__ import annotations

from autograder.core.language import gettext_noop
from autograder.core.messages import Message, Value, message, phrase

_TEMPLATES = {
    "too_long": gettext_noop("Training took longer than the {seconds:g} seconds that it may take."),
    "too_large": gettext_noop("Training needed more than the {megabytes:,} MB of memory that it may use."),
    "broke_off": gettext_noop(
        "Training broke off ({how}), most likely because it needed more than the {megabytes:,} MB of memory "
        "that it may use."
    ),
    "refused": gettext_noop("Keras cannot train this network: {cause}"),
    "misfit": gettext_noop("The layers do not fit together: {misfit}."),
    "one_in_one_out": gettext_noop(
        "An image classifier has one input and one output; the network's inputs count {inputs}, its outputs {outputs}."
    ),
    "other_parts": gettext_noop(
        "The network's inputs count {inputs} and its outputs {outputs}; the data's inputs count {wanted_inputs} and "
        "its outputs {wanted_outputs}."
    ),
    "unclear_input": gettext_noop(
        "It cannot be told which of the data's inputs {names} the network's input of the shape {shape} reads: give its "
        "Input layer the name of that input."
    ),
    "unclear_output": gettext_noop(
        "It cannot be told which of the data's outputs {names} the network's output of the shape {shape} gives: give "
        "its layer the name of that output."
    ),
    "nothing_learns": gettext_noop(
        "Nothing in the network can learn: its layers have no weights, or all of them are frozen."
    ),
    "no_plain_list": gettext_noop(
        "The last layer gives {shape} values for an image; a classifier gives a plain list of {classes}, "
        "one for each class."
    ),
    "one_value": gettext_noop("The last layer gives 1 value for an image; there are {classes} classes."),
    "wrong_count": gettext_noop("The last layer gives {count} values for an image; there are {classes} classes."),
    "other_outputs": gettext_noop(
        "The last layer gives {shape} for each row of the data; what is to be learned has the shape {wanted}."
    ),
    "no_classes_per_step": gettext_noop(
        "The last layer gives {shape} for each row of the data; a class for each step needs the shape {wanted}: "
        "{classes} values for each step."
    ),
    "other_loss": gettext_noop(
        'The loss "{loss}" needs class labels, and what is to be learned here are values, not classes.'
    ),
    "diverged": gettext_noop(
        "The loss was no longer a finite number after {steps} steps of epoch {epoch}: the training diverged. Look "
        "again at the learning rate, and at whether the loss and the last layer's activation belong together."
    ),
    "other_images": gettext_noop(
        "The network's input shape {shape} does not fit the images: one image has the shape {possible}."
    ),
    "other_shape": gettext_noop(
        "The network's input shape {shape} does not fit the data: one row has the shape {possible}."
    ),
    "other_prepared_shape": gettext_noop(
        "The network's input shape {shape} does not fit the data: one row has the shape {possible}, prepared in these "
        "steps: {steps}."
    ),
    "unknown": gettext_noop('The {part} "{name}" cannot be rebuilt here.'),
    "unknown_setting": gettext_noop('The {part} "{name}" has a setting "{key}" that cannot be rebuilt here.'),
    "bad_settings": gettext_noop('The {part} "{name}" cannot be rebuilt with these settings: {error}'),
}
_PARTS = {
    "layer": gettext_noop("layer"),
    "optimizer": gettext_noop("optimizer"),
    "loss": gettext_noop("loss"),
    "schedule": gettext_noop("schedule"),
    "initializer": gettext_noop("initializer"),
    "regularizer": gettext_noop("regularizer"),
    "constraint": gettext_noop("constraint"),
}
ENDED_EARLY = phrase("ended early")


class CannotTrain(ValueError):
    """The network or its compilation cannot be trained; `problem` says why, for the student."""

    def __init__(self, problem: Message) -> None:
        super().__init__(problem)
        self.problem = problem


def problem(kind: str, **values: Value) -> Message:
    """One of the problems above, with its values."""
    return message(f"training.{kind}", _TEMPLATES[kind], **values)


def part_name(part: str) -> Message:
    """What a part of a network is called ("layer", "optimizer", …)."""
    return phrase(_PARTS[part])
