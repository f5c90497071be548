"""The reference solution's evidence with one thing changed: what a student with one mistake leaves behind."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from autograder.assignment import Assignment, load
from autograder.checks.base import Context, NotebookCell
from autograder.checks.judging import judge_all
from autograder.core.data import digest
from autograder.grading.answer_key import AnswerKey
from autograder.grading.judge import with_runs
from autograder.observe.plain import describe_value
from autograder.records.evidence import CapturedFigure, CapturedNetwork, CapturedValue, Evidence
from autograder.records.result import Verdict
from autograder.records.training import TrainingRun, TrainingTask

ROOT = Path(__file__).parents[2]
NAMES = sorted(folder.parent.name for folder in (ROOT / "assignments").glob("*/assignment.toml"))
# Those with a class of rewritten solutions, which `test_rewritten_solutions.py` grades: `class_of_<name>.py`.
WITH_CLASS = sorted(file.stem.removeprefix("class_of_") for file in Path(__file__).parent.glob("class_of_*.py"))

Layers = list[dict[str, Any]]
Change = Callable[[Evidence], Evidence]
Reached = Callable[[TrainingTask], float]


class Wrong(NamedTuple):
    """A wrong answer: the question that it is given to, what it changes, and words of the finding that it deserves.

    `charged` is the question at which the mistake costs points, if its root is there; it costs none at `question` then.
    """

    question: str
    change: Change
    words: str
    reached: Reached | None = None
    charged: str = ""


@functools.cache
def assignment(name: str) -> Assignment:
    return load(str(ROOT / "assignments" / name))


@functools.cache
def answer_key(name: str) -> AnswerKey:
    return AnswerKey.stored(assignment(name))


def judge(name: str, change: Change = lambda evidence: evidence, reached: Reached | None = None) -> dict[str, Verdict]:
    """The verdicts on changed evidence, by question. `reached` says what accuracy each training run comes to; where it
    is not given, each does as well as the reference did in its first calibrated run."""
    ours = answer_key(name)
    context = ours.reference_context()
    changed = change(context.evidence)
    cells = (*context.cells, *_typed(context.evidence, changed, len(context.cells)))
    context = Context(**{**vars(context), "evidence": changed, "cells": cells})
    run = functools.partial(_run, reached or as_calibrated(name))
    context = with_runs(ours, context, run)
    return {verdict.id: verdict for verdict in judge_all(ours.assignment.questions, context)}


def _typed(before: Evidence, after: Evidence, number: int) -> list[NotebookCell]:
    """The cells that give other values, as somebody types them."""
    other = [value for value in after.values if value != before.value(value.name)]
    return [
        NotebookCell(index=number + at, kind="code", source=f"{value.name} = {value.value!r}")
        for at, value in enumerate(other)
    ]


@functools.cache
def as_calibrated(name: str) -> Reached:
    """The networks that are to be beaten come to the lowest accuracy, all others to what their calibration measured, or
    to 0.9 if the assignment sets a threshold."""
    ours = answer_key(name)
    known = {}
    for question in ours.assignment.questions:
        if question.kind == "accuracy":
            for task in question.training(ours.reference_context()):
                calibration = ours.calibrations.get(question.id)
                known[digest(task.architecture)] = 0.9 if calibration is None else calibration.accuracies[0]
    return lambda task: known.get(digest(task.architecture), 0.15)


def _run(reached: Reached, task: TrainingTask) -> TrainingRun:
    """A run as it is stored. Without dropout a network is right on its training images far more often."""
    validation = reached(task)
    dropout = any("Dropout" in operation.kind for operation in task.architecture.operations)
    training = validation if dropout else min(1.0, validation + 0.2)
    return TrainingRun(
        key=task.key, outcome="trained", training_accuracy=(training,), validation_accuracy=(validation,)
    )


def said(verdict: Verdict) -> str:
    """Everything that the student hears, as one text."""
    return " ".join(f"{finding.message} {finding.hint}" for finding in verdict.findings)


def answer(name: str, given: Any) -> Change:
    """Another value in a variable."""

    def change(evidence: Evidence) -> Evidence:
        cell = next((value.cell for value in evidence.values if value.name == name), 0)
        new = CapturedValue(name=name, cell=cell, **describe_value(given))
        return _with(evidence, values=[new if value.name == name else value for value in evidence.values])

    return change


def network(name: str, *edits: Callable[[Layers], Layers], called: str = "") -> Change:
    """Another network in a variable: the reference's layers, edited; `called` puts it under another name."""

    def change(evidence: Evidence) -> Evidence:
        found = evidence.network(name)
        assert found is not None
        layers = layers_of(found)
        for edit in edits:
            layers = edit(layers)
        new = found.model_copy(update={"name": called or name, **_sequential(layers)})
        fits = [fit.model_copy(update={"network": new.name}) if fit.network == name else fit for fit in evidence.fits]
        return _with(evidence, networks=[new if one is found else one for one in evidence.networks], fits=fits)

    return change


