"""Messages about the stand-ins that a notebook used: names of an older Keras, and features of other machines.

The kernel sends a code and the names in question, which are unverified claims; the sentences are defined here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from autograder.core.language import gettext_noop
from autograder.core.messages import Message, message

# The maximum number per notebook.
MOST_STAND_INS = 60
_NAME = re.compile(r"[\w .,…()\[\]=/{}:'%!-]{0,60}")

_SENTENCES: Mapping[str, tuple[str, str]] = {
    "lr": (
        "old_keras.lr",
        gettext_noop("“lr” is called “learning_rate” since Keras 2.3; it was read as such."),
    ),
    "decay": (
        "old_keras.decay",
        gettext_noop("“decay” has no effect on an optimizer since Keras 3; a learning rate schedule takes its place."),
    ),
    "acc": (
        "old_keras.acc",
        gettext_noop("“{old}” is called “{new}” since Keras 2.3; it was looked up as such."),
    ),
    "argument": (
        "old_keras.argument",
        gettext_noop("The argument “{old}” is called “{new}” today; it was read as such."),
    ),
    "dropped": (
        "old_keras.dropped",
        gettext_noop("The argument “{old}” does not exist any more; it was passed over."),
    ),
    "name": (
        "old_keras.name",
        gettext_noop("“{old}” does not exist any more; “{new}” was used in its place."),
    ),
    "module": (
        "old_keras.module",
        gettext_noop("The module “{old}” does not exist any more; what it held was taken from “{new}”."),
    ),
    "image_generator": (
        "old_keras.image_generator",
        gettext_noop(
            "“ImageDataGenerator” is not part of Keras 3; it still works here. Layers like RandomFlip replace it."
        ),
    ),
    "convolution": (
        "old_keras.convolution",
        gettext_noop(
            "“{old}(32, 3, 3)” was read as in Keras 1, with a window of 3 × 3; today that is Conv2D(32, (3, 3))."
        ),
    ),
    "added_loss": (
        "old_keras.added_loss",
        gettext_noop(
            "Keras 3 does not read a loss that `add_loss` is given from outside a layer; it was used here all the same."
        ),
    ),
    "session": (
        "old_keras.session",
        gettext_noop("Sessions of TensorFlow 1 are not needed any more; they changed nothing here."),
    ),
    "file": (
        "old_keras.file",
        gettext_noop("Keras 3 asks for another ending of a file's name: “{old}” was saved as “{new}”."),
    ),
    "colab": (
        "elsewhere.module",
        gettext_noop("“{old}” exists on Google Colab or Kaggle alone; here it did nothing."),
    ),
    "path": (
        "elsewhere.path",
        gettext_noop("“{old}” is a path on another machine; the file was looked up beside the notebook."),
    ),
    "command": (
        "elsewhere.command",
        gettext_noop("“{old}” needs a network or another machine; it was not run here."),
    ),
    "graphviz": (
        "elsewhere.graphviz",
        gettext_noop("Graphviz is not here: “{old}” drew the table of the network in place of its picture."),
    ),
    "pretrained": (
        "elsewhere.pretrained",
        gettext_noop(
            "“{old}” downloads its pretrained weights; here the network has the same layers with random weights."
        ),
    ),
    "tfds": (
        "elsewhere.tfds",
        gettext_noop("“{old}” is not installed here; it gave the data sets of the exercise."),
    ),
    "tensorboard": (
        "elsewhere.tensorboard",
        gettext_noop("TensorBoard is not on the grading machine; its callback wrote nothing here."),
    ),
    "torch_gpu": (
        "elsewhere.torch_gpu",
        gettext_noop("“{old}” asks for a GPU; here it ran on the processor."),
    ),
    "torch_assert": (
        "elsewhere.torch_assert",
        gettext_noop("The line that insists on a GPU (“{old}”) was passed over."),
    ),
    "torchvision": (
        "elsewhere.torchvision",
        gettext_noop("“{old}” downloads its images; here it gave those of the exercise."),
    ),
    "torch_compile": (
        "elsewhere.torch_compile",
        gettext_noop("“{old}” needs a compiler; the network was used as it is."),
    ),
    "restart": (
        "elsewhere.restart",
        gettext_noop("The line that restarts the kernel was passed over."),
    ),
}


def stand_in_message(code: object, old: object, new: object) -> Message | None:
    """The message for the kernel's claim; None if the claim is not valid."""
    if not (isinstance(code, str) and isinstance(old, str) and isinstance(new, str)) or code not in _SENTENCES:
        return None
    if not _NAME.fullmatch(old) or not _NAME.fullmatch(new):
        return None
    return message(*_SENTENCES[code], old=old, new=new)
