"""The real worker with real digits: one trainer for all of these tests, except where a test ends it."""

import base64
import contextlib
import io
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image
from training_networks import chain, cnn2, linear, small_cnn, task

from autograder.network.architecture import Architecture
from autograder.network.compilation import Compilation, Loss, Optimizer
from autograder.train.trainer import RunSlowed, Trainer

pytestmark = pytest.mark.slow


def measured(run):
    return run.model_dump(exclude={"seconds"})


def descendants(process=None):
    """The workers and their runs; a database server of other tests starts processes at times of its own."""
    found = set()
    for child in psutil.Process(process).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if "autograder.train.worker" in child.cmdline():
                found.add(child.pid)
    return found


def wait_until(holds, seconds=120.0):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_network_learns_its_digits(trainer):
    asked = task(small_cnn())
    run = trainer.run(asked)
    assert run.outcome == "trained"
    assert run.key == trainer.key(asked)
    assert len(run.validation_accuracy) == len(run.training_loss) == 2
    assert run.score > 0.6
    assert run.training_loss[1] < run.training_loss[0]
    assert run.device == "cpu" or run.device.startswith("gpu:")
    assert {"keras", "tensorflow"} <= set(run.versions)


def test_the_same_task_gives_the_same_run_whatever_ran_before_and_beside_it(trainer):
    first = trainer.run(task(small_cnn()))
    trainer.run(task(linear(), seed=7))
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(trainer.run, [task(small_cnn()), task(small_cnn(), seed=8), task(linear(), seed=9)]))
    assert measured(runs[0]) == measured(first)


def test_another_worker_gives_the_same_run(trainer):
    with Trainer() as other:
        assert measured(other.run(task(small_cnn()))) == measured(trainer.run(task(small_cnn())))


def test_a_run_with_a_target_is_the_whole_run_up_to_where_it_reaches_it(trainer):
    asked = task(small_cnn(), validations=3)
    whole = trainer.run(asked)
    assert (whole.ended, len(whole.validation_accuracy)) == ("complete", 6)
    target = whole.validation_accuracy[1]
    short = trainer.run(asked.model_copy(update={"target": target}))
    first = next(at for at, value in enumerate(whole.validation_accuracy) if value >= target)
    assert (short.ended, short.outcome) == ("target", "trained")
    assert short.validation_accuracy == whole.validation_accuracy[: first + 1]
    assert short.training_loss == whole.training_loss[: first + 1]


def test_a_run_that_only_guesses_is_given_up_half_way(trainer):
    frozen = Compilation(optimizer=Optimizer(name="sgd", settings={"learning_rate": 1e-9}))
    asked = task(small_cnn(), frozen, epochs=4, validations=2)
    assert len(trainer.run(asked).validation_accuracy) == 8
    given_up = trainer.run(asked.model_copy(update={"target": 0.9}))
    assert (given_up.ended, len(given_up.validation_accuracy)) == ("flat", 4)


def test_another_seed_gives_another_run(trainer):
    assert trainer.run(task(linear(), seed=2)).training_loss != trainer.run(task(linear(), seed=3)).training_loss


def test_accuracy_is_ours_whatever_the_student_measures(trainer):
    plain = trainer.run(task(linear()))
    odd = trainer.run(task(linear(), Compilation(metrics=("mean_squared_error",))))
    assert odd.validation_accuracy == plain.validation_accuracy


def test_logits_count_by_their_largest(trainer):
    logits = Compilation(loss=Loss(name="categorical_crossentropy", settings={"from_logits": True}))
    assert trainer.run(task(linear(activation="linear"), logits)).score > 0.7


def test_a_loss_that_expects_probabilities_learns_little_from_logits(trainer):
    assert trainer.run(task(linear(activation="linear"))).score < 0.6


def test_labels_come_as_the_loss_needs_them(trainer):
    sparse = Compilation(loss=Loss(name="sparse_categorical_crossentropy"))
    assert trainer.run(task(linear(), sparse)).validation_accuracy == trainer.run(task(linear())).validation_accuracy


