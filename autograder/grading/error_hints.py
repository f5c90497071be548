"""What a student may look at when a cell failed: slips that are common enough to have a sentence of their own."""

from __future__ import annotations

import difflib
import re

from autograder.core.messages import Message, message
from autograder.network.kinds import ALIASES, KINDS
from autograder.records.evidence import Failure

GENERAL = message("hint.later_cells_ran", "The cells after it were run all the same.")
_NO_ATTRIBUTE = re.compile(r"has no attribute '(\w+)'")
_NOT_DEFINED = re.compile(r"name '(\w+)' is not defined|variable '(\w+)' (?:where it is not|referenced before)")
_CLASSES = {name.casefold(): name for name in sorted({*KINDS, *ALIASES})}


def advice(failure: Failure) -> Message:
    """A sentence or two for the student, from the name and the message of an exception (both untrusted)."""
    text = failure.message[:1000]
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


def missing_name(failure: Failure) -> str:
    """The name that had no value when the cell failed; "" where it failed for another reason."""
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
    """The class of layers that is meant by a name, None where it resembles none."""
    near = difflib.get_close_matches(name.casefold(), _CLASSES, n=1, cutoff=0.88)
    return _CLASSES[near[0]] if near else None


def _unset(name: str) -> Message:
    return message(
        "hint.no_value",
        "Nothing was put into {name} before this line is reached. Look at the order of the lines and of the cells: "
        "each reads only what came before it.",
        name=name,
    )
