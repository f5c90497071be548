"""Mistakes that the course's own texts invite get a hint that corrects them."""

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
        ("ImportError", "cannot import name 'Conv2d' from 'keras.layers' (/x/y.py)", "is written Conv2D"),
        ("ValueError", "Unrecognized keyword arguments passed to Dense: {'activaton': 'relu'}", "is activation meant"),
        ("TypeError", "Model.fit() got an unexpected keyword argument 'epoch'", "is epochs meant"),
        ("TypeError", "f() got an unexpected keyword argument 'colour_of_hat'", "no argument colour_of_hat"),
        ("ValueError", "Could not interpret activation function identifier: relux", "nothing called relux"),
        ("ValueError", "You must call `compile()` before using the model.", "Call `compile`"),
        ("ValueError", "Arguments `target` and `output` must have the same rank (ndim).", "the shape of the labels"),
        (
            "ValueError",
            "Input 0 of layer 'c' is incompatible with the layer: expected min_ndim=4",
            "goes into the layer",
        ),
        ("ValueError", "cannot reshape array of size 15 into shape (4,4)", "hold 15 of them"),
        ("ValueError", "operands could not be broadcast together with shapes (3,) (4,)", "do not fit together"),
        ("TypeError", "Dense.__init__() missing 1 required positional argument: 'units'", "a value for units"),
        ("TypeError", 'can only concatenate str (not "int") to str', "different types"),
        ("TypeError", "'NoneType' object is not subscriptable", "The value is None here"),
        ("AttributeError", "'list' object has no attribute 'shape'", "of the type list here"),
        ("AttributeError", "module 'keras.datasets.mnist' has no attribute 'load_dat'", "no load_dat there"),
        ("AttributeError", "module 'numpy' has no attribute 'float'.", "write float alone"),
        ("IndexError", "list index out of range", "Counting begins at 0"),
        ("KeyError", "'accuracy'", "the keys that are there"),
        ("SyntaxError", "invalid decimal literal", "Python could not read this cell"),
        ("IndentationError", "expected an indented block after 'if' statement on line 1", "the same column"),
        ("NameError", "name 'plt' is not defined", "import matplotlib.pyplot as plt"),
        ("ImportError", "Failed to import any of the following Qt binding modules: PyQt6", "%matplotlib inline"),
    ],
)
def test_a_common_slip_hears_what_mends_it(name, message, words):
    assert words in str(advice(Failure(name=name, message=message)))


@pytest.mark.parametrize(
    ("name", "message"),
    [("ValueError", "x"), ("ZeroDivisionError", "division by zero"), ("RuntimeError", "stopped")],
)
def test_whatever_else_fails_is_not_guessed_at(name, message):
    assert advice(Failure(name=name, message=message)) == GENERAL
