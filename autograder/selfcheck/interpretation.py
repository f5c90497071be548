"""The interpretation of an answer, without any hint whether it is correct."""

from __future__ import annotations

from autograder.checks.answers import described, number_in
from autograder.checks.array import read_array
from autograder.checks.choice import Choice
from autograder.checks.number_parsing import digits
from autograder.checks.shape import read_shape, spelled
from autograder.core.language import gettext
from autograder.core.messages import Message, phrase
from autograder.records.evidence import CapturedValue
from autograder.selfcheck.public import PublicQuestion


def understood(question: PublicQuestion, value: CapturedValue) -> str:
    """The sentence that says how the answer in a variable is read.

    Raises:
        autograder.checks.answers.NotUnderstood: it is not an answer of the requested kind.
    """
    reading = _READERS.get(question.kind, _any)(question, value)
    return gettext("Your answer in `{name}` is understood as {reading}.", name=value.name, reading=reading)


def _any(question: PublicQuestion, value: CapturedValue) -> str | Message:
    return described(value)


def _number(question: PublicQuestion, value: CapturedValue) -> str | Message:
    numeral, _ = number_in(value, thousands=bool(question.reading.get("thousands")))
    if question.reading.get("fraction") and 1 < numeral.value <= 100:
        return f"{digits(numeral.value)} %"
    return digits(numeral.value) + (" %" if numeral.percent else "")


def _choice(question: PublicQuestion, value: CapturedValue) -> str | Message:
    options = question.reading["options"]
    # The correct option is unknown here, and not needed for reading.
    readable = Choice(
        kind="choice",
        id=question.id,
        title=question.title,
        points=question.points,
        answer=question.variable,
        options=options,
        correct=tuple(options),
        also=question.reading.get("also", {}),
    )
    key = readable.chosen(value)
    return f"{key} (“{options[key]}”)"


def _shape(question: PublicQuestion, value: CapturedValue) -> str | Message:
    sizes, _ = read_shape(value)
    return spelled(sizes)


def _array(question: PublicQuestion, value: CapturedValue) -> str | Message:
    numbers, _ = read_array(value)
    return phrase(
        "an array of the shape {shape}, whose first value is {first}",
        shape=spelled(numbers.shape),
        first=digits(numbers.values[0]),
    )


_READERS = {"number": _number, "choice": _choice, "shape": _shape, "array": _array}
