"""Every task is trained, scored and reported: real tables that scikit-learn ships, and small networks."""

import base64
import io
import math
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from training_child import reports_of
from training_networks import chain

from autograder.datasets import DatasetSource
from autograder.network.compilation import Compilation, Loss, Optimizer
from autograder.records.metrics import METRICS
from autograder.records.training import Recipe, TrainingTask
from autograder.train.targets import Targets
from autograder.train.trainer import _as_run


def table_of(name):
    """A table that scikit-learn ships, which is imported when it is needed: collecting the tests would wait for it."""
    from sklearn import datasets

    return getattr(datasets, f"load_{name}")()


SOURCE = DatasetSource(source="sklearn", title="Own", digest="0", target_kind="classes", rows=1000)
FAST = Optimizer(settings={"learning_rate": 0.02})


def arrays(table, **changes):
    found = table_of(table)
    return {"x_train": found.data.astype(np.float32), "y_train": found.target} | changes


def trained(given, architecture, loss, /, *, target=None, settings=None, **recipe):
    made = Recipe(
        **{
            "dataset": "own",
            "source": SOURCE,
            "task": "classification",
            "train": 100,
            "validation": 40,
            "epochs": 20,
            "batch_size": 10,
            "seconds": 60,
        }
        | recipe
    )
    task = TrainingTask(
        architecture=architecture,
        compilation=Compilation(optimizer=FAST, loss=Loss(name=loss, settings=settings or {})),
        recipe=made,
        target=target,
    )
    answer = {"reached": [], "seconds": 1.0}

    for line in reports_of(task, given):
        if "reached" in line:
            answer["reached"].append(line["reached"])
        else:
            answer.update(line)
    return _as_run("key", task, answer)


def dense(inputs, units, activation="linear", hidden=16):
    return chain(
        (inputs,),
        ("Dense", {"units": hidden, "activation": "relu"}),
        ("Dense", {"units": units, "activation": activation}),
    )


@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", "categorical_crossentropy"])
def test_three_classes_of_a_table(loss):
    run = trained(arrays("iris"), dense(4, 3, "softmax"), loss)
    assert (run.outcome, run.metric) == ("trained", "accuracy")
    assert run.score > 0.9
    assert run.baseline < 0.5
    assert np.sum(run.predictions.confusion) == 40
    assert run.predictions.mistakes == ()


def test_another_number_of_classes_is_refused_in_a_sentence():
    run = trained(arrays("iris"), dense(4, 2, "softmax"), "categorical_crossentropy")
    assert str(run.problem) == "The last layer gives 2 values for an image; there are 3 classes."


@pytest.mark.parametrize(
    ("units", "activation", "loss", "settings"),
    [
        (1, "sigmoid", "binary_crossentropy", {}),
        (1, "linear", "binary_crossentropy", {"from_logits": True}),
        (1, "tanh", "hinge", {}),
        (2, "softmax", "sparse_categorical_crossentropy", {}),
        (2, "softmax", "categorical_crossentropy", {}),
    ],
)
def test_two_classes_by_one_unit_or_by_two(units, activation, loss, settings):
    network = dense(30, units, activation)
    given = arrays("breast_cancer")
    run = trained(given, network, loss, settings=settings, task="binary", metric="auc", train=300, epochs=3)
    assert run.outcome == "trained", run.problem
    assert run.score > 0.93
    assert np.shape(run.predictions.confusion) == (2, 2)
    assert np.trace(run.predictions.confusion) >= 36
    # Keras' metric has 200 thresholds; the curve has all.
    assert run.roc.area > 0.93
    assert (run.roc.false_positive[0], run.roc.true_positive[0]) == (0, 0)
    assert (run.roc.false_positive[-1], run.roc.true_positive[-1]) == (1, 1)


def targets(task, metric, loss, classes=0, shape=(1,), **settings):
    recipe = Recipe(
        dataset="own", source=SOURCE, train=1, validation=1, epochs=1, batch_size=1, task=task, metric=metric
    )
    return Targets(recipe, Loss(name=loss, settings=settings), classes, shape)


@pytest.mark.parametrize(
    ("metric", "score"),
    [
        ("accuracy", 0.75),
        ("precision", 2 / 3),
        ("recall", 1.0),
        ("f1", 0.8),
        ("auc", 1.0),
        ("binary_crossentropy", -np.log([0.9, 0.6, 0.4, 0.9]).mean()),
    ],
)
@pytest.mark.parametrize("logits", [False, True])
def test_a_metric_of_two_classes_reads_the_outputs_as_its_loss_does(metric, score, logits):
    likely = np.array([[0.9], [0.7], [0.6], [0.1]], dtype=np.float32)
    if metric == "binary_crossentropy":
        likely[1] = 0.6
    outputs = np.log(likely / (1 - likely)) if logits else likely
    asked = targets("binary", metric, "binary_crossentropy", 2, from_logits=logits)
    assert asked.score(outputs, np.array([1, 1, 0, 0])) == pytest.approx(score, abs=1e-5)


