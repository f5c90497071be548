"""Planted notebooks: what is written into the solution; `test_validate.py` executes them."""

import pytest
from nbformat import v4
from test_mutants import ASSIGNMENTS

from autograder.assignment import load
from autograder.authoring.planting import planted_evidence
from autograder.authoring.plants import plants
from autograder.authoring.validate import reached_without_training
from autograder.grading.answer_key import AnswerKey
from autograder.grading.reference import read_solution
from autograder.network.torch.defaults import framework_of

SOLUTION = v4.new_notebook(
    cells=[
        v4.new_code_cell("import keras\nx, y = data()"),
        v4.new_code_cell("inputs = keras.Input((4,))\nmodel = keras.Model(inputs, keras.layers.Dense(2)(inputs))"),
        v4.new_code_cell('model.compile(optimizer="sgd", loss="mse")\nhistory = model.fit(x, y, epochs=3)'),
        v4.new_code_cell('%time\nmodel.save("m.keras")'),
        v4.new_code_cell('model.save("m.keras")'),
    ]
)


@pytest.fixture(scope="module")
def planted():
    return {plant.what: plant for plant in plants(SOLUTION, ["model"])}


def code(plant):
    return [cell.source for cell in plant.notebook.cells]


def test_after_a_second_name_only_that_is_used(planted):
    sources = code(planted["with a second name for each network"])
    assert sources[1].endswith("planted_model = model")
    assert sources[2].startswith("planted_model.compile(")
    assert sources[4] == "planted_model.save('m.keras')"
    assert sources[3] == SOLUTION.cells[3].source  # no Python, so it stays as it is


def test_a_network_is_built_in_a_function_that_returns_what_its_cell_assigned(planted):
    source = code(planted["with each network built in a function"])[1]
    assert source.startswith("def planted():\n    inputs = ")
    assert source.endswith("(inputs, model) = planted()") or source.endswith("inputs, model = planted()")


def test_labels_become_tensors(planted):
    source = code(planted["with labels as tensors"])[2]
    assert "model.fit(x, __import__('tensorflow').convert_to_tensor(y), epochs=3)" in source


def test_what_compile_returns_is_put_into_the_name_of_the_network(planted):
    source = code(planted["with `compile` assigned to the network's name"])[2]
    assert source.startswith("model = planted_model.compile(")
    assert "history = planted_model.fit(" in source


def test_a_network_is_never_compiled(planted):
    plant = planted["never compiled"]
    assert not plant.right
    assert code(plant)[2].startswith("pass\n")


def test_a_network_is_saved_where_it_is_built(planted):
    sources = code(planted["saved before it was trained"])
    assert sources[1].endswith("model.save('m.keras')")
    assert sources[4] == ""


def test_a_name_is_used_again_unless_the_last_network_counts():
    last = {plant.what for plant in plants(SOLUTION, ["model"], ["model"])}
    every = {plant.what for plant in plants(SOLUTION, ["model"])}
    assert every - last == {
        "with each name used again for another network",
        "with the untouched cell run again below",
        "more than 4 networks tried under one name",
    }


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_every_plant_can_be_made_for_every_assignment(name):
    answer_key = AnswerKey.stored(load(name))
    expected, solution = answer_key.expected, read_solution(answer_key.assignment)
    torch = any(framework_of(one.architecture) == "torch" for one in expected.values())
    made = {plant.what for plant in plants(solution, list(expected), torch=torch)}
    assert "with each network built in a function" in made
    if torch:  # it has no `compile`, `summary` or .h5 files
        assert {"with each name used again for another network", "more than 4 networks tried under one name"} <= made
        assert len(made) == 5
    else:
        assert {"with labels as tensors", "never compiled"} <= made
        assert len(made) >= 9


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_swapped_labels_and_results_without_training_cost(name):
    answer_key = AnswerKey.stored(load(name))
    tried = list(planted_evidence(answer_key, reached_without_training(answer_key)))
    assert [one.what for one in tried if one.outcome == "missed" and not one.what.startswith("test_losses")] == []
