"""Programs that cannot be built or fitted, in a real kernel: which layer, which shapes, and why."""

from __future__ import annotations

import pytest

from autograder.checks.diagnosis.shape_errors import explain
from autograder.grading.execution_findings import run_notes
from autograder.network.layers import LAYERS
from autograder.observe.limits import Limits
from autograder.observe.observer import Observer
from autograder.observe.sandbox.isolation import IsolationUnavailable, choose_isolation
from autograder.observe.task import ObserveTask
from autograder.records.evidence import Evidence
from autograder.records.network_failure import NetworkFailure
from benchmarks.shape_errors import described
from benchmarks.shape_programs import FAULTY, SETUP
from benchmarks.shape_programs_fourth import FOURTH
from benchmarks.shape_programs_third import THIRD
from benchmarks.unseen_shape_programs import LATER, SILENT

CHOSEN = (
    "no channel axis in fit",
    "channels first in the data",
    "grey channels first",
    "no Flatten, one-hot labels",
    "Flatten and Dense before Conv2D",
    "Flatten before pooling",
    "nine units for ten one-hot classes",
    "whole labels, one-hot loss",
    "one-hot labels, sparse loss",
    "x.shape as the input shape",
    "one row in predict",
    "features before steps",
    "a residual without padding",
    "words of another length",
    "LSTM after LSTM",
    "three targets, two units",
    "fewer labels than images",
    "a generator without batches",
    "wrong labels for validation",
    "a subclass without channels",
    "TimeDistributed Conv2D on single images",
    "Dense between reshaped rows and Conv1D",
    "input_shape with the batch axis as None",
    "validation of another number of rows",
    "a weight for each class in place of each example",
)
PROGRAMS = {program.name: program for program in (*FAULTY, *LATER, *THIRD, *FOURTH)}
QUIET = ("a failure that is caught", "a failure that is caught, then another", "never compiled", "a forged message")
DIVIDED = "compiled(dense()).fit(flat, whole() / 255, validation_data=(255 * flat, whole()), verbose=0)"
SOURCES = [PROGRAMS[name].source.strip() for name in CHOSEN] + [source for name, source in SILENT if name in QUIET]


@pytest.fixture(scope="module")
def evidence():
    try:
        isolation = choose_isolation("bubblewrap")
    except IsolationUnavailable as missing:
        pytest.skip(str(missing))
    with Observer(isolation) as observer:
        task = ObserveTask(limits=Limits(cell_seconds=60, total_seconds=300))
        yield observer.observe_code([SETUP, *SOURCES, DIVIDED], task)


@pytest.mark.slow
def test_the_layer_and_the_cause_of_each_are_named(evidence):
    found = {failure.cell: explain(failure) for failure in evidence.failures}
    said = {name: described(found.get(index)) for index, name in enumerate(CHOSEN, 1)}
    assert said == {name: (PROGRAMS[name].cause, PROGRAMS[name].layer) for name in CHOSEN}
    assert [index for index, cause in found.items() if index > len(CHOSEN) and cause is not None] == []


@pytest.mark.slow
def test_the_note_on_the_cell_says_what_came_what_is_needed_and_where_it_comes_from(evidence):
    notes = {str(note.where): note for note in run_notes(evidence)}
    said = notes[f"code cell {CHOSEN.index('Flatten and Dense before Conv2D') + 2}"]
    assert str(said.message).startswith("ValueError in line 1: ")
    assert "gets the shape (None, 64) and needs 4 axes, (None, height, width, channels)." in str(said.message)
    assert "(Flatten) that made (None, 784) of (None, 28, 28, 1)." in str(said.message)
    assert str(said.hint).startswith("A dense layer reads rows and gives rows")
    assert said.code == "cell.error_in_line"
    joined = notes[f"code cell {CHOSEN.index('a residual without padding') + 2}"]
    assert "(None, 26, 26, 4) from conv2d" in str(joined.message)  # not from the normalization, which keeps the shape
    assert len(notes) == len(CHOSEN) + len(QUIET) - 1


@pytest.mark.slow
def test_a_failure_that_is_caught_and_a_forged_message_leave_nothing_behind(evidence):
    cells = {failure.cell for failure in evidence.failures}
    quiet = {name: len(CHOSEN) + 1 + at for at, (name, _) in enumerate((n, s) for n, s in SILENT if n in QUIET)}
    assert not cells & {quiet["a failure that is caught"], quiet["a failure that is caught, then another"]}
    assert quiet["a forged message"] not in cells


