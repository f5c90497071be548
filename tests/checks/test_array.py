"""Arrays as students give them, and what is wrong with them in words."""

import numpy as np
import pytest
from by_hand import context, fit, judged, question, said
from pydantic import ValidationError

from autograder.checks.base import NotebookCell

X, W = [1, 2, 0, -1, 3], [-1, 1, -1]
FULL, VALID = np.convolve(X, W), np.convolve(X, W, mode="valid")
QUESTION = question(
    "array",
    answer="q",
    expected=VALID.tolist(),
    wrong=[
        {"value": FULL.tolist(), "message": "You went past the edges."},
        {"value": [5, 5, 5], "message": "You did not turn the kernel around.", "share": 0.5},
    ],
)


def answered(given, asked=QUESTION, **more):
    return judged(asked, context(answer=given, **more))


@pytest.mark.parametrize(
    "given",
    [
        VALID,
        VALID.tolist(),
        tuple(VALID.tolist()),
        VALID.astype(float),
        VALID.reshape(1, -1),
        VALID.reshape(-1, 1),
        str(VALID.tolist()),
        str(VALID),
        " ".join(map(str, VALID)),
        repr(VALID),
        (VALID + 1e-09).tolist(),
    ],
)
def test_the_right_numbers_count_in_any_container(given):
    verdict = answered(given)
    assert (verdict.status, verdict.score) == ("correct", 2), verdict.findings


@pytest.mark.parametrize(
    ("given", "score", "words"),
    [
        (FULL, 0, "You went past the edges."),
        ([5, 5, 5.0], 1, "did not turn the kernel"),
        (VALID[::-1], 0, "not in the right order"),
        (-VALID, 0, "wrong sign"),
        (VALID[:2], 0, "holds 2 values, which is too few"),
        ([*VALID, 0], 0, "too many"),
        ([VALID[0], VALID[1], 77], 0, "position 3"),
        ([[1, 2], [3]], 0, "of the same length"),
        (["a", "b"], 0, "a list or an array of numbers"),
        ({1, 2}, 0, "set"),
        ("no idea", 0, "a list or an array"),
        ([1, None, 2], 0, "a list or an array"),
    ],
)
def test_a_wrong_array_hears_what_is_wrong(given, score, words):
    verdict = answered(given)
    assert (verdict.status, verdict.score) == ("partial" if score else "wrong", score)
    assert words in said(verdict)


@pytest.mark.parametrize("given", [None, ..., [], np.array([]), "", [None, None], np.array([np.nan, np.nan])])
def test_nothing_given_is_told_apart(given):
    assert answered(given).status == "not_reached"


def test_rows_and_columns_matter_where_there_are_several():
    asked = question("array", answer="q", expected=[[1, 2, 3], [4, 5, 6]])
    assert answered([[1, 2, 3], [4, 5, 6]], asked).status == "correct"
    assert answered("[[1, 2, 3], [4, 5, 6]]", asked).status == "correct"
    assert "arrangement as 3 × 2" in said(answered([[1, 2], [3, 4], [5, 6]], asked))
    assert "counted row by row" in said(answered([[1, 2, 3], [4, 5, 7]], asked))


def test_the_order_may_not_matter():
    asked = question("array", answer="q", expected=[1, 2, 3], any_order=True)
    assert answered([3, 1, 2], asked).status == "correct"
    assert answered([3, 1, 1], asked).status == "wrong"


LOSSES = question("array", answer="q", length=5, minimum=0.5, maximum=3, lowest_at=[2, 3, 4], measured=True, points=2)


def test_measured_values_need_the_right_number_range_and_place_of_the_lowest():
    assert answered([1.4, 1.3, 1.26, 1.3, 1.4], LOSSES).status == "correct"
    assert "holds 3 numbers" in said(answered([1, 2, 3], LOSSES))
    assert "position 5, 9" in said(answered([1.4, 1.3, 1.26, 1.3, 9], LOSSES))
    assert "lowest of your values stands at position 1" in said(answered([1.1, 1.3, 1.26, 1.3, 1.4], LOSSES))


def test_measured_values_from_a_shortened_run_wait_for_a_person():
    computed = (NotebookCell(index=0, kind="code", source="q = [evaluate(rate) for rate in rates]"),)
    given = {"fits": (fit(shortened=True),), "cells": computed}
    assert answered([2.3, 2.3, 2.3, 2.3, 2.2], LOSSES, **given).status == "needs_review"
    assert answered([2.3, 2.3], LOSSES, **given).status == "wrong"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "either expected, or length"),
        ({"expected": [1], "length": 1}, "either expected"),
        ({"expected": [1], "minimum": 0}, "go with length"),
        ({"length": 3, "lowest_at": [4]}, "positions from 1 to length"),
        ({"expected": [[1, 2], [3]]}, "lists of the same length"),
        ({"expected": [1], "wrong": [{"value": [1], "message": "m"}]}, "accepted as right"),
    ],
)
def test_a_contradiction_in_the_assignment_is_said(fields, words):
    with pytest.raises(ValidationError, match=words):
        question("array", answer="q", **fields)
