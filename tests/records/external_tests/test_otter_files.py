"""Otter's test files are read without being executed, and give what otter itself makes of them."""

import pytest
from otter.test_files import ExceptionTestFile
from otter.test_files.ok_test import OKTestFile

from autograder.records.external_tests.model import ExternalTestsError
from autograder.records.external_tests.otter import read_test_file

DOCTESTS = """OK_FORMAT = True
test = {
    "name": "q1", "points": POINTS, "all_or_nothing": True,
    "suites": [{"type": "doctest", "cases": [
        {"code": r'''
            >>> x
            1
            ''', "hidden": False, "points": 1},
        {"code": ">>> x + 1\\n2", "failure_message": "Look at x."},
        {"code": ">>> x + 2\\n3"},
    ]}],
}
"""
FUNCTIONS = """from otter.test_files import test_case
OK_FORMAT = False
name = "q2"
points = POINTS
raise_if_executed = 1

@test_case(points=1, hidden=True)
def a(env):
    assert env["x"] == 1

@test_case(success_message="Well done.")
def b(x):
    assert x == 1

@test_case("named")
def a(x):
    assert x == 2
"""


def seen(cases):
    return [(case.name, pytest.approx(case.points), case.hidden) for case in cases]


@pytest.mark.parametrize("points", ["None", "4", "[1, 0, 2]", "2.5"])
def test_names_points_and_what_is_hidden_are_otters(points):
    text = DOCTESTS.replace("POINTS", points)
    names = {}
    exec(text, names)
    suite = read_test_file(text, "q1.py")
    theirs = OKTestFile.from_spec(names["test"])
    assert seen(suite.cases) == seen(theirs.test_cases)
    assert suite.tests[0].doctests == tuple(case.body for case in theirs.test_cases)
    assert suite.all_or_nothing == theirs.all_or_nothing
    assert suite.cases[1].failure == "Look at x."


@pytest.mark.parametrize("points", ["None", "4"])
def test_functions_are_read_as_otter_orders_them(points):
    text = FUNCTIONS.replace("POINTS", points)
    suite = read_test_file(text, "q2.py")
    assert seen(suite.cases) == seen(ExceptionTestFile.from_string(text).test_cases)
    assert suite.tests[0].functions == ("a", "b")


def test_nothing_in_a_test_file_is_executed_while_it_is_read(tmp_path):
    planted = tmp_path / "planted"
    read_test_file(f"open({str(planted)!r}, 'w')\n" + FUNCTIONS.replace("POINTS", "1"), "q2.py")
    assert not planted.exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1", "does not set OK_FORMAT"),
        ("OK_FORMAT = True", 'no dict "test"'),
        ("OK_FORMAT = True\ntest = {'name': name(), 'suites': []}", "test is computed"),
        ("OK_FORMAT = True\ntest = {'name': 'q'}", "another shape"),
        ("OK_FORMAT = True\ntest = {'name': 'q', 'suites': [{'cases': [{'code': 7}]}]}", "another shape"),
        ("OK_FORMAT = True\ntest = {'name': 'q', 'suites': [{'cases': [], 'setup': 'x'}]}", "no setup"),
        ("OK_FORMAT = False", 'does not set "name"'),
        ("OK_FORMAT = False\nname = 'q'\n@test_case\ndef t(): pass", "with its brackets"),
        ("OK_FORMAT = False\nname = 'q'\npoints = [1]", "points for 1"),
        ("OK_FORMAT = False\nname = 'q'\npoints = 'many'", "not as otter writes them"),
        ("def", "not a Python file"),
        ("(" * 5000, "not a Python file"),
    ],
)
def test_what_cannot_be_used_is_said(text, said):
    with pytest.raises(ExternalTestsError, match=r"q\.py") as caught:
        read_test_file(text, "q.py")
    assert said in str(caught.value)
