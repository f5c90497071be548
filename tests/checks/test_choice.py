"""Choices as students give them: by letter, by the option's words, or both; never by a guess."""

import numpy as np
import pytest
from by_hand import context, judged, question, said
from pydantic import ValidationError

OPTIONS = {"A": "307200", "B": "307300", "C": "100", "D": "3072"}
REASON = {"A": "That leaves out the biases."}
QUESTION = question("choice", answer="q", options=OPTIONS, correct="B", messages=REASON)
FEWER = question(
    "choice",
    answer="q",
    options={"fewer": "fewer parameters", "more": "more parameters", "same": "the same number"},
    correct="fewer",
)
LAYER = question(
    "choice",
    answer="q",
    options={"conv": "the convolution", "dense": "the dense layer", "flatten": "Flatten"},
    correct="dense",
    also={"conv": ["Conv2D"], "dense": ["dense_1", "Dense(10)"]},
)


def answered(given, asked=QUESTION):
    return judged(asked, context(answer=given))


@pytest.mark.parametrize(
    "given",
    [
        "B",
        "b",
        "b)",
        "(B)",
        "[B]",
        "B.",
        "**B**",
        "B: 307300",
        "B. 307,300",
        "B) 307300",
        "B = 307300",
        "B)307300",
        "answer B",
        "Answer: b",
        "Antwort B",
        "Option B",
        "The answer is B.",
        "I think it is B",
        "B (with the biases)",
        "b: because of the biases",
        "307300",
        "307,300",
        "307300 parameters",
        307300,
        307300.0,
        np.int64(307300),
        ["B"],
        ("b",),
        np.array(["B"]),
    ],
)
def test_the_right_option_counts_however_it_is_named(given):
    verdict = answered(given)
    assert (verdict.status, verdict.score) == ("correct", 2), verdict.findings


def test_what_was_understood_is_said_unless_it_is_the_letter_itself():
    assert answered("B").findings == answered("b").findings == ()
    assert said(answered("B: 307300")).strip() == ("Your answer “B: 307300” was understood as the option B (“307300”).")


@pytest.mark.parametrize("given", ["A", "a)", "307200", 307200, "A: 307200", "A because there are 307200 weights"])
def test_a_wrong_option_hears_its_reason(given):
    verdict = answered(given)
    assert (verdict.status, verdict.score) == ("wrong", 0)
    assert "That leaves out the biases." in said(verdict)


def test_the_right_option_is_never_told():
    for given in ("A", "C", "E", "A or C", 5, True, {"A": 1}):
        assert "307300" not in said(answered(given))


@pytest.mark.parametrize("given", ["B and C", "A, B", "A or B", ["A", "B"], "B: 307200", "B or 100"])
def test_two_options_at_once_are_no_answer(given):
    verdict = answered(given)
    assert verdict.status == "wrong"
    assert "more than one option" in said(verdict)


@pytest.mark.parametrize("given", ["E", 2, True, "not B", "A dense layer has many", "because of biases", {"B": 1}])
def test_what_names_no_option_says_which_there_are(given):
    verdict = answered(given)
    assert verdict.status == "wrong"
    assert "Give one of A, B, C, D" in said(verdict)


@pytest.mark.parametrize("given", [None, "", "...", ..., "?", "your choice here", []])
def test_nothing_given_is_told_apart(given):
    assert answered(given).status == "not_reached"


@pytest.mark.parametrize(
    ("asked", "right", "wrong"),
    [
        (
            FEWER,
            ["fewer", "Fewer", "less", "weniger", "fewer parameters", "It has fewer parameters.", "less than before"],
            ["more", "mehr", "the same", "gleich", "not fewer", "fewer, not more", "more parameters"],
        ),
        (
            LAYER,
            ["dense", "dense_1", "Dense 1", "the last dense layer", "Dense(10)", "the Dense layer", "dense layer!"],
            ["conv", "Conv2D", "flatten layer", "the dense layer after Flatten", "dropout"],
        ),
    ],
)
def test_options_may_be_words(asked, right, wrong):
    assert [answered(given, asked).status for given in right] == ["correct"] * len(right)
    assert [answered(given, asked).status for given in wrong] == ["wrong"] * len(wrong)


