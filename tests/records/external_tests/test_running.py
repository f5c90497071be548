"""External tests in real kernels: what the student's notebook leaves is what they see, and they end in time."""

import nbformat
import pytest
from samples.courses import Q1, Q2, nbgrader_source, nbgrader_student

from autograder.assignment.external_tests import read_suites
from autograder.core.language import use_language
from autograder.intake.notebook import parse_notebook
from autograder.observe.limits import Limits
from autograder.observe.task import ObserveTask
from autograder.records.external_tests.model import NbgraderCell
from autograder.records.external_tests.otter import read_test_file

pytestmark = pytest.mark.slow
QUICK = Limits(cell_seconds=2, total_seconds=30, grace_seconds=2)


def ran(observer, suites, *cells, **task):
    """Observe a notebook of these code cells with the tests of some suites; what came of each."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    tests = tuple(test for suite in suites for test in suite.tests)
    return observer.observe(notebook, ObserveTask(tests=tests, limits=QUICK, **task))


def passed(captured):
    return [case.passed for case in captured.cases]


def test_otters_tests_see_the_notebooks_variables_in_both_formats(observer):
    suites = [read_test_file(Q1, "q1"), read_test_file(Q2, "q2")]
    evidence = ran(
        observer, suites, "import otter\ngrader = otter.Notebook('h')", "x = 1", "def twice(n): return n + 1"
    )
    assert [cell.status for cell in evidence.cells] == ["ok"] * 3, "otter.Notebook is there, and does nothing"
    first, second = evidence.tests
    assert (passed(first), passed(second)) == ([True, True], [True, False])


def test_a_missing_answer_fails_its_own_tests_only(observer):
    evidence = ran(observer, [read_test_file(Q1, "q1"), read_test_file(Q2, "q2")], "def twice(n): return 2 * n")
    first, second = evidence.tests
    assert passed(first) == [False, False]
    assert "NameError" in first.cases[0].error
    assert passed(second) == [True, True]


def test_an_endless_loop_in_a_test_ends_that_test_and_no_other(observer):
    suites = [read_test_file(Q2, "q2"), read_test_file(Q1, "q1")]
    evidence = ran(observer, suites, "x = 1\ndef twice(n):\n    while n > 1: pass\n    return 2")
    looping, other = evidence.tests
    assert (looping.status, passed(looping)) == ("timeout", [True])
    assert (other.status, passed(other)) == ("ran", [True, True])


def test_a_loop_that_cannot_be_interrupted_and_a_dead_kernel_leave_a_reason(observer):
    suites = [read_test_file(Q2, "q2"), read_test_file(Q1, "q1")]
    stubborn = "import signal\ndef twice(n):\n    signal.signal(signal.SIGINT, signal.SIG_IGN)\n    while True: pass"
    assert [test.status for test in ran(observer, suites, stubborn).tests] == ["timeout", "not_run"]
    deadly = "import os\ndef twice(n): os._exit(1)"
    assert [test.status for test in ran(observer, suites, deadly).tests] == ["died", "not_run"]


def test_tests_come_after_all_that_is_captured(observer):
    test = 'OK_FORMAT = False\nname = "q"\nfrom otter.test_files import test_case\n'
    test += '@test_case()\ndef change(env):\n    env["x"] = 2\n'
    evidence = ran(observer, [read_test_file(test, "q")], "x = 1", variables=("x",))
    assert passed(evidence.tests[0]) == [True]
    assert evidence.value("x").value == 1


def test_a_test_that_cannot_be_executed_is_broken(observer):
    test = 'OK_FORMAT = False\nname = "q"\nimport nonsense\nfrom otter.test_files import test_case\n'
    test += "@test_case()\ndef one(env): pass\n"
    captured = ran(observer, [read_test_file(test, "q")], "x = 1").tests[0]
    assert captured.status == "broken"
    assert "nonsense" in str(captured.problem)


def test_nbgraders_cells_run_in_their_places_and_show_nothing_hidden(observer, tmp_path):
    suites = read_suites(nbgrader_source(tmp_path / "source.ipynb"))
    tests = tuple(dict.fromkeys(test for suite in suites for test in suite.tests))
    path = nbgrader_student(
        tmp_path / "ada.ipynb", without=("test_three",), twice="def twice(n): return 2", helper="raise SystemExit"
    )
    notebook = parse_notebook(path.read_bytes())
    evidence = observer.observe(notebook, ObserveTask(tests=tests, limits=QUICK).placed(notebook))
    assert len(evidence.cells) == len([cell for cell in notebook.cells if cell.cell_type == "code"])
    twice, three = evidence.tests
    assert (twice.cases[0].passed, twice.cases[0].line) == (False, 3)
    assert (three.cases[0].passed, three.cases[0].value) == (True, 1.5)
    replaced = evidence.cells[2]
    assert (replaced.status, replaced.outputs, replaced.failure) == ("error", (), None)


def test_a_cell_of_the_courses_that_ends_the_kernel_is_no_cell_of_the_students(observer):
    deadly = NbgraderCell(name="deadly", source="import os\nos._exit(1)", graded=True, after=0)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x = 1")])
    evidence = observer.observe(notebook, ObserveTask(tests=(deadly,), limits=QUICK))
    (note,) = evidence.notes
    assert str(note) == "A test cell ended the kernel; the cells after it were not run."
    with use_language("de"):
        assert str(note) == "Eine Testzelle hat den Kernel beendet; die Zellen danach wurden nicht ausgeführt."
