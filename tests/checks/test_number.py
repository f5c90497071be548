"""Numbers as students give them: what is meant counts, and a known mistake gets its reason."""

from collections import deque
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from by_hand import FASHION, context, conv, dense, fit, judged, layer, network, pool, question, said
from pydantic import ValidationError

from autograder.checks.base import NotebookCell
from autograder.checks.number_parsing import SeveralNumbers, read_numeral
from autograder.records.evidence import CapturedValue

BIASES = {"value": 307200, "message": "You left out the biases."}
CHANNELS = {"value": 102500, "message": "An image has three channels.", "share": 0.25}
QUESTION = question("number", answer="q", expected=307300, wrong=[BIASES, CHANNELS])


def answered(given, asked=QUESTION, **more):
    return judged(asked, context(answer=given, **more))


@pytest.mark.parametrize(
    "given",
    [
        307300,
        32 * 32 * 3 * 100 + 100,
        307300.0,
        np.int64(307300),
        np.float32(307300),
        np.array(307300),
        np.array([307300]),
        np.array([[307300.0]]),
        [307300],
        (307300,),
        ["307,300"],
        "307300",
        "307_300",
        "307,300",
        "307 300",
        "307.300",
        "307'300",
        "307\u202f300",
        " 307300. ",
        "307300 parameters",
        "about 307,300",
        "n = 307300",
        "32*32*3*100 + 100",
        "32x32x3x100+100 = 307300",
        "(32 × 32 × 3 + 1) · 100",
        "307300 (32*32*3*100 + 100)",
        "307.3k",
        "3.073e5",
        "Dense(100) has 307,300 parameters",
    ],
)
def test_a_right_number_counts_however_it_is_written(given):
    verdict = answered(given)
    assert (verdict.status, verdict.score) == ("correct", 2), verdict.findings


def test_what_had_to_be_read_is_said_and_what_is_plain_is_not():
    assert said(answered("307,300")).strip() == "Your answer “307,300” was understood as 307300."
    assert answered(307300).findings == answered("307300").findings == ()


@pytest.mark.parametrize(
    "given",
    [
        *("~114x", "114x", "114 x", "114×", "114-fold", "114 fold", "114fach", "x114", "× 114", "about 114 times"),
        *("114x fewer", Fraction(114), Decimal("114"), deque([114]), {"times": 114}.values(), pd.Series([114])),
    ],
)
def test_how_many_times_is_read_in_every_way_of_writing_it(given):
    assert answered(given, question("number", answer="q", expected=114, tolerance=2)).status == "correct"


def test_a_kernel_of_three_by_three_is_no_number():
    assert "No number" in said(answered("a 3x3 kernel"))


@pytest.mark.parametrize("given", [307200, "307,200", [307200], "32*32*3*100"])
def test_a_known_wrong_answer_hears_its_reason(given):
    verdict = answered(given)
    assert (verdict.status, verdict.score) == ("wrong", 0)
    assert "You left out the biases." in said(verdict)


def test_a_known_wrong_answer_may_earn_a_share():
    verdict = answered(102500)
    assert (verdict.status, verdict.score) == ("partial", 0.5)


@pytest.mark.parametrize(
    "given", [None, "", "  ", "...", "…", ..., "?", "TODO", "your answer here", float("nan"), np.nan, [None], [], [""]]
)
def test_nothing_given_is_told_apart_from_a_wrong_answer(given):
    verdict = answered(given)
    assert (verdict.status, verdict.score) == ("not_reached", 0)
    assert "`q`" in said(verdict)


def test_the_placeholder_of_the_notebook_is_no_answer():
    for placeholder, given in ((0, 0), (-1.0, -1), ("write a number", "Write a number.")):
        asked = question("number", answer="q", expected=307300, placeholder=placeholder)
        assert answered(given, asked).status == "not_reached"
    assert answered(0).status == "wrong"


def test_a_missing_variable_is_told_apart_and_names_the_cells_that_failed():
    assert judged(QUESTION, context()).status == "not_reached"
    assert "exactly this name: q" in said(judged(QUESTION, context()))
    assert "code cell 3" in said(judged(QUESTION, context(failed=(2,))))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("307300 or 307200", "more than one number"),
        ([307300, 307200], "a single number"),
        ({307300, 307200}, "set"),
        (True, "a single number"),
        ("no idea", "No number"),
        (307.3, "whole number"),
        (307301, "307301 is not right"),
    ],
)
def test_what_is_no_such_number_is_wrong_and_says_why(given, words):
    verdict = answered(given)
    assert (verdict.status, verdict.score) == ("wrong", 0)
    assert words in said(verdict)


