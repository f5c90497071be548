"""What a student can look at when a cell failed: mistakes common enough to have their own hint."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping

from autograder.core.language import gettext_noop
from autograder.core.messages import NOTHING, Message, message
from autograder.network.kinds import ALIASES, LAYER_KINDS
from autograder.network.layers import LAYERS
from autograder.records.evidence import Failure
from autograder.records.machine import KNOWN_PACKAGES

GENERAL = message("hint.later_cells_ran", "The cells after it were run all the same.")
_NO_ATTRIBUTE = re.compile(r"has no attribute '(\w+)'")
_NOT_DEFINED = re.compile(r"name '(\w+)' is not defined|variable '(\w+)' (?:where it is not|referenced before)")
_NO_MODULE = re.compile(r"No module named '([\w.]{1,100})'")
_OLD_MODULE = re.compile(r"No module named '((?:tensorflow\.)?keras\.[\w.]{1,100}|tensorflow\.contrib[\w.]{0,100})'")
_OF_TYPE = re.compile(r"'(\w{1,60})' object has no attribute '(\w{1,60})'")
_NOT_EXPORTED = re.compile(r"cannot import name '(\w+)'")
_ARGUMENT = re.compile(
    r"not recognized: \{'(\w+)'|unexpected keyword argument '(\w+)'|Unrecognized keyword arguments[^{]*\{'(\w+)'"
)
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
    "Merge": "keras.layers.Concatenate, Add and their kin",
    "MaxoutDense": "keras.layers.Dense and Maximum",
    "model_from_yaml": "keras.models.model_from_json",
    "to_yaml": "to_json",
    "load_boston": "keras.datasets.boston_housing",
    "Imputer": "sklearn.impute.SimpleImputer",
    "ix": "loc or iloc",
    "hold": "nothing: a figure keeps what was drawn",
}
# Hints by a pattern of the exception's message (as Keras, NumPy and Python word it); groups fill {name}.
_BY_MESSAGE: tuple[tuple[re.Pattern[str], tuple[str, str]], ...] = (
    (
        re.compile(r"You must call `?compile"),
        (
            "hint.compile_before",
            gettext_noop(
                "Call `compile` on this network before `fit`; a network that is built again is compiled again."
            ),
        ),
    ),
    (
        re.compile(r"`target` and `output` must have the same|Shapes? .{1,80} are incompatible"),
        (
            "hint.labels_and_output",
            gettext_noop(
                "Compare the output shape of the last layer with the shape of the labels: they have to agree."
            ),
        ),
    ),
    (
        re.compile(r"is incompatible with the layer"),
        (
            "hint.input_of_layer",
            gettext_noop(
                "A layer is given another shape than it reads: compare the shapes in the message, and print the shape "
                "of what goes into the layer."
            ),
        ),
    ),
    (
        re.compile(r"Could not interpret [\w ]{1,40} identifier: (\w{1,60})"),
        (
            "hint.unknown_identifier",
            gettext_noop("Keras knows nothing called {name} there: look at its spelling."),
        ),
    ),
    (
        re.compile(r"cannot reshape array of size (\d{1,12})"),
        (
            "hint.reshape",
            gettext_noop("Reshaping keeps the number of values: the new shape has to hold {name} of them."),
        ),
    ),
    (
        re.compile(r"could not be broadcast"),
        (
            "hint.broadcast",
            gettext_noop("The two shapes in the message do not fit together: print both before this line."),
        ),
    ),
    (
        re.compile(r"missing \d+ required (?:positional|keyword-only) arguments?: '(\w{1,60})'"),
        (
            "hint.argument_missing",
            gettext_noop("The call needs a value for {name}."),
        ),
    ),
    (
        re.compile(r"'NoneType' object"),
        (
            "hint.none_value",
            gettext_noop(
                "The value is None here: a variable was given the result of a call that returns nothing, or was not "
                "filled in yet."
            ),
        ),
    ),
    (
        re.compile(r"index out of range|is out of bounds for axis"),
        (
            "hint.index",
            gettext_noop("Counting begins at 0, so the last index is one less than the length."),
        ),
    ),
    (
        re.compile(r"unsupported operand type|can only concatenate"),
        (
            "hint.operand_types",
            gettext_noop(
                "The two values are of different types: convert one of them, with `str` or `int` for example."
            ),
        ),
    ),
    (
        re.compile(r"module 'numpy' has no attribute '(float|int|bool|object|str|complex)'"),
        (
            "hint.numpy_type",
            gettext_noop("NumPy has no np.{name} any more; write {name} alone."),
        ),
    ),
    (
        re.compile(r"Qt binding modules|no display name|Cannot load backend|couldn't connect to display"),
        (
            "hint.no_screen",
            gettext_noop("There is no screen where notebooks are graded: use `%matplotlib inline`."),
        ),
    ),
)
# The import lines of common modules under their usual short names.
_IMPORTS: Mapping[str, str] = {
    "np": "import numpy as np",
    "plt": "import matplotlib.pyplot as plt",
    "pd": "import pandas as pd",
    "tf": "import tensorflow as tf",
    "keras": "import keras",
    "layers": "from keras import layers",
    "sns": "import seaborn as sns",
    "Sequential": "from keras import Sequential",
    "Model": "from keras import Model",
    "to_categorical": "from keras.utils import to_categorical",
    "train_test_split": "from sklearn.model_selection import train_test_split",
}
_ARGUMENTS = sorted(
    {name for layer in LAYERS.values() for name in layer.fields}
    | {"optimizer", "loss", "metrics", "epochs", "batch_size", "validation_data", "validation_split", "learning_rate"}
    | {"momentum", "verbose", "callbacks", "input_shape", "name"}
)
_PACKAGES = sorted({*KNOWN_PACKAGES, "keras", "matplotlib", "numpy", "pandas", "tensorflow", "PIL", "random", "math"})
_CLASSES = {name.casefold(): name for name in sorted({*LAYER_KINDS, *ALIASES})}


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
    if failure.name in ("IndentationError", "TabError"):
        return message(
            "hint.indentation",
            "Lines that belong together begin in the same column; after a line that ends with a colon they are "
            "indented.",
        )
    if failure.name == "SyntaxError":
        return message(
            "hint.syntax",
            "Python could not read this cell, so nothing in it was run. Look at the line that is named, and at the one "
            "before it.",
        )
    if hint := _of_the_message(text):
        return hint
    if match := _ARGUMENT.search(text):
        return _argument(next(filter(None, match.groups())))
    if failure.name == "KeyError":
        return message("hint.key", "There is no such key: print the keys that are there, with `.keys()`.")
    if match := _OF_TYPE.search(text):
        return message(
            "hint.other_type",
            "The value is of the type {name} here, which has no {attribute}: look at the spelling, and at what was put "
            "into the variable.",
            name=match[1],
            attribute=match[2],
        )
    if match := _NO_ATTRIBUTE.search(text) or _NOT_EXPORTED.search(text):
        return _misspelt(match[1])
    if match := _NOT_DEFINED.search(text):
        name = match[1] or match[2]
        if name in _IMPORTS:
            return message("hint.not_imported", "No cell before this line has `{line}`.", line=_IMPORTS[name])
        return _misspelt(name) if _known(name) else _unset(name)
    return GENERAL


def _of_the_message(text: str) -> Message:
    for pattern, sentence in _BY_MESSAGE:
        if match := pattern.search(text):
            return message(*sentence, **({"name": match[1]} if match.groups() else {}))
    return NOTHING


def _argument(name: str) -> Message:
    near = difflib.get_close_matches(name, _ARGUMENTS, n=1, cutoff=0.75)
    if near:
        return message(
            "hint.argument_meant", "There is no argument {name}; is {meant} meant?", name=name, meant=near[0]
        )
    return message("hint.no_argument", "There is no argument {name} in this call: look at its spelling.", name=name)


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
            "There is no package {name} here. Look at its spelling, and whether the exercise needs it; a file of your "
            "own has to be handed in with the notebook.",
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
        return message(
            "hint.no_name", "There is no {name} there: look at its spelling, and at what it is taken from.", name=name
        )
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
