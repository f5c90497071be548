"""What is said of cells that failed: the cause once, and what follows from it with it."""

import time

import pytest

from autograder.checks.base import NotebookCell
from autograder.grading.execution_findings import grader_notes, run_notes
from autograder.records.evidence import CellRun, Evidence, Failure
from autograder.records.execution_messages import note_message


def notes(*cells):
    """What is said of cells, each its source and how it failed (None: it did not)."""
    runs, written = [], [NotebookCell(index=0, kind="markdown", source="model = 1")]
    for index, (source, failure) in enumerate(cells):
        written.append(NotebookCell(index=index + 1, kind="code", source=source))
        runs.append(CellRun(index=index, status="error" if failure else "ok", failure=failure))
    return run_notes(Evidence(key="k", cells=tuple(runs), isolation="none", versions={}), written)


def undefined(name):
    return Failure(name="NameError", message=f"name '{name}' is not defined", line=1)


SYNTAX = Failure(name="SyntaxError", message="'(' was never closed (845001315.py, line 3)", line=3)


def test_what_follows_from_a_cell_that_failed_is_said_with_that_cell():
    said = notes(
        ("x = 1", None),
        ("model = Sequential((", SYNTAX),
        ("model.compile()", undefined("model")),
        ("history = model.fit(x)", undefined("model")),
        ("plot(history)", undefined("history")),
        ("print(other)", undefined("other")),
    )
    assert [str(note_message.where) for note_message in said] == ["code cell 2", "code cell 6"]
    assert str(said[0].message) == "SyntaxError in line 3: '(' was never closed"
    assert str(said[0].hint).endswith("Code cells 3, 4 and 5 failed only because this one did.")
    assert "because" not in str(said[1].hint)


def test_a_name_that_a_cell_made_before_it_failed_elsewhere_blames_no_cell():
    said = notes(("a = 1\nb", undefined("b")), ("print(c)", undefined("c")))
    assert len(said) == 2


@pytest.mark.parametrize(
    "source",
    ["model = 1", "a, model = f()", "(a, b), (model, c) = f()", "import x as model", "from a import b, model",
     "def model(x):", "class model:", "model: int = 3", "  model=Sequential([", "x = (\nmodel = 2"],
)  # fmt: skip
def test_a_line_that_gives_the_name_its_value_is_seen(source):
    assert "model" in NotebookCell(index=0, kind="code", source=source).makes()


@pytest.mark.parametrize(
    "source",
    ["model == 1", "model.x = 1", "print(model, end='')", "x = model", "# model = 1", "my_model = 1", "f(model=3)",
     "import x  # model"],
)  # fmt: skip
def test_a_line_that_only_reads_it_is_not(source):
    assert "model" not in NotebookCell(index=0, kind="code", source=source).makes()


@pytest.mark.parametrize(
    "line", ["model, " * 20_000, "(model " * 20_000, "import " + "model " * 20_000, "model=" * 20_000]
)
def test_a_line_that_is_built_to_be_slow_is_not(line):
    started = time.process_time()
    NotebookCell(index=0, kind="code", source="\n".join([line, *[line[:490]] * 200])).makes()
    assert time.process_time() - started < 2


def test_a_notebook_of_thousands_of_cells_that_fail_is_told_of_in_a_moment():
    started = time.process_time()
    said = notes(("model = (", SYNTAX), *[("other = model", undefined("model"))] * 10_000)
    assert time.process_time() - started < 5
    assert [str(note_message.where) for note_message in said] == ["code cell 1"]
    assert str(said[0].hint).endswith("10,000 later code cells, from 2 on, failed only because this one did.")


def test_that_a_cell_was_stopped_is_said_once_and_what_else_was_noted_with_it():
    stopped, other = note_message("timeout", 1, seconds=45), note_message("not_interrupted", 1)
    cells = (CellRun(index=0, status="timeout", seconds=46.0),)
    evidence = Evidence(key="k", cells=cells, isolation="none", versions={}, notes=(stopped, other))
    assert [one.message for one in grader_notes(evidence)] == [other]
    assert str(run_notes(evidence)[0].message) == "This cell was still running after 46 seconds and was stopped."


def test_what_tensorflow_adds_for_its_developers_is_left_out():
    inner = "{{function_node __wrapped__Sub_device_/job:localhost}} Incompatible shapes: [8] vs. [8,2] [Op:Sub] name: "
    (said,) = notes(("model.fit(x, y)", Failure(name="InvalidArgumentError", message=inner, line=1)))
    assert str(said.message) == "InvalidArgumentError in line 1: Incompatible shapes: [8] vs. [8,2]"