@pytest.mark.parametrize("given", [5, "5", "no idea", 307.3, [1, 2], None, 307200, 102500, True, {"a": 1}])
def test_the_expected_number_is_never_told(given):
    assert "307300" not in said(answered(given)).replace(",", "")


def test_measured_numbers_may_lie_in_a_range():
    asked = question("number", answer="q", minimum=0.1, maximum=0.5, fraction=True)
    for given in (0.24, "0.24", "24 %", "24%", 24, "0,24", "about 0.24", np.float32(0.24), "24 percent"):
        assert answered(given, asked).status == "correct", given
    for given in (0.91, 91, "91 %", 0.01, "0.5 %"):
        assert answered(given, asked).status == "wrong", given
    assert "24 %, which is 0.24" in said(answered(24, asked))


def test_tolerances_are_absolute_or_relative():
    absolute = question("number", answer="q", expected=0.45, tolerance=0.06)
    relative = question("number", answer="q", expected=200, relative_tolerance=0.1)
    assert [answered(given, absolute).status for given in (0.5, "0,4", 0.6)] == ["correct", "correct", "wrong"]
    assert [answered(given, relative).status for given in (219, 181.5, 221)] == ["correct", "correct", "wrong"]


def test_a_whole_number_is_asked_for_only_where_it_is():
    rounded = question("number", answer="q", expected=114, tolerance=14, wrong=[{"value": 304600, "message": "m"}])
    small = question("number", answer="q", expected=1, wrong=[{"value": 255, "message": "m"}], hint="Divide.")
    assert "whole" not in said(answered(88.5, rounded))
    assert "whole" not in said(answered(0.996, small))
    assert "Divide." in said(answered(0.996, small))


def test_three_decimals_stay_decimals_where_no_thousands_are_asked_for():
    asked = question("number", answer="q", minimum=1, maximum=2)
    assert answered("1.250", asked).status == answered("1,250", asked).status == "correct"


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("kind", ["number", "sequence", "array", "text"])
def test_what_is_not_finite_is_no_number_whatever_the_kernel_calls_it(number, kind):
    for plain in (number, [number], [[number]]):
        value = CapturedValue(name="q", kind=kind, value=plain, cell=0)
        assert judged(QUESTION, context(values=[value])).status in ("wrong", "not_reached")


@pytest.mark.parametrize("text", ["(-8)**0.5", "(-8)^0.5", "5 - (0-2)^1.5", "(1-2)**0.1"])
def test_the_root_of_a_negative_number_is_no_number(text):
    assert read_numeral(text, thousands=True) is None
    assert read_numeral("(-8)^3", thousands=True).value == -512


@pytest.mark.parametrize(
    ("fields", "number"),
    [
        ({}, 243786),
        ({"layer": "Conv2D"}, 640),
        ({"layer": "Conv2D", "position": 2}, 36928),
        ({"layer": "Dense", "position": -1}, 1290),
        ({"layer": "Flatten", "quantity": "values_out"}, 1600),
        ({"layer": "Dense", "quantity": "values_in"}, 1600),
        ({"quantity": "values_in"}, 784),
        ({"quantity": "trainable"}, 243786),
        ({"quantity": "non_trainable"}, 0),
    ],
)
def test_a_number_may_come_from_the_expected_network(fields, number):
    asked = question("number", answer="q", expected={"network": "model", **fields})
    assert asked.networks() == ("model",)
    given = {"answer": number, "expected": {"model": network(*FASHION)}}
    assert judged(asked, context(**given)).status == "correct"
    assert judged(asked, context(**given | {"answer": number + 1})).status == "wrong"


def test_the_number_of_the_students_own_wrong_network_says_so():
    asked = question("number", answer="q", expected={"network": "model"})
    own = network(conv(64), pool(), layer("Flatten"), dense(10, "softmax"))
    given = context(answer=640 + 13 * 13 * 64 * 10 + 10, networks=(own,), expected={"model": network(*FASHION)})
    verdict = judged(asked, given)
    assert verdict.status == "wrong"
    assert "the network that you built" in said(verdict)


