"""Tests from otter or nbgrader that stay as they are, until the course has a native check for the question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from autograder.checks.base import Context, Question
from autograder.core.messages import NOTHING, Message, message, nmessage, phrase
from autograder.records.evidence import CapturedCase, CapturedTest
from autograder.records.external_tests.model import Case, ExternalTest, Suite
from autograder.records.external_tests.nbgrader import identity_of, in_hidden_region
from autograder.records.result import Finding, TextExhibit, Verdict

_MOST_NAMED = 8
_LONGEST_SHOWN = 5000


class Tests(Question):
    """External tests, run in the sandbox in the same process as the student's code.

    That process reports the results, so a student who wants to can fake the points of this question, but of no other;
    every verdict says so. `file` is where the tests are, `name` their name there (the `id` if it is empty), and `suite`
    the tests, which are filled in when the assignment is read.
    """

    kind: Literal["tests"]
    file: str = Field(min_length=1, max_length=500)
    name: str | tuple[str, ...] = ""
    suite: Suite = Suite(name="", platform="otter")

    @property
    def beside_student_code(self) -> bool:
        return not self.needs_manual_grading

    @property
    def needs_manual_grading(self) -> bool:
        return self.suite.manual > 0

    def tests(self) -> tuple[ExternalTest, ...]:
        return self.suite.tests

    def judge(self, context: Context) -> Verdict:
        if self.suite.manual:
            return self._manual_verdict(context)
        outcomes: list[_Outcome] = []
        cases = iter(self.suite.cases)
        for test in self.suite.tests:
            found = context.evidence.test(test.key) if test.count else None
            if test.count and found is None:
                return self._other_tests()
            if found is not None and found.status == "broken":
                return self._broken(found)
            captured = found.cases if found is not None else ()
            for number in range(test.count):
                came = captured[number] if number < len(captured) else None
                missing = _why_missing(found, number) if found is not None and came is None else NOTHING
                outcomes.append(_Outcome(next(cases), test, came, missing))
        return self._concluded(outcomes)

    def _concluded(self, outcomes: list[_Outcome]) -> Verdict:
        whole = sum(one.case.points for one in outcomes)
        # Tests without points in their source count equally here.
        share = sum(one.share * (one.case.points if whole else 1) for one in outcomes) / (whole or len(outcomes) or 1)
        if self.suite.all_or_nothing and not all(one.passed for one in outcomes):
            share = 0.0
        share = min(max(share, 0.0), 1.0)
        status = "correct" if share == 1 else "partial" if share else "wrong"
        if outcomes and all(one.missing for one in outcomes):
            status = "not_reached"
        return self.verdict(status, share * self.points, *_findings(outcomes))

    def _manual_verdict(self, context: Context) -> Verdict:
        cell = next((cell for cell in context.cells if identity_of(cell.metadata) == self.suite.name), None)
        if cell is None:
            gone = Finding(
                message=message(
                    "written.place_gone",
                    "The place for this answer is no longer in the notebook, so nothing was found.",
                )
            )
            return self.verdict("needs_review", 0.0, gone)
        text = cell.source if len(cell.source) <= _LONGEST_SHOWN else cell.source[:_LONGEST_SHOWN] + " […]"
        found = Finding(
            message=message("written.found", "Your answer was found; a person reads it and gives the points."),
            where=message("where.cell", "cell {number}", number=cell.index + 1),
        )
        return self.verdict("needs_review", 0.0, found, exhibits=(TextExhibit(text=text),))

    def _broken(self, found: CapturedTest) -> Verdict:
        return self.verdict(
            "error",
            0.0,
            Finding(
                message=message(
                    "tests.broken", "The tests of this question could not be executed; that is usually not your fault."
                ),
                hint=message("hint.instructor_problem", "For the instructor: {problem}", problem=found.problem),
            ),
        )

    def _other_tests(self) -> Verdict:
        return self.verdict(
            "error",
            0.0,
            Finding(
                message=message(
                    "tests.changed", "The tests of this question were changed after your notebook was run."
                ),
                hint=message("hint.instructor_grade_again", "For the instructor: run `autograder grade` again."),
            ),
        )


@dataclass(frozen=True)
class _Outcome:
    """A case and its result; `missing` says why there is none."""

    case: Case
    test: ExternalTest
    came: CapturedCase | None
    missing: Message

    @property
    def passed(self) -> bool:
        return self.share == 1

    @property
    def share(self) -> float:
        """The share of its points, 0 to 1."""
        if self.came is None or not self.came.passed:
            return 0.0
        if self.came.value is None or not self.case.points:
            return 1.0
        return min(self.came.value / self.case.points, 1.0)

    @property
    def hidden(self) -> bool:
        if self.case.hidden:
            return True
        return (
            self.test.kind == "nbgrader"
            and self.came is not None
            and not self.came.passed
            and in_hidden_region(self.test.source, self.came.line)
        )


def _why_missing(found: CapturedTest, number: int) -> Message:
    if found.status == "timeout" and number == len(found.cases):
        return phrase("it was still running when its time was over, and was stopped")
    if found.status == "died":
        return phrase("the kernel died in the tests")
    return phrase("it was not run, because the notebook or an earlier test ended the run")


def _findings(outcomes: list[_Outcome]) -> list[Finding]:
    failed = [one for one in outcomes if not one.passed]
    shown = [one for one in failed if not one.hidden]
    findings = [_finding(one) for one in shown[:_MOST_NAMED]]
    if len(shown) > _MOST_NAMED:
        rest = len(shown) - _MOST_NAMED
        findings.append(
            Finding(
                message=nmessage(
                    "tests.more_failed", "{number} more test did not pass.", "{number} more tests did not pass.", rest
                )
            )
        )
    if hidden := len(failed) - len(shown):
        findings.append(
            Finding(
                message=nmessage(
                    "tests.hidden_failed",
                    "{number} hidden test did not pass.",
                    "{number} hidden tests did not pass.",
                    hidden,
                )
            )
        )
    passed = [one for one in outcomes if one.passed]
    if passed and failed:
        findings.append(
            Finding(message=nmessage("tests.passed", "{number} test passed.", "{number} tests passed.", len(passed)))
        )
    findings += [Finding(message=one.case.success) for one in passed if one.case.success and not one.hidden]
    return findings


def _finding(one: _Outcome) -> Finding:
    name, hint = one.case.name, one.case.failure
    if one.came is None:
        return Finding(
            message=message("tests.no_result", "The test “{name}” has no result: {why}.", name=name, why=one.missing),
            hint=hint,
        )
    if one.came.passed:
        said = message(
            "tests.value",
            "The test “{name}” gave {value:g} of {points:g} points.",
            name=name,
            value=one.came.value or 0,
            points=one.case.points,
        )
    elif one.came.error and one.came.example:
        said = message(
            "tests.error_in_line",
            "The test “{name}” did not pass: {error} (in `{line}`)",
            name=name,
            error=one.came.error,
            line=one.came.example,
        )
    elif one.came.error:
        said = message("tests.error", "The test “{name}” did not pass: {error}", name=name, error=one.came.error)
    elif one.came.example:
        example, got, want = one.came.example, one.came.got, one.came.want
        if got and want:
            said = message(
                "tests.other_value",
                "The test “{name}” did not pass: `{example}` gives `{got}`, where `{want}` was expected.",
                name=name,
                example=example,
                got=got,
                want=want,
            )
        elif want:
            said = message(
                "tests.no_value",
                "The test “{name}” did not pass: `{example}` gives nothing, where `{want}` was expected.",
                name=name,
                example=example,
                want=want,
            )
        else:
            said = message(
                "tests.value_too_many",
                "The test “{name}” did not pass: `{example}` gives `{got}`, where nothing was expected.",
                name=name,
                example=example,
                got=got,
            )
    else:
        said = message("tests.failed", "The test “{name}” did not pass.", name=name)
    return Finding(message=said, hint=hint)