PIXELS = question(
    "choice",
    answer="q",
    options={"A": "dense_1", "B": "batch_normalization_1", "C": "dense_2", "D": "dense_3"},
    correct="A",
)
WINDOWS = question(
    "choice",
    answer="q",
    options={
        "A": "the windows overlap",
        "B": "only whole windows count: the last row is left out",
        "C": "zeros are added",
    },
    correct="B",
)
MORE = question(
    "choice", answer="q", options={"A": "more parameters", "B": "fewer parameters", "C": "the same number"}, correct="C"
)


@pytest.mark.parametrize(
    "given",
    [
        *("A (392500)", "A because it reads all 784 pixels", "A, since dense_2 is smaller", "A is the largest"),
        *("A (it reads every pixel)", "A as dense_3 has 10 units", "A - the first", "A weil dense_2 kleiner ist"),
    ],
)
def test_a_reason_may_follow_the_letter_a_as_any_other(given):
    assert answered(given, PIXELS).status == "correct", said(answered(given, PIXELS))


@pytest.mark.parametrize("given", ["B because dense_1 is given", "C (5010)", "B since A has only weights"])
def test_a_reason_that_speaks_of_another_option_does_not_name_it(given):
    assert "is not right" in said(answered(given, PIXELS))


def test_a_part_of_the_words_is_enough_where_only_one_option_has_it():
    for given in ("only whole windows count", "the last row is left out"):
        assert answered(given, WINDOWS).status == "correct", given
    for given in ("windows", "row", "the windows"):
        assert answered(given, WINDOWS).status == "wrong", given


CONFUSED = question(
    "choice",
    answer="q",
    options={"A": "0 taken for 1", "B": "1 taken for 0", "C": "1 taken for 2", "D": "2 taken for 1"},
    correct="C",
)


def test_a_few_words_may_stand_between_those_of_an_option():
    for given in ("1 was taken for 2", "class 1 was taken for class 2"):
        assert answered(given, CONFUSED).status == "correct", given
    for given in ("2 was taken for 1", "1 was not taken for 2", "1 is what the network has most often taken for a 2"):
        assert answered(given, CONFUSED).status == "wrong", given


def test_usual_synonyms_of_the_words_count():
    for given in ("same", "equal", "unchanged", "the same", "C"):
        assert answered(given, MORE).status == "correct", given
    for given in ("less", "weniger", "more"):
        assert "is not right" in said(answered(given, MORE)), given


def test_yes_and_no_may_be_booleans():
    asked = question("choice", answer="q", options={"yes": "yes", "no": "no"}, correct="yes")
    for given in (True, np.True_, "yes", "Yes.", "ja", "true", "Yes, it does"):
        assert answered(given, asked).status == "correct", given
    for given in (False, "no", "nein", 1):
        assert answered(given, asked).status == "wrong", given


def test_several_options_may_count_as_right():
    asked = question("choice", answer="q", options=OPTIONS, correct=["B", "D"])
    assert [answered(given, asked).status for given in "BDA"] == ["correct", "correct", "wrong"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"correct": "E"}, 'correct names "E"'),
        ({"correct": []}, "correct names no option"),
        ({"correct": "A", "messages": {"X": "m"}}, 'messages names "X"'),
        ({"correct": "A", "also": {"X": ["m"]}}, 'also names "X"'),
        ({"correct": "A", "options": {"A": "1", "a": "2"}}, "same key"),
    ],
)
def test_a_contradiction_in_the_assignment_is_said(fields, words):
    with pytest.raises(ValidationError, match=words):
        question("choice", **{"answer": "q", "options": OPTIONS} | fields)
