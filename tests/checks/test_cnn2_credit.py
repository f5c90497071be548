"""The credit of cnn2: a mistake costs its own row, more mistakes never earn more, and no wrong network earns all."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from autograder.assignment import load
from autograder.authoring.keras_configs import LayerConfig, layer, layers_of, sequential
from autograder.authoring.mutants import structural
from autograder.grading.answer_key import AnswerKey, context_of
from autograder.grading.reference import read_solution
from autograder.records.evidence import CapturedNetwork

STANDARD = AnswerKey.stored(load(str(Path(__file__).parents[2] / "assignments" / "cnn2")))
SOLUTION = read_solution(STANDARD.assignment)
LAYERS = layers_of(STANDARD.expected["model"].architecture)
FIRST = 11  # the input and ten given rows come before the marked ones
MARKED = LAYERS[FIRST : FIRST + 4]
POINTS = {"missing_layers": 5.0, "parameters": 1.0}


def changed(place: int, **settings: Any) -> LayerConfig:
    return {**MARKED[place], "config": {**MARKED[place]["config"], **settings}}


# What a student may write for each of the four rows: as it should be, nothing, and several mistakes.
RIGHT = [[one] for one in MARKED]
WRONG: tuple[tuple[list[LayerConfig], ...], ...] = (
    ([], [changed(0, filters=32)], [changed(0, padding="valid")]),
    ([], [changed(1, center=False)], [layer("LayerNormalization")]),
    ([], [layer("Activation", activation="sigmoid")], [layer("LeakyReLU", negative_slope=0.1)]),
    ([], [changed(3, pool_size=[3, 3], strides=[3, 3])], [layer("AveragePooling2D", pool_size=[2, 2])]),
)


def scores(layers: list[LayerConfig]) -> dict[str, float]:
    captured = CapturedNetwork(name="model", class_name="Sequential", config=sequential(layers), cell=4)
    evidence = STANDARD.reference.evidence.with_networks((captured,))
    context = context_of(STANDARD, evidence, SOLUTION)
    questions = [one for one in STANDARD.assignment.questions if one.id in POINTS]
    return {one.id: one.judge(context).score for one in questions}


def written(*rows: list[LayerConfig]) -> list[LayerConfig]:
    """The network with these layers where the marked ones belong."""
    return [*LAYERS[:FIRST], *itertools.chain(*rows), *LAYERS[FIRST + 4 :]]


def test_the_solution_earns_all():
    assert scores(LAYERS) == POINTS


@pytest.mark.parametrize("place", range(4))
def test_one_mistake_costs_its_own_row_and_no_other(place):
    for wrong in WRONG[place]:
        rows = [*RIGHT[:place], wrong, *RIGHT[place + 1 :]]
        assert scores(written(*rows))["missing_layers"] == 3.75, wrong


def test_more_mistakes_never_earn_more():
    ways = [[right, *wrong] for right, wrong in zip(RIGHT, WRONG, strict=True)]
    earned = {}
    for chosen in itertools.product(*(range(len(some)) for some in ways)):
        earned[chosen] = scores(written(*(some[one] for some, one in zip(ways, chosen, strict=True))))["missing_layers"]
    for chosen, place in itertools.product(earned, range(4)):
        improved = (*chosen[:place], 0, *chosen[place + 1 :])
        assert earned[chosen] <= earned[improved], (chosen, improved)


def test_the_four_layers_in_any_other_order_lose_something():
    for order in itertools.permutations(RIGHT):
        assert (scores(written(*order)) == POINTS) == (list(order) == RIGHT), order


# ReLU after ReLU, Flatten after Flatten, and padding where nothing is left over compute the same.
HARMLESS = {
    *(f"layer {place} (an activation) doubled" for place in (3, 6, 10, 13, 19)),
    *(f"layer {place} (a pooling layer) with padding same" for place in (7, 14)),
    "layer 15 (the step that makes the image one long vector) doubled",
}
MUTANTS = [mutant for mutant in structural(LAYERS) if mutant.what not in HARMLESS]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.what)
def test_no_network_with_a_mistake_anywhere_earns_all(mutant):
    assert sum(scores(mutant.config["layers"]).values()) < sum(POINTS.values())


@pytest.mark.parametrize("place", [0, 3])
def test_a_mistake_elsewhere_never_mends_one_in_the_marked_rows(place):
    wrong = written(*RIGHT[:place], [], *RIGHT[place + 1 :])
    alone = scores(wrong)["missing_layers"]
    for mutant in structural(wrong):
        rest = mutant.config["layers"]
        restored = [one["class_name"] for one in rest] == [one["class_name"] for one in LAYERS]
        assert restored or scores(rest)["missing_layers"] <= alone, mutant.what
