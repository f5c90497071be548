"""Sentences that were once said where they were not true."""

import pytest
from by_hand import FASHION, context, dense, fit, judged, layer, network, question, said
from test_history_order import record

from autograder.checks.base import ExpectedNetwork, NotebookCell
from autograder.checks.explanation import AccuracyMiss
from autograder.checks.student_network import find_network
from autograder.checks.training_tasks import training_task
from autograder.network.canonical import canonicalize
from autograder.records.evidence import CellRun, Failure, NetworkEvent

RIGHT = network(*FASHION)
NETWORK = question("architecture")
COMPILED = {"optimizer": "adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"]}


def test_an_activation_that_is_written_in_another_layer_is_no_layer():
    expected = network(*FASHION[:-1], dense(10))
    verdict = judged(NETWORK, context(networks=(RIGHT,), expected={"model": expected}))
    assert "l7 (Dense) has the activation softmax" in said(verdict)
    assert "one layer too many" not in said(verdict)
    assert "which row" not in said(verdict)
    alone = network(*FASHION[:-1], dense(10), layer("Activation", activation="softmax"))
    verdict = judged(NETWORK, context(networks=(alone,), expected={"model": expected}))
    assert "l8 (Activation) is one layer too many" in said(verdict)


def test_findings_name_the_layers_as_this_student_called_them():
    for name in ("first", "second"):
        own = network(*FASHION[:-1], {**dense(10), "config": {"name": name, "units": 10, "activation": "relu"}})
        assert f"{name} (Dense)" in said(judged(NETWORK, context(networks=(own,), expected={"model": RIGHT}))) or (
            f"{name} (Activation)" in said(judged(NETWORK, context(networks=(own,), expected={"model": RIGHT})))
        )


def test_a_network_that_was_overwritten_was_there():
    lost = NetworkEvent(kind="lost", name="model", cell=2, detail="int")
    was = record(1, RIGHT)
    was = was.model_copy(update={"events": (*was.events, lost)})
    student = find_network(context(expected={"model": RIGHT}, records=(was,)), "model")
    assert student.architecture is not None
    nothing = find_network(context(expected={"model": RIGHT}), "model")
    assert "no cell that ran left one in it" in str(nothing.problem)


@pytest.mark.parametrize(("part", "sentence"), [("optimizer", "there is none"), ("loss", "was given no loss")])
def test_what_compile_was_not_given_is_none(part, sentence):
    asked = question("compiled", network="model", **{part: COMPILED[part]})
    own = network(*FASHION, compiled=COMPILED | {part: None})
    words = said(judged(asked, context(networks=(own,), expected={"model": RIGHT})))
    assert "None" not in words
    assert sentence in words


def test_the_number_of_images_is_no_axis_beside_the_batch():
    asked = question("shape", answer="q", expected=[10])
    assert "axes" not in said(judged(asked, context(answer=(10_000, 10))))
    assert "10000 of them together" in said(judged(asked, context(answer=(10_000, 10))))


RAW = {"minimum": 0, "maximum": 255, "mean": 33.0, "standard_deviation": 78.0, "shape": [4000, 28, 28]}
UNIT = {"minimum": 0, "maximum": 1, "mean": 0.1, "standard_deviation": 0.3, "shape": [4000, 28, 28]}


def rules(*fits, solution=UNIT, cells=(), runs=()):
    own = network(*FASHION, compiled=COMPILED)
    given = context(networks=(own,), expected={"model": RIGHT}, fits=fits, cells=cells)
    given = given.replace(evidence=given.evidence.model_copy(update={"cells": runs}))
    recipe = given.expected["model"].recipe
    architecture = canonicalize("Sequential", RIGHT.config)
    expected = ExpectedNetwork("model", architecture, recipe=recipe, fit=fit(inputs=solution))
    given = given.replace(expected={"model": expected})
    student = find_network(given, "model")
    task = training_task(student, recipe)
    findings, _ = AccuracyMiss(given, "model", student, task, 0.9, None, 0).explain()
    return {one.code for one in findings}


DIVIDES = NotebookCell(index=0, kind="code", source="import gone\nx_train = x_train / 255")


def test_raw_pixels_are_named_only_where_the_student_chose_them():
    assert "cause.not_normalized" in rules(fit(inputs=RAW))
    assert "cause.not_normalized" not in rules(fit(inputs=RAW), solution=RAW)
    # The exercise asks for a second training on raw pixels.
    assert "cause.not_normalized" not in rules(fit(inputs=UNIT), fit(inputs=RAW))
    stopped = CellRun(index=0, status="error", failure=Failure(name="ModuleNotFoundError", message="", line=1))
    assert "cause.not_normalized" not in rules(fit(inputs=RAW), cells=(DIVIDES,), runs=(stopped,))
    assert "cause.not_normalized" in rules(fit(inputs=RAW), cells=(DIVIDES,), runs=(CellRun(index=0, status="ok"),))


def test_a_fit_that_stopped_has_no_history_and_says_why():
    asked = question("history", network="model", metrics=["accuracy"], validation=True)
    failure = Failure(name="ValueError", message="Unknown metric function: acuracy", line=1)
    stopped = fit(failure=failure, validation={"shape": [10]}, history={})
    own = network(*FASHION, compiled=COMPILED)
    words = said(judged(asked, context(networks=(own,), expected={"model": RIGHT}, fits=(stopped,))))
    assert "acuracy" in words
    assert "The history holds no" not in words
    assert "compile" not in words


def test_a_network_without_layers_misses_no_single_ones():
    words = said(judged(NETWORK, context(networks=(network(),), expected={"model": RIGHT})))
    assert "has no layers yet" in words
    assert "is missing" not in words
