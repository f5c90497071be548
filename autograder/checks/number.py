"""A number: counted, computed or measured; anticipated wrong answers get their explanation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field, model_validator

from autograder.checks.answers import Answered, NotGiven, WrongAnswer, given, number_in, read_as, said
from autograder.checks.base import Context, Question
from autograder.checks.choice import Choice
from autograder.checks.follow_through import OfOwnNetwork, charging, in_own, uses_torch
from autograder.checks.number_parsing import digits, names_in, result_of
from autograder.checks.quantities import Quantity
from autograder.checks.stopped_fit import charging_stops, kept_if_unreached
from autograder.core.messages import NOTHING, Message, message, phrase
from autograder.records.evidence import CapturedFit, CapturedValue
from autograder.records.result import Finding, Verdict

# Equal except for floating-point rounding.
_ROUNDING = 1e-9
# An anticipated wrong answer need not be exact where a right one need not, but a large tolerance says nothing about a
# small wrong answer: at most this share of it.
_NEAR = 0.005


class WrongNumber(WrongAnswer):
    """An anticipated wrong number."""

    value: float


class Number(Answered):
    """A number in a variable.

    The right answer is either `expected` (a number, or a `Quantity` of one of the assignment's networks) within
    `tolerance` and `relative_tolerance`, or lies between `minimum` and `maximum` (one of them may be left out).
    `fraction` says that the answer is a share between 0 and 1; a percentage is then accepted as well. `run_on` says
    that the number is read off a training run on inputs that reach at least this value (0: on any inputs): without such
    a run, no number is right. `formula` computes the number from the answers to earlier questions, by their variables:
    a result of a wrong answer that has already cost points is right. For a layer of the assignment's
    network, the number in the student's own counts too if that network has already lost points. `follow_through =
    false` turns both off.
    """

    kind: Literal["number"]
    expected: float | Quantity | None = None
    tolerance: float = Field(default=0.0, ge=0)
    relative_tolerance: float = Field(default=0.0, ge=0, lt=1)
    minimum: float | None = None
    maximum: float | None = None
    fraction: bool = False
    run_on: float | None = Field(default=None, ge=0)
    formula: str = Field(default="", max_length=200)
    follow_through: bool = True
    wrong: tuple[WrongNumber, ...] = ()

    @model_validator(mode="after")
    def _one_way_to_be_right(self) -> Number:
        ranged = self.minimum is not None or self.maximum is not None
        if ranged == (self.expected is not None):
            raise ValueError("give either expected, or minimum and maximum")
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError("minimum is greater than maximum")
        if self.formula and (self.expected is None or self.answer in names_in(self.formula)):
            raise ValueError("formula goes with expected, and names other answers")
        if not isinstance(self.expected, Quantity):
            accepted = self._accepted(self.expected)
            for known in self.wrong:
                if known.value in accepted:
                    raise ValueError(f"the wrong answer {digits(known.value)} would be accepted as right")
        return self

    def networks(self) -> tuple[str, ...]:
        return (self.expected.network,) if isinstance(self.expected, Quantity) else ()

    def builds_on(self, questions: tuple[Question, ...]) -> frozenset[str]:
        found = super().builds_on(questions)
        if isinstance(self.expected, Quantity) and self.follow_through:
            found |= charging(questions, self.expected.network)
        if self.measured and self.follow_through:
            found |= charging_stops(questions)
        names = set(names_in(self.formula)) if self.formula else set()
        return found | {one.id for one in questions if names & set(one.variables())}

    def reading(self, context: Context) -> dict[str, Any]:
        expected = self._expected(context)
        return {"thousands": self._whole(expected) and self._large(expected), "fraction": self.fraction}

    def judge(self, context: Context) -> Verdict:
        verdict = super().judge(context)
        if verdict.status != "not_reached" or not self.measured or not self.follow_through:
            return verdict
        # What is read off a training that a charged mistake has stopped.
        return kept_if_unreached(self, verdict, context, lambda cell: self.answer in cell.makes())

    def judge_answer(self, answer: CapturedValue, context: Context) -> Verdict:
        expected = self._expected(context)
        accepted = self._accepted(expected)
        value, understood = self._read(answer, expected)
        if self.run_on is not None and not any(_reaches(fit, self.run_on) for fit in context.evidence.fits):
            return self.verdict(
                "wrong", 0.0, *said(understood), Finding(message=_no_such_run(value, self.run_on), hint=self.hint)
            )
        torch = isinstance(self.expected, Quantity) and uses_torch(context, self.expected.network)
        if value in accepted or (torch and value in self._accepted(self._counted_by_torch(context))):
            return self.right(understood)
        known = self._known(value, expected)
        # What is known to be wrong for the expected network may be right for the student's own.
        own = (
            in_own(context, self.expected, self.expected.of, self.expected.at)
            if isinstance(self.expected, Quantity)
            else OfOwnNetwork[float]()
        )
        in_torch = OfOwnNetwork[float]()
        if torch and isinstance(self.expected, Quantity):
            in_torch = in_own(context, self.expected, self.expected.in_torch, self.expected.in_torch)
        if any(one.value is not None and value in self._accepted(one.value) for one in (own, in_torch)):
            sentence = message(
                "number.of_own_network",
                "{value} is the number for the network that you built. Another network was asked for, so "
                "this follows from what differs there.",
                value=digits(value),
            )
            return self.of_own_network(
                sentence, own.charged if self.follow_through else None, known, understood, context
            )
        charged = self._charged_before(value, expected, context) if self.formula else None
        if charged is not None:
            return self.of_own_answers(charged, understood)
        if known is not None:
            return self.known_wrong(known, understood, context)
        sentence, hint = message("answer.wrong", "{value} is not right.", value=digits(value)), NOTHING
        exact = not (self.tolerance or self.relative_tolerance)
        if exact and self._whole(expected) and self._large(expected) and value != int(value):
            hint = message(
                "hint.whole_number",
                "A whole number is asked for. In Python, a dot is always the decimal point: leave out separators.",
            )
        return self.wrong_answer(sentence, understood, context, hint=hint)

    def _known(self, value: float, expected: float | None) -> WrongNumber | None:
        """The anticipated wrong answer that this is: the nearest, as precisely as a right one has to be."""
        slack = 0.0 if expected is None else max(self.tolerance, self.relative_tolerance * abs(expected))
        near = [one for one in self.wrong if value in _around(one.value, min(slack, _NEAR * abs(one.value)))]
        return min(near, key=lambda one: abs(one.value - value), default=None)

    def _charged_before(self, value: float, expected: float | None, context: Context) -> Verdict | None:
        """The wrongly answered question that this answer follows from; None if it does not follow."""
        names = names_in(self.formula)
        try:
            answers = {name: _answered(name, context) for name in names}
        except NotGiven:
            return None
        own = result_of(self.formula, answers)
        if own is None or not self.follow_through:
            return None
        slack = max(self.relative_tolerance, self.tolerance / abs(expected) if expected else 0.0) * abs(own)
        asked = [one.id for one in context.questions if set(one.variables()) & set(names)]
        before = [context.earlier[one] for one in asked if one in context.earlier]
        wrong = next((one for one in before if one.score < one.points), None)
        return wrong if value in _around(own, slack) else None

    def _read(self, answer: CapturedValue, expected: float | None) -> tuple[float, Message]:
        numeral, understood = number_in(answer, thousands=self._whole(expected) and self._large(expected))
        value = numeral.value
        if self.fraction and (numeral.percent or 1 < value <= 100):
            value /= 100
            reading = phrase("{percent} %, which is {fraction}", percent=digits(value * 100), fraction=digits(value))
            understood = read_as(answer, reading)
        return value, understood

    def _expected(self, context: Context) -> float | None:
        if not isinstance(self.expected, Quantity):
            return self.expected
        number = self.expected.of(context.expected[self.expected.network].architecture)
        if number is None:
            raise LookupError(f"the network {self.expected.network} of the solution has no such layer or no such size")
        return number

    def _counted_by_torch(self, context: Context) -> float | None:
        """The expected number of parameters as PyTorch counts them: buffers are none, an LSTM has two biases."""
        assert isinstance(self.expected, Quantity)
        number = self.expected.in_torch(context.expected[self.expected.network].architecture)
        return self._expected(context) if number is None else number

    def _accepted(self, expected: float | None) -> _Range:
        if expected is not None:
            return _around(expected, max(self.tolerance, self.relative_tolerance * abs(expected)))
        low = float("-inf") if self.minimum is None else self.minimum
        high = float("inf") if self.maximum is None else self.maximum
        return _Range(low, high)

    def _whole(self, expected: float | None) -> bool:
        slack = self.tolerance or self.relative_tolerance or self.fraction
        return expected is not None and expected == int(expected) and (not slack or self._large(expected))

    def _large(self, expected: float | None) -> bool:
        """Whether an expected or anticipated answer has four or more digits, so that thousands may be separated."""
        return max([abs(expected or 0.0), *(abs(known.value) for known in self.wrong)]) >= 1000


def _answered(name: str, context: Context) -> float:
    """The number that the student answered in the variable `name`, or chose there.

    Raises:
        NotGiven: there is none.
    """
    answer = given(context, name)
    choices = [one for one in context.questions if isinstance(one, Choice) and one.answer == name]
    chosen = choices[0].number_chosen(answer) if choices else None
    return number_in(answer, thousands=True)[0].value if chosen is None else chosen


def _no_such_run(value: float, reach: float) -> Message:
    if not reach:
        return message(
            "number.nothing_trained",
            "{value} cannot be the number that is asked for: no network was trained in this notebook.",
            value=digits(value),
        )
    return message(
        "number.no_such_run",
        "{value} cannot be the number that is asked for: no network was trained on numbers up to {reach:g}.",
        value=digits(value),
        reach=reach,
    )


def _reaches(fit: CapturedFit, top: float) -> bool:
    """Whether a network was trained on inputs at least this large, as far as can be determined."""
    highest = (fit.inputs or {}).get("maximum")
    return not isinstance(highest, int | float) or highest >= top


@dataclass(frozen=True)
class _Range:
    low: float
    high: float

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int | float) and self.low <= value <= self.high


def _around(value: float, tolerance: float) -> _Range:
    slack = tolerance + _ROUNDING * max(1.0, abs(value))
    return _Range(value - slack, value + slack)
