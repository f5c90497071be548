import subprocess
import sys

import pytest
from training_networks import linear, small_cnn, task

from autograder.network.compilation import Compilation, Loss, Optimizer
from autograder.records.training import TrainingRun
from autograder.train.trainer import Trainer, TrainerError


@pytest.fixture
def trainer():
    with Trainer() as made:
        yield made


def test_what_does_not_change_the_run_does_not_change_its_key(trainer):
    plain = trainer.key(task(linear()))
    assert trainer.key(task(linear(), Compilation(metrics=("accuracy", "precision")))) == plain
    assert trainer.key(task(linear())) == plain


@pytest.mark.parametrize(
    "other",
    [
        task(small_cnn()),
        task(linear(), Compilation(loss=Loss(name="mean_squared_error"))),
        task(linear(), Compilation(optimizer=Optimizer(name="sgd"))),
        task(linear(), seed=2),
        task(linear(), epochs=1),
        task(linear(), normalization="unit"),
        task(linear(), seconds=30),
    ],
)
def test_what_changes_the_run_changes_its_key(trainer, other):
    assert trainer.key(other) != trainer.key(task(linear()))


def test_another_dataset_changes_keys_and_fingerprint(tmp_path, monkeypatch, trainer):
    import numpy as np

    arrays = {
        f"{axis}_{part}": np.zeros((9, *shape), np.uint8)
        for axis, shape in (("x", (28, 28)), ("y", ()))
        for part in ("train", "test")
    }
    np.savez(tmp_path / "mnist.npz", **arrays)
    before = trainer.key(task(linear())), trainer.fingerprint
    monkeypatch.setenv("AUTOGRADER_DATA", str(tmp_path))
    with Trainer() as other:
        assert other.key(task(linear())) != before[0]
        assert other.fingerprint != before[1]


def test_the_students_compilation_is_used_where_it_was_read():
    sgd = Optimizer(name="sgd", settings={"learning_rate": 0.1})
    recipe = Compilation(optimizer=Optimizer(name="adam", settings={"learning_rate": 0.5}), loss=Loss(name="poisson"))
    read = task(linear(), Compilation(optimizer=sgd), compilation=recipe)
    assert (read.optimizer, read.loss) == (sgd, Loss())


def test_the_recipes_stands_in_for_the_part_that_was_not_read():
    sgd = Optimizer(name="sgd", settings={"learning_rate": 0.1})
    recipe = Compilation(optimizer=Optimizer(name="adam", settings={"learning_rate": 0.5}), loss=Loss(name="poisson"))
    unread = task(linear(), Compilation(optimizer=sgd, problem="The loss cannot be read."), compilation=recipe)
    assert (unread.optimizer, unread.loss) == (sgd, recipe.loss)


def test_a_key_needs_no_tensorflow():
    program = (
        "import sys; from training_networks import linear, task; from autograder.train.trainer import Trainer;"
        "Trainer().key(task(linear())); print({'tensorflow', 'keras'} & set(sys.modules))"
    )
    folder = __file__.rpartition("/")[0]
    answer = subprocess.check_output([sys.executable, "-c", f"import sys; sys.path.insert(0, {folder!r}); {program}"])
    assert answer.strip() == b"set()"


def test_more_images_than_there_are_is_the_autograders_own_failure(trainer):
    with pytest.raises(TrainerError, match="asks for 60,200 training images"):
        trainer.run(task(linear(), train=60_000))


def test_a_missing_dataset_is_the_autograders_own_failure(tmp_path, monkeypatch, trainer):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("AUTOGRADER_DATA", raising=False)
    with pytest.raises(TrainerError, match="AUTOGRADER_DATA"):
        trainer.run(task(linear(), dataset="cifar10"))


def test_a_closed_trainer_says_so(trainer):
    trainer.close()
    with pytest.raises(TrainerError, match="closed"):
        trainer.run(task(linear()))


def run(*accuracies: float, ended: str = "complete") -> TrainingRun:
    return TrainingRun.model_validate(
        {
            "key": "k",
            "outcome": "trained",
            "validation_accuracy": accuracies,
            "training_loss": accuracies,
            "ended": ended,
        }
    )


def test_a_target_changes_how_much_of_a_run_is_made_and_not_which_run_it_is():
    asked = task(linear())
    assert asked.model_copy(update={"target": 0.9}).key == asked.key


def test_a_whole_run_seen_up_to_a_target_is_the_run_that_stopped_there():
    assert run(0.5, 0.8, 0.7, 0.9).until(0.8) == run(0.5, 0.8, ended="target")
    assert run(0.5, 0.8).until(0.8) == run(0.5, 0.8, ended="target")
    assert run(0.5, 0.6).until(0.8) == run(0.5, 0.6)
