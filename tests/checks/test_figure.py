"""Figures as matplotlib draws them and the kernel describes them."""

import json

import matplotlib
import pytest
from by_hand import FASHION, context, figure, fit, judged, network, question, said

from autograder.observe.capture import _axes

matplotlib.use("Agg")
from matplotlib.figure import Figure

QUESTION = question("figure", quantity="accuracy")
EPOCHS = 5
RUN = fit(epochs=EPOCHS, history={"accuracy": (0.5,), "val_accuracy": (0.5,)})


def drawn(*lines, legend=None, parts=1, points=EPOCHS, **texts):
    """A real figure as the kernel describes it: its lines (label or None) spread over `parts` axes."""
    made = Figure()
    all_axes = made.subplots(1, parts, squeeze=False)[0]
    for place, label in enumerate(lines):
        all_axes[place % parts].plot(range(points), label=label)
    for axes in all_axes:
        axes.set(**texts)
        if legend is not None:
            axes.legend(legend)
    return figure(*json.loads(json.dumps([_axes(axes) for axes in all_axes])))


def judge(*figures, asked=QUESTION, fits=(RUN,)):
    return judged(asked, context(figures=figures, fits=fits))


@pytest.mark.parametrize(
    "labels",
    [
        ("training", "validation"),
        ("train", "val"),
        ("accuracy", "val_accuracy"),
        ("acc", "test acc"),
        ("Training accuracy", "Validation accuracy"),
        ("Trainingsgenauigkeit", "Validierungsgenauigkeit"),
        ("Trainingsdaten", "Testdaten"),
        ("cnn: train", "cnn: valid"),
        ("trainAcc", "valAcc"),
        ("accuracy", "loss", "val_accuracy", "val_loss"),
        ("val", "train", "something else"),
    ],
)
def test_a_training_and_a_validation_curve_earn_all_points(labels):
    verdict = judge(drawn(*labels))
    assert (verdict.status, verdict.score) == ("correct", 2), verdict.findings


def test_a_legend_given_as_a_list_names_the_curves():
    assert judge(drawn(None, None, legend=["train", "test"])).status == "correct"


def test_curves_without_labels_earn_half():
    verdict = judge(drawn(None, None))
    assert (verdict.status, verdict.score) == ("partial", 1)
    assert "which of them is which" in said(verdict)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (drawn("training"), "one line in its axes"),
        (drawn("training", "validation", parts=2), "one line in its axes"),
        (drawn("train loss", "val loss"), "something else than the accuracy"),
        (drawn("train", "val", title="Loss"), "something else than the accuracy"),
        (drawn("train", "val", points=40), "one point for each epoch"),
        (drawn("train a", "train b"), "no curve for validation"),
        (drawn(), "are empty"),
    ],
)
def test_what_is_missing_is_said(given, words):
    verdict = judge(given)
    assert (verdict.status, verdict.score) == ("wrong", 0)
    assert words in said(verdict)


def test_no_figure_at_all_is_told_apart():
    assert judge().status == "not_reached"


def test_the_best_of_all_figures_and_axes_counts():
    loss, accuracy = drawn("train loss", "val loss"), drawn("train", "val", title="Accuracy")
    assert judge(drawn("training"), loss, accuracy).status == "correct"


def test_a_figure_may_show_a_run_that_stopped_early_or_went_on():
    early = fit(epochs=20, history={"loss": (0.5,) * EPOCHS})
    assert judge(drawn("train", "val"), fits=(early,)).status == "correct"
    assert judge(drawn("train", "val"), fits=(fit(epochs=2), fit(epochs=3))).status == "correct"


def test_the_training_of_one_network_may_be_asked_for():
    asked = question("figure", network="deep")
    networks = tuple(network(*FASHION, name=name) for name in ("deep", "flat"))
    fits = (fit("flat", epochs=EPOCHS), fit("deep", epochs=20))
    own, of_another = (
        judged(asked, context(networks=networks, figures=(drawn("train", "val", points=points),), fits=fits))
        for points in (20, EPOCHS)
    )
    assert own.status == "correct"
    assert of_another.status == "wrong"
    assert "epoch of `deep`" in said(of_another)


def test_another_kind_of_figure_may_be_asked_for():
    asked = question("figure", curves=[], points_per_line=5)
    assert judge(drawn("test loss"), asked=asked, fits=()).status == "correct"
    assert "as many points" in said(judge(drawn("test loss", points=3), asked=asked))


def test_a_claim_of_another_form_is_left_out():
    odd = figure({"lines": 3}, {"lines": [1, {"label": 5, "points": "x"}]}, {"legend": {}, "lines": None})
    assert judge(odd).status == "wrong"
