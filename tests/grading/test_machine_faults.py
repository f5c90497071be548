"""A failure is the machine's only by what is known outside the kernel; then a person is asked."""

from __future__ import annotations

import pytest

from autograder.core.messages import message
from autograder.grading.execution_findings import run_notes
from autograder.grading.machine_faults import machine_faults, mended_by, pending_for
from autograder.records.evidence import CellRun, Evidence, Failure
from autograder.records.result import Verdict

MISSING = "from tensorflow_addons import nn\nx = 1"


def evidence_of(*cells: CellRun, isolation: str = "bubblewrap", notes: tuple = ()) -> Evidence:
    return Evidence(key="k", cells=cells, isolation=isolation, versions={}, notes=notes)


def failed(line: int = 1, name: str = "Error", text: str = "") -> CellRun:
    return CellRun(index=0, status="error", failure=Failure(name=name, message=text, line=line))


def fault_of(source: str, cell: CellRun | None = None, *others: str) -> str:
    found = machine_faults(evidence_of(cell or failed()), [source, *others])
    return found[0].code if found else ""


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (MISSING, "machine.package"),
        ("import numpy as np, tensorflow_addons as t", "machine.package"),
        ("import nunpy", ""),
        ("import numpy", ""),
        ("tf.config.experimental.set_memory_growth(gpus[0], True)", "machine.gpu"),
        ("urllib.request.urlretrieve(url, 'x.csv')", "machine.network"),
        ("data = pd.read_csv('https://example.org/x.csv')", "machine.network"),
        ("data = pd.read_csv('data/x.csv')", "machine.file"),
        ("raise ModuleNotFoundError(\"No module named 'tensorflow_addons'\")", ""),
        ("x = y", ""),
    ],
)
def test_the_text_of_the_line_and_this_machine_decide(source: str, code: str) -> None:
    assert fault_of(source) == code


def test_the_words_of_an_exception_decide_nothing() -> None:
    assert fault_of("x = 1", failed(1, "ModuleNotFoundError", "No module named 'tensorflow_addons'")) == ""
    assert fault_of("x = 1", failed(1, "MemoryError", "out of memory")) == ""


def test_a_file_that_the_notebook_may_have_written_under_another_name_is_its_own() -> None:
    assert fault_of("keras.models.load_model('nte.keras')", None, "model.save('net.keras')") == ""


def test_memory_is_the_machines_where_the_sandbox_ended_the_cell_for_it() -> None:
    died = CellRun(index=0, status="died")
    note = message("cell.memory", "…", cell=1, megabytes=2048)
    (fault,) = machine_faults(evidence_of(died, notes=(note,)), ["x"]).values()
    assert str(mended_by(fault)).endswith("limits = { memory_mb = 4096 }")
    assert machine_faults(evidence_of(died), ["x"]) == {}


def test_time_is_the_machines_where_a_network_is_trained_and_no_loop_runs_on() -> None:
    late = CellRun(index=0, status="timeout", seconds=60)
    assert fault_of("model.fit(x, y)", late) == "machine.time"
    assert fault_of("while True:\n    model.fit(x, y)", late) == ""
    assert fault_of("sum(x)", late) == ""


def test_a_person_is_asked_where_nothing_is_left_and_what_was_judged_stands() -> None:
    faults = machine_faults(evidence_of(failed()), [MISSING])
    judged = Verdict(id="a", title="A", status="partial", score=1, points=2)
    nothing = Verdict(id="b", title="B", status="not_reached", score=0, points=3)
    first, second = pending_for([judged, nothing], faults)
    assert first == judged
    assert (second.status, second.score, second.pending) == ("needs_review", 0, 3)
    assert "The package tensorflow_addons is not on the grading machine." in str(second.findings[0].message)
    assert pending_for([nothing], {}) == (nothing,)


def test_the_student_reads_that_it_costs_nothing_by_itself() -> None:
    evidence = evidence_of(failed())
    (note,) = run_notes(evidence, (), machine_faults(evidence, [MISSING]))
    assert note.code == "machine.package"
    assert "costs no points by itself" in str(note.hint)
