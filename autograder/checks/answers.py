"""Answers in variables: whether one was given, what it means, and how to say so to the student."""

from __future__ import annotations

import math
import re
from abc import abstractmethod
from typing import Any

from pydantic import Field

from autograder.checks.base import Context, Question
from autograder.checks.computed_answers import is_computed
from autograder.checks.follow_through import follows_from
from autograder.checks.number_parsing import Numeral, SeveralNumbers, digits, read_numeral
from autograder.core.data import Data
from autograder.core.messages import NOTHING, Message, message, nmessage, phrase, verbatim
from autograder.records.evidence import CapturedValue
from autograder.records.result import Finding, Verdict

# Placeholders that notebooks use besides None and `...`; compared without case and punctuation.
_PLACEHOLDERS = frozenset(
    {"", "todo", "tbd", "fill in", "fill me in", "none", "nan", "answer", "answer here", "write your answer here"}
    | {"your answer", "your answer here", "your choice", "your choice here", "xxx", "n a"}
    | {"deine antwort", "deine antwort hier", "antwort", "antwort hier"}
)


class NotGiven(Exception):
    """There is no answer; `finding` says how that shows."""

    def __init__(self, said: Message | str, hint: Message | str = NOTHING) -> None:
        super().__init__(said)
        self.finding = Finding(message=said, hint=hint)


class NotUnderstood(NotGiven):
    """There is something, but not an answer of the requested kind, or it is ambiguous."""


class WrongAnswer(Data):
    """An anticipated wrong answer: the student sees `message` and earns `share` (0..1) of the points."""

    message: str = Field(min_length=1, max_length=1000)
    share: float = Field(default=0.0, ge=0, lt=1)


class Answered(Question):
    """A question that is answered in a variable.

    `answer` is the variable, `placeholder` the value that the notebook gives it beforehand (None, `...` and the like
    are always recognized), `hint` advice for any wrong answer. `measured` says that the student reads the answer off a
    training run: if grading has shortened that run and the notebook computes the answer from it, a right answer earns
    its points and any other needs review instead of being marked wrong. A typed answer is judged as usual.
    """

    answer: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=200)
    placeholder: str | float | None = None
    hint: str = Field(default="", max_length=1000)
    measured: bool = False

    def variables(self) -> tuple[str, ...]:
        return (self.answer,)

    def judge(self, context: Context) -> Verdict:
        try:
            return self.judge_answer(given(context, self.answer, self.placeholder), context)
        except NotGiven as problem:
            held = context.evidence.value(self.answer)
            if held is not None and held.kind != "none" and self._unsure(context):
                return self._left_to_a_person(NOTHING)
            return self.verdict("wrong" if isinstance(problem, NotUnderstood) else "not_reached", 0.0, problem.finding)

    @abstractmethod
    def judge_answer(self, answer: CapturedValue, context: Context) -> Verdict:
        """The verdict on an answer that was given.

        Raises:
            NotGiven, NotUnderstood: on closer inspection there is nothing to judge.
        """

    def right(self, understood: Message | str) -> Verdict:
        """All points; `understood` says how the answer was read, empty if it needed no interpretation."""
        return self.verdict("correct", self.points, *said(understood))

    def wrong_answer(
        self, why: Message | str, understood: Message | str, context: Context, *, hint: Message | str = NOTHING
    ) -> Verdict:
        """No points, unless the answer depends on a training run that grading has shortened."""
        if self._unsure(context):
            return self._left_to_a_person(understood)
        return self.verdict("wrong", 0.0, *said(understood), Finding(message=why, hint=hint or self.hint))

    def known_wrong(self, known: WrongAnswer, understood: Message, context: Context) -> Verdict:
        """The verdict on an anticipated wrong answer, unless it depends on a shortened run."""
        if self._unsure(context):
            return self._left_to_a_person(understood)
        status = "partial" if known.share else "wrong"
        return self.verdict(
            status, known.share * self.points, *said(understood), Finding(message=known.message, hint=self.hint)
        )

    def of_own_network(
        self,
        sentence: Message,
        charged: Verdict | None,
        known: WrongAnswer | None,
        understood: Message,
        context: Context,
    ) -> Verdict:
        """The verdict on an answer that is right for the student's own network, but not for the expected one.

        It earns all points if that network was already `charged`, otherwise what is `known` of it.
        """
        if charged is not None:
            return self.verdict("correct", self.points, *said(understood, follows_from(charged)))
        if known is not None and known.share:
            return self.known_wrong(known, understood, context)
        return self.wrong_answer(sentence, understood, context)

    def of_own_answers(self, charged: Verdict, understood: Message) -> Verdict:
        """All points for an answer that follows correctly from another one, which lost points at `charged`."""
        sentence = message(
            "answer.follows_from_answer",
            "That follows from your own answers. One of them is not right; this has cost points at “{title}” and costs "
            "none here.",
            title=charged.title,
        )
        return self.verdict("correct", self.points, *said(understood, sentence))

    def _unsure(self, context: Context) -> bool:
        """Whether the answer depends on a training run that grading has shortened."""
        return self.measured and _computed_from_shortened_run(context, self.answer)

    def _left_to_a_person(self, understood: Message | str) -> Verdict:
        return self.verdict(
            "needs_review",
            0.0,
            *said(understood),
            Finding(
                message=message(
                    "answer.shortened_run",
                    "`{name}` is computed from a training run that was shortened for grading, so its "
                    "value says nothing here; a person looks at it.",
                    name=self.answer,
                ),
                hint=message("hint.full_run", "Next time, write down the number that you saw after the full run."),
            ),
        )