def layers_of(captured: CapturedNetwork) -> Layers:
    """The layers of a network in which each reads the one before it, the input first."""
    assert captured.config is not None
    return [{key: layer[key] for key in ("module", "class_name", "config")} for layer in captured.config["layers"]]


def _sequential(layers: Layers) -> dict[str, Any]:
    named = [{**layer, "config": {**layer["config"], "name": f"layer_{at}"}} for at, layer in enumerate(layers)]
    shape = tuple(layers[0]["config"]["batch_shape"])
    return {"class_name": "Sequential", "config": {"name": "net", "layers": named}, "input_shape": shape}


def drop(at: int) -> Callable[[Layers], Layers]:
    """Without the layer at `at`; 0 is the input."""
    return lambda layers: layers[:at] + layers[at + 1 :]


def put(at: int, class_name: str, **config: Any) -> Callable[[Layers], Layers]:
    """With one layer more before the one at `at`."""
    new = {"module": "keras.layers", "class_name": class_name, "config": config}
    return lambda layers: [*layers[:at], new, *layers[at:]]


def setting(at: int, **config: Any) -> Callable[[Layers], Layers]:
    """With other settings of the layer at `at`."""
    return lambda layers: [
        {**layer, "config": {**layer["config"], **config}} if place == at else layer
        for place, layer in enumerate(layers)
    ]


def built(*others: str) -> Change:
    """Only the networks of these names."""

    def change(evidence: Evidence) -> Evidence:
        networks = [one for one in evidence.networks if one.name in others]
        return _with(evidence, networks=networks, fits=[fit for fit in evidence.fits if fit.network in others])

    return change


def without(name: str) -> Change:
    """Without the network of this name."""
    return lambda evidence: built(*(one.name for one in evidence.networks if one.name != name))(evidence)


def compiled(name: str, **changes: Any) -> Change:
    """Other arguments of `compile`; with none, it was never called."""

    def one(captured: CapturedNetwork) -> CapturedNetwork:
        if captured.name != name:
            return captured
        return captured.model_copy(update={"compile": {**(captured.compile or {}), **changes} if changes else None})

    return lambda evidence: _with(evidence, networks=[one(captured) for captured in evidence.networks])


def fitted(name: str, **changes: Any) -> Change:
    """Other facts of the calls of `fit` on a network."""
    return lambda evidence: _with(
        evidence, fits=[fit.model_copy(update=changes) if fit.network == name else fit for fit in evidence.fits]
    )


def without_fits(name: str) -> Change:
    """The network was never trained."""
    return lambda evidence: _with(evidence, fits=[fit for fit in evidence.fits if fit.network != name])


def drawn(*labels: str, points: int = 10, **words: str) -> Change:
    """One figure alone, with a line of `points` for each label, in place of the last one."""
    axes = {"lines": [{"label": label, "points": points} for label in labels], "legend": list(labels), **words}
    return lambda evidence: _with(evidence, figures=[CapturedFigure(axes=(axes,), cell=evidence.figures[-1].cell)])


def without_figures(evidence: Evidence) -> Evidence:
    return _with(evidence, figures=[])


def saved(**changes: Any) -> Change:
    """Other facts of every saved file."""
    return lambda evidence: _with(evidence, files=[file.model_copy(update=changes) for file in evidence.files])


def without_files(evidence: Evidence) -> Evidence:
    return _with(evidence, files=[])


def both(*changes: Change) -> Change:
    """One change after the other."""
    return lambda evidence: functools.reduce(lambda so_far, change: change(so_far), changes, evidence)


def flat(task: TrainingTask) -> float:
    """A run that learned nothing."""
    return 0.1


def _with(evidence: Evidence, **lists: Any) -> Evidence:
    """The same evidence with other entries; the history of the networks, which says what was, is not kept."""
    return evidence.model_copy(update={name: tuple(entries) for name, entries in lists.items()} | {"records": ()})
