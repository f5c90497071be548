"""Which answers a notebook computes, and which are typed."""

import pytest
from by_hand import context, fit, judged, question

from autograder.checks.base import NotebookCell
from autograder.checks.computed_answers import is_computed


def cells(*sources):
    return tuple(NotebookCell(index=at, kind="code", source=source) for at, source in enumerate(sources))


@pytest.mark.parametrize(
    "sources",
    [
        ["q = history.history['val_accuracy'][-1]"],
        ["q = []", "for rate in rates:\n    h = model.fit(x, y)\n    q.append(h.history['accuracy'][-1])"],
        ["q = 0", "for fold in folds:\n    q += evaluate(fold)"],
        ["q = {}", "q['a'] = model.evaluate(x, y)[1]"],
        ["q = [None] * 3", "for i in range(3):\n    q[i] = results[i]"],
        ["_, q = model.evaluate(x, y)"],
        ["q = None", "q = round(float(h.history['accuracy'][-1]), 3)"],
        ["a = h.history['accuracy']\nq = a[-1]"],
        ["q = [run(rate) for rate in (0.1, 0.2)]"],
        ["%time h = model.fit(x, y)\nq = h.history['accuracy'][-1]"],
        ["q = measure()"],
        # A whole notebook, in which every line above the training is made of literals.
        [
            "import keras\n(x, y), _ = keras.datasets.mnist.load_data()\nx = x / 255",
            "model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(10)])",
            "history = model.fit(x, y, epochs=3)",
            "q = history.history['accuracy'][-1]",
        ],
        ["import keras\nmodel = keras.models.load_model('m.keras')\nq = model.predict([[1, 2]])[0]"],
    ],
)
def test_what_the_notebook_works_out_is_computed(sources):
    assert is_computed(cells(*sources), "q")


@pytest.mark.parametrize(
    "sources",
    [
        ["q = 0.114"],
        ["q = None", "q = 0.114"],
        ["q = h.history['accuracy'][-1]", "q = 0.114"],
        ["q = round(0.1142, 3)"],
        ["import numpy as np\nq = np.array([0.1, 0.11, 0.12])"],
        ["seen = 0.114\nq = seen"],
        ["q = 11.4 / 100"],
        ["loss, q = 2.3, 0.114"],
        ["q = []", "for value in (0.1, 0.2):\n    q.append(value)"],
        ["q = q"],
    ],
)
def test_what_stands_there_in_figures_is_typed(sources):
    assert not is_computed(cells(*sources), "q")


LOOP = cells("q = []", "for rate in rates:\n    q.append(model.fit(x, y).history['accuracy'][-1])")


def test_a_loop_that_appends_is_protected_and_earns_where_it_is_in_range():
    asked = question("array", answer="q", length=2, minimum=0.5, maximum=1, measured=True)
    run = {"fits": (fit(shortened=True),), "cells": LOOP}
    assert judged(asked, context(answer=[0.1, 0.2], **run)).status == "needs_review"
    assert judged(asked, context(answer=[0.6, 0.9], **run)).status == "correct"
    assert judged(asked, context(answer=[0.1, 0.2], fits=run["fits"], cells=cells("q = [0.1, 0.2]"))).status == "wrong"


def test_a_run_that_left_no_number_waits_for_a_person_and_an_untouched_answer_does_not():
    asked = question("number", answer="q", minimum=0.5, maximum=1, measured=True)
    run = {"fits": (fit(shortened=True),)}
    assert judged(asked, context(answer=float("nan"), cells=LOOP, **run)).status == "needs_review"
    assert judged(asked, context(answer=None, cells=cells("q = None"), **run)).status == "not_reached"