def test_a_number_computed_from_a_shortened_run_waits_for_a_person():
    asked = question("number", answer="q", minimum=0.1, maximum=0.3, measured=True)
    computed = NotebookCell(index=0, kind="code", source="q = history.history['val_accuracy'][-1]")
    typed = NotebookCell(index=0, kind="code", source="q = 0.91")
    shortened = (fit(shortened=True),)
    assert answered(0.91, asked, fits=shortened, cells=(computed,)).status == "needs_review"
    assert answered(0.91, asked, fits=shortened, cells=(typed,)).status == "wrong"
    assert answered(0.91, asked, fits=(fit(),), cells=(computed,)).status == "wrong"
    assert answered(0.24, asked, fits=shortened, cells=(computed,)).status == "correct"
    known = question(
        "number", answer="q", minimum=0.1, maximum=0.3, measured=True, wrong=[{"value": 0.8, "message": "m"}]
    )
    assert answered(0.8, known, fits=shortened, cells=(computed,)).status == "needs_review"
    assert answered(0.8, known, fits=shortened, cells=(typed,)).status == "wrong"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "either expected, or minimum and maximum"),
        ({"expected": 1, "minimum": 0}, "either expected"),
        ({"minimum": 2, "maximum": 1}, "minimum is greater"),
        ({"expected": 1, "wrong": [{"value": 1, "message": "m"}]}, "accepted as right"),
        ({"expected": {"network": "model", "layer": "Dens"}}, "not a class of layers"),
        ({"expected": {"network": "model", "layer": "Dense", "position": 0}}, "position counts from 1"),
    ],
)
def test_a_contradiction_in_the_assignment_is_said(fields, words):
    with pytest.raises(ValidationError, match=words):
        question("number", answer="q", **fields)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234,567", 1234567),
        ("1.234.567", 1234567),
        ("1,234.5", 1234.5),
        ("1.234,5", 1234.5),
        ("−5", -5),
        ("0,978", 0.978),
        ("0.978", 0.978),
        ("2^10", 1024),
        ("conv2d_1 has 320", 320),
        (".5", 0.5),
        ("1/0", None),
        ("9**9**9", None),
        ("((((1", 1),
        ("1e400", None),
        ("conv2d", None),
    ],
)
def test_numerals_are_read_as_people_write_them(text, value):
    try:
        numeral = read_numeral(text, thousands=True)
    except SeveralNumbers:
        numeral = None
    assert (numeral.value if numeral else None) == value


RAW = question("number", answer="q", minimum=0.03, maximum=0.9, fraction=True, run_on=200, measured=True)
PIXELS = {"shape": [2400, 28, 28, 1], "minimum": 0.0, "maximum": 255.0}


@pytest.mark.parametrize("given", [0.114, 0.825, "82.5 %"])
def test_a_number_read_off_a_run_counts_where_that_run_was_made_whatever_luck_made_of_it(given):
    standardized = fit(inputs={"shape": [2400, 28, 28, 1], "minimum": -0.4, "maximum": 2.8})
    assert answered(given, RAW, fits=(standardized, fit("raw_model", inputs=PIXELS))).status == "correct"
    refused = answered(given, RAW, fits=(standardized,))
    assert refused.status == "wrong"
    assert "no network was trained on numbers up to 200" in said(refused)
    assert answered(given, RAW, fits=(fit(inputs={"type": "generator"}),)).status == "correct"


def test_a_number_that_no_such_run_gives_is_wrong_after_it_as_well():
    assert answered(0.97, RAW, fits=(fit(inputs=PIXELS),)).status == "wrong"


@pytest.mark.parametrize(("fits", "status"), [((), "wrong"), ((fit(),), "correct")])
def test_a_number_may_be_asked_to_come_from_any_training(fits, status):
    asked = question("number", answer="q", minimum=0.8, maximum=1, run_on=0)
    verdict = judged(asked, context(answer=0.92, fits=fits))
    assert verdict.status == status
    assert ("no network was trained" in said(verdict)) == (status == "wrong")


@pytest.mark.parametrize(
    ("given", "words"),
    [(81.4019, "squares"), (81.4, "squares"), (81.9, "is not right"), (0.61, "scaled"), (0.66, "is not right")],
)
def test_a_computed_wrong_number_is_recognized_as_precisely_as_a_right_one(given, words):
    wrong = [{"value": 81.402, "message": "squares"}, {"value": 0.61, "message": "scaled"}]
    asked = question("number", answer="q", expected=71.28, tolerance=0.15, wrong=wrong)
    assert words in said(judged(asked, context(answer=given)))
