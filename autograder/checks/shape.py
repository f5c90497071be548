"""The shape of an image, an array or a layer's output, with or without the batch axis."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from autograder.checks.answers import Answered, NotUnderstood, WrongAnswer, described, read_as
from autograder.checks.base import Context, Question
from autograder.checks.follow_through import OfOwnNetwork, charging, in_own, uses_torch
from autograder.checks.quantities import OutputShape
from autograder.core.messages import NOTHING, Message, message, nmessage
from autograder.records.evidence import CapturedValue
from autograder.records.result import Verdict

ShapeSizes = tuple[Annotated[int, Field(ge=0)], ...]
_BATCH = (None, -1)
_FREE = re.compile(r"none|null|batch(?:[ _]?size)?|\?|-1", re.I)
_PART = re.compile(rf"\d+|{_FREE.pattern}", re.I)
_IN_BRACKETS = re.compile(r"\([^()\[\]]*\)|\[[^()\[\]]*\]")
_LETTERS_BETWEEN = re.compile(r"(?<=[\d)?])\s*[x×*·]\s*(?=[\d(?])|\b(?:by|auf|mal)\b|(?<=none)\s*[x×*·]\s*", re.I)


class WrongShape(WrongAnswer):
    """An anticipated wrong shape, without the batch axis."""

    value: ShapeSizes


class ShapeQuestion(Answered):
    """A shape in a variable: a tuple, a list, an array, or a text such as "26x26x64".

    `expected` lists the sizes without the batch axis, or names a layer of one of the assignment's networks
    (`OutputShape`); `also` lists other shapes that count as right. If the answer has one axis too many, a first axis of
    None, -1 or 1 is taken as the batch axis. The shape in the student's own network counts as well if that network has
    already lost points, unless `follow_through` is false.
    """

    kind: Literal["shape"]
    expected: ShapeSizes | OutputShape
    also: tuple[ShapeSizes, ...] = ()
    wrong: tuple[WrongShape, ...] = ()
    follow_through: bool = True

    @model_validator(mode="after")
    def _wrong_is_wrong(self) -> ShapeQuestion:
        right = (*self.also, *(() if isinstance(self.expected, OutputShape) else (self.expected,)))
        for known in self.wrong:
            if known.value in right:
                raise ValueError(f"the wrong answer {spelled(known.value)} is among those that count as right")
        if self.expected == ():
            raise ValueError("expected lists at least one size")
        return self

    def networks(self) -> tuple[str, ...]:
        return (self.expected.network,) if isinstance(self.expected, OutputShape) else ()

    def builds_on(self, questions: tuple[Question, ...]) -> frozenset[str]:
        found = super().builds_on(questions)
        if isinstance(self.expected, OutputShape) and self.follow_through:
            found |= charging(questions, self.expected.network)
        return found

    def judge_answer(self, answer: CapturedValue, context: Context) -> Verdict:
        expected = self._expected(context)
        sizes, understood = read_shape(answer)
        torch = isinstance(self.expected, OutputShape) and uses_torch(context, self.expected.network)
        if torch and (first := self._channels_first(context)) is not None and _fits(sizes, first):
            return self.right(understood)
        if _fits(sizes, expected) or any(_fits(sizes, other) for other in self.also):
            return self.right(understood)
        bare = _without_batch(sizes)
        known = next((one for one in self.wrong if _fits(sizes, one.value)), None)
        # What is known to be wrong for the expected network may be right for the student's own.
        own = OfOwnNetwork[tuple[int, ...]]()
        if isinstance(self.expected, OutputShape):
            own = in_own(context, self.expected, self.expected.of, self.expected.at)
        in_torch = OfOwnNetwork[tuple[int, ...]]()
        if torch and isinstance(self.expected, OutputShape):
            in_torch = in_own(context, self.expected, self.expected.in_torch, self.expected.in_torch)
        if any(one.value is not None and _fits(sizes, one.value) for one in (own, in_torch)):
            sentence = message(
                "shape.of_own_network",
                "{shape} is the shape in the network that you built. Another network was asked for, so this "
                "follows from what differs there.",
                shape=spelled(bare),
            )
            return self.of_own_network(
                sentence, own.charged if self.follow_through else None, known, understood, context
            )
        if known is not None:
            return self.known_wrong(known, understood, context)
        if len(bare) != len(expected):
            sentence = _other_number_of_axes(bare, expected)
        elif sorted(map(str, bare)) == sorted(map(str, expected)):
            sentence = message(
                "shape.order", "The sizes in {shape} are right, but not in the right order.", shape=spelled(bare)
            )
        else:
            sentence = message("answer.wrong", "{value} is not right.", value=spelled(bare))
        return self.wrong_answer(sentence, understood, context)

    def _channels_first(self, context: Context) -> tuple[int, ...] | None:
        """The expected shape in PyTorch's order of axes."""
        assert isinstance(self.expected, OutputShape)
        return self.expected.in_torch(context.expected[self.expected.network].architecture)

    def _expected(self, context: Context) -> tuple[int, ...]:
        if not isinstance(self.expected, OutputShape):
            return self.expected
        sizes = self.expected.of(context.expected[self.expected.network].architecture)
        if sizes is None:
            raise LookupError(f"the network {self.expected.network} of the solution has no such layer or no such size")
        return sizes


