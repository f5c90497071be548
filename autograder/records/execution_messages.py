"""What is said of a notebook's execution beside its cells' own errors. Made in English, in the sandbox and around it.

Evidence is kept whatever language the assignment has: judging says these sentences again in that language.
"""

from __future__ import annotations

from collections.abc import Mapping

from autograder.core.language import mark
from autograder.core.retelling import retold

NOT_REACHED = mark("Code cell {cell} was not reached in the {seconds:g} seconds of the notebook.")
TOO_MUCH_OUTPUT = mark("Code cell {cell} wrote more than {kilobytes} KB; the rest of its output was cut.")
TOO_LONG = mark("Code cell {cell} ran for more than {seconds:.0f} seconds and was stopped.")
NOT_INTERRUPTED = mark("Code cell {cell} did not stop when it was interrupted; the cells after it were not run.")
UNREADABLE = mark("Code cell {cell} left something that could not be read: {problem}")
NO_ANSWER = mark("Code cell {cell} left a kernel that no longer answers; the cells after it were not run.")
NONSENSE = mark("Code cell {cell} left a kernel that answers nonsense; the cells after it were not run.")
FLOODED = mark("Code cell {cell} sent more than {megabytes} MB to the grader; the cells after it were not run.")
# How a kernel ended, by the reason that the sandbox gives.
ENDED = mark("Code cell {cell} ended the kernel; the cells after it were not run.")
ENDINGS = {
    "memory": mark("Code cell {cell} used more than {megabytes} MB of memory; the cells after it were not run."),
    "processes": mark("Code cell {cell} started more than {processes} processes; the cells after it were not run."),
    "cpu": mark(
        "Code cell {cell} used more than {seconds:g} seconds of processor time; the cells after it were not run."
    ),
    "time": mark("Code cell {cell} ran too long; the cells after it were not run."),
}
# The same of a cell of the course's tests, which has no number in the student's notebook.
OF_A_TEST_CELL: Mapping[str, str] = {
    NOT_REACHED: mark("A test cell was not reached in the {seconds:g} seconds of the notebook."),
    TOO_MUCH_OUTPUT: mark("A test cell wrote more than {kilobytes} KB; the rest of its output was cut."),
    TOO_LONG: mark("A test cell ran for more than {seconds:.0f} seconds and was stopped."),
    NOT_INTERRUPTED: mark("A test cell did not stop when it was interrupted; the cells after it were not run."),
    UNREADABLE: mark("A test cell left something that could not be read: {problem}"),
    NO_ANSWER: mark("A test cell left a kernel that no longer answers; the cells after it were not run."),
    NONSENSE: mark("A test cell left a kernel that answers nonsense; the cells after it were not run."),
    FLOODED: mark("A test cell sent more than {megabytes} MB to the grader; the cells after it were not run."),
    ENDED: mark("A test cell ended the kernel; the cells after it were not run."),
    ENDINGS["memory"]: mark("A test cell used more than {megabytes} MB of memory; the cells after it were not run."),
    ENDINGS["processes"]: mark("A test cell started more than {processes} processes; the cells after it were not run."),
    ENDINGS["cpu"]: mark(
        "A test cell used more than {seconds:g} seconds of processor time; the cells after it were not run."
    ),
    ENDINGS["time"]: mark("A test cell ran too long; the cells after it were not run."),
}
DESCRIPTION_TOO_LONG = mark("the kernel described itself in {bytes:,} bytes; the limit is 4 MiB")
DESCRIPTION_MALFORMED = mark("the kernel's description of itself is malformed: {error}")
DESCRIPTION_TOO_DEEP = mark("nested deeper than {limit}")

OWN_CLASS = mark("It is a {kind}, and code of your own decides what it computes ({reason}).")
NEVER_CALLED = mark("it was never called on images, or on more than one input at a time")
GIVES_NO_TENSOR = mark("it gives out something else than the output of a layer")
TOO_MANY_LAYERS = mark("it has too many layers")
OWN_CALL = mark("it has a `__call__` of its own in the place of Keras'")
NOT_DESCRIBED = mark("It cannot be described: {reason}.")
NOT_DESCRIBING = mark("It cannot describe itself: {error}")
LONG_DESCRIPTION = mark("its description is too long")
TOO_DEEP = mark("it is nested too deeply")
LONG_TEXT = mark("it holds a very long text")
LARGE_NUMBER = mark("it holds a very large number")
KEYS_NO_TEXTS = mark("it has keys that are not texts")
HOLDS_OBJECT = mark("it holds a {kind}")

FAR_TOO_MUCH_OUTPUT = mark("This cell wrote far more output than it may.")
NO_DATASET = mark("There is no network here; the dataset {name} is not part of the exercise.")

_NOTES = (
    *(NOT_REACHED, TOO_MUCH_OUTPUT, TOO_LONG, NOT_INTERRUPTED, UNREADABLE, NO_ANSWER, NONSENSE, FLOODED, ENDED),
    *ENDINGS.values(),
    *OF_A_TEST_CELL.values(),
)
_OPAQUE = (OWN_CLASS, NOT_DESCRIBED, NOT_DESCRIBING)
_PARTS = {
    "problem": (DESCRIPTION_TOO_LONG, DESCRIPTION_MALFORMED, DESCRIPTION_TOO_DEEP),
    "reason": (
        *(LONG_DESCRIPTION, TOO_DEEP, LONG_TEXT, LARGE_NUMBER, KEYS_NO_TEXTS, HOLDS_OBJECT),
        *(NEVER_CALLED, GIVES_NO_TENSOR, TOO_MANY_LAYERS, OWN_CALL),
    ),
}
# Exceptions of ours that a cell meets.
_RAISED = {"TooMuchOutput": (FAR_TOO_MUCH_OUTPUT,), "DatasetUnavailable": (NO_DATASET,)}


def told_note(note: str) -> str:
    """A note of the evidence, in the active language."""
    return retold(note, _NOTES, _PARTS)


def told_opaque(why: str) -> str:
    """Why a network does not describe itself, in the active language."""
    return retold(why, _OPAQUE, _PARTS)


def told_failure(name: str, message: str) -> str:
    """The message of an exception: one of ours in the active language, any other as it is."""
    return retold(message, _RAISED.get(name, ()))
