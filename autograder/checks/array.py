"""An array or list of numbers: computed by hand, or measured one by one."""

from __future__ import annotations

import json
import re
from math import prod
from typing import Any, Literal, NamedTuple

from pydantic import Field, field_validator, model_validator

from autograder.checks.answers import Answered, NotUnderstood, WrongAnswer, described, read_as, said
from autograder.checks.base import Context
from autograder.checks.number_parsing import digits
from autograder.checks.trainings import is_known, of_a_sweep
from autograder.core.language import gettext_noop
from autograder.core.messages import NOTHING, Message, message, nmessage
from autograder.records.evidence import CapturedValue
from autograder.records.result import Finding, Verdict

_MOST = 10_000
_LOWEST = (
    "array.lowest_elsewhere",
    gettext_noop("The lowest of your values stands at position {position}; it is to be expected elsewhere."),
)
_HIGHEST = (
    "array.highest_elsewhere",
    gettext_noop("The highest of your values stands at position {position}; it is to be expected elsewhere."),
)
_NUMBER = re.compile(r"[-+−]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


class Numbers(NamedTuple):
    """An array of numbers: its values in order, row by row, and its shape."""

    values: tuple[float, ...]
    shape: tuple[int, ...]

    @property
    def squeezed(self) -> tuple[int, ...]:
        """The shape without its axes of size 1."""
        return tuple(size for size in self.shape if size != 1)


class WrongArray(WrongAnswer):
    """An anticipated wrong array."""

    value: list[Any]

    @field_validator("value")
    @classmethod
    def _numbers(cls, value: list[Any]) -> list[Any]:
        return _checked(value)


class Array(Answered):
    """Numbers in an array, a list or a tuple; axes of size 1 do not matter.

    The right answer is either `expected` (a list, nested for more axes), each value within `tolerance` (absolute) and
    `relative_tolerance`, in any order if `any_order` is set; or `length` measured numbers, each between `minimum` and
    `maximum`, with the lowest (highest) at one of the positions `lowest_at` (`highest_at`), counted from 1.
    `networks_trained` is how many networks have to be trained for the values, each from new weights, in addition to
    those that the assignment asks for.
    """

    kind: Literal["array"]
    expected: list[Any] | None = None
    tolerance: float = Field(default=1e-6, ge=0)
    relative_tolerance: float = Field(default=1e-6, ge=0, lt=1)
    any_order: bool = False
    length: int | None = Field(default=None, ge=1, le=_MOST)
    minimum: float | None = None
    maximum: float | None = None
    lowest_at: tuple[int, ...] = ()
    highest_at: tuple[int, ...] = ()
    networks_trained: int | None = Field(default=None, ge=1, le=1000)
    wrong: tuple[WrongArray, ...] = ()

    @field_validator("expected")
    @classmethod
    def _numbers(cls, value: list[Any] | None) -> list[Any] | None:
        return None if value is None else _checked(value)

    @model_validator(mode="after")
    def _one_way_to_be_right(self) -> Array:
        if (self.expected is None) == (self.length is None):
            raise ValueError("give either expected, or length and what is known of the values")
        ranged = self.minimum is not None or self.maximum is not None or self.lowest_at or self.highest_at
        if self.expected is not None and ranged:
            raise ValueError("minimum, maximum, lowest_at and highest_at go with length, not with expected")
        if self.expected is not None and self.networks_trained is not None:
            raise ValueError("networks_trained goes with length, not with expected")
        if self.length is not None and not all(1 <= at <= self.length for at in self.lowest_at + self.highest_at):
            raise ValueError("lowest_at and highest_at are positions from 1 to length")
        if self.expected is not None and any(self._equal(_plain(known.value)) for known in self.wrong):
            raise ValueError("one of the wrong answers would be accepted as right")
        return self

    def judge_answer(self, answer: CapturedValue, context: Context) -> Verdict:
        numbers, understood = read_array(answer)
        if self.length is not None:
            return self._judge_measured(numbers, understood, context)
        if self._equal(numbers):
            return self.right(understood)
        for known in self.wrong:
            if self._close(numbers.values, _plain(known.value).values):
                return self.known_wrong(known, understood, context)
        return self.wrong_answer(self._difference(numbers), understood, context)

    def _judge_measured(self, numbers: Numbers, understood: Message, context: Context) -> Verdict:
        values, length = numbers.values, self.length or 0
        if len(values) != length:
            return self.verdict(
                "wrong",
                0.0,
                *said(
                    understood,
                    message(
                        "array.count",
                        "`{name}` holds {given} numbers, not {needed}.",
                        name=self.answer,
                        given=len(values),
                        needed=length,
                    ),
                ),
            )
        untrained = self._not_trained(context)
        if untrained is not None:
            return self.verdict("wrong", 0.0, *said(understood), untrained)
        for at, value in enumerate(values, 1):
            if (self.minimum is not None and value < self.minimum) or (
                self.maximum is not None and value > self.maximum
            ):
                sentence = message(
                    "array.out_of_range",
                    "The value at position {position}, {value}, is not what such a run gives.",
                    position=at,
                    value=digits(value),
                )
                return self.wrong_answer(sentence, understood, context)
        for template, places, extreme in (
            (_LOWEST, self.lowest_at, min(values)),
            (_HIGHEST, self.highest_at, max(values)),
        ):
            found = [at for at, value in enumerate(values, 1) if value == extreme]
            if places and not set(found) <= set(places):
                return self.wrong_answer(message(*template, position=found[0]), understood, context)
        return self.right(understood)

    def _not_trained(self, context: Context) -> Finding | None:
        """A finding if the values cannot come from networks that were trained for them, each from new weights."""
        wanted = self.networks_trained
        if wanted is None or not is_known(context):
            return None
        networks, fits = of_a_sweep(context, wanted)
        if networks >= wanted:
            return None
        if not fits:
            sentence = message(
                "array.nothing_trained",
                "`{name}` holds numbers, but no network was trained for them.",
                name=self.answer,
            )
        elif fits >= wanted:
            sentence = nmessage(
                "array.weights_kept",
                "Only {count} network was trained for the values in `{name}`, by {fits} calls of `fit`: each call goes "
                "on from the weights of the one before.",
                "Only {count} networks were trained for the values in `{name}`, by {fits} calls of `fit`: some calls "
                "go on from the weights of the one before.",
                networks,
                count=networks,
                fits=fits,
                name=self.answer,
            )
        else:
            sentence = nmessage(
                "array.few_trained",
                "Only {count} network was trained for the {length} values in `{name}`.",
                "Only {count} networks were trained for the {length} values in `{name}`.",
                networks,
                count=networks,
                length=wanted,
                name=self.answer,
            )
        hint = message("hint.new_network_each", "Build and train a new network for every value.")
        return Finding(message=sentence, hint=hint)

    def _equal(self, numbers: Numbers) -> bool:
        expected = _plain(self.expected or [])
        return numbers.squeezed == expected.squeezed and self._close(numbers.values, expected.values)

    def _close(self, values: tuple[float, ...], wanted: tuple[float, ...]) -> bool:
        if self.any_order:
            values, wanted = tuple(sorted(values)), tuple(sorted(wanted))
        return len(values) == len(wanted) and all(map(self._same, values, wanted))

    def _same(self, value: float, wanted: float) -> bool:
        return abs(value - wanted) <= max(self.tolerance, self.relative_tolerance * abs(wanted))

    def _difference(self, numbers: Numbers) -> Message:
        """What is wrong, without giving away what is right."""
        values, wanted = numbers.values, _plain(self.expected or [])
        if len(values) != len(wanted.values):
            if len(values) < len(wanted.values):
                return message(
                    "array.too_few",
                    "`{name}` holds {count} values, which is too few.",
                    name=self.answer,
                    count=len(values),
                )
            return message(
                "array.too_many",
                "`{name}` holds {count} values, which is too many.",
                name=self.answer,
                count=len(values),
            )
        if self._close(values, wanted.values):
            shape = " × ".join(map(str, numbers.shape))
            return message(
                "array.arrangement", "The values are right, but not their arrangement as {shape}.", shape=shape
            )
        if self._close(tuple(sorted(values)), tuple(sorted(wanted.values))):
            return message("array.order", "These are the right values, but not in the right order.")
        if self._close(tuple(-value for value in values), wanted.values):
            return message("array.sign", "Every value has the wrong sign.")
        pairs = zip(values, wanted.values, strict=True)
        at = next((at for at, (one, other) in enumerate(pairs, 1) if not self._same(one, other)), 1)
        if len(numbers.squeezed) < 2:
            return message(
                "array.first_wrong", "The first value that is not right is at position {position}.", position=at
            )
        return message(
            "array.first_wrong_by_row",
            "The first value that is not right is at position {position}, counted row by row.",
            position=at,
        )


def read_array(answer: CapturedValue) -> tuple[Numbers, Message]:
    """The numbers of an answer, and how they were read.

    Raises:
        NotUnderstood: they are not numbers.
    """
    plain, understood = answer.value, NOTHING
    if isinstance(plain, str):
        plain = _from_text(plain)
        understood = read_as(answer, str(plain)) if plain is not None and len(str(plain)) <= 200 else NOTHING
    elif isinstance(plain, int | float) and not isinstance(plain, bool):
        plain = [plain]
    if not isinstance(plain, list) or (shape := _shape_of(plain)) is None:
        raise NotUnderstood(
            message(
                "array.not_understood",
                "`{name}` is {given}; the answer is a list or an array of numbers.",
                name=answer.name,
                given=described(answer),
            ),
            message(
                "hint.array",
                "Give `{name}` a list such as [0.5, 1.5] or a NumPy array; rows need to be of the same length.",
                name=answer.name,
            ),
        )
    return Numbers(tuple(_flat(plain)), shape), understood


def _from_text(text: str) -> list[Any] | None:
    """The list written in a text, with or without brackets and commas."""
    text = text.strip().replace("−", "-")
    try:
        found = json.loads(text.translate(str.maketrans("(){}", "[][]")))
        return found if isinstance(found, list) else None
    except (ValueError, RecursionError):
        pass
    bare = re.sub(r"\barray\b|[\[\](){},;|]", " ", text)
    words = bare.split()
    if text.count("[") > 1 or not words or not all(_NUMBER.fullmatch(word) for word in words):
        return None
    return [float(word) for word in words]


def _shape_of(values: Any) -> tuple[int, ...] | None:
    """The shape of nested lists of numbers; None if they hold anything else or are ragged."""
    if not isinstance(values, list):
        return () if isinstance(values, int | float) and not isinstance(values, bool) else None
    shapes = {_shape_of(value) for value in values}
    if len(shapes) != 1:
        return None
    (inner,) = shapes
    return None if inner is None else (len(values), *inner)


def _flat(values: list[Any]) -> list[float]:
    flat: list[float] = []
    for value in values:
        flat.extend(_flat(value) if isinstance(value, list) else [float(value)])
    return flat


def _plain(values: list[Any]) -> Numbers:
    """The numbers of a list in the assignment, already validated by `_checked`."""
    return Numbers(tuple(_flat(values)), _shape_of(values) or ())


def _checked(values: list[Any]) -> list[Any]:
    shape = _shape_of(values)
    if shape is None:
        raise ValueError("it must be a list of numbers, or of lists of the same length")
    if prod(shape) > _MOST:
        raise ValueError(f"it holds more than {_MOST:,} numbers")
    return values
