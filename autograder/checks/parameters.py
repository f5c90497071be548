"""Do the network's parameter counts match the handout's table?"""

from __future__ import annotations

from typing import ClassVar, Literal

from autograder.checks.base import Context, Question
from autograder.checks.follow_through import charged_at, charging
from autograder.checks.student_network import (
    actual_totals,
    difference,
    find_network,
    in_framework_of,
    written_by_student,
)
from autograder.checks.unbuilt import without_layers
from autograder.core.language import gettext_noop
from autograder.core.messages import Message, in_turn, message, phrase
from autograder.network.architecture import Totals
from autograder.network.measure import sum_up
from autograder.records.result import Finding, Verdict

_WORDS = {
    "total": gettext_noop("{given:,} parameters in all ({expected:,} expected)"),
    "trainable": gettext_noop("{given:,} trainable parameters ({expected:,} expected)"),
    "non_trainable": gettext_noop("{given:,} non-trainable parameters ({expected:,} expected)"),
}


class ParametersQuestion(Question):
    """Compares the total, trainable and non-trainable parameters of the student's network with the expected ones.

    Where they differ only because of mistakes that have cost points at an `architecture` question, which is at least
    half right, they cost nothing here. `follow_through = false` asks for the expected totals as such.
    """

    kind: Literal["parameters"] = "parameters"
    network: str = "model"
    follow_through: bool = True

    about_layers: ClassVar[bool] = True
    public: ClassVar[tuple[str, ...]] = ("network", "follow_through")

    def networks(self) -> tuple[str, ...]:
        return (self.network,)

    def builds_on(self, questions: tuple[Question, ...]) -> frozenset[str]:
        found = super().builds_on(questions)
        return found | charging(questions, self.network, ("architecture",)) if self.follow_through else found

    def judge(self, context: Context) -> Verdict:
        student = find_network(context, self.network)
        understood = student.findings
        if student.architecture is None:
            status = "wrong" if student.captured is not None else "not_reached"
            hint = message("hint.parameters_once_built", "Parameters can only be counted once the network is built.")
            return self.verdict(status, 0.0, *understood, Finding(message=student.problem, hint=hint))
        empty = without_layers(context, student)
        if empty is not None:
            return self.verdict("wrong", 0.0, *understood, empty)
        diff = difference(context, self.network, student)
        wanted, given = sum_up(diff.expected_rows), actual_totals(student.architecture, diff)
        if given == wanted:
            return self.verdict("correct", self.points, *understood)
        expected = context.expected[self.network].architecture
        _, expected_rows, rows = in_framework_of(student.architecture, expected, diff)
        wanted, given = sum_up(expected_rows), None if given is None else sum_up(rows)
        causes = [one.message for one in diff.deviations if one.changes_totals]
        charged = charged_at(context, self.network, student.architecture, ("architecture",))
        region = written_by_student(context.expected[self.network])
        if region and any(one.changes_totals and not one.marked for one in diff.deviations):
            charged = None  # a given row that was changed costs points here, and none there
        if charged is not None and self.follow_through and given is not None:
            sentence = message(
                "parameters.charged",
                "Your network has {counts}. That follows from what differs in the network; this has cost points at "
                "“{title}”, so it costs nothing here.",
                counts=_counts(wanted, given),
                title=charged.title,
            )
            return self.verdict("correct", self.points, *understood, Finding(message=sentence))
        as_such = Finding(
            message=message(
                "parameters.as_such", "This question asks for the expected numbers as such, whatever causes others."
            )
        )
        notes = () if charged is None or self.follow_through else (as_such,)
        return self.verdict("wrong", 0.0, *understood, _finding(wanted, given, causes), *notes)


def _counts(wanted: Totals, given: Totals) -> tuple[Message, ...]:
    return tuple(
        phrase(words, given=getattr(given, which), expected=getattr(wanted, which))
        for which, words in _WORDS.items()
        if getattr(given, which) != getattr(wanted, which)
    )


def _finding(wanted: Totals, given: Totals | None, causes: list[Message]) -> Finding:
    if given is None:
        return Finding(
            message=message(
                "parameters.not_countable", "The parameters cannot be counted, because the layers do not fit together."
            )
        )
    counts = _counts(wanted, given)
    sentence = message("parameters.other", "Your network has {counts}.", counts=counts)
    if causes:
        named = (
            causes[:3] if len(causes) <= 3 else [*causes[:3], phrase("And from {count} more.", count=len(causes) - 3)]
        )
        sentence = message(
            "parameters.follow",
            "Your network has {counts}. That follows from what differs in the network: {causes}",
            counts=counts,
            causes=in_turn(*named),
        )
    hint = message(
        "hint.last_column",
        "Compare the last column of your summary with the expected table: the first row that differs tells most.",
    )
    return Finding(message=sentence, hint=hint)
