"""The score of predictions on hidden rows, beside scikit-learn's and Keras' own."""

import numpy as np
import pytest
from test_predictions import answered, of_values, packed, request

from autograder.datasets import DatasetSource
from autograder.datasets.hidden import HiddenExamples
from autograder.observe.hidden_rows import HiddenRows
from autograder.records.metrics import METRICS
from autograder.records.predictions import prediction_metrics


@pytest.mark.parametrize(
    ("metric", "score"),
    [("mae", 2.0), ("mse", 4.0), ("rmse", 2.0), ("r2", 1 - 4 / np.arange(40).var()), ("mape", None)],
)
def test_values_are_scored_as_scikit_learn_scores_them(metric, score):
    from sklearn import metrics

    truth = np.arange(40, dtype=np.float32)
    found = answered(of_values(truth)(metric), lambda x: packed(x[:, 0] + 2))
    if score is None:
        score = 100 * metrics.mean_absolute_percentage_error(truth[1:], truth[1:] + 2) * 39 / 40 + 100 * 2 / 1e-7 / 40
    assert found.score == pytest.approx(score, rel=1e-5)


def of_targets(truth, classes=(), kind="classes", width=()):
    """A data set with these targets, whose only input is the number of the row."""
    source = DatasetSource(
        source="npz",
        title="t",
        digest="0",
        target_kind=kind,
        classes=classes,
        rows=9,
        hidden=len(truth),
        outputs={"": width},
    )
    rows = np.arange(len(truth), dtype=np.float32)[:, None]
    examples = HiddenExamples({"": rows}, truth, {}, "secret")
    return lambda metric, outputs: answered(
        HiddenRows(request(source, metric=metric), examples, "key"),
        lambda x: packed(outputs[x[:, 0].astype(int)]),
    )


DRAW = np.random.default_rng(8)
CLASSES = tuple("abcdefgh")
OF_CLASSES = DRAW.integers(0, 8, 300)
LIKELY = DRAW.dirichlet(np.ones(8), 300) * 0.8 + 0.2 * np.eye(8)[OF_CLASSES]
OF_TWO = DRAW.integers(0, 2, 300)
SECOND = np.clip(DRAW.normal(0.3 + 0.4 * OF_TWO, 0.2), 0.01, 0.99)
LABELS = DRAW.integers(0, 2, (300, 3))
OF_LABELS = np.clip(DRAW.normal(0.3 + 0.4 * LABELS, 0.2), 0.01, 0.99)
VALUES = DRAW.uniform(1, 9, (300, 2)).astype(np.float32)
NEAR = VALUES + DRAW.normal(0, 0.5, VALUES.shape)


def of_keras(name, truth, outputs, **settings):
    import keras

    measure = getattr(keras.metrics, METRICS[name].keras)(**settings)
    measure.update_state(truth, outputs)
    return float(measure.result())


@pytest.mark.parametrize("name", prediction_metrics("classes"))
def test_classes_are_scored_as_scikit_learn_scores_them(name):
    from sklearn import metrics

    found = of_targets(OF_CLASSES, CLASSES)(name, LIKELY)
    largest = LIKELY.argmax(axis=1)
    expected = {
        "accuracy": lambda: metrics.accuracy_score(OF_CLASSES, largest),
        "top_k_categorical_accuracy": lambda: metrics.top_k_accuracy_score(OF_CLASSES, LIKELY, k=5),
        "auc": lambda: metrics.roc_auc_score(OF_CLASSES, LIKELY, multi_class="ovr"),
        "precision": lambda: metrics.precision_score(OF_CLASSES, largest, average="macro"),
        "recall": lambda: metrics.recall_score(OF_CLASSES, largest, average="macro"),
        "f1": lambda: metrics.f1_score(OF_CLASSES, largest, average="macro"),
        "categorical_crossentropy": lambda: metrics.log_loss(OF_CLASSES, LIKELY),
        "categorical_hinge": lambda: of_keras("categorical_hinge", np.eye(8)[OF_CLASSES], LIKELY),
        "kl_divergence": lambda: of_keras("kl_divergence", np.eye(8)[OF_CLASSES], LIKELY),
    }
    assert (found.status, found.metric) == ("predicted", name)
    assert found.score == pytest.approx(expected[name](), rel=1e-4)