def two_outputs():
    operations = linear().operations
    return Architecture(operations=operations, outputs=(len(operations) - 2, len(operations) - 1))


MISFITS = {
    "one value": (
        linear(units=1, activation="sigmoid"),
        Compilation(),
        "gives 1 value for an image; there are 10 classes",
    ),
    "eleven classes": (linear(units=11), Compilation(), "gives 11 values"),
    "no flatten": (chain((28, 28, 1), ("Dense", {"units": 10})), Compilation(), "gives 28×28×10 values"),
    "other images": (
        chain((32, 32, 3), ("Flatten", {}), ("Dense", {"units": 10})),
        Compilation(),
        "does not fit the images",
    ),
    "two outputs": (two_outputs(), Compilation(), "inputs count 1, its outputs 2"),
    "layers that do not fit": (
        chain(
            (28, 28, 1), ("Flatten", {}), ("Conv2D", {"filters": 3, "kernel_size": [3, 3]}), ("Dense", {"units": 10})
        ),
        Compilation(),
        "do not fit together",
    ),
    "unknown loss": (linear(), Compilation(loss=Loss(name="mine")), 'The loss "mine" cannot be rebuilt'),
    "nothing to learn": (
        chain((28, 28, 1), ("Flatten", {}), ("Dense", {"units": 10, "trainable": False})),
        Compilation(),
        "Nothing in the network can learn",
    ),
    "an error while it trains": (
        chain((784,), ("Embedding", {"input_dim": 2, "output_dim": 1}), ("Flatten", {}), ("Dense", {"units": 10})),
        Compilation(),
        "is not in [0, 2)",
    ),
    "exploding": (
        linear(activation="linear"),
        Compilation(
            optimizer=Optimizer(name="sgd", settings={"learning_rate": 1e4}), loss=Loss(name="mean_squared_error")
        ),
        "no longer a finite number",
    ),
}


@pytest.mark.parametrize("case", MISFITS)
def test_what_cannot_be_trained_fails_with_a_sentence(trainer, case):
    architecture, compilation, words = MISFITS[case]
    run = trainer.run(task(architecture, compilation))
    assert run.outcome == "failed"
    assert words in str(run.problem)
    assert "\n" not in str(run.problem)


def test_a_run_over_its_time_keeps_the_epochs_it_finished(trainer):
    for _ in range(3):
        enough_for_some = round(3 * trainer.run(task(small_cnn(), epochs=1)).seconds)
        with contextlib.suppress(RunSlowed):  # where other work had the cores
            run = trainer.run(task(small_cnn(), epochs=100, seconds=enough_for_some))
            break
    else:
        pytest.fail("this machine is too busy to train anything")
    assert run.outcome == "limit"
    assert f"{enough_for_some} seconds" in str(run.problem)
    assert 0 < len(run.validation_accuracy) < 100
    assert run.score > 0.5


def test_a_network_too_large_for_its_memory_reaches_a_limit(trainer):
    huge = chain(
        (28, 28, 1),
        ("Flatten", {}),
        ("Dense", {"units": 10_000}),
        ("Dense", {"units": 60_000}),
        ("Dense", {"units": 10}),
    )
    run = trainer.run(task(huge, memory_mb=2048))
    assert run.outcome == "limit"
    assert "2,048 MB of memory" in str(run.problem)


def test_too_little_memory_to_compute_in_is_a_limit_too(trainer):
    for memory in (300, 450):
        assert trainer.run(task(cnn2(), memory_mb=memory)).outcome == "limit"


def test_after_limits_the_next_run_is_unharmed(trainer):
    before = trainer.run(task(linear(), seed=21))
    trainer.run(task(small_cnn(), seconds=0.2))
    assert measured(trainer.run(task(linear(), seed=21))) == measured(before)


def test_a_worker_that_dies_in_the_middle_is_replaced():
    others = psutil.Process().children()
    with Trainer() as trainer:
        expected = trainer.run(task(small_cnn()))
        (worker,) = (one for one in psutil.Process().children() if one not in others)
        with ThreadPoolExecutor(1) as pool:
            future = pool.submit(trainer.run, task(small_cnn()))
            wait_until(lambda: worker.children())
            worker.kill()
            assert measured(future.result()) == measured(expected)


