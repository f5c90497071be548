"""Shapes as students give them, with the batch axis or without."""

import numpy as np
import pytest
from by_hand import FASHION, context, conv, dense, judged, layer, network, question, said
from pydantic import ValidationError

from autograder.records.evidence import CapturedValue

QUESTION = question(
    "shape",
    answer="q",
    expected=[26, 26, 64],
    also=[[26, 26]],
    wrong=[{"value": [28, 28, 64], "message": "Without padding, the border is lost."}],
)


def answered(given, asked=QUESTION, **more):
    return judged(asked, context(answer=given, **more))


@pytest.mark.parametrize(
    "given",
    [
        (26, 26, 64),
        [26, 26, 64],
        np.array([26, 26, 64]),
        (None, 26, 26, 64),
        [-1, 26, 26, 64],
        (1, 26, 26, 64),
        "(None, 26, 26, 64)",
        "173056 values for four images: (None, 26, 26, 64)",
        "(26, 26, 64)",
        "[26, 26, 64]",
        "26x26x64",
        "26 × 26 × 64",
        "26*26*64",
        "26, 26, 64",
        "26 26 64",
        "None x 26 x 26 x 64",
        "shape: (26, 26, 64)",
        "shape = (?, 26, 26, 64)",
        "26 by 26 by 64",
        "TensorShape([None, 26, 26, 64])",
        [(None, 26, 26, 64)],
        ("26", "26", "64"),
        (26.0, 26.0, 64.0),
        (26, 26),
    ],
)
def test_the_right_shape_counts_however_it_is_written(given):
    verdict = answered(given)
    assert (verdict.status, verdict.score) == ("correct", 2), verdict.findings


def test_what_had_to_be_read_is_said():
    assert "“26x26x64” was understood as (26, 26, 64)" in said(answered("26x26x64"))
    assert answered((26, 26, 64)).findings == ()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((28, 28, 64), "the border is lost"),
        ("(None, 28, 28, 64)", "the border is lost"),
        ((64, 26, 26), "not in the right order"),
        ((26, 26, 3, 64), "4 axes, which is too many"),
        (43264, "1 axis, which is too few"),
        ((None, 24, 24, 64), "(24, 24, 64) is not right"),
        ((128, 26, 26, 64), "of 128 of them together"),
        ("twenty-six", "a shape"),
        ({26, 64}, "a shape"),
        (True, "a shape"),
        ((26.5, 26, 64), "a shape"),
    ],
)
def test_a_wrong_shape_hears_what_is_wrong(given, words):
    verdict = answered(given)
    assert (verdict.status, verdict.score) == ("wrong", 0)
    assert words in said(verdict)
    assert "(26, 26, 64)" not in said(verdict)


@pytest.mark.parametrize("given", [None, ..., (), "", "?"])
def test_nothing_given_is_told_apart(given):
    assert answered(given).status == "not_reached"


@pytest.mark.parametrize("size", [float("nan"), float("inf"), -float("inf"), 1e308])
def test_what_is_no_size_is_wrong(size):
    value = CapturedValue(name="q", kind="sequence", value=[size, 26, 64], shape=(3,), cell=0)
    assert judged(QUESTION, context(values=[value])).status == "wrong"


@pytest.mark.parametrize("given", [1600, "1600", (1600,), (None, 1600), np.int64(1600), "(None, 1600)"])
def test_a_shape_with_one_axis_may_be_a_number(given):
    assert answered(given, question("shape", answer="q", expected=[1600])).status == "correct"


@pytest.mark.parametrize(
    ("fields", "shape"),
    [
        ({"layer": "Conv2D", "position": 2}, (11, 11, 64)),
        ({"layer": "MaxPooling2D", "position": -1}, (None, 5, 5, 64)),
        ({"layer": "Flatten"}, 1600),
        ({}, (10,)),
    ],
)
def test_a_shape_may_come_from_the_expected_network(fields, shape):
    asked = question("shape", answer="q", expected={"network": "model", **fields})
    expected = {"model": network(*FASHION)}
    assert asked.networks() == ("model",)
    assert answered(shape, asked, expected=expected).status == "correct"
    assert answered((7, 7, 7), asked, expected=expected).status == "wrong"


def test_the_shape_in_the_students_own_wrong_network_says_so():
    asked = question("shape", answer="q", expected={"network": "model", "layer": "Conv2D"})
    own = network(conv(64, size=5), layer("Flatten"), dense(10, "softmax"))
    verdict = answered((24, 24, 64), asked, networks=(own,), expected={"model": network(*FASHION)})
    assert verdict.status == "wrong"
    assert "the network that you built" in said(verdict)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"expected": []}, "at least one size"),
        ({"expected": [24, 24], "wrong": [{"value": [24, 24], "message": "m"}]}, "count as right"),
        ({"expected": {"network": "model", "layer": "Conv"}}, "not a class of layers"),
    ],
)
def test_a_contradiction_in_the_assignment_is_said(fields, words):
    with pytest.raises(ValidationError, match=words):
        question("shape", answer="q", **fields)


def test_the_shape_of_all_examples_is_told_as_that_and_their_number_is_not_taken_for_an_axis_of_one():
    verdict = answered((10000, 10), question("shape", answer="q", expected=[10]))
    assert verdict.status == "wrong"
    assert said(verdict).startswith("(10000, 10) is the shape of 10000 of them together")
