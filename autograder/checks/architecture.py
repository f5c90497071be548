"""Did the student build the requested network? The points are on the marked rows; every mistake costs once."""

from __future__ import annotations

from typing import ClassVar, Literal

from autograder.checks.base import Context, ExpectedNetwork, Question
from autograder.checks.student_network import (
    StudentNetwork,
    actual_totals,
    difference,
    exhibit,
    find_network,
    written_by_student,
)
from autograder.checks.unbuilt import cut_off, without_layers
from autograder.core.messages import message
from autograder.network.architecture import Architecture
from autograder.network.deviation import Deviation
from autograder.network.diff import Diff
from autograder.network.measure import sum_up
from autograder.records.result import Finding, Verdict


class ArchitectureQuestion(Question):
    """Compares the student's network with the expected one.

    The points are spread over the rows that the handout's table marks (over all rows if it marks none). A mistake costs
    only its own row: its consequences cost nothing. A repeated block is one mistake. A given row that was changed earns
    nothing and costs one row, unless a `parameters` question about the same network already charges for it.
    """

    kind: Literal["architecture"] = "architecture"
    network: str = "model"

    from_evidence_alone: ClassVar[bool] = True
    about_layers: ClassVar[bool] = True
    public: ClassVar[tuple[str, ...]] = ("network",)

    def networks(self) -> tuple[str, ...]:
        return (self.network,)

    def judge(self, context: Context) -> Verdict:
        expected = context.expected[self.network]
        student = find_network(context, self.network)
        understood = _understood(student)
        if student.comparable is None:
            hint = message(
                "hint.run_all_cells",
                "Run all cells from the top and look at the first error, or at the variable's name.",
            )
            if student.captured is not None and student.captured.framework == "torch":
                hint = message(
                    "hint.torch_layers",
                    "Build the network from the layers of `torch.nn`, and let `forward` call them in the same order "
                    "whatever the data is.",
                )
            elif student.captured is not None:
                hint = message(
                    "hint.keras_layers",
                    "Build the network from Keras' own layers, as a Sequential or a functional model.",
                )
            status = "wrong" if student.captured is not None else "not_reached"
            return self.verdict(status, 0.0, *understood, Finding(message=student.problem, hint=hint))
        empty = without_layers(context, student)
        if empty is not None:
            return self.verdict("wrong", 0.0, *understood, empty)
        region = written_by_student(expected)
        diff = difference(context, self.network, student)
        return self._judge_diff(context, expected, student, student.comparable, diff, region)

    def _judge_diff(
        self,
        context: Context,
        expected: ExpectedNetwork,
        student: StudentNetwork,
        actual: Architecture,
        diff: Diff,
        region: frozenset[int],
    ) -> Verdict:
        rows = region or frozenset(range(1, len(expected.architecture.operations)))
        given = [one for one in diff.deviations if region and not one.marked]
        elsewhere = self._charged_elsewhere(context, actual, diff)
        free = [one for one in given if elsewhere and one.changes_totals]
        mistakes = len(diff.deviations) - len(free)
        findings = [*_understood(student), *cut_off(context, student, diff)]
        if student.unfit is not None:
            findings.append(
                Finding(
                    message=student.problem,
                    hint=message("hint.follow_shapes", "Follow the shapes from layer to layer."),
                )
            )
            mistakes = max(mistakes, 1)
        findings += [_finding(one, given=one in given, free=one in free) for one in diff.deviations]
        score = self.points * max(0, len(rows) - mistakes) / len(rows)
        return self.verdict(
            "correct" if not mistakes else "partial" if score else "wrong",
            score,
            *findings,
            exhibits=(exhibit(self.network, expected.architecture, actual, diff),),
        )

    def _charged_elsewhere(self, context: Context, actual: Architecture, diff: Diff) -> bool:
        """Whether a question about this network's parameter counts already notices that they are wrong."""
        asked = any(one.kind == "parameters" and self.network in one.networks() for one in context.questions)
        return asked and actual_totals(actual, diff) != sum_up(diff.expected_rows)


def _understood(student: StudentNetwork) -> list[Finding]:
    return student.findings


def _finding(deviation: Deviation, *, given: bool, free: bool) -> Finding:
    said = deviation.message
    if given:
        said = message("layer.given", "{finding} That part was given and should stay as it was.", finding=said)
    if free:
        said = message(
            "layer.free", "{finding} It costs nothing here, but the parameter counts are other ones.", finding=said
        )
    return Finding(message=said, where=deviation.where, hint=deviation.hint)
