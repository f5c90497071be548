"""How the notebook trains is carried over to our recipe, in its ratio to how the solution does."""

import pytest

from autograder.checks.diagnosis.as_trained import as_trained
from autograder.records.evidence import CapturedFit


def fit(rows=2400, epochs=10, batch_size=64, deviation=1.0):
    inputs = {"shape": [rows, 28, 28, 1], "mean": 0.0, "standard_deviation": deviation}
    return CapturedFit(network="model", epochs=epochs, batch_size=batch_size, inputs=inputs, cell=1)


def test_who_trains_as_the_solution_does_is_not_trained_again(tasks):
    assert as_trained(tasks(), fit(), fit()) == tasks()


@pytest.mark.parametrize(
    "given", [fit(epochs=8), fit(rows=2000), fit(batch_size=8), fit(batch_size=128), fit(epochs=1, batch_size=4)]
)
def test_small_differences_are_a_student_s_own_choice(tasks, given):
    assert as_trained(tasks(), given, fit()) == tasks()


@pytest.mark.parametrize(
    ("given", "changed"),
    [
        (fit(deviation=78.0), {"normalization": "none"}),
        (fit(epochs=1), {"epochs": 1}),
        (fit(batch_size=640), {"batch_size": 160}),
        (fit(epochs=1, batch_size=32), {"epochs": 1, "batch_size": 8}),
        (fit(rows=240), {"train": 64}),
    ],
)
def test_large_differences_make_another_task(tasks, given, changed):
    assert as_trained(tasks(), given, fit()) == tasks(**changed)


def test_where_the_solution_itself_takes_raw_pixels_nobody_is_accused(tasks):
    assert as_trained(tasks(), fit(deviation=78.0), fit(deviation=78.0)) == tasks()
