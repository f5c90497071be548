"""`autograder calibrate --check`: whether the solution passes where this runs."""

from dataclasses import replace
from pathlib import Path

import pytest

from autograder.assignment import load
from autograder.authoring.calibrate import CalibrationError, try_thresholds
from autograder.grading.answer_key import AnswerKey
from autograder.train.trainer import Trainer

CNN2 = Path(__file__).parents[2] / "assignments" / "cnn2"


@pytest.mark.slow
def test_the_stored_threshold_is_tried_with_runs_of_the_solution():
    answer_key, reported = AnswerKey.stored(load(CNN2)), []
    known = answer_key.reference.thresholds["accuracy"]
    high = known.model_copy(update={"minimum": 0.9999})
    strict = replace(answer_key, reference=answer_key.reference.model_copy(update={"thresholds": {"accuracy": high}}))
    with Trainer() as trainer:
        checked = [
            try_thresholds(one, trainer, (101,), workers=1, progress=lambda *run: reported.append(run))
            for one in (answer_key, strict)
        ]
    assert [(one.question, one.minimum, one.passed) for (one,) in checked] == [
        ("accuracy", known.minimum, 1),
        ("accuracy", 0.9999, 0),
    ]
    assert {(question, seed) for question, seed, _ in reported} == {("accuracy", 101)}


def test_a_threshold_that_was_never_computed_is_a_sentence():
    answer_key = AnswerKey.stored(load(CNN2))
    unset = replace(answer_key, reference=answer_key.reference.model_copy(update={"thresholds": {}}))
    with Trainer() as trainer, pytest.raises(CalibrationError, match="no threshold was computed yet"):
        try_thresholds(unset, trainer, (1,), workers=1, progress=lambda *_: None)
