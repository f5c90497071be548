"""Scores by any metric on the page: their own unit and direction on the axis, in the captions and in the sentences."""

import math

import numpy as np
import pytest

from autograder.records.result import (
    CurveExhibit,
    PredictionsExhibit,
    ReconstructedImage,
    ReconstructionsExhibit,
    ResidualsExhibit,
    RocExhibit,
    SubstitutionExhibit,
)
from autograder.report.attention import near_threshold
from autograder.report.confusion import confusion
from autograder.report.plots import axis, curve
from autograder.report.scatter import roc_curve, scatter
from autograder.report.scores import curve_words, score, tried_caption
from autograder.report.templating import environment
from autograder.train.predictions import reconstructions, roc

ERRORS = CurveExhibit(
    network="model",
    training_accuracy=(90.0, 48.0),
    validation_accuracy=(95.0, 51.26),
    threshold=50.1,
    metric="mae",
)


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (48.0, 95.0), (-0.2, 0.7), (1e-5, 3e-4), (5.0, 5.0), (0, 1e6)])
def test_an_axis_encloses_its_values_with_round_ticks(low, high):
    ticks = axis(low, high)
    assert ticks[0][0] <= low <= high <= ticks[-1][0]
    assert 2 <= len(ticks) <= 8
    assert len({label for _, label in ticks}) == len(ticks)


def test_of_an_error_the_lowest_is_best_and_the_axis_has_its_unit():
    drawn = curve(ERRORS)
    assert drawn.best == 1
    assert drawn.validation[1][1] > drawn.validation[0][1]  # lower on the page
    assert next(tick.label for tick in drawn.y_ticks) == "40"
    words = curve_words(ERRORS, 51.26, "2")
    assert words.best == "mean absolute error in validation: 51.26 after epoch 2 at best, at most 50.10 was needed"


def test_the_page_draws_what_a_regression_predicts():
    exhibit = ResidualsExhibit(network="model", truth=(1.0, 2.0, 3.0), predicted=(1.5, 2.0, 2.0))
    assert "1 are predicted too high and 1 too low; the largest difference is 1.000" in scatter(exhibit).gist
    drawing = environment().get_template("drawing.html").module
    assert str(drawing.residuals_figure(exhibit, "1-1")).count("<circle") == 3
    assert "mean absolute error" in str(drawing.curve_figure(ERRORS, "1-2"))


def test_the_roc_curve_has_the_area_of_its_ranking():
    outputs, truth = np.array([0.9, 0.8, 0.7, 0.6, 0.6, 0.1]), np.array([1, 0, 1, 1, 0, 0])
    found = roc(outputs, truth)
    # Of 9 pairs 6 are in order, and one is equal: the first positive wins 3, the second 2, the third 1 and a half.
    assert found["area"] == pytest.approx((3 + 2 + 1.5) / 9, abs=1e-5)
    assert list(zip(found["false_positive"], found["true_positive"], strict=True))[-2:] == [(0.66667, 1), (1, 1)]
    assert roc(outputs, np.ones(6, int)) is None
    exhibit = RocExhibit(network="model", positive="ill", **found)
    assert "The area below the curve is 0.7222" in roc_curve(exhibit).gist
    assert "<polyline" in str(environment().get_template("drawing.html").module.roc_figure(exhibit, "1-1"))


def test_the_page_shows_what_an_autoencoder_made_of_images():
    rows = np.linspace(0, 1, 64).reshape(1, 64).repeat(9, axis=0)
    (first, *others) = reconstructions(rows, 1 - rows, (9, 8, 8))
    assert len(others) == 5
    assert first["given"] != first["made"]
    assert reconstructions(rows, rows, (9, 64)) == []
    exhibit = ReconstructionsExhibit(network="model", images=(ReconstructedImage(**first),))
    figure = str(environment().get_template("predictions.html").module.reconstructions_figure(exhibit))
    assert figure.count("data:image/png;base64,") == 2


def test_scores_have_as_many_digits_as_tell_them_apart():
    assert (score(51.26, "mae"), score(0.00123456, "mse"), score(0.9, "accuracy")) == ("51.26", "0.001235", "0.900")
    assert score(50.1001, "mae", 50.1) == "50.1001"
    assert score(math.inf, "mae") == "–"


def test_what_was_tried_says_what_is_compared():
    tried = SubstitutionExhibit(network="model", reached=None, needed=50.1, tried=(), metric="mae")
    assert tried_caption(tried).startswith("mean absolute error in validation with something changed; yours reached –")


def test_rows_of_a_table_are_not_called_images():
    exhibit = PredictionsExhibit(network="model", classes=("no", "yes"), confusion=((20, 2), (0, 18)), images=False)
    assert confusion(exhibit).gist == (
        "At the end of our run, 2 of 40 validation rows were taken for another class; most often no for yes (2 times)."
    )


def test_an_error_just_above_the_threshold_is_near_it():
    assert near_threshold(ERRORS, 100)
    assert not near_threshold(ERRORS.model_copy(update={"validation_accuracy": (80.0,)}), 100)
    assert not near_threshold(ERRORS.model_copy(update={"validation_accuracy": (45.0,)}), 100)
