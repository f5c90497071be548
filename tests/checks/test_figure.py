"""Figures as matplotlib draws them and the kernel describes them."""

import json

import matplotlib
import pandas
import pytest
from by_hand import FASHION, context, figure, fit, judged, network, question, said

from autograder.observe.figures import describe_axes, describe_figure

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
    return figure(*json.loads(json.dumps([describe_axes(axes) for axes in all_axes])))


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
        ("mae", "val_mae"),
        ("r2_score", "val_r2_score"),
        ("val", "train", "something else"),
    ],
)
def test_a_training_and_a_validation_curve_earn_all_points(labels):
    verdict = judge(drawn(*labels))
    assert (verdict.status, verdict.score) == ("correct", 2), verdict.findings


def test_a_legend_given_as_a_list_names_the_curves():
    assert judge(drawn(None, None, legend=["train", "test"])).status == "correct"


def test_curves_that_seaborn_draws_from_a_history_earn_all_points():
    import seaborn

    """It leaves the lines without labels, and names them in the legend."""
    history = {"accuracy": (0.3, 0.5, 0.6), "val_accuracy": (0.2, 0.35, 0.4), "loss": (3.0, 2.0, 1.0)}
    axes = Figure().subplots()
    seaborn.lineplot(data=pandas.DataFrame(history)[["accuracy", "val_accuracy"]], ax=axes)
    described = figure(*json.loads(json.dumps([describe_axes(axes)])))
    run = fit(epochs=3, history=history | {"val_loss": (3.0, 2.5, 2.2)})
    assert judge(described, fits=(run,)).status == "correct"
    assert judge(described, asked=question("figure", quantity="loss"), fits=(run,)).score == 0


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
        (drawn(), "shows a curve"),
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


@pytest.mark.parametrize(("points", "share"), [(5, 1), (6, 0)])
def test_a_scatter_plot_with_a_point_for_each_value_counts_as_a_line_does(points, share):
    axes = Figure().subplots()
    axes.scatter(range(points), range(points))
    axes.fill_between(range(3), range(3))
    made = figure(*json.loads(json.dumps([describe_axes(axes)])))
    assert judge(made, asked=question("figure", curves=[], points_per_line=5)).score == 2 * share


def test_a_claim_of_another_form_is_left_out():
    odd = figure({"lines": 3}, {"lines": [1, {"label": 5, "points": "x"}]}, {"legend": {}, "lines": None})
    assert judge(odd).status == "wrong"


HISTORY = {
    "accuracy": (0.5, 0.6, 0.7, 0.8, 0.9),
    "val_accuracy": (0.4, 0.5, 0.6, 0.65, 0.66),
    "loss": (1.5, 1.2, 0.9, 0.7, 0.5),
    "val_loss": (1.6, 1.3, 1.1, 1.0, 1.2),
}
TRAINED = fit(epochs=EPOCHS, history=HISTORY)
ANY = question("figure")


def curves(*named, **texts):
    """A real figure of curves: label and values of each."""
    made = Figure()
    axes = made.subplots()
    for label, values in named:
        axes.plot(values, label=label)
    axes.set(**texts)
    return figure(*json.loads(json.dumps([describe_axes(axes)])))


def of(label, metric):
    return label, HISTORY[metric]


def judge_values(*named, asked=ANY, **texts):
    return judge(curves(*named, **texts), asked=asked, fits=(TRAINED,))


def test_curves_of_the_history_earn_all_points_in_percent_too():
    assert judge_values(of("train", "accuracy"), of("val", "val_accuracy")).score == 2
    percent = tuple(100 * value for value in HISTORY["accuracy"])
    assert judge_values(("train", percent), of("val", "val_accuracy"), title="Accuracy").score == 2
    four = [of(metric, metric) for metric in HISTORY]
    assert judge_values(*four, title="Loss and accuracy").score == 2


