"""Declared data sets in the real worker: any number of classes, from a table, a package or held-out examples."""

import numpy as np
import pytest
from training_networks import chain

from autograder.datasets import Declaration, resolve
from autograder.network.compilation import Compilation
from autograder.records.training import Recipe, TrainingTask

pytestmark = pytest.mark.slow


def task(shape, classes, source, **recipe):
    architecture = chain(
        shape,
        *([("Flatten", {})] if len(shape) > 1 else []),
        ("Dense", {"units": 16, "activation": "relu"}),
        ("Dense", {"units": classes, "activation": "softmax"}),
    )
    settings = {"dataset": "own", "epochs": 20, "batch_size": 8, "source": source, **recipe}
    return TrainingTask(architecture=architecture, compilation=Compilation(), recipe=Recipe(**settings))


@pytest.fixture
def blobs(tmp_path):
    """Two files of three well separated classes, and another of three examples."""
    random = np.random.RandomState(0)

    def write(name, count):
        kinds = np.arange(count) % 3
        points = np.array([[0, 0], [4, 0], [0, 4]])[kinds] + 0.3 * random.randn(count, 2)
        rows = (f"{x:.3f},{y:.3f},{'abc'[kind]}\n" for (x, y), kind in zip(points, kinds, strict=True))
        (tmp_path / name).write_text("x,y,kind\n" + "".join(rows))

    write("blobs.csv", 120)
    write("hidden.csv", 30)
    return tmp_path


def test_a_table_with_three_classes_trains_in_a_moment(trainer, blobs):
    source = resolve("own", Declaration(csv="blobs.csv", target="kind"), blobs)
    run = trainer.run(task((2,), 3, source, train=90, validation=30))
    assert run.outcome == "trained"
    assert run.score > 0.95
    assert np.sum(run.predictions.confusion) == 30
    assert np.shape(run.predictions.confusion) == (3, 3)
    assert run.predictions.mistakes == ()


def test_held_out_examples_validate(trainer, blobs):
    source = resolve("own", Declaration(csv="blobs.csv", target="kind", held_out="hidden.csv"), blobs)
    run = trainer.run(task((2,), 3, source, train=120, validation=30))
    assert run.score > 0.95
    assert np.sum(run.predictions.confusion) == 30


def test_digits_of_scikit_learn(trainer, tmp_path):
    source = resolve("own", Declaration(sklearn="digits"), tmp_path)
    run = trainer.run(task((8, 8), 10, source, train=1400, validation=300, epochs=3))
    assert run.score > 0.9
    assert run.predictions.mistakes[0].png


def test_other_data_is_another_run(trainer, blobs):
    source = resolve("own", Declaration(csv="blobs.csv", target="kind"), blobs)
    key = trainer.key(task((2,), 3, source, train=90, validation=30))
    (blobs / "blobs.csv").write_text((blobs / "blobs.csv").read_text() + "0,0,a\n")
    changed = resolve("own", Declaration(csv="blobs.csv", target="kind"), blobs)
    assert trainer.key(task((2,), 3, changed, train=90, validation=30)) != key


def test_outputs_for_another_number_of_classes_are_refused(trainer, blobs):
    source = resolve("own", Declaration(csv="blobs.csv", target="kind"), blobs)
    run = trainer.run(task((2,), 2, source, train=90, validation=30))
    assert run.outcome == "failed"
    assert run.problem.values["classes"] == 3
