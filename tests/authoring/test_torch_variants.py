"""Mutants and rewrites of PyTorch solutions: judged in the stored reference, so nothing here needs torch."""

from __future__ import annotations

import copy
import re

import nbformat
import pytest

from autograder.assignment import load
from autograder.authoring.plants import plants
from autograder.authoring.torch_variants import keras_form, of_torch_compilation, torch_rewrites
from autograder.authoring.validate import judged_mutants
from autograder.checks.read_network import architecture_of
from autograder.grading.answer_key import AnswerKey
from autograder.network.compilation import read_compilation
from autograder.network.torch.compilation import read_torch_compilation

NAMES = ("cnn2-torch", "loop-torch")


@pytest.fixture(scope="module", params=NAMES)
def key(request: pytest.FixtureRequest) -> AnswerKey:
    return AnswerKey.stored(load(request.param))


@pytest.fixture(scope="module")
def network(key):
    return key.reference.evidence.network("model")


def test_mutants_of_layers_cost_points_where_a_question_asks_for_them(key):
    tried, unread = judged_mutants(key)
    assert unread == []
    layers = [one for one in tried if re.match(r"layers? \d", one.what)]
    assert len(layers) > 40
    asked = any(question.kind == "architecture" for question in key.assignment.questions)
    # Where no question asks for layers, only a network that cannot be built costs points.
    costly = [one.what for one in layers if one.outcome == "caught"]
    assert {one.outcome for one in layers} == ({"caught"} if asked else {"caught", "not asked"})
    assert len(costly) == len(layers) if asked else costly == ["layer 7 (a pooling layer) swapped with the next"]
    right = [one for one in tried if one.outcome in ("fair", "punished")]
    assert [one.outcome for one in right] == ["fair"] * 3
    others = {one.what: one.outcome for one in tried if one not in layers and one not in right}
    compiled = any(question.kind == "compiled" for question in key.assignment.questions)
    assert others["trained with MSELoss"] == others["trained with NLLLoss"] == ("caught" if compiled else "not asked")
    assert others["trained with a learning rate of 0.1"] == "not asked"
    assert len(others) == 4


def test_rewrites_are_the_same_network_written_otherwise(network):
    written = dict(torch_rewrites(network.config))
    assert len(written) == 3
    for config in written.values():
        assert config != network.config
        assert architecture_of(network.model_copy(update={"config": config})) == architecture_of(network)


def test_the_form_of_keras_trains_in_the_same_way(network):
    read = read_compilation(keras_form(network.compile))
    wanted = read_torch_compilation(network.compile)
    assert not read.problem
    assert (read.optimizer, read.loss) == (wanted.optimizer, wanted.loss)


def test_mutants_of_the_training_can_be_read_and_are_none_of_the_right_ones(network):
    for what, mutant in of_torch_compilation(network.compile, {"sgd", "adagrad", "mean_squared_error"}):
        read = read_torch_compilation(mutant.compilation)
        assert not read.problem
        assert read != read_torch_compilation(network.compile) or mutant.what.endswith("NLLLoss")
        assert what in ("optimizer", "learning_rate", "loss")
        assert read.optimizer.name not in ("sgd", "adagrad")
        assert read.loss.name != "mean_squared_error"


def test_what_is_planted_in_a_notebook_of_pytorch_is_code_of_pytorch(key):
    solution = nbformat.read(key.assignment.solution_path, 4)
    given = copy.deepcopy(solution)
    planted = {one.what: one.notebook for one in plants(solution, ["model"], torch=True)}
    assert solution == given
    new = {what: [cell.source for cell in notebook.cells[len(given.cells) :]] for what, notebook in planted.items()}
    assert {"with each name used again for another network", "more than 4 networks tried under one name"} <= set(new)
    assert not [source for sources in new.values() for source in sources if "keras" in source or ".summary" in source]
