"""The kind `tests`: what external tests that ran beside student code come to, and what of them a student reads."""

import json

import pytest
from checks.by_hand import question

from autograder.checks.base import Context, NotebookCell
from autograder.checks.judging import judge_all
from autograder.observe.task import ObserveTask
from autograder.records.evidence import MAX_CAPTURE_BYTES, CapturedTest, Evidence
from autograder.records.external_tests.model import Case, NbgraderCell, OtterTest, Suite
from autograder.records.kernel_json import InvalidEvidence

FILE = OtterTest(name="q1", doctests=("a", "b", "c"))
CASES = (
    Case(name="q1 - 1", points=1),
    Case(name="q1 - 2", points=1, failure="Look at x."),
    Case(name="q1 - 3", points=2, hidden=True),
)
SUITE = Suite(name="q1", platform="otter", tests=(FILE,), cases=CASES)
PASSED, FAILED = {"passed": True}, {"passed": False, "example": "x", "got": "SECRET-GOT", "want": "SECRET-WANT"}
CELL = NbgraderCell(name="t", graded=True, source="assert x\n### BEGIN HIDDEN TESTS\nassert y\n### END HIDDEN TESTS")
BESIDE = Suite(name="t", platform="nbgrader", tests=(CELL,), cases=(Case(name="t", points=4),))


def judged(suite, *cases, status="ran", key=None, notebook=(), points=8, **more):
    captured = CapturedTest(key=key or (suite.tests[0].key if suite.tests else "k"), status=status, cases=cases, **more)
    evidence = Evidence(key="k", cells=(), tests=(captured,), isolation="none", versions={})
    asked = question("tests", file="t.py", suite=suite.model_dump(), points=points)
    return judge_all([asked], Context(evidence=evidence, expected={}, cells=notebook))[0]


def said(verdict):
    return " ".join(f"{finding.message} {finding.hint}" for finding in verdict.findings)


def test_points_are_those_of_the_cases_that_passed_scaled_to_the_questions():
    assert (judged(SUITE, PASSED, PASSED, PASSED).status, judged(SUITE, PASSED, PASSED, PASSED).score) == ("correct", 8)
    partial = judged(SUITE, PASSED, FAILED, PASSED)
    assert (partial.status, partial.score) == ("partial", 6)
    assert judged(SUITE, FAILED, FAILED, FAILED).status == "wrong"
    assert judged(SUITE.model_copy(update={"all_or_nothing": True}), PASSED, PASSED, FAILED).score == 0


def test_every_verdict_of_theirs_is_marked_and_no_other():
    assert judged(SUITE, PASSED, PASSED, PASSED).beside_student_code
    assert not judge_all(
        [question("number", answer="x", expected=1)],
        Context(evidence=Evidence(key="k", cells=(), isolation="none", versions={}), expected={}),
    )[0].beside_student_code


def test_what_a_visible_test_found_is_shown_and_of_a_hidden_one_only_that_it_failed():
    shown = said(judged(SUITE, PASSED, FAILED, FAILED))
    assert "“q1 - 2” did not pass: `x` gives `SECRET-GOT`" in shown
    assert "Look at x." in shown
    hidden = said(judged(SUITE, PASSED, PASSED, FAILED))
    assert "1 hidden test did not pass." in hidden
    assert "SECRET" not in hidden
    assert "q1 - 3" not in hidden


def test_a_failure_in_a_hidden_region_of_nbgraders_is_not_shown():
    failed = {"passed": False, "error": "AssertionError: SECRET"}
    assert "SECRET" in said(judged(BESIDE, {**failed, "line": 1}))
    for line in (3, None):
        assert "SECRET" not in said(judged(BESIDE, {**failed, "line": line}))


def test_a_test_cells_own_number_is_its_points_and_never_more_than_it_has():
    assert judged(BESIDE, {"passed": True, "value": 1.0}).score == 2
    assert judged(BESIDE, {"passed": True, "value": 1e9}).score == 8
    assert judged(BESIDE, {"passed": False, "value": 4.0}).score == 0


def test_what_was_not_run_is_said_with_the_reason():
    assert "over" in said(judged(SUITE, PASSED, status="timeout"))
    assert judged(SUITE, PASSED, status="timeout").score == 2
    died = judged(SUITE, status="died")
    assert (died.status, died.score) == ("not_reached", 0)
    assert "died" in said(died)


def test_a_broken_test_or_other_tests_than_those_that_ran_are_for_the_instructor():
    broken = judged(SUITE, status="broken", problem="ImportError: nonsense")
    assert (broken.status, "nonsense" in said(broken)) == ("error", True)
    other = judged(SUITE, PASSED, PASSED, PASSED, key="another")
    assert (other.status, other.score, "grade` again" in said(other)) == ("error", 0, True)


def test_a_cell_that_nbgrader_leaves_to_a_person_waits_for_one():
    cell = NotebookCell(index=0, kind="markdown", source="My words", metadata={"nbgrader": {"grade_id": "why"}})
    suite = Suite(name="why", platform="nbgrader", manual=3)
    waiting = judged(suite, notebook=(cell,))
    assert (waiting.status, waiting.pending, waiting.exhibits[0].text) == ("needs_review", 8, "My words")
    assert not waiting.beside_student_code
    assert judged(suite).status == "needs_review"


@pytest.mark.parametrize(
    "answer",
    [
        None,
        7,
        "[]",
        "{",
        '{"status": "ran", "cases": []}',
        json.dumps({"status": "ran", "cases": [PASSED] * 4}),
        json.dumps({"status": "ran", "cases": [{"passed": True, "value": -1}] * 3}),
        '{"status": "ran", "cases": [{"passed": true, "value": 1e999}, {"passed": true}, {"passed": true}]}',
        json.dumps({"status": "graded", "cases": []}),
        json.dumps({"status": "timeout", "cases": [], "score": 100}),
        json.dumps({"status": "broken", "problem": "x" * 2000}),
        json.dumps({"status": "ran", "cases": [{**PASSED, "error": "x" * 5000}] * 3}),
        "[" * 100_000,
        " " * (MAX_CAPTURE_BYTES + 1),
    ],
)
def test_an_answer_of_another_shape_is_no_evidence(answer):
    with pytest.raises(InvalidEvidence):
        CapturedTest.parse("k", answer, 3)


def test_an_answer_cannot_choose_whose_it_is():
    answer = json.dumps({"key": "another", "status": "ran", "cases": [PASSED] * 3})
    assert CapturedTest.parse("k", answer, 3).key == "k"


def test_tasks_and_evidence_without_external_tests_read_as_before_there_were_any():
    assert set(ObserveTask().model_dump()) == {"variables", "datasets", "training", "limits"}
    assert "tests" not in Evidence(key="k", cells=(), isolation="none", versions={}).model_dump()
    with_tests = ObserveTask(tests=(FILE, CELL))
    assert with_tests.without_tests == ObserveTask()
    assert ObserveTask.model_validate(json.loads(with_tests.model_dump_json())) == with_tests
