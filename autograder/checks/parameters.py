"""Do the network's parameter counts come out as the handout's table says?"""

from __future__ import annotations

from typing import ClassVar, Literal

from autograder.checks.base import Context, ExpectedNetwork, Question
from autograder.checks.student_network import actual_totals, difference, find_network
from autograder.core.language import mark, say
from autograder.network.architecture import Totals
from autograder.network.measure import sum_up
from autograder.records.result import Finding, Verdict

_WORDS = {
    "total": mark("{given:,} parameters in all ({expected:,} expected)"),
    "trainable": mark("{given:,} trainable parameters ({expected:,} expected)"),
    "non_trainable": mark("{given:,} non-trainable parameters ({expected:,} expected)"),
}


class ParametersQuestion(Question):
    """Compares the total, trainable and non-trainable parameters of the student's network with the expected ones."""

    kind: Literal["parameters"] = "parameters"
    network: str = "model"

    from_evidence_alone: ClassVar[bool] = True
    about_layers: ClassVar[bool] = True
    public: ClassVar[tuple[str, ...]] = ("network",)

    def networks(self) -> tuple[str, ...]:
        return (self.network,)

    def judge(self, context: Context) -> Verdict:
        expected = context.expected[self.network]
        student = find_network(context, self.network)
        understood = [Finding(message=student.understood)] if student.understood else []
        if student.architecture is None:
            status = "wrong" if student.captured is not None else "not_reached"
            hint = say("Parameters can only be counted once the network is built.")
            return self.verdict(status, 0.0, *understood, Finding(message=student.problem, hint=hint))
        diff = difference(context, self.network, student.architecture)
        wanted, given = sum_up(diff.expected_rows), actual_totals(student.architecture, diff)
        if given == wanted:
            return self.verdict("correct", self.points, *understood)
        causes = [one.message for one in diff.deviations if one.changes_totals]
        return self.verdict("wrong", 0.0, *understood, _finding(wanted, given, causes, expected))


def _finding(wanted: Totals, given: Totals | None, causes: list[str], expected: ExpectedNetwork) -> Finding:
    if given is None:
        return Finding(message=say("The parameters cannot be counted, because the layers do not fit together."))
    counts = [
        say(words, given=getattr(given, which), expected=getattr(wanted, which))
        for which, words in _WORDS.items()
        if getattr(given, which) != getattr(wanted, which)
    ]
    message = say("Your network has {counts}.", counts="; ".join(counts))
    if causes:
        why = say("That follows from what differs in the network: {causes}", causes=" ".join(causes[:3]))
        message = f"{message} {why}"
        if len(causes) > 3:
            more = say("And from {count} more.", count=len(causes) - 3)
            message = f"{message} {more}"
    hint = say(
        "Compare the last column of your summary with the expected table: the first row that differs tells most."
    )
    return Finding(message=message, hint=hint)
