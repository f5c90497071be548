"""An nbgrader source: what is graded in it, and where its cells go in a student's notebook."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell
from samples.courses import source_cells

from autograder.observe.schedule import outcome_of, steps_of
from autograder.records.evidence import Failure
from autograder.records.external_tests.model import ExternalTestsError, NbgraderCell
from autograder.records.external_tests.nbgrader import in_hidden_region, partial_points, placed, read_source


def cells_of(*identities):
    """A student's notebook of code cells with these ids ("" for a cell of their own)."""
    return [
        new_code_cell(name or "own", metadata={"nbgrader": {"grade_id": name}} if name else {}) for name in identities
    ]


def locked_in(suites):
    return list(dict.fromkeys(test for suite in suites for test in suite.tests))


def test_every_graded_cell_is_a_question_and_what_a_person_reads_is_one_without_tests():
    suites = read_source(source_cells(), "source")
    assert [(suite.name, suite.points, bool(suite.manual)) for suite in suites] == [
        ("test_twice", 2, False),
        ("test_three", 2, False),
        ("why", 3, True),
    ]
    assert [(test.name, test.graded) for test in locked_in(suites)] == [
        ("helper", False),
        ("test_twice", True),
        ("test_three", True),
    ]


def test_copies_are_replaced_and_what_was_deleted_comes_after_what_stood_before_it():
    tests = locked_in(read_source(source_cells(), "source"))
    helper, twice, three = placed(tests, cells_of("", "helper", "twice", "", "three", "test_three"))
    assert (helper.replaces, three.replaces) == (1, 5)
    assert (twice.replaces, twice.after) == (None, 2)
    sources = [cell.source for cell in cells_of("", "helper", "twice", "", "three", "test_three")]
    steps = steps_of(sources, [helper, twice, three])
    assert [step.test.name if step.test else step.source for step in steps] == [
        *("own", "helper", "twice", "test_twice", "own", "three", "test_three")
    ]
    assert [step.cell for step in steps if step.own] == [0, 1, 2, 3, 4, 5]


def test_the_last_copy_counts_and_a_notebook_without_any_gets_the_tests_at_its_end():
    tests = locked_in(read_source(source_cells(), "source"))[1:]
    assert [test.replaces for test in placed(tests, cells_of("test_twice", "", "test_twice"))] == [2, None]
    assert [test.after for test in placed(tests, cells_of("", ""))] == [1, 1]
    assert [step.own for step in steps_of([], placed(tests, []))] == [False, False]


def test_a_copy_that_became_text_is_no_copy():
    test = NbgraderCell(name="t", source="1", graded=True)
    cells = [*cells_of(""), new_markdown_cell("t", metadata={"nbgrader": {"grade_id": "t"}}), *cells_of("")]
    assert [(one.replaces, one.after) for one in placed([test], cells)] == [(None, 0)]


@pytest.mark.parametrize("identity", [7, None, ["t"], "", "t" * 300, {"a": 1}])
def test_nonsense_in_a_students_metadata_is_no_id(identity):
    test = NbgraderCell(name="t", source="1", graded=True)
    cells = [new_code_cell("x", metadata={"nbgrader": {"grade_id": identity}}), new_code_cell("y")]
    assert placed([test], cells)[0].after == 1


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([*source_cells(), source_cells()[3]], "two cells"),
        ([new_code_cell("### AUTOTEST x", metadata=source_cells()[3].metadata)], "AUTOTEST"),
        (
            [new_code_cell("x", metadata={"nbgrader": {"grade": True, "grade_id": "t", "points": "two"}})],
            "0 to 1000",
        ),
    ],
)
def test_a_source_that_cannot_be_used_is_said(cells, said):
    with pytest.raises(ExternalTestsError, match=said):
        read_source(cells, "source.ipynb")


def test_a_test_cell_earns_what_nbgrader_gives_it():
    test = NbgraderCell(name="t", source="t", graded=True)

    def value(text):
        outputs = [{"output_type": "execute_result", "data": {"text/plain": text}}]
        return outcome_of(test, "ok", None, outputs).cases[0].value

    assert value("1.5") == 1.5
    assert [value(text) for text in ("0", "-1", "nan", "inf", "True", "'1'")] == [None] * 6
    warned = [{"output_type": "stream", "name": "stderr", "text": "warning"}]
    assert outcome_of(test, "ok", None, warned).cases[0].passed
    failed = outcome_of(test, "error", Failure(name="AssertionError", message=""), ()).cases[0]
    assert (failed.passed, failed.error) == (False, "AssertionError")
    assert outcome_of(test, "timeout", None, ()).status == "timeout"
    assert partial_points("1e400") is None


def test_a_line_is_hidden_where_its_region_is():
    source = source_cells()[3].source
    assert [in_hidden_region(source, line) for line in (1, 3, None)] == [False, True, True]
    assert not in_hidden_region("assert x", None)