@pytest.mark.parametrize("name", prediction_metrics("multilabel"))
def test_labels_are_scored_as_scikit_learn_scores_them(name):
    from sklearn import metrics

    found = of_targets(LABELS, ("a", "b", "c"), "multilabel", (3,))(name, OF_LABELS)
    chosen = OF_LABELS >= 0.5
    expected = {
        "binary_accuracy": lambda: (chosen == LABELS).mean(),
        "auc": lambda: metrics.roc_auc_score(LABELS, OF_LABELS),
        "precision": lambda: metrics.precision_score(LABELS, chosen, average="macro"),
        "recall": lambda: metrics.recall_score(LABELS, chosen, average="macro"),
        "f1": lambda: metrics.f1_score(LABELS, chosen, average="macro"),
        "binary_crossentropy": lambda: metrics.log_loss(LABELS.reshape(-1), OF_LABELS.reshape(-1)),
        "binary_io_u": lambda: metrics.jaccard_score(LABELS.reshape(-1), chosen.reshape(-1), average="macro"),
        "hinge": lambda: metrics.hinge_loss(LABELS.reshape(-1), 2 * OF_LABELS.reshape(-1) - 1),
        "squared_hinge": lambda: of_keras("squared_hinge", LABELS, 2 * OF_LABELS - 1),
    }
    assert found.score == pytest.approx(expected[name](), rel=1e-4)


def test_of_two_classes_the_probability_of_the_second_is_enough():
    from sklearn import metrics

    ask = of_targets(OF_TWO, ("no", "yes"))
    both = np.stack([1 - SECOND, SECOND], axis=1)
    for name, expected in (("auc", metrics.roc_auc_score), ("binary_crossentropy", metrics.log_loss)):
        assert ask(name, SECOND).score == ask(name, both).score == pytest.approx(expected(OF_TWO, SECOND), rel=1e-4)
    for name in ("hinge", "squared_hinge", "binary_io_u"):
        outputs = SECOND if name == "binary_io_u" else 2 * SECOND - 1
        settings = {"target_class_ids": (0, 1)} if name == "binary_io_u" else {}
        expected = of_keras(name, OF_TWO[:, None], outputs[:, None], **settings)
        assert ask(name, SECOND).score == ask(name, both).score == pytest.approx(expected, rel=1e-4)
    # Classes are worth what a classifier that is sure of them earns.
    assert ask("auc", SECOND > 0.5).score == pytest.approx(metrics.roc_auc_score(OF_TWO, SECOND > 0.5), rel=1e-4)


@pytest.mark.parametrize("name", prediction_metrics("values"))
def test_values_are_scored_as_keras_scores_them(name):
    expected = of_keras(name, VALUES, NEAR, **({"axis": 0} if name.endswith("_correlation") else {}))
    if name == "r2":  # over all values together
        expected = 1 - ((NEAR - VALUES) ** 2).sum() / ((VALUES - VALUES.mean(axis=0)) ** 2).sum()
    found = of_targets(VALUES, kind="values", width=(2,))(name, NEAR)
    assert found.score == pytest.approx(expected, rel=1e-3)


def test_of_few_classes_the_five_likeliest_are_no_score():
    assert "top_k_categorical_accuracy" in prediction_metrics("classes", 6)
    assert "top_k_categorical_accuracy" not in prediction_metrics("classes", 5)


def test_who_does_not_decide_gains_nothing():
    same = np.full((300, 8), 1 / 8)
    ask = of_targets(OF_CLASSES, CLASSES)
    assert ask("top_k_categorical_accuracy", same).score == 0
    assert ask("auc", same).score == 0.5
    assert ask("categorical_crossentropy", same).score == pytest.approx(np.log(8), rel=1e-4)
    for wild in (same * 8, same - 1):
        found = ask("categorical_crossentropy", wild)
        assert (found.status, found.problem) == ("malformed", "probabilities")


def test_no_output_makes_the_score_break():
    for wild in (1e308, -1e308, 1e-320):
        found = answered(of_values(np.arange(40.0))("mse"), lambda x, wild=wild: packed(np.full(len(x), wild)))
        assert found.status == "predicted"
        assert np.isfinite(found.score)


@pytest.mark.filterwarnings("error")
def test_no_output_makes_any_metric_break():
    draw = np.random.default_rng(6)
    targets = [
        (OF_CLASSES[:40], CLASSES, "classes", ()),
        (OF_TWO[:40], ("no", "yes"), "classes", ()),
        (LABELS[:40], ("a", "b", "c"), "multilabel", (3,)),
        (VALUES[:40], (), "values", (2,)),
    ]
    values = [0, 1, -1, 0.5, 1e-320, 1e308, -1e308, 7]
    for truth, classes, kind, width in targets:
        for name in prediction_metrics(kind, len(classes)):
            for wide in (1, 2, 3, 8):
                for chosen in ([0], [0, 1], [0.25, 0.75], [1e308], values):
                    outputs = draw.choice(chosen, (40, wide))
                    found = of_targets(truth, classes, kind, width)(name, outputs)
                    assert found.status in ("predicted", "malformed"), (name, wide, chosen, found)
                    assert (found.score is None) == (found.status == "malformed")
                    assert found.score is None or np.isfinite(found.score)