@pytest.mark.parametrize(
    ("metric", "score"), [("mae", 1.5), ("mse", 2.5), ("rmse", 2.5**0.5), ("r2", 1 - 5 / 2), ("mape", 50.0)]
)
def test_a_metric_of_values_is_in_the_units_of_the_data(metric, score):
    asked = replace(targets("regression", metric, "mean_squared_error"), unit=2.0, origin=1.0)
    outputs = np.array([[0.0], [0.5]], dtype=np.float32)  # 1 and 2 in the units of the data
    truth = np.array([[0.5], [1.5]], dtype=np.float32)  # 2 and 4
    assert asked.score(outputs, truth) == pytest.approx(score)


VALUES = np.array([[1.0, 3], [2, 1], [4, 2]])
TASKS = {
    "classification": ("categorical_crossentropy", 3, (3,), np.eye(3, dtype=np.float32), np.arange(3)),
    "binary": ("binary_crossentropy", 2, (1,), np.array([[1], [0], [0]], np.float32), np.array([1, 0, 0])),
    "multilabel": ("binary_crossentropy", 0, (3,), np.eye(3, dtype=np.float32), np.eye(3, dtype=np.uint8)),
    "regression": ("mean_squared_error", 0, (2,), VALUES.astype(np.float32), VALUES),
    "sequence": (
        "sparse_categorical_crossentropy",
        2,
        (2, 2),
        np.eye(2, dtype=np.float32)[[[0, 1], [1, 1]]],
        np.array([[0, 1], [1, 1]]),
    ),
    "autoencoder": ("mean_squared_error", 0, (2,), VALUES.astype(np.float32), VALUES),
}


@pytest.mark.parametrize(("metric", "task"), [(one.name, task) for one in METRICS.values() for task in one.tasks])
def test_every_metric_prefers_right_answers_to_wrong_ones_in_its_direction(metric, task):
    loss, classes, shape, right, truth = TASKS[task]
    asked = targets(task, metric, loss, classes, shape)
    best = asked.score(right, truth)
    if metric != "poisson":  # its best score depends on the targets
        assert best == pytest.approx(METRICS[metric].perfect, abs=1e-3)
    lead = METRICS[metric].lead(best, asked.score(right[::-1] * 0.9 + 0.05, truth))
    # Any of three classes is among the five likeliest.
    assert lead > 0 or (metric == "top_k_categorical_accuracy" and lead == 0)


def test_two_classes_with_one_unit_have_a_cross_entropy():
    asked = targets("classification", "categorical_crossentropy", "binary_crossentropy", 2, (1,))
    likely = np.array([[0.9], [0.6], [0.4], [0.1]], np.float32)
    score = asked.score(likely, np.array([1, 1, 0, 0]))
    assert score == pytest.approx(-np.log([0.9, 0.6, 0.6, 0.9]).mean(), abs=1e-5)


@pytest.mark.parametrize("metric", ["auc", "f1", "precision", "top_k_categorical_accuracy", "categorical_crossentropy"])
def test_a_metric_of_several_classes_is_one_number(metric):
    asked = targets("classification", metric, "sparse_categorical_crossentropy", 6, (6,))
    perfect = np.eye(6, dtype=np.float32)[[0, 1, 2, 3, 4, 5]]
    assert asked.score(perfect, np.arange(6)) == pytest.approx(METRICS[metric].perfect, abs=1e-3)


def test_several_labels_at_a_time():
    found = table_of("digits")
    labels = np.stack([found.target % 2, found.target > 4, found.target % 3 == 0], axis=1).astype(np.float32)
    given = {"x_train": found.data.astype(np.float32), "y_train": labels}
    network = dense(64, 3, "sigmoid", 32)
    run = trained(given, network, "binary_crossentropy", task="multilabel", metric="f1", train=600, epochs=10)
    assert (run.outcome, run.metric) == ("trained", "f1")
    assert run.score > 0.8


def test_one_value_is_scored_in_its_own_unit_and_lower_is_better():
    run = trained(arrays("diabetes"), dense(10, 1), "mean_squared_error", task="regression", train=300, validation=100)
    assert run.metric == "mae"
    assert run.score == min(run.validation_accuracy)
    assert 35 < run.score < 55 < run.baseline < 75
    assert len(run.residuals.truth) == len(run.residuals.predicted) == 100
    errors = np.abs(np.subtract(run.residuals.truth, run.residuals.predicted))
    assert errors.mean() == pytest.approx(run.validation_accuracy[-1], rel=1e-3)


