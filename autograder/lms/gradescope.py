"""A result as Gradescope's `results.json` (gradescope-autograders.readthedocs.io, "Autograder specifications")."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from autograder.core.language import gettext, gettext_noop
from autograder.observe.sandbox.isolation import meaning
from autograder.records.result import Result, Verdict
from autograder.report.fragments import overview_fragment, question_fragment

_FAILED = gettext_noop(
    "The autograder itself failed. This is no fault of yours and no grade; please tell your instructor."
)
BESIDE = "tests run beside student code"


def results_json(result: Result, hidden: Set[str]) -> dict[str, Any]:
    """The object of `results.json`: one test for each question, in their order.

    Args:
        result: the submission's result.
        hidden: the ids of the questions that students see only after publication.

    A question that needs review is a test without a score, so that its points do not count as lost.
    """
    tests = [_test(number, verdict, verdict.id in hidden) for number, verdict in enumerate(result.questions, 1)]
    return {
        "score": result.score,
        "execution_time": round(result.seconds),
        "output": overview_fragment(result, _protects(result), gist=not hidden),
        "output_format": "html",
        "test_output_format": "html",
        "stdout_visibility": "hidden",
        "tests": tests,
        "extra_data": {
            "status": result.status,
            "points": result.points,
            "pending": result.pending,
            "isolation": result.isolation,
            "bounded_by": result.bounded_by,
            "protects": meaning(result.isolation),
            "device": result.device,
            "versions": result.versions,
            "keys": result.keys,
        },
    }


def _protects(result: Result) -> str:
    sentence = meaning(result.isolation)
    return gettext(sentence) if sentence else ""


def failure_json(reason: str) -> dict[str, Any]:
    """The `results.json` of a submission on which the grader itself failed; only instructors see the reason."""
    said = gettext(_FAILED)
    return {
        "score": 0,
        "output": said,
        "stdout_visibility": "hidden",
        "tests": [
            {"name": gettext("The autograder failed"), "status": "failed", "output": said, "visibility": "visible"},
            {
                "name": gettext("Why"),
                "status": "failed",
                "output": reason,
                "output_format": "text",
                "visibility": "hidden",
            },
        ],
        "extra_data": {"status": "failed"},
    }


def _test(number: int, verdict: Verdict, hidden: bool) -> dict[str, Any]:
    test: dict[str, Any] = {
        "number": str(number),
        "name": verdict.title,
        "output": question_fragment(verdict),
        "output_format": "html",
        "visibility": "after_published" if hidden else "visible",
        "extra_data": {"question": verdict.id, "status": verdict.status, "points": verdict.points},
    }
    if verdict.beside_student_code:
        test["tags"] = [BESIDE]
        test["extra_data"]["beside_student_code"] = True
    if verdict.status != "needs_review":
        passed = verdict.score >= verdict.points
        test |= {"score": verdict.score, "max_score": verdict.points, "status": "passed" if passed else "failed"}
    return test
