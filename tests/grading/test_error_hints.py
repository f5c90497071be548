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
        ("ValueError", "Argument(s) not recognized: {'lr': 0.1}", "“learning_rate”"),
        ("TypeError", "TensorFlowTrainer.fit() got an unexpected keyword argument 'nb_epoch'", "“epochs”"),
        ("KeyError", "'val_acc'", "“val_accuracy”"),
        ("AttributeError", "'Sequential' object has no attribute 'predict_classes'", "argmax"),
        ("ModuleNotFoundError", "No module named 'keras.layers.core'", "keras.layers.core is one of an older Keras"),
        ("ModuleNotFoundError", "No module named 'nunpy'", "Is the package numpy meant?"),
        ("ModuleNotFoundError", "No module named 'my_helpers'", "no package my_helpers"),
        ("FileNotFoundError", "[Errno 2] No such file or directory: 'x.csv'", "lies beside the notebook"),
        ("StdinNotImplementedError", "raw_input was called", "in place of input(…)"),
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
