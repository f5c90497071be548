"""Mutants and rewrites, judged in the reference's own evidence: no kernel, no training."""

from dataclasses import replace
from pathlib import Path

import pytest

from autograder.assignment import load
from autograder.authoring.keras_configs import NotAChain, layers_of
from autograder.authoring.mutants import of_compilation, structural
from autograder.authoring.rewrites import rewrites
from autograder.authoring.validate import judged_mutants
from autograder.grading.answer_key import AnswerKey
from autograder.network.architecture import Architecture, Operation
from autograder.network.canonical import canonicalize
from autograder.network.measure import rows

FILES = (Path(__file__).parents[2] / "assignments").glob("*/assignment.toml")
# An open exercise asks for no network.
ASSIGNMENTS = sorted(path.parent.name for path in FILES if "[networks." in path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def cnn2() -> AnswerKey:
    return AnswerKey.stored(load("cnn2"))


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_every_mistake_that_is_asked_about_is_caught_and_no_rewrite_punished(name):
    key = AnswerKey.stored(load(name))
    tried, unread = judged_mutants(key)
    assert unread == []
    assert len(tried) > 20
    assert [one for one in tried if one.outcome in ("missed", "punished")] == []
    # A block that stands there twice is one mistake, not as many as it has layers.
    twice = [one for one in tried if one.what.endswith("pasted twice")]
    asked = any(question.kind == "architecture" for question in key.assignment.questions)
    assert {one.outcome for one in twice} == ({"caught"} if asked else set())


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_every_network_of_the_exercises_has_rewrites_that_are_the_same_network(name):
    for expected in AnswerKey.stored(load(name)).expected.values():
        layers = layers_of(expected.architecture)
        written = list(rewrites(layers, rows(expected.architecture)))
        assert len(written) >= 3
        for rewrite in written:
            assert canonicalize(rewrite.class_name, rewrite.config) == expected.architecture, rewrite.how


def test_a_mistake_that_no_question_sees_is_named(cnn2):
    """Without the architecture question the totals are all that is compared, and a swap leaves them as they are."""
    kept = tuple(question for question in cnn2.assignment.questions if question.id == "parameters")
    poor = replace(cnn2, assignment=replace(cnn2.assignment, questions=kept))
    tried, _ = judged_mutants(poor)
    outcomes = {one.what: one.outcome for one in tried}
    assert outcomes["layer 11 (a convolution) with filters 48"] == "caught"
    assert outcomes["layer 14 (a pooling layer) replaced by a pooling layer"] == "not asked"


def test_an_architecture_question_that_looks_away_misses(cnn2):
    class Blind(type(cnn2.assignment.questions[0])):
        def judge(self, context):
            return self.verdict("correct", self.points)

    blind = Blind.model_validate(cnn2.assignment.questions[0].model_dump())
    poor = replace(cnn2, assignment=replace(cnn2.assignment, questions=(blind,)))
    tried, _ = judged_mutants(poor)
    assert {one.outcome for one in tried if one.what.startswith("layer")} == {"missed"}


def test_mutants_differ_from_each_other_and_from_the_original(cnn2):
    architecture = cnn2.expected["model"].architecture
    mutants = list(structural(layers_of(architecture)))
    assert len({mutant.what for mutant in mutants}) == len(mutants) > 80


def test_a_compilation_is_changed_in_every_part_that_can_be_asked_about(cnn2):
    captured = cnn2.reference.evidence.network("model")
    changed = [what for what, _ in of_compilation(captured.compile)]
    assert set(changed) == {"optimizer", "learning_rate", "loss", "metrics"}


def test_a_network_that_branches_is_refused_in_words():
    two = Architecture(
        operations=(
            Operation(kind="Input", settings={"shape": [4]}),
            Operation(kind="Activation", settings={"activation": "relu"}, inputs=(0,)),
            Operation(kind="Add", inputs=(0, 1)),
        ),
        outputs=(2,),
    )
    with pytest.raises(NotAChain, match="branches"):
        layers_of(two)


def test_a_regression_gets_another_loss_than_its_own():
    found = dict(of_compilation({"optimizer": "adam", "loss": "mse"}))
    assert found["loss"].compilation["loss"] == "mean_absolute_error"


def test_what_a_question_accepts_is_no_mistake():
    given = {"optimizer": "adam", "loss": "mse"}
    found = dict(of_compilation(given, right=("sgd", "mean_absolute_error")))
    assert found["loss"].compilation["loss"] == "binary_crossentropy"
    assert found["optimizer"].compilation["optimizer"] == "adagrad"