def given(context: Context, name: str, placeholder: str | float | None = None) -> CapturedValue:
    """The value of the student's variable `name`.

    Raises:
        NotGiven: there is no such variable, or it still holds a placeholder.
    """
    value = context.evidence.value(name)
    if value is None:
        failed = [cell.index + 1 for cell in context.evidence.cells if cell.status != "ok"]
        hint = message(
            "hint.variable_name", "Put your answer into a variable with exactly this name: {name}.", name=name
        )
        if failed:
            hint = nmessage(
                "hint.cells_failed",
                "Some code did not run to its end (code cell {cells}); "
                "a cell that fails sets no variables after that line.",
                "Some code did not run to its end (the code cells {cells}); "
                "a cell that fails sets no variables after that line.",
                len(failed),
                cells=tuple(failed),
            )
        raise NotGiven(
            message(
                "answer.no_variable", "There is no variable `{name}`, so there is no answer to look at.", name=name
            ),
            hint,
        )
    if _holds_nothing(value, placeholder):
        raise NotGiven(
            message("answer.empty", "`{name}` holds no answer yet.", name=name),
            message("hint.variable", "Put your answer into the variable {name}.", name=name),
        )
    return value


def number_in(value: CapturedValue, *, thousands: bool) -> tuple[Numeral, Message]:
    """The number in an answer, and how it was read (empty if it is simply a number).

    Args:
        value: a number, a text with one number in it, or a list or array with one such entry.
        thousands: whether "307.300" and "307,300" are whole numbers; otherwise they are decimals.

    Raises:
        NotUnderstood: it states no number, or several.
    """
    verbatim = single(value)
    finite = isinstance(verbatim, int | float) and not isinstance(verbatim, bool) and math.isfinite(verbatim)
    if not (finite or isinstance(verbatim, str)):
        raise NotUnderstood(
            message(
                "number.none_single",
                "`{name}` is {given}; the answer is a single number.",
                name=value.name,
                given=described(value),
            ),
            message("hint.number_such_as", "Give `{name}` a number, such as 5 or 0.5.", name=value.name),
        )
    if not isinstance(verbatim, str):
        number = Numeral(float(verbatim))
        return number, NOTHING if value.kind == "number" else read_as(value, digits(number.value))
    try:
        numeral = read_numeral(verbatim, thousands=thousands)
    except SeveralNumbers:
        raise NotUnderstood(
            message(
                "number.several",
                "There is more than one number in {given}, and it is not clear which one you mean.",
                given=described(value),
            ),
            message("hint.number_alone", "Give `{name}` the number alone.", name=value.name),
        ) from None
    if numeral is None:
        raise NotUnderstood(
            message("number.not_found", "No number was found in {given}.", given=described(value)),
            message("hint.number", "Give `{name}` a number.", name=value.name),
        )
    return numeral, read_as(value, digits(numeral.value) + (" %" if numeral.percent else ""))


