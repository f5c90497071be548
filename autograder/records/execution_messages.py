"""Messages about a notebook's execution, other than its cells' own errors.

The student's kernel only makes claims: it names one of the reasons below by its code and adds short texts. The
templates are defined here, and messages are made outside the kernel.
"""

from __future__ import annotations

from collections.abc import Mapping

from autograder.core.language import gettext_noop
from autograder.core.messages import NOTHING, Message, Value, message, phrase, verbatim
from autograder.records.cell_errors import FAR_TOO_MUCH_OUTPUT, NO_DATASET
from autograder.records.evidence import CapturedNetwork, Failure, Opaque

# For a student's cell, and for a cell of the course's tests, which has no number in the student's notebook.
_NOTES: Mapping[str, tuple[str, str]] = {
    "not_reached": (
        gettext_noop("Code cell {cell} was not reached in the {seconds:g} seconds of the notebook."),
        gettext_noop("A test cell was not reached in the {seconds:g} seconds of the notebook."),
    ),
    "too_much_output": (
        gettext_noop("Code cell {cell} wrote more than {kilobytes} KB; the rest of its output was cut."),
        gettext_noop("A test cell wrote more than {kilobytes} KB; the rest of its output was cut."),
    ),
    "timeout": (
        gettext_noop("Code cell {cell} ran for more than {seconds:.0f} seconds and was stopped."),
        gettext_noop("A test cell ran for more than {seconds:.0f} seconds and was stopped."),
    ),
    "machine_busy": (
        gettext_noop("The grading machine was busy with other work while code cell {cell} ran."),
        gettext_noop("The grading machine was busy with other work while a test cell ran."),
    ),
    "not_interrupted": (
        gettext_noop("Code cell {cell} did not stop when it was interrupted; the cells after it were not run."),
        gettext_noop("A test cell did not stop when it was interrupted; the cells after it were not run."),
    ),
    "unreadable": (
        gettext_noop("Code cell {cell} left something that could not be read: {problem}"),
        gettext_noop("A test cell left something that could not be read: {problem}"),
    ),
    "no_answer": (
        gettext_noop("Code cell {cell} left a kernel that no longer answers; the cells after it were not run."),
        gettext_noop("A test cell left a kernel that no longer answers; the cells after it were not run."),
    ),
    "nonsense": (
        gettext_noop("Code cell {cell} left a kernel that answers nonsense; the cells after it were not run."),
        gettext_noop("A test cell left a kernel that answers nonsense; the cells after it were not run."),
    ),
    "flooded": (
        gettext_noop("Code cell {cell} sent more than {megabytes} MB to the grader; the cells after it were not run."),
        gettext_noop("A test cell sent more than {megabytes} MB to the grader; the cells after it were not run."),
    ),
    # How a kernel ended, by the sandbox's reason.
    "ended": (
        gettext_noop("Code cell {cell} ended the kernel; the cells after it were not run."),
        gettext_noop("A test cell ended the kernel; the cells after it were not run."),
    ),
    "memory": (
        gettext_noop("Code cell {cell} used more than {megabytes} MB of memory; the cells after it were not run."),
        gettext_noop("A test cell used more than {megabytes} MB of memory; the cells after it were not run."),
    ),
    "processes": (
        gettext_noop("Code cell {cell} started more than {processes} processes; the cells after it were not run."),
        gettext_noop("A test cell started more than {processes} processes; the cells after it were not run."),
    ),
    "cpu": (
        gettext_noop(
            "Code cell {cell} used more than {seconds:g} seconds of processor time; the cells after it were not run."
        ),
        gettext_noop(
            "A test cell used more than {seconds:g} seconds of processor time; the cells after it were not run."
        ),
    ),
    "time": (
        gettext_noop("Code cell {cell} ran too long; the cells after it were not run."),
        gettext_noop("A test cell ran too long; the cells after it were not run."),
    ),
}
ENDINGS = frozenset({"memory", "processes", "cpu", "time"})

# Why a network has no description, and which part of it is responsible.
_OPAQUE: Mapping[str, str] = {
    "own_class": gettext_noop("It is a {kind}, and code of your own decides what it computes ({reason})."),
    "not_described": gettext_noop("It cannot be described: {reason}."),
    "not_describing": gettext_noop("It cannot describe itself: {reason}"),
    "torch": gettext_noop("It is a {kind}, and its operations could not be listed: {reason}."),
}
_REASONS: Mapping[str, str] = {
    "never_called": gettext_noop("it was never called on images, or on more than one input at a time"),
    "gives_no_tensor": gettext_noop("it gives out something else than the output of a layer"),
    "too_many_layers": gettext_noop("it has too many layers"),
    "own_call": gettext_noop("it has a `__call__` of its own in the place of Keras'"),
    "long_description": gettext_noop("its description is too long"),
    "too_deep": gettext_noop("it is nested too deeply"),
    "long_text": gettext_noop("it holds a very long text"),
    "large_number": gettext_noop("it holds a very large number"),
    "keys_no_texts": gettext_noop("it has keys that are not texts"),
    "no_input": gettext_noop("it was never called on a batch"),
    "no_output": gettext_noop("it gives out something else than tensors that it computes"),
    "data_dependent": gettext_noop("its `forward` decides by the data what it computes"),
    "too_large": gettext_noop("it has too many operations"),
    "forward_failed": gettext_noop("its `forward` fails ({detail})"),
    "holds_object": gettext_noop("it holds a {detail}"),
}

_DATASETS = ("mnist", "fashion_mnist", "cifar10", "cifar100", "imdb", "reuters", "boston_housing", "california_housing")


def note_message(kind: str, cell: int | None, **values: Value) -> Message:
    """A note on a code cell, counted from 1; None for a cell of the course's tests."""
    own, of_tests = _NOTES[kind]
    if cell is None:
        return message(f"test_cell.{kind}", of_tests, **values)
    return message(f"cell.{kind}", own, cell=cell, **values)


def opaque_message(network: CapturedNetwork) -> Message:
    """Why a network has no description; NOTHING if it has one."""
    opaque = network.opaque
    if opaque is None:
        return NOTHING
    if opaque.why not in _OPAQUE:
        return verbatim(opaque.detail)
    return message(f"network.{opaque.why}", _OPAQUE[opaque.why], kind=opaque.kind, reason=_reason(opaque))


def _reason(opaque: Opaque) -> Message:
    template = _REASONS.get(opaque.reason)
    return verbatim(opaque.detail) if template is None else phrase(template, detail=opaque.detail)


def failure_message(failure: Failure) -> Message:
    """The message of an exception: a translated one for ours, plain text for any other."""
    if failure.name == "TooMuchOutput" and failure.message == FAR_TOO_MUCH_OUTPUT:
        return message("cell.far_too_much_output", FAR_TOO_MUCH_OUTPUT)
    if failure.name == "DatasetUnavailable":
        for name in _DATASETS:
            if failure.message == NO_DATASET.format(name=name):
                return message("cell.no_dataset", NO_DATASET, name=name)
    return verbatim(failure.message)
