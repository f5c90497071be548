"""A network without layers, or cut off by an error, is named as that, and not as a list of missing layers."""

from dataclasses import replace

import pytest
from by_hand import FASHION, context, judged, network, question, said

from autograder.checks.base import NotebookCell
from autograder.records.evidence import CellRun, Failure

KINDS = ("architecture", "parameters")
CODE = "model = Sequential()\nmodel.add(Conv2D(64, 3))\nmodel.add(Flatten())\nmodel.fit(x, y)"


def seen(own, *, line=None):
    """What is left of a notebook whose second code cell builds the network and stops in this line."""
    given = context(networks=(own,), expected={"model": network(*FASHION)})
    failure = Failure(name="NameError", message="name 'Conv2D' is not defined", line=line)
    stopped = CellRun(index=1, status="error", failure=failure) if line else CellRun(index=1, status="ok")
    cells = tuple(NotebookCell(index=at, kind="code", source=source) for at, source in enumerate(("x = 1", CODE)))
    evidence = given.evidence.model_copy(update={"cells": (CellRun(index=0, status="ok"), stopped)})
    return replace(given, evidence=evidence, cells=cells)


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_network_is_one_finding(kind):
    verdict = judged(question(kind), seen(network()))
    assert (verdict.score, len(verdict.findings), verdict.exhibits) == (0, 1, ())
    assert "has no layers yet" in said(verdict)


@pytest.mark.parametrize("kind", KINDS)
def test_where_its_cell_stopped_that_is_the_reason(kind):
    verdict = judged(question(kind), seen(network(), line=2))
    assert len(verdict.findings) == 1
    assert "Code cell 2, which builds `model`, stopped with NameError in line 2" in said(verdict)


def test_a_network_that_was_cut_off_hears_that_beside_what_is_missing():
    verdict = judged(question("architecture"), seen(network(*FASHION[:2]), line=3))
    assert verdict.findings[0].code == "network.cut_off"
    assert verdict.findings[1].code == "layer.missing"


def test_a_cell_that_stops_after_the_network_was_built_has_cut_nothing_off():
    codes = [one.code for one in judged(question("architecture"), seen(network(*FASHION[:2]), line=4)).findings]
    assert "network.cut_off" not in codes
