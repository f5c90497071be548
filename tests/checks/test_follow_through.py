"""What follows rightly from a mistake that has cost points does not cost them again."""

from dataclasses import replace

import pytest
from by_hand import FASHION, context, conv, dense, layer, network, pool, question, said, value
from pydantic import ValidationError

from autograder.checks.judging import judge_all
from autograder.records.result import Verdict

WIDE = layer("Conv2D", filters=64, kernel_size=[3, 3], activation="relu", padding="same")
NETWORK = question("architecture", id="network", title="The network", points=4)
PADDED = {"value": [28, 28, 64], "message": "Here the window stays inside the image."}
SHAPE = question(
    "shape", id="s", answer="q", expected={"network": "model", "layer": "Conv2D"}, wrong=[PADDED], title="The shape"
)
FLATTEN = question(
    "number", id="n", answer="q", expected={"network": "model", "layer": "Flatten", "quantity": "values_out"}
)
SAME_PADDING = network(WIDE, *FASHION[1:])


def verdicts(answer, own, *asked, also=None, earlier=None):
    expected = {"model": network(*FASHION)} | (also or {})
    given = context(answer=answer, networks=(own,) if own else (), expected=expected)
    given = replace(given, questions=asked, earlier=earlier or {})
    return {verdict.id: verdict for verdict in judge_all(asked, given)}


def test_a_shape_that_is_right_for_the_network_that_was_built_counts_where_that_has_cost_points():
    found = verdicts((28, 28, 64), SAME_PADDING, NETWORK, SHAPE)
    assert 0 < found["network"].score < 4
    assert (found["s"].status, found["s"].score) == ("correct", 2)
    assert "right for the network that you built" in said(found["s"])
    assert "“The network”" in said(found["s"])
    assert "inside the image" not in said(found["s"])


def test_a_number_of_a_layer_behind_the_mistake_counts_as_well_whatever_the_order_of_the_questions():
    for order in ((NETWORK, FLATTEN), (FLATTEN, NETWORK)):
        assert verdicts(6 * 6 * 64, SAME_PADDING, *order)["n"].status == "correct"


def test_the_expected_answer_stays_right():
    assert verdicts((26, 26, 64), SAME_PADDING, NETWORK, SHAPE)["s"].score == 2


def test_what_is_right_for_neither_network_is_wrong():
    assert verdicts((25, 25, 64), SAME_PADDING, NETWORK, SHAPE)["s"].score == 0


def test_an_author_turns_it_off_and_nothing_false_is_said_then():
    asked = SHAPE.model_copy(update={"follow_through": False})
    found = verdicts((28, 28, 64), SAME_PADDING, NETWORK, asked)["s"]
    assert found.score == 0
    assert "the shape in the network that you built" in said(found)


def test_it_needs_a_question_that_the_difference_has_cost_something():
    assert verdicts((28, 28, 64), SAME_PADDING, SHAPE)["s"].score == 0
    full = Verdict(id="network", title="The network", status="correct", score=4, points=4)
    assert verdicts((28, 28, 64), SAME_PADDING, SHAPE, NETWORK, earlier={"network": full})["network"].score < 4


def test_it_needs_a_network_that_is_half_right():
    own = network(WIDE, layer("Flatten"), dense(10, "sigmoid"))
    found = verdicts((28, 28, 64), own, NETWORK, SHAPE)
    assert found["network"].score < 2
    assert found["s"].score == 0


def test_it_needs_the_layer_that_is_asked_about():
    second = question("shape", id="s", answer="q", expected={"network": "model", "layer": "Conv2D", "position": 2})
    own = network(FASHION[0], pool(), layer("Flatten"), dense(128, "relu"), dense(10, "softmax"))
    assert verdicts((26, 26, 64), own, NETWORK, second)["s"].score == 0


@pytest.mark.parametrize("own", [network(layer("Flatten"), name="model"), None])
def test_an_empty_network_or_none_gives_nothing(own):
    assert verdicts(784, own, NETWORK, FLATTEN)["n"].score == 0


def test_the_network_that_the_notebook_gave_gives_nothing():
    given = network(conv(64), pool(), conv(64), layer("Flatten"), dense(128, "relu"), dense(10, "softmax"))
    answer = 11 * 11 * 64
    assert verdicts(answer, given, NETWORK, FLATTEN)["n"].score == 2
    also = {"base_model": given.model_copy(update={"name": "base_model"})}
    assert verdicts(answer, given, NETWORK, FLATTEN, also=also)["n"].score == 0


def test_the_whole_network_is_no_layer():
    asked = question("number", id="n", answer="q", expected={"network": "model"})
    own = network(*FASHION[:-1], dense(11, "softmax"))
    total = 640 + 36928 + 1600 * 128 + 128 + 128 * 11 + 11
    found = verdicts(total, own, NETWORK, asked)["n"]
    assert found.score == 0
    assert "the number for the network that you built" in said(found)


DENSE = question("number", id="dense", answer="dense", expected=307300, title="The dense layer")
CONV = question("number", id="conv", answer="conv", expected=2700)
TIMES = question("number", id="times", answer="q", expected=114, tolerance=2, formula="dense / conv", hint="Divide.")


@pytest.mark.parametrize(
    ("dense_given", "times", "score"),
    [
        *((102500, 38, 2), (102500, 37.96, 2), (102500, "38x", 2), (307300, 114, 2), (102500, 114, 2)),
        *((102500, 60, 0), (None, 38, 0), (307300, 38, 0)),
    ],
)
def test_what_follows_from_an_answer_that_has_cost_points_counts(dense_given, times, score):
    given = context(values=(value(dense_given, "dense"), value(2700, "conv"), value(times)))
    asked = (DENSE, CONV, TIMES)
    verdict = judge_all(asked, replace(given, questions=asked))[-1]
    assert verdict.score == score
    assert ("follows from your own answers" in said(verdict)) == (score == 2 and times != 114)
    assert ("Divide." in said(verdict)) == (score == 0)


def test_an_answer_that_follows_from_a_wrong_choice_counts():
    options = {"A": "307200", "B": "307300", "C": "100", "D": "3072"}
    chosen = question("choice", id="dense", answer="dense", options=options, correct="B", title="The dense layer")
    for letter, times, score in (("D", 3072 / 2700, 2), ("C", 100 / 2700, 2), ("D", 5, 0), ("B", 1.138, 0)):
        given = context(values=(value(letter, "dense"), value(2700, "conv"), value(times)))
        asked = (chosen, CONV, TIMES)
        assert judge_all(asked, replace(given, questions=asked))[-1].score == score


@pytest.mark.parametrize("formula", ["q / conv", "dense /", "open('x')", "dense.x"])
def test_a_formula_is_arithmetic_with_other_answers(formula):
    with pytest.raises(ValidationError):
        question("number", answer="q", expected=114, formula=formula)