def single(value: CapturedValue) -> Any:
    """The value itself, or the one entry of a list or array that holds only one."""
    verbatim = value.value
    while isinstance(verbatim, list) and len(verbatim) == 1:
        verbatim = verbatim[0]
    return verbatim


def described(value: CapturedValue) -> Message:
    """A short description of an answer, for a message: `“about 20”`, "a list of 3 values", "a dict"."""
    answer = value.value
    if isinstance(answer, str):
        return phrase("“{text}”", text=_short(answer))
    if isinstance(answer, bool):
        return verbatim(str(answer))
    if isinstance(answer, int | float):
        return verbatim(digits(answer))
    if value.kind in ("sequence", "array"):
        if len(str(answer)) <= 60 and isinstance(answer, list):
            return verbatim(str(answer))
        sizes = " × ".join(map(str, value.shape or ()))
        if value.kind == "sequence":
            return phrase("a list of {sizes} values", sizes=sizes) if sizes else phrase("a list")
        return phrase("an array of {sizes} values", sizes=sizes) if sizes else phrase("an array")
    kind = _short(value.type_name) or phrase("something")
    return phrase("of the type {kind}, which is not read as an answer", kind=kind)


def read_as(value: CapturedValue, reading: Message | str) -> Message:
    """The sentence that says how an answer was read; empty if it is already written that way."""
    verbatim = value.value
    if isinstance(verbatim, str) and verbatim.strip() == reading:
        return NOTHING
    return message(
        "answer.understood", "Your answer {given} was understood as {reading}.", given=described(value), reading=reading
    )


def said(*sentences: Message | str) -> tuple[Finding, ...]:
    """One finding for each sentence that is not empty."""
    return tuple(Finding(message=sentence) for sentence in sentences if sentence)


def _short(text: str) -> str:
    text = "".join(character if character.isprintable() else " " for character in text[:200])
    text = re.sub(r"\s+", " ", text).strip()
    return text if len(text) <= 60 else text[:59] + "…"


def _holds_nothing(value: CapturedValue, placeholder: str | float | None) -> bool:
    verbatim = value.value
    if value.kind == "none":
        return True
    if value.kind == "other":
        # A value that is not a number (NaN, infinity) is described by its type alone.
        return value.type_name == "ellipsis" or bool(re.fullmatch(r"(numpy\.)?float\d*", value.type_name))
    if value.kind in ("sequence", "array"):
        return (value.shape is not None and 0 in value.shape) or (isinstance(verbatim, list) and _all_empty(verbatim))
    if isinstance(verbatim, str):
        bare = _bare(verbatim)
        return bare in _PLACEHOLDERS or (isinstance(placeholder, str) and bare == _bare(placeholder))
    if isinstance(verbatim, int | float) and not isinstance(verbatim, bool):
        return not math.isfinite(verbatim) or (not isinstance(placeholder, str) and verbatim == placeholder)
    return False


def _all_empty(values: list[Any]) -> bool:
    return all(
        _all_empty(value) if isinstance(value, list) else value is None or (isinstance(value, str) and not _bare(value))
        for value in values
    )


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text).strip().casefold() if re.search(r"\w", text) else ""


def _computed_from_shortened_run(context: Context, name: str) -> bool:
    return any(fit.shortened for fit in context.evidence.fits) and is_computed(context.cells, name)
