"""A result as otter's own objects. `otter run` stores them; in Gradescope `lms.gradescope_entry_point` does."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from otter.test_files import GradingResults
from otter.test_files.abstract_test import TestCase, TestCaseResult, TestFile

from autograder.lms.gradescope import BESIDE, results_json
from autograder.records.result import Result, Verdict
from autograder.report.fragments import findings_as_lines


class OtterQuestion(TestFile):  # type: ignore[misc]
    """One question as an otter test file with one case. A question that needs review has no points yet."""

    def __init__(self, verdict: Verdict, *, hidden: bool) -> None:
        points = verdict.points - verdict.pending
        case = TestCase(verdict.id, "", hidden, points, None, None)
        super().__init__(verdict.id, "", [case], all_or_nothing=False)
        said = findings_as_lines(verdict.findings)
        if verdict.beside_student_code:
            said = f"({BESIDE})\n{said}"
        self.test_case_results = [TestCaseResult(case, said, passed=verdict.score >= points)]
        self.update_score(verdict.score)

    @classmethod
    def from_file(cls, path: str) -> TestFile:
        raise NotImplementedError("A question was judged already; there is no file to read it from.")

    @classmethod
    def from_metadata(cls, s: Any, path: str) -> TestFile:
        raise NotImplementedError("A question was judged already; there are no metadata to read it from.")

    def run(self, global_environment: dict[str, Any]) -> None:
        raise NotImplementedError("A question was judged already.")


class Graded(GradingResults):  # type: ignore[misc]
    """Otter's results of one submission, made from ours; its `results.json` is Gradescope's format in full."""

    def __init__(self, result: Result, hidden: Set[str]) -> None:
        super().__init__([OtterQuestion(verdict, hidden=verdict.id in hidden) for verdict in result.questions])
        self.document = results_json(result, hidden)
        self.set_output(self.document["output"])

    def to_gradescope_dict(self, ag_config: Any) -> dict[str, Any]:
        """Otter's own conversion has no visibility, format or name for a single question."""
        return self.document


def become_graded(results: GradingResults, result: Result, hidden: Set[str]) -> None:
    """Turn otter's `results` into those of `result`: a plugin may change that object, but not replace it."""
    graded = Graded(result, hidden)
    graded.notebook = results.notebook
    results.__class__ = Graded
    results.__dict__ = graded.__dict__
