"""Written training loops: counted while they run, shortened so that their lists get as long as asked, and diagnosed."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from written_loops import CAUGHT, MISTAKES, NOT_MOVED, OTHER_MISTAKES, RIGHT, SETUP, STOPS, cell

from autograder.checks.diagnosis.rules.loop import loop_findings
from autograder.observe.limits import Limits
from autograder.records.evidence import CapturedFit, Evidence, NetworkRecord
from tests.observe.conftest import Observe

pytestmark = [pytest.mark.slow, pytest.mark.skipif(find_spec("torch") is None, reason="needs torch: make torch")]
LONG = Limits(cell_seconds=60, total_seconds=200)


def record_of(evidence: Evidence, name: str) -> NetworkRecord:
    return next(one for one in reversed(evidence.records) if name in one.names and one.did("fit"))


def fits_of(evidence: Evidence, name: str) -> list[CapturedFit]:
    return [fit for fit in evidence.fits if fit.record == record_of(evidence, name).number]


def codes(evidence: Evidence, name: str) -> list[str]:
    evaluations = [event.detail for event in record_of(evidence, name).did("evaluate")]
    return [one.message.code for one in loop_findings(fits_of(evidence, name), evaluations, None)]


def test_each_mistake_is_named_and_nothing_else(observe: Observe) -> None:
    cells = [cell(at, **lines) for at, (_, lines) in enumerate(MISTAKES)]
    cells += [source.replace("{n}", str(at)) for at, (_, source) in enumerate(OTHER_MISTAKES, start=len(MISTAKES))]
    evidence = observe(SETUP, *cells, limits=LONG)
    assert [run.failure for run in evidence.cells if run.failure] == []
    wanted = {at: [code] for at, (code, _) in enumerate((*MISTAKES, *OTHER_MISTAKES))}
    assert {at: codes(evidence, f"net_{at}") for at in wanted} == wanted


def test_a_network_that_is_moved_without_its_data_is_named(observe: Observe) -> None:
    evidence = observe(SETUP, cell(0, **NOT_MOVED))
    assert codes(evidence, "net_0") == ["loop.data_not_moved"]


def test_right_loops_are_silent(observe: Observe) -> None:
    cells = [source.replace("{n}", str(at)) for at, source in enumerate(RIGHT)]
    evidence = observe(SETUP, *cells, limits=LONG)
    assert [run.failure for run in evidence.cells if run.failure] == []
    assert {at: codes(evidence, f"net_{at}") for at in range(len(RIGHT))} == {at: [] for at in range(len(RIGHT))}
    # What the notebook itself has moved so far counts, and nothing that PyTorch moves in its own functions.
    first = next(at for at, source in enumerate(RIGHT) if ".to(" in source)
    moved = [fit.loop.data_moved for at in range(first) for fit in fits_of(evidence, f"net_{at}") if fit.loop]
    assert len(moved) >= first > 5
    assert set(moved) == {0}
    assert max(run.seconds for run in evidence.cells) < 10
    # Lists are as long as asked, whatever was left out.
    lengths = {
        at: {key: len(values) for key, values in fits_of(evidence, f"net_{at}")[-1].history.items()}
        for at in (0, 2, 3, 6, 8)
    }
    assert lengths == {
        0: {"loss": 3, "val_loss": 3},
        2: {"loss": 50},
        3: {"loss": 500},
        6: {"loss": 3},
        8: {"loss": 4, "val_accuracy": 4},
    }
    schedulers = [evidence.network(f"net_{len(RIGHT) - at}").compile["scheduler"] for at in (3, 2)]
    assert [(one["class_name"], one["every"]) for one in schedulers] == [("StepLR", "epoch"), ("OneCycleLR", "batch")]
    assert [fits_of(evidence, f"net_{at}")[-1].epochs for at in (0, 1, 2, 6, 7, 8, 9)] == [3, 2, 50, 3, 2, 4, 6]


def test_a_loop_that_stopped_is_a_training_that_failed(observe: Observe) -> None:
    cells = [cell(at, **lines) for at, (lines, *_) in enumerate(STOPS)]
    evidence = observe(SETUP, *cells, CAUGHT.replace("{n}", str(len(STOPS))), limits=LONG)
    assert [run.status for run in evidence.cells] == ["ok", *["error"] * len(STOPS), "ok"]
    for at, (_, error, criterion, place) in enumerate(STOPS):
        (fit,) = fits_of(evidence, f"net_{at}")
        assert fit.failure is not None
        assert (fit.failure.name, fit.epochs, fit.cell) == (error, 0, at + 1)
        network = evidence.network(f"net_{at}")
        assert network is not None
        assert network.compile is not None
        assert network.compile["criterion"]["class_name"] == criterion
        (failure,) = [one for one in evidence.failures if one.cell == at + 1]
        assert (failure.method, failure.framework, failure.validation) == ("fit", "torch", False)
        assert bool(failure.layer) == (place == "layer")
        assert failure.loss == (criterion if place == "loss" else "")
        # A pass that was to train has evaluated nothing.
        assert codes(evidence, f"net_{at}") == []
    (went_on,) = fits_of(evidence, f"net_{len(STOPS)}")
    assert went_on.failure is None
    assert went_on.loop is not None
    assert went_on.loop.steps > 1
