"""Training is plain Keras: what JAX makes of a task beside what TensorFlow makes of it."""

import keras
import numpy as np
import pytest
from training_networks import small_cnn, task

from autograder.records.training import TrainingRun
from autograder.train.backend_setting import NoSuchBackend, chosen_backend
from autograder.train.backends import training_steps
from autograder.train.environment import TrainEnvironment
from autograder.train.trainer import Trainer


@pytest.mark.slow
def test_a_network_learns_on_jax_as_well_under_a_key_of_its_own(monkeypatch):
    asked = task(small_cnn())
    runs = {}
    for backend in ("tensorflow", "jax"):
        monkeypatch.setenv("AUTOGRADER_BACKEND", backend)
        with Trainer() as trainer:
            runs[backend] = trainer.run(asked)
            if backend == "jax":
                again = trainer.run(asked)
    assert runs["jax"].outcome == runs["tensorflow"].outcome == "trained"
    assert runs["jax"].backend == "jax"
    assert {"jax", "jaxlib"} <= set(runs["jax"].versions)
    assert runs["jax"].key != runs["tensorflow"].key
    assert runs["jax"].score == pytest.approx(runs["tensorflow"].score, abs=0.12)
    assert again.model_copy(update={"seconds": 0}) == runs["jax"].model_copy(update={"seconds": 0})
    # The signals are measured by each in its own way, at the same operations.
    places = {name: [(one.operation, one.dead is None) for one in run.signals] for name, run in runs.items()}
    assert places["jax"] == places["tensorflow"]
    assert all(one.gradient > 0 for one in runs["jax"].signals if one.gradient is not None)


def test_the_steps_of_one_call_are_those_that_keras_makes_one_by_one():
    draw = np.random.RandomState(0)
    x, y = draw.rand(6, 8, 5).astype(np.float32), draw.randint(0, 3, (6, 8))

    def compiled():
        keras.utils.set_random_seed(3)
        layers = [
            keras.layers.Dense(8, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.3),
        ]
        model = keras.Sequential([keras.Input((5,)), *layers, keras.layers.Dense(3, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
        return model

    train, single = training_steps(compiled()), compiled()
    together = np.concatenate([train(x[:4], y[:4]), train(x[4:], y[4:])])
    logs = [single.train_on_batch(*batch, return_dict=True) for batch in zip(x, y, strict=True)]
    assert together.tolist() == [[float(one["accuracy"]), float(one["loss"])] for one in logs]


def test_a_backend_that_there_is_not_is_refused_with_the_names_of_those_there_are(monkeypatch):
    monkeypatch.setenv("AUTOGRADER_BACKEND", "torch")
    with pytest.raises(NoSuchBackend, match="tensorflow or jax"):
        chosen_backend()


def test_tensorflow_is_what_trains_where_nothing_is_said(monkeypatch):
    monkeypatch.delenv("AUTOGRADER_BACKEND", raising=False)
    assert TrainEnvironment.here(()).backend == "tensorflow"


def test_a_run_says_its_backend_where_it_is_not_the_usual_one():
    run = TrainingRun(key="k", outcome="trained", device="gpu:NVIDIA H200")
    assert run.computed_on == "gpu:NVIDIA H200"
    assert run.model_copy(update={"backend": "jax"}).computed_on == "gpu:NVIDIA H200 (jax)"