def test_a_run_whose_process_is_killed_is_made_again(trainer):
    expected = trainer.run(task(small_cnn()))
    before = descendants()
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(trainer.run, task(small_cnn()))
        wait_until(lambda: descendants() - before)
        for child in descendants() - before:
            os.kill(child, signal.SIGKILL)
        assert measured(future.result()) == measured(expected)


@pytest.mark.parametrize("times", [1, 2])
def test_a_run_that_other_work_kept_from_its_end_is_made_again_once(trainer, times):
    # Held twice, a run must not be over before it is found a second time.
    network = small_cnn() if times == 1 else cnn2()
    expected = trainer.run(task(network))
    # Where it is made again for good, it needs the time to come to its end.
    asked = task(network, seconds=8 if times == 1 else 4)
    held = set(descendants())
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(trainer.run, asked)
        for _ in range(times):
            wait_until(lambda: descendants() - held)
            for child in descendants() - held:
                os.kill(child, signal.SIGSTOP)  # it has no processor until its time is over
                held.add(child)
        if times == 1:
            assert measured(future.result())["validation_accuracy"] == measured(expected)["validation_accuracy"]
        else:
            with pytest.raises(RunSlowed, match="less busy"):
                future.result()


@pytest.mark.parametrize("processes", [1, 2], ids=["while it starts", "in the middle of a run"])
def test_closing_leaves_nothing_behind(processes):
    before = descendants()
    trainer = Trainer()
    failures = []

    def run():
        try:
            trainer.run(task(cnn2()))
        except Exception as error:
            failures.append(str(error))

    thread = threading.Thread(target=run)
    thread.start()
    wait_until(lambda: len(descendants() - before) >= processes)
    trainer.close()
    thread.join(30)
    assert descendants() - before == set()
    assert failures == ["The trainer is closed."]


def test_closing_at_once_leaves_nothing_behind():
    before = descendants()
    with Trainer() as trainer:
        trainer.warm()
    assert descendants() - before == set()


def test_a_killed_parent_leaves_nothing_behind():
    program = (
        "from training_networks import cnn2, task; from autograder.train.trainer import Trainer;"
        "Trainer().run(task(cnn2(), epochs=50))"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=Path(__file__).parent)
    left: set[int] = set()

    def running():
        left.update(descendants(parent.pid))
        return len(left) >= 2

    wait_until(running)
    parent.kill()
    parent.wait()
    wait_until(lambda: not any(psutil.pid_exists(process) for process in left))


def test_a_child_inherits_nothing_but_its_pipe(trainer):
    before = descendants()
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(trainer.run, task(small_cnn(), seed=31))
        wait_until(lambda: descendants() - before)
        (child,) = descendants() - before
        wait_until(lambda: Path(f"/proc/{child}/fd/0").resolve() == Path("/dev/null"))
        files = {link.name: os.readlink(link) for link in Path(f"/proc/{child}/fd").iterdir()}
        future.result()
    assert {files[name] for name in "012"} == {"/dev/null"}
    assert [name for name in files.values() if name.startswith("pipe:")] == [files["3"]]


def test_the_run_ends_with_what_the_network_took_each_validation_image_for(trainer):
    asked = task(small_cnn())
    run = trainer.run(asked)
    matrix = np.array(run.predictions.confusion)
    assert matrix.shape == (10, 10)
    assert matrix.sum() == asked.recipe.validation
    assert matrix.trace() / matrix.sum() == pytest.approx(run.validation_accuracy[-1], abs=1e-6)
    assert len(run.predictions.mistakes) == min(12, matrix.sum() - matrix.trace())
    for mistake in run.predictions.mistakes:
        assert mistake.truth != mistake.predicted
        with Image.open(io.BytesIO(base64.b64decode(mistake.png))) as image:
            assert image.size == (28, 28)