def _other_number_of_axes(sizes: tuple[int | None, ...], expected: tuple[int, ...]) -> Message:
    shape, count = spelled(sizes), len(sizes)
    if count == len(expected) + 1 and _fits(sizes[1:], expected):
        return message(
            "shape.of_all",
            "{shape} is the shape of {number} of them together; the shape of a single one is asked for.",
            shape=shape,
            number=sizes[0],
        )
    if count < len(expected):
        return nmessage(
            "shape.too_few_axes",
            "{shape} has {count} axis, which is too few.",
            "{shape} has {count} axes, which is too few.",
            count,
            shape=shape,
            count=count,
        )
    return nmessage(
        "shape.too_many_axes",
        "{shape} has {count} axis, which is too many.",
        "{shape} has {count} axes, which is too many.",
        count,
        shape=shape,
        count=count,
    )


def _fits(sizes: tuple[int | None, ...], wanted: tuple[int, ...]) -> bool:
    """Whether a shape is the wanted one, or that with a batch axis in front."""
    return sizes == wanted or (len(sizes) == len(wanted) + 1 and sizes[0] in (*_BATCH, 1) and sizes[1:] == wanted)


def _without_batch(sizes: tuple[int | None, ...]) -> tuple[int | None, ...]:
    return sizes[1:] if len(sizes) > 1 and sizes[0] in _BATCH else sizes


def read_shape(answer: CapturedValue) -> tuple[tuple[int | None, ...], Message]:
    """The sizes of an answer (None for the batch), and how they were read.

    Raises:
        NotUnderstood: it is not a shape.
    """
    plain = answer.value
    while isinstance(plain, list) and len(plain) == 1 and isinstance(plain[0], list | str):
        plain = plain[0]
    sizes = None if plain is None else _from_text(plain) if isinstance(plain, str) else _from_values(plain)
    if sizes is None:
        raise NotUnderstood(
            message(
                "shape.not_understood",
                "`{name}` is {given}; the answer is a shape.",
                name=answer.name,
                given=described(answer),
            ),
            message("hint.shape_tuple", "Give `{name}` a tuple of whole numbers, such as (5, 7, 3).", name=answer.name),
        )
    return sizes, NOTHING if plain is answer.value and isinstance(plain, list) else read_as(answer, spelled(sizes))


def _from_values(plain: Any) -> tuple[int | None, ...] | None:
    sizes: list[int | None] = []
    for size in plain if isinstance(plain, list) else [plain]:
        if isinstance(size, str):
            inner = _from_text(size)
            if inner is None or len(inner) != 1:
                return None
            sizes += inner
        elif size is None or size == -1:
            sizes.append(None)
        elif isinstance(size, int | float) and not isinstance(size, bool) and float(size).is_integer() and size >= 0:
            sizes.append(int(size))
        else:
            return None
    return tuple(sizes)


def _from_text(text: str) -> tuple[int | None, ...] | None:
    text = re.sub(r"^\D*?=\s*|^\s*(?:shape|tensorshape|torch\.size)\b\s*:?", "", text[:200].strip(), flags=re.I)
    text = _LETTERS_BETWEEN.sub(",", text)
    parts = re.sub(r"[\[\](){},;\s]+", " ", text).split()
    if not parts or not all(_PART.fullmatch(part) for part in parts):
        # A sentence around one shape: "512 values: (None, 512)".
        inside = _IN_BRACKETS.findall(text)
        return _from_text(inside[0]) if len(inside) == 1 and inside[0] != text else None
    return tuple(None if _FREE.fullmatch(part) else int(part) for part in parts)


def spelled(sizes: tuple[int | None, ...]) -> str:
    """A shape as Python writes a tuple."""
    inside = ", ".join("None" if size is None else str(size) for size in sizes)
    return f"({inside},)" if len(sizes) == 1 else f"({inside})"