@pytest.mark.parametrize(
    ("named", "texts", "share", "code"),
    [
        ((of("train", "accuracy"), of("val", "accuracy")), {}, 0, "figure.same_twice"),
        ((of("train", "accuracy"), of("val", "val_loss")), {}, 0, "figure.not_of_one_kind"),
        ((of("train", "val_accuracy"), of("val", "accuracy")), {}, 0.5, "figure.swapped"),
        ((of("train", "accuracy"), of("val", "val_accuracy")), {"title": "Loss"}, 0.5, "figure.says_loss"),
        ((of("train", "loss"), of("val", "val_loss")), {"ylabel": "accuracy"}, 0.5, "figure.says_accuracy"),
        ((of("train", "accuracy"), of("val", "loss")), {}, 0, "figure.no_validation"),
    ],
)
def test_what_the_values_show_otherwise_than_the_words_is_named(named, texts, share, code):
    verdict = judge_values(*named, **texts)
    assert (verdict.score, verdict.findings[0].code) == (2 * share, code)


def test_the_quantity_is_that_of_the_values():
    pair = (of("train", "loss"), of("val", "val_loss"))
    assert judge_values(*pair, asked=QUESTION, title="Accuracy").findings[0].code == "figure.no_accuracy"


def test_the_curves_of_another_network_are_named():
    asked = question("figure", network="deep")
    networks = tuple(network(*FASHION, name=name) for name in ("deep", "flat"))
    fits = (fit("flat", epochs=EPOCHS, history=HISTORY), fit("deep", epochs=EPOCHS, history={"loss": (9, 8, 7, 6, 5)}))
    shown = curves(of("train", "accuracy"), of("val", "val_accuracy"))
    verdict = judged(asked, context(networks=networks, figures=(shown,), fits=fits))
    assert (verdict.score, verdict.findings[0].code) == (0, "figure.other_network")
    assert "`flat`" in said(verdict)


def test_curves_of_a_shortened_run_are_known_by_the_value_it_repeats():
    short = fit(epochs=EPOCHS, shortened=True, history={"accuracy": (0.1,), "val_accuracy": (0.2,)})
    repeated = [("train", [0.1] * EPOCHS), ("val", [0.1] * EPOCHS)]
    assert judge(curves(*repeated), asked=ANY, fits=(short,)).findings[0].code == "figure.same_twice"
    right = [("train", [0.1] * EPOCHS), ("val", [0.2] * EPOCHS)]
    assert judge(curves(*right), asked=ANY, fits=(short,)).score == 2


def test_lists_that_happen_to_be_equal_are_not_held_against_anybody():
    equal = fit(epochs=EPOCHS, history={"accuracy": (0.5,) * EPOCHS, "val_accuracy": (0.5,) * EPOCHS})
    lines = [("train", [0.5] * EPOCHS), ("val", [0.5] * EPOCHS)]
    assert judge(curves(*lines), asked=ANY, fits=(equal,)).score == 2


def test_the_best_axes_count_and_nothing_is_said_of_the_pictures_beside_them():
    gallery = figure({"lines": [], "images": 9, "collections": 0})
    good = curves(of("train", "accuracy"), of("val", "val_accuracy"))
    assert (
        judge(gallery, curves(of("train", "accuracy"), of("val", "accuracy")), good, asked=ANY, fits=(TRAINED,)).score
        == 2
    )
    assert "empty" not in said(judge(gallery))


def test_twin_axes_are_one_plot():
    from matplotlib.figure import Figure

    drawn = Figure()
    left = drawn.add_subplot()
    left.plot([3, 2, 1], label="train loss")
    left.twinx().plot([4, 3, 2], label="val loss")
    apart, other, together = describe_figure(drawn, 64)
    assert [len(one["lines"]) for one in (apart, other, together)] == [1, 1, 2]
    assert [line["label"] for line in together["lines"]] == ["train loss", "val loss"]
    plain = Figure()
    plain.subplots(1, 2)
    assert len(describe_figure(plain, 64)) == 2
