"""The same network trained in PyTorch and, from its description, in Keras: the curves agree within their spread."""

import functools
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from training_child import reports_of

from autograder.checks.read_network import read_network
from autograder.checks.training_tasks import training_task
from autograder.records.evidence import CapturedNetwork
from autograder.records.training import Recipe
from autograder.train.row_split import training_data

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed (make torch)"),
]
RECIPE = Recipe(dataset="mnist", train=480, validation=160, epochs=2, batch_size=16, validations=3)


@functools.cache
def digits():
    """Ten images with much noise: hard enough that the curves have a course."""
    random = np.random.RandomState(3)
    images = random.rand(10, 7, 7).repeat(4, axis=1).repeat(4, axis=2)
    labels = np.arange(640) % 10
    noisy = 0.5 * images[labels] + 0.5 * random.rand(640, 28, 28)
    return {"x_train": (255 * noisy).astype(np.uint8), "y_train": labels.astype(np.int32)}


def curves_of(runs):
    return {name: np.array([run[name] for run in runs]) for name in ("training_loss", "validation_loss", "accuracy")}


@pytest.fixture(scope="module", params=["adam", "rmsprop"])
def both(request, tmp_path_factory):
    """The curves in torch and in Keras, and those of Keras with its own defaults."""
    folder = tmp_path_factory.mktemp("torch")
    data = training_data(digits(), RECIPE, (28, 28, 1))
    x = np.concatenate([data.x_train, data.x_validation]).transpose(0, 3, 1, 2)
    np.savez(folder / "data.npz", x=x, y=np.concatenate([data.y_train, data.y_validation]))
    script = str(Path(__file__).with_name("torch_curves.py"))
    files = str(folder / "data.npz"), request.param, str(folder / "out.json")
    subprocess.run([sys.executable, script, *files], check=True, timeout=300)
    written = json.loads((folder / "out.json").read_text())
    captured = CapturedNetwork(
        name="model", class_name="Net", config=written["config"], compile=written["compile"], framework="torch", cell=0
    )
    student = read_network(captured, None)
    assert not student.problem
    task = training_task(student, RECIPE)
    return curves_of(written["curves"]), curves_of([trained(task.with_seed(seed)) for seed in (1, 2, 3, 4)])


def trained(task):
    reached = np.array([one["reached"] for one in reports_of(task, digits()) if "reached" in one])
    return {"accuracy": reached[:, 1], "training_loss": reached[:, 2], "validation_loss": reached[:, 3]}


def test_the_curves_agree_within_their_spread(both):
    torch, keras = both
    for name in torch:
        spread = np.sqrt((torch[name].var(axis=0, ddof=1) + keras[name].var(axis=0, ddof=1)) / len(torch[name]))
        apart = np.abs(torch[name].mean(axis=0) - keras[name].mean(axis=0))
        # Means of four runs each: three standard errors of their difference, and a hundredth of the first loss.
        assert (apart <= 3 * spread + 0.03).all(), (name, apart, spread)
    assert torch["accuracy"].mean(axis=0)[-1] > 0.5