def test_a_regression_ends_when_its_error_is_small_enough():
    run = trained(
        arrays("diabetes"), dense(10, 1), "mean_squared_error", task="regression", train=300, validation=100, target=60
    )
    assert run.ended == "target"
    assert run.validation_accuracy[-1] <= 60 < run.validation_accuracy[-2]
    assert run.until(100).validation_accuracy[-1] <= 100


def test_standardized_targets_are_scored_in_their_own_unit():
    run = trained(
        arrays("diabetes"),
        dense(10, 1),
        "mean_squared_error",
        task="regression",
        metric="rmse",
        train=300,
        validation=100,
        prepare={"standardize": True, "standardize_target": True},
    )
    assert 45 < run.score < 70
    assert max(run.training_loss) < 3


def test_several_values_at_a_time():
    found = table_of("linnerud")
    given = {"x_train": found.data.astype(np.float32), "y_train": found.target}
    run = trained(given, dense(3, 3), "mean_absolute_error", task="regression", train=14, validation=6, batch_size=7)
    assert run.outcome == "trained"
    assert math.isfinite(run.score)
    other = trained(given, dense(3, 2), "mean_absolute_error", task="regression", train=14, validation=6)
    assert str(other.problem) == (
        "The last layer gives 2 for each row of the data; what is to be learned has the shape 3."
    )


def test_a_loss_on_classes_does_not_fit_values():
    run = trained(arrays("diabetes"), dense(10, 1), "sparse_categorical_crossentropy", task="regression")
    assert "needs class labels" in str(run.problem)


def sequences(steps=6):
    return np.random.RandomState(1).randint(1, 9, (400, steps)).astype(np.int32)


def recurrent(*last, steps=6):
    embedding = ("Embedding", {"input_dim": 10, "output_dim": 8})
    return chain((steps,), embedding, ("GRU", {"units": 16, "return_sequences": last[0]}), ("Dense", last[1]))


def test_a_sequence_to_one_class():
    rows = sequences()
    given = {"x_train": rows, "y_train": (rows[:, -1] > 4).astype(np.int32)}
    network = recurrent(False, {"units": 1, "activation": "sigmoid"})
    run = trained(given, network, "binary_crossentropy", task="binary", train=300, epochs=4)
    assert run.score > 0.9


def test_a_sequence_to_a_sequence():
    rows = sequences()
    given = {"x_train": rows, "y_train": (rows + 1) % 10}
    network = recurrent(True, {"units": 10, "activation": "softmax"})
    run = trained(given, network, "sparse_categorical_crossentropy", task="sequence", train=300, epochs=5)
    assert run.score > 0.9
    short = recurrent(False, {"units": 10, "activation": "softmax"})
    refused = trained(given, short, "sparse_categorical_crossentropy", task="sequence", train=300)
    assert "a class for each step needs the shape 6×10" in str(refused.problem)


def test_an_autoencoder_learns_its_own_input():
    found = table_of("digits")
    given = {"x_train": found.images.astype(np.float32), "y_train": found.target}
    run = trained(
        given,
        dense(64, 64, "sigmoid", 16),
        "binary_crossentropy",
        task="autoencoder",
        train=600,
        prepare={"scale": 1 / 16},
    )
    assert run.metric == "mse"
    assert run.score < 0.6 * run.baseline
    first = run.reconstructions[0]
    given, made = (np.asarray(Image.open(io.BytesIO(base64.b64decode(one)))) for one in (first.given, first.made))
    assert len(run.reconstructions) == 6
    assert given.shape == made.shape == (8, 8)
    assert np.corrcoef(given.ravel(), made.ravel())[0, 1] > 0.5


def test_texts_become_numbers_of_a_declared_length():
    texts = np.array([f"a {'good' if at % 3 else 'bad'} film, number {at}" for at in range(200)])
    given = {"x_train": texts, "y_train": (np.arange(200) % 3 > 0).astype(np.int32)}
    network = recurrent(False, {"units": 1, "activation": "sigmoid"}, steps=5)
    prepare = {"vocabulary": 10, "pad": 5}
    assert trained(given, network, "binary_crossentropy", task="binary", prepare=prepare, epochs=6).score > 0.9
    other = recurrent(False, {"units": 1, "activation": "sigmoid"}, steps=7)
    refused = trained(given, other, "binary_crossentropy", task="binary", prepare=prepare)
    assert "prepared in these steps: texts as numbers of the 10 most frequent words and sequences filled up" in str(
        refused.problem
    )
