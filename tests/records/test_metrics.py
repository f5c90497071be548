"""The metrics that `[training]` may name: found under any of Keras' names, and only for tasks that they fit."""

import pytest
from pydantic import ValidationError

from autograder.records.metrics import METRICS, USUAL, find_metric, metric_for
from autograder.records.training import Recipe, TrainingRun

RECIPE = {"dataset": "mnist", "train": 10, "validation": 5, "epochs": 1, "batch_size": 5}


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("mae", "mae"),
        ("MeanAbsoluteError", "mae"),
        ("mean_squared_error", "mse"),
        ("AUC", "auc"),
        ("F1Score", "f1"),
        ("sparse_categorical_accuracy", "accuracy"),
        ("SparseCategoricalAccuracy", "accuracy"),
        ("KLDivergence", "kl_divergence"),
        ("OneHotMeanIoU", "mean_io_u"),
    ],
)
def test_a_metric_is_found_under_any_of_keras_names(written, name):
    assert find_metric(written).name == name


@pytest.mark.parametrize(("task", "name"), USUAL.items())
def test_the_usual_metric_of_a_task_fits_it(task, name):
    assert metric_for(task, None).name == name


def test_every_metric_of_keras_is_known_or_refused_with_a_reason():
    import keras

    classes = [name for name, one in vars(keras.metrics).items() if isinstance(one, type)]
    assert len(classes) > 40
    refused = {}
    for name in classes:
        try:
            assert find_metric(name).tasks
        except ValueError as error:
            refused[name] = str(error)
    assert all("no run is scored by" in said for said in refused.values()), refused
    assert len(refused) == 14


def test_an_unknown_metric_is_answered_with_the_nearest():
    with pytest.raises(ValidationError, match='there is no metric "rsme"; did you mean "rmse"'):
        Recipe(**RECIPE, task="regression", metric="rsme")


def test_a_metric_that_does_not_fit_the_task_is_refused_with_those_that_do():
    with pytest.raises(ValidationError, match='"mae" does not fit the task "classification"; those that do are acc'):
        Recipe(**RECIPE, metric="mae")


def test_recipes_without_a_task_have_the_keys_they_always_had():
    plain = Recipe(**RECIPE)
    assert not {"task", "metric", "prepare"} & set(plain.model_dump())


def test_the_best_and_the_needed_score_follow_the_direction():
    mae, accuracy = METRICS["mae"], METRICS["accuracy"]
    assert (mae.best([3.0, 2.0]), accuracy.best([0.3, 0.2])) == (2.0, 0.3)
    assert mae.reaches(2.0, 2.5)
    assert not accuracy.reaches(0.2, 0.25)
    run = TrainingRun(key="k", outcome="trained", metric="mae", validation_accuracy=(5.0, 3.0, 4.0))
    assert (run.score, run.reached_by(0.3), run.until(3.5).validation_accuracy) == (3.0, 5.0, (5.0, 3.0))


def test_a_network_is_given_up_only_where_accuracies_can_show_guessing():
    assert Recipe(**RECIPE).gives_up_at(10) == 0.2
    assert Recipe(**RECIPE).gives_up_at(100) == 0.02
    assert Recipe(**RECIPE, task="regression").gives_up_at(0) is None
