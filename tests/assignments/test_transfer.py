"""transfer: however the features of the base network get into a student's network, they count; others do not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from changes import answer_key, assignment, said
from nbformat import NotebookNode
from samples.transfer_network import building

from autograder.authoring.validate import reached_without_training
from autograder.grading.answer_key import context_of
from autograder.grading.judge import conclude, with_runs
from autograder.intake.notebook import parse_notebook
from autograder.observe.observer import Observer
from autograder.observe.sandbox.isolation import IsolationUnavailable, choose_isolation

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

HEAD = "layers.Dense(5, activation='softmax')"
FRESH = building("fresh") + "features = fresh()\n"
JOINED = f"model = keras.Sequential([keras.Input((8, 8, 1)), features, {HEAD}])"
RIGHT = {
    "a part of the base network as one layer": f"features = keras.Model(base.inputs, base.layers[3].output)\n"
    f"features.trainable = False\n{JOINED}",
    "a functional network": "base.trainable = False\nx = inputs = keras.Input((8, 8, 1))\n"
    f"for layer in base.layers[:4]:\n    x = layer(x)\nmodel = keras.Model(inputs, {HEAD}(x))",
    "the output of the base network": "for layer in base.layers:\n    layer.trainable = False\n"
    f"model = keras.Model(base.inputs, {HEAD}(base.layers[3].output))",
    "layer by layer, frozen at the end": "model = keras.Sequential([keras.Input((8, 8, 1))])\n"
    f"for layer in base.layers[:4]:\n    model.add(layer)\nmodel.add({HEAD})\n"
    "for layer in model.layers[:-1]:\n    layer.trainable = False",
    "weights put into new layers": f"{FRESH}features.set_weights(base.get_weights()[:4])\n"
    f"features.trainable = False\n{JOINED}",
    "a clone with the weights": "copy = keras.models.clone_model(base)\ncopy.set_weights(base.get_weights())\n"
    f"copy.pop()\ncopy.pop()\ncopy.trainable = False\nfeatures = copy\n{JOINED}",
    "the weights loaded from a file of weights": "base.save_weights('all.weights.h5')\n"
    "again = keras.models.clone_model(base)\nagain.load_weights('all.weights.h5')\nagain.trainable = False\n"
    f"model = keras.Sequential([keras.Input((8, 8, 1)), *again.layers[:4], {HEAD}])",
    "the file by Colab's path, in a function": "def build():\n"
    "    there = keras.models.load_model('/content/drive/MyDrive/base.keras')\n    there.trainable = False\n"
    f"    return keras.Sequential([keras.Input((8, 8, 1)), *there.layers[:4], {HEAD}])\nmodel = build()",
}
WRONG = {
    "not frozen": (
        f"model = keras.Sequential([keras.Input((8, 8, 1)), *base.layers[:4], {HEAD}])",
        "should be frozen",
    ),
    "new weights, frozen": (f"{FRESH}features.trainable = False\n{JOINED}", "do not have the weights"),
    "a clone without the weights": (
        f"features = keras.models.clone_model(base)\nfeatures.pop()\nfeatures.pop()\nfeatures.trainable = False\n{JOINED}",
        "do not have the weights",
    ),
    "weights of its own training": (
        f"{FRESH}features.set_weights([weight * 1.01 for weight in base.get_weights()[:4]])\n"
        f"features.trainable = False\n{JOINED}",
        "do not have the weights",
    ),
    "only the second convolution frozen": (
        f"base.layers[2].trainable = False\nmodel = keras.Sequential([keras.Input((8, 8, 1)), *base.layers[:4], {HEAD}])",
        "should be frozen",
    ),
    "everything frozen": (
        f"model = keras.Sequential([keras.Input((8, 8, 1)), *base.layers[:4], {HEAD}])\nmodel.trainable = False",
        "is frozen, but should learn",
    ),
    "a layer too many of the base network": (
        f"base.trainable = False\nmodel = keras.Sequential([keras.Input((8, 8, 1)), *base.layers[:5], {HEAD}])",
        "one layer too many",
    ),
    "the base network as it is": ("base.trainable = False\nmodel = base", ""),
    "ten digits": (
        "base.trainable = False\nmodel = keras.Sequential([keras.Input((8, 8, 1)), *base.layers[:4], "
        "layers.Dense(10, activation='softmax')])",
        "number of units",
    ),
}


def written(solution: dict, code: str) -> NotebookNode:
    """The solution with other code for `model`."""
    cells = [{**cell, "source": code if cell["id"] == "model" else cell["source"]} for cell in solution["cells"]]
    return parse_notebook(json.dumps({**solution, "cells": cells}).encode())


@pytest.fixture(scope="module")
def judged() -> Iterator[dict]:
    """The results by case, each from a real run; accuracies count as reached."""
    key = answer_key("transfer")
    run = reached_without_training(key)
    solution = json.loads(assignment("transfer").solution_path.read_text(encoding="utf-8"))
    results = {}
    try:
        isolation = choose_isolation("bubblewrap")
    except IsolationUnavailable as missing:
        pytest.skip(str(missing))
    with Observer(isolation, workers=2) as observer:
        codes = {**RIGHT, **{case: code for case, (code, _) in WRONG.items()}}
        notebooks = {case: written(solution, code) for case, code in codes.items()}
        task = key.assignment.observe_task()
        with ThreadPoolExecutor(2) as pool:
            observed = pool.map(lambda notebook: observer.observe(notebook, task), notebooks.values())
            for (case, notebook), evidence in zip(notebooks.items(), observed, strict=True):
                context = with_runs(key, context_of(key, evidence, notebook), run)
                results[case] = conclude(key, case, "", context)
    yield results


@pytest.mark.parametrize("case", RIGHT)
def test_however_the_features_get_there_they_earn_everything(judged, case):
    result = judged[case]
    lost = {one.id: said(one) for one in result.questions if one.score < one.points and one.id != "left_out"}
    assert not lost


@pytest.mark.parametrize("case", WRONG)
def test_other_features_lose_points_once_and_the_student_hears_why(judged, case):
    questions = {one.id: one for one in judged[case].questions}
    assert questions["network"].score < questions["network"].points
    assert WRONG[case][1] in said(questions["network"])
    alone = ("parameters", "compiled", "epochs", "tuned_network", "tuned_learned", "tuned_compiled")
    if case not in ("the base network as it is", "everything frozen"):
        assert {one: said(questions[one]) for one in alone if questions[one].score < questions[one].points} == {}
