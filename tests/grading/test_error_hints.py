"""Slips that the course's own texts invite are answered with what mends them."""

import pytest

from autograder.grading.error_hints import GENERAL, advice
from autograder.records.evidence import Failure


@pytest.mark.parametrize(
    ("name", "message", "words"),
    [
        ("SyntaxError", "invalid syntax. Perhaps you forgot a comma? (1234.py, line 4)", "must be a comma"),
        ("SyntaxError", "'(' was never closed (1234.py, line 4)", "where its partner belongs"),
        ("AttributeError", "module 'keras.layers' has no attribute 'MaxPooling2d'", "is written MaxPooling2D"),
        ("AttributeError", "module 'keras.layers' has no attribute 'Conv2d'", "is written Conv2D"),
        ("NameError", "name 'maxpooling2D' is not defined", "is written MaxPooling2D"),
        ("NameError", "name 'Dense' is not defined", "layers.Dense"),
        ("NameError", "name 'x' is not defined", "Nothing was put into x"),
        (
            "UnboundLocalError",
            "cannot access local variable 'x' where it is not associated with a value",
            "Nothing was put into x",
        ),
        (
            "AttributeError",
            "module 'tensorflow._api.v2.train' has no attribute 'AdamOptimizer'",
            'optimizer="adam"',
        ),
    ],
)
def test_a_common_slip_hears_what_mends_it(name, message, words):
    assert words in str(advice(Failure(name=name, message=message)))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ValueError", "x"),
        ("SyntaxError", "invalid decimal literal"),
        ("AttributeError", "'list' object has no attribute 'shape'"),
    ],
)
def test_whatever_else_fails_is_not_guessed_at(name, message):
    assert advice(Failure(name=name, message=message)) == GENERAL