@pytest.mark.slow
def test_labels_divided_by_255_and_other_validation_data_are_facts_of_the_call(evidence):
    fit = evidence.fits[-1]
    assert (fit.cell, fit.failure) == (len(SOURCES) + 1, None)
    assert fit.targets["fractions"] > 0.5
    assert fit.validation["inputs"]["standard_deviation"] > 8 * fit.inputs["standard_deviation"]


def failure(**fields):
    return NetworkFailure.model_validate({"method": "fit", "error": "ValueError", "cell": 0} | fields)


DENSE = {"class_name": "Dense", "module": "keras.layers", "registered_name": None, "config": {"units": 3}}


@pytest.mark.parametrize(
    "claimed",
    [
        {},
        {"layer": {}},
        {"layer": {"class_name": [], "config": 3}, "shapes": [[1, 2]]},
        {"layer": DENSE, "shapes": [[]]},
        {"layer": DENSE | {"build_config": {"input_shape": "abc"}}, "shapes": [[None, 3]]},
        {"layer": DENSE, "shapes": [[None, 2**40, 0]]},
        {"layer": {"class_name": "Sequential"}, "shapes": [[]], "network": {"class_name": "Sequential", "config": {}}},
        {"network": {"class_name": "Functional", "config": {"layers": 3}}, "partial": True, "loss": "mse"},
        {"loss": "mse", "target": [], "output": []},
        {"loss": "x" * 200, "target": [None], "output": [None, None]},
        {"inputs": [{"kind": "stream", "shape": []}], "targets": [{"kind": "array", "shape": []}]},
        {"layer": DENSE | {"class_name": "Reshape", "config": {"target_shape": [-1]}}, "shapes": [[8]]},
        {"layer": DENSE | {"config": {"units": 10**9}}, "shapes": [[None, 784]]},
        {"layer": DENSE | {"class_name": "Reshape", "config": {"target_shape": "ab"}}, "shapes": [[None, 8]]},
        {"layer": DENSE | {"class_name": "Conv2D", "config": {"filters": 1, "kernel_size": 3}}, "shapes": [[0] * 4]},
    ],
)
def test_whatever_a_kernel_claims_it_is_read_without_an_exception(claimed):
    explain(failure(**claimed))


@pytest.mark.parametrize("kind", LAYERS)
def test_a_layer_whose_settings_are_refused_is_no_fault_of_the_grader(kind):
    refused = DENSE | {"class_name": kind, "config": {"no such setting": 1}}
    for shape in ([None], [None, 8], [None, 8, 8], [None, 8, 8, 3]):
        explain(failure(layer=refused, shapes=[shape]))


def test_a_failure_of_another_exception_than_the_cell_s_is_not_told():
    cell = {"index": 0, "status": "error", "failure": {"name": "KeyError", "message": "x", "line": 1}}
    fields = {"inputs": [{"kind": "array", "shape": [8, 3]}], "targets": [{"kind": "array", "shape": [7]}]}
    failed = failure(**fields)
    assert explain(failed).code == "rows_differ"
    evidence = Evidence(key="k", cells=(cell,), isolation="none", versions={}, failures=(failed,))
    assert "examples" not in str(run_notes(evidence)[0].message)


def test_validation_data_and_weights_of_another_number_of_rows():
    def given(inputs, targets, **fields):
        arrays = {"inputs": [{"kind": "array", "shape": inputs}], "targets": [{"kind": "array", "shape": targets}]}
        return explain(failure(**arrays, **fields))

    validated, weighted = given([16, 13], [64], validation=True), given([64, 13], [64], weights=10)
    assert str(validated.sentence()) == "Your validation data have 16 examples and 64 targets."
    assert str(weighted.sentence()) == "You gave 64 examples to `fit`, and weights for 10."
    assert (validated.code, weighted.code) == ("rows_differ", "weights_differ")
    assert given([64, 13], [64], weights=64) is None


def test_a_sentence_of_keras_without_a_full_stop_ends_before_ours():
    cell = {"index": 0, "status": "error", "failure": {"name": "ValueError", "message": "Cannot add"}}
    arrays = {"inputs": [{"kind": "array", "shape": [8, 3]}], "targets": [{"kind": "array", "shape": [7]}]}
    evidence = Evidence(key="k", cells=(cell,), isolation="none", versions={}, failures=(failure(**arrays),))
    (note,) = run_notes(evidence)
    assert str(note.message) == "ValueError: Cannot add. You gave 8 examples and 7 targets to `fit`."
    assert note.code == "cell.error"
