"""Why a network could not be trained, or not to the end: the sentences, in the process that trains and for the student.

A run is kept whatever language the assignment has, so its problem is kept in English, made of one of these messages.
"""

from __future__ import annotations

from autograder.core.language import mark
from autograder.core.retelling import retold
from autograder.records.training import TrainingRun

TOO_LONG = mark("Training took longer than the {seconds:g} seconds that it may take.")
TOO_LARGE = mark("Training needed more than the {megabytes:,} MB of memory that it may use.")
BROKE_OFF = mark(
    "Training broke off ({how}), most likely because it needed more than the {megabytes:,} MB of memory "
    "that it may use."
)
ENDED_EARLY = mark("ended early")
REFUSED = mark("Keras cannot train this network: {cause}")
MISFIT = mark("The layers do not fit together: {misfit}.")
ONE_IN_ONE_OUT = mark(
    "An image classifier has one input and one output; the network's inputs count {inputs}, its outputs {outputs}."
)
NOTHING_LEARNS = mark("Nothing in the network can learn: its layers have no weights, or all of them are frozen.")
NO_PLAIN_LIST = mark(
    "The last layer gives {shape} values for an image; a classifier gives a plain list of {classes}, "
    "one for each class."
)
ONE_VALUE = mark("The last layer gives 1 value for an image; there are {classes} classes.")
WRONG_COUNT = mark("The last layer gives {count} values for an image; there are {classes} classes.")
DIVERGED = mark(
    "The loss was no longer a finite number after {steps} steps of epoch {epoch}: the training diverged. Look "
    "again at the learning rate, and at whether the loss and the last layer's activation belong together."
)
OTHER_IMAGES = mark("The network's input shape {shape} does not fit the images: one image has the shape {possible}.")
OR = mark("{some} or {last}")
# Of a part that cannot be rebuilt: that it is not known, that a setting is not, and that its settings do not go.
_UNKNOWN = {
    "layer": mark('The layer "{name}" cannot be rebuilt here.'),
    "optimizer": mark('The optimizer "{name}" cannot be rebuilt here.'),
    "loss": mark('The loss "{name}" cannot be rebuilt here.'),
    "schedule": mark('The schedule "{name}" cannot be rebuilt here.'),
    "initializer": mark('The initializer "{name}" cannot be rebuilt here.'),
    "regularizer": mark('The regularizer "{name}" cannot be rebuilt here.'),
    "constraint": mark('The constraint "{name}" cannot be rebuilt here.'),
}
_UNKNOWN_SETTING = {
    "layer": mark('The layer "{name}" has a setting "{key}" that cannot be rebuilt here.'),
    "optimizer": mark('The optimizer "{name}" has a setting "{key}" that cannot be rebuilt here.'),
    "loss": mark('The loss "{name}" has a setting "{key}" that cannot be rebuilt here.'),
    "schedule": mark('The schedule "{name}" has a setting "{key}" that cannot be rebuilt here.'),
    "initializer": mark('The initializer "{name}" has a setting "{key}" that cannot be rebuilt here.'),
    "regularizer": mark('The regularizer "{name}" has a setting "{key}" that cannot be rebuilt here.'),
    "constraint": mark('The constraint "{name}" has a setting "{key}" that cannot be rebuilt here.'),
}
_BAD_SETTINGS = {
    "layer": mark('The layer "{name}" cannot be rebuilt with these settings: {error}'),
    "optimizer": mark('The optimizer "{name}" cannot be rebuilt with these settings: {error}'),
    "loss": mark('The loss "{name}" cannot be rebuilt with these settings: {error}'),
    "schedule": mark('The schedule "{name}" cannot be rebuilt with these settings: {error}'),
    "initializer": mark('The initializer "{name}" cannot be rebuilt with these settings: {error}'),
    "regularizer": mark('The regularizer "{name}" cannot be rebuilt with these settings: {error}'),
    "constraint": mark('The constraint "{name}" cannot be rebuilt with these settings: {error}'),
}
_ALL = (
    *(TOO_LONG, TOO_LARGE, BROKE_OFF, REFUSED, MISFIT, ONE_IN_ONE_OUT, NOTHING_LEARNS, NO_PLAIN_LIST, ONE_VALUE),
    *(WRONG_COUNT, DIVERGED, OTHER_IMAGES),
    *_UNKNOWN.values(),
    *_UNKNOWN_SETTING.values(),
    *_BAD_SETTINGS.values(),
)
_PARTS = {"how": (ENDED_EARLY,), "possible": (OR,), "last": (OR,)}


def unknown(part: str, name: str) -> str:
    """That a part of the network ("layer", "optimizer", …) is not known, in English."""
    return _UNKNOWN[part].format(name=name)


def unknown_setting(part: str, name: str, key: str) -> str:
    """That a setting of a part is not known, in English."""
    return _UNKNOWN_SETTING[part].format(name=name, key=key)


def bad_settings(part: str, name: str, error: Exception) -> str:
    """That Keras does not take the settings of a part, in English."""
    return _BAD_SETTINGS[part].format(name=name, error=error)


def told_problem(run: TrainingRun) -> str:
    """The problem of a run, in the active language."""
    return retold(run.problem, _ALL, _PARTS)
