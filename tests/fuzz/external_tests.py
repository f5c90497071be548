"""External tests: files as an instructor hands them over, and what a student's kernel says of them."""

from __future__ import annotations

from random import Random
from typing import Any

from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder.checks.base import Context
from autograder.checks.external_tests import Tests
from autograder.checks.judging import judge_all
from autograder.core.data import packed, unpacked
from autograder.observe.schedule import steps_of
from autograder.records.evidence import CapturedTest, Evidence
from autograder.records.external_tests.model import Case as TestCase
from autograder.records.external_tests.model import ExternalTestsError, NbgraderCell, OtterTest, Suite
from autograder.records.external_tests.nbgrader import placed, read_source
from autograder.records.external_tests.otter import read_test_file
from autograder.records.kernel_json import InvalidEvidence
from tests.fuzz.campaign import Case, Wrong
from tests.fuzz.mutate import dumped, hostile, mutate, text

_FILES = (
    'OK_FORMAT = True\ntest = {"name": "q1", "points": [1, 2], "suites": [{"type": "doctest", "cases": [\n'
    '    {"code": ">>> x\\n1", "hidden": False, "points": 1},\n    {"code": ">>> x + 1\\n2"},\n]}]}\n',
    "from otter.test_files import test_case\nOK_FORMAT = False\nname = 'q2'\npoints = 3\n\n"
    "@test_case(points=1, hidden=True)\ndef a(env):\n    assert env['x'] == 1\n\n"
    "@test_case()\ndef b(x):\n    assert x\n",
)
_WORDS = ("None", "-1", "1e999", "True", "[1]", "name = 1", "points = None", "test_case", "@test_case", "'''", "{**{}}")
_FACTS: dict[str, Any] = {"grade": True, "solution": False, "locked": True, "grade_id": "t", "points": 2, "task": False}
_CASES = tuple(TestCase(name=f"case {number}", points=number, hidden=number == 2) for number in range(3))
_FILE = OtterTest(name="q", doctests=("a", "b", "c"))
_SUITE = Suite(name="q", platform="otter", tests=(_FILE,), cases=_CASES)
_ANSWER = {
    "status": "ran",
    "cases": [
        {"passed": True, "value": 1.5},
        {"passed": False, "example": "x", "got": "1", "want": "2"},
        {"passed": False, "error": "NameError: x", "example": "x", "line": 3},
    ],
    "problem": "",
}


def files() -> Case:
    def case(random: Random) -> bool:
        try:
            suite = read_test_file(text(random, random.choice(_FILES), _WORDS), "q.py")
        except ExternalTestsError:
            return False
        unpacked(Suite, packed(suite))
        if len(suite.cases) != sum(test.count for test in suite.tests):
            raise Wrong("as many cases as are run")
        return True

    return case


def answers() -> Case:
    def case(random: Random) -> bool:
        tree: Any = {"answer": _answer()}
        mutate(random, tree)
        raw: Any = dumped(tree.get("answer"))
        if random.random() < 0.2:
            raw = hostile(random) if random.random() < 0.1 else text(random, raw, ("NaN", "1e999", "[", "null"))
        try:
            captured = CapturedTest.parse(_FILE.key, raw, _FILE.count)
        except InvalidEvidence:
            return False
        evidence = Evidence(key="k", cells=(), tests=(captured,), isolation="none", versions={})
        evidence = unpacked(Evidence, packed(evidence))
        question = Tests(kind="tests", id="q", title="Q", points=4, file="q.py", suite=_SUITE)
        (verdict,) = judge_all([question], Context(evidence=evidence, expected={}))
        if verdict.status == "error" and captured.status != "broken":
            raise Wrong(f"the judge failed: {verdict.findings[-1].hint}")
        if not 0 <= verdict.score <= 4 or not verdict.beside_student_code:
            raise Wrong(f"{verdict.score} points of 4, marked: {verdict.beside_student_code}")
        return True

    return case


def _answer() -> dict[str, Any]:
    return {**_ANSWER, "cases": [dict(case) for case in _ANSWER["cases"]]}


def places() -> Case:
    tests = [NbgraderCell(name=name, source=name, graded=True, before=("s",)) for name in ("t", "u")]

    def case(random: Random) -> bool:
        cells = []
        for _ in range(random.randrange(6)):
            tree: Any = {"nbgrader": {**_FACTS, "grade_id": random.choice(("t", "u", "s", "x"))}}
            mutate(random, tree)
            make = new_code_cell if random.random() < 0.8 else new_markdown_cell
            cells.append({**make("own"), "metadata": tree if isinstance(tree, dict) else {}})
        sources = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
        steps = steps_of(sources, placed(tests, cells))
        if [step.cell for step in steps if step.own] != list(range(len(sources))):
            raise Wrong("every code cell of the notebook is a step, in its order")
        if sorted(step.test.name for step in steps if step.test) != ["t", "u"]:
            raise Wrong("every test is run once")
        try:
            read_source(cells, "source")
        except ExternalTestsError:
            return False
        return True

    return case


MAKERS = {"test-files": files, "test-answers": answers, "test-places": places}
