"""What a student can look at when a cell failed: mistakes common enough to have their own hint."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping

from autograder.core.messages import NOTHING, Message, message
from autograder.network.kinds import ALIASES, KINDS
from autograder.records.evidence import Failure
from autograder.records.machine import KNOWN_PACKAGES

GENERAL = message("hint.later_cells_ran", "The cells after it were run all the same.")
_NO_ATTRIBUTE = re.compile(r"has no attribute '(\w+)'")
_NOT_DEFINED = re.compile(r"name '(\w+)' is not defined|variable '(\w+)' (?:where it is not|referenced before)")
_NO_MODULE = re.compile(r"No module named '([\w.]{1,100})'")
_OLD_MODULE = re.compile(r"No module named '((?:tensorflow\.)?keras\.[\w.]{1,100}|tensorflow\.contrib[\w.]{0,100})'")
_OLD_NAME = re.compile(
    r"not recognized: \{'(\w+)'|unexpected keyword argument '(\w+)'|has no attribute '(\w+)'|^'(acc|val_acc)'$|"
    r"cannot import name '(\w+)'|Unrecognized keyword arguments[^{]*\{'(\w+)'"
)
# Names of Keras 1 and 2, and of TensorFlow 1, with their replacements.
_RENAMED: Mapping[str, str] = {
    "lr": "learning_rate",
    "acc": "accuracy",
    "val_acc": "val_accuracy",
    "nb_epoch": "epochs",
    "nb_filter": "filters",
    "border_mode": "padding",
    "subsample": "strides",
    "output_dim": "units",
    "np_utils": "keras.utils.to_categorical",
    "predict_classes": "predict(…).argmax(axis=-1)",
    "predict_proba": "predict",
    "fit_generator": "fit",
    "evaluate_generator": "evaluate",
    "predict_generator": "predict",
    "ImageDataGenerator": "layers.RandomFlip, layers.Rescaling and the like",
    "ConfigProto": "nothing: sessions are not needed any more",
    "Session": "nothing: sessions are not needed any more",
    "set_random_seed": "keras.utils.set_random_seed",
    "placeholder": "keras.Input",
}
_PACKAGES = sorted({*KNOWN_PACKAGES, "keras", "matplotlib", "numpy", "pandas", "tensorflow", "PIL", "random", "math"})
_CLASSES = {name.casefold(): name for name in sorted({*KINDS, *ALIASES})}


def advice(failure: Failure) -> Message:
    """A sentence or two for the student, from the name and message of an exception (both untrusted)."""
    text = failure.message[:1000]
    if hint := _of_old_names(text) or _of_the_place(failure.name, text):
        return hint
    if failure.name == "SyntaxError" and "comma" in text:
        return message(
            "hint.comma",
            "Between two layers in a list, and between two arguments, there must be a comma. Where one is missing, "
            "Python often points to the line before or after it.",
        )
    if failure.name == "SyntaxError" and "was never closed" in text:
        return message(
            "hint.bracket",
            "Python names the bracket that was opened last and not closed: follow it to where its partner belongs.",
        )
    if match := _NO_ATTRIBUTE.search(text):
        return _misspelt(match[1])
    if match := _NOT_DEFINED.search(text):
        name = match[1] or match[2]
        return _misspelt(name) if _known(name) else _unset(name)
    return GENERAL


def _of_old_names(text: str) -> Message:
    """What replaced an old Keras name; NOTHING if the exception is about something else."""
    match = _OLD_NAME.search(text)
    name = next(filter(None, match.groups())) if match else ""
    if name in _RENAMED:
        return message(
            "hint.renamed",
            "“{old}” is a name of an older Keras; today it is “{new}”.",
            old=name,
            new=_RENAMED[name],
        )
    if match := _OLD_MODULE.search(text):
        return message(
            "hint.old_module",
            "The module {name} is one of an older Keras: import from keras.layers, keras.models, keras.utils or "
            "keras.optimizers.",
            name=match[1],
        )
    return NOTHING


def _of_the_place(name: str, text: str) -> Message:
    """About what is missing where notebooks are graded: a keyboard, a file, a package."""
    if name == "StdinNotImplementedError":
        return message(
            "hint.input",
            "Write the value into the variable in place of input(…), so that the notebook runs from top to bottom "
            "without you.",
        )
    if name == "FileNotFoundError":
        return message(
            "hint.file",
            "Only what you handed in lies beside the notebook. Look at the spelling of the path, and whether an "
            "earlier cell should have made the file.",
        )
    if match := _NO_MODULE.search(text):
        near = difflib.get_close_matches(match[1].partition(".")[0], _PACKAGES, n=1, cutoff=0.75)
        if near and near[0] != match[1].partition(".")[0]:
            return message("hint.package_name", "Is the package {name} meant?", name=near[0])
        return message(
            "hint.no_package",
            "There is no package {name} here. Look at its spelling, and whether the exercise needs it.",
            name=match[1],
        )
    return NOTHING


def missing_name(failure: Failure) -> str:
    """The name that had no value when the cell failed; "" if it failed for another reason."""
    match = _NOT_DEFINED.search(failure.message[:1000]) if failure.name == "NameError" else None
    return (match[1] or match[2]) if match else ""


def _misspelt(name: str) -> Message:
    if name in ("AdamOptimizer", "GradientDescentOptimizer", "RMSPropOptimizer"):
        return message(
            "hint.old_optimizer",
            'TensorFlow has no {name} any more; today a network is compiled with optimizer="adam", for example.',
            name=name,
        )
    meant = _known(name)
    if meant is None:
        return GENERAL
    if meant == name:
        return message(
            "hint.import_layer", "{name} is one of Keras' layers: write layers.{name}, or import it.", name=name
        )
    return message(
        "hint.class_name", "The class is written {name}. Python tells capital letters from small ones.", name=meant
    )


def _known(name: str) -> str | None:
    """The layer class that a name means, None if it resembles none."""
    near = difflib.get_close_matches(name.casefold(), _CLASSES, n=1, cutoff=0.88)
    return _CLASSES[near[0]] if near else None


def _unset(name: str) -> Message:
    return message(
        "hint.no_value",
        "Nothing was put into {name} before this line is reached. Look at the order of the lines and of the cells: "
        "each reads only what came before it.",
        name=name,
    )
