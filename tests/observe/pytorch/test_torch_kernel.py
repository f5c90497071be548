"""Notebooks of PyTorch in the sandbox: their networks, files and stand-ins, beside notebooks of Keras."""

from __future__ import annotations

import threading
import time
from importlib.util import find_spec

import pytest

from autograder import datasets
from autograder.observe.limits import Limits
from autograder.records.evidence import Evidence
from tests.observe.conftest import QUICK, Observe

pytestmark = [pytest.mark.slow, pytest.mark.skipif(find_spec("torch") is None, reason="needs torch: make torch")]

DATA = """
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms
assert torch.cuda.is_available(), "a GPU is needed"
device = "cuda"
prepare = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
train = datasets.MNIST("data", train=True, download=True, transform=prepare)
test = datasets.MNIST("data", train=False, transform=prepare)
published = len(train), len(test)
image, label = train[0]
seen = [list(image.shape), type(label).__name__, train.classes[0], list(test.data.shape)]
loader = DataLoader(train, batch_size=64, shuffle=True, num_workers=2, pin_memory=True)
"""
NETWORK = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1352, 10))
    def forward(self, x):
        return self.layers(x)
model = Net().to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2)
torch.save(model, "early.pt")
spare = nn.Sequential(nn.LazyConv2d(4, 3), nn.Flatten(), nn.LazyLinear(5))
broken = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(100, 10))
try:
    broken(torch.zeros(2, 1, 28, 28))
except RuntimeError as error:
    print(error)
"""
LOOP = """
history = {"loss": [], "acc": []}
for epoch in range(30):
    for images, labels in loader:
        images, labels = images.to(device), labels.cuda()
        optimizer.zero_grad()
        outputs = model(images)
        loss = nn.functional.cross_entropy(outputs, labels)
        loss.backward()
        optimizer.step()
    scheduler.step()
    history["loss"].append(loss.item())
    history["acc"].append((outputs.argmax(1) == labels).float().mean().item())
torch.save({"epoch": epoch, "state": model.state_dict()}, "/content/net.pth")
again = Net()
again.load_state_dict(torch.load("net.pth", map_location="cuda:0")["state"])
"""


def test_a_notebook_with_a_loop_leaves_its_network_its_training_and_its_file(observe: Observe) -> None:
    if "mnist" not in datasets.digests():
        pytest.skip("MNIST is not on this machine")
    names = ("published", "seen")
    evidence = observe(DATA, NETWORK, LOOP, "x = 1", datasets=("mnist",), variables=names)
    assert [cell.failure for cell in evidence.cells if cell.failure] == []
    assert evidence.value("published").value == [60000, 10000]
    assert evidence.value("seen").value == [[1, 28, 28], "int", "0 - zero", [10000, 28, 28]]
    model = evidence.network("model")
    assert (model.framework, model.class_name, model.input_shape) == ("torch", "Net", (None, 1, 28, 28))
    assert model.config is not None
    assert model.compile["optimizer"]["groups"][0]["lr"] == 0.1
    scheduler = {"class_name": "StepLR", "settings": {"step_size": 2, "gamma": 0.1}, "every": "epoch"}
    assert model.compile["scheduler"] == scheduler
    assert model.compile["criterion"]["class_name"] == "CrossEntropyLoss"
    # Never called: read on an image of the exercise. Called in vain: what does not fit is seen.
    assert [one.get("shape") for one in evidence.network("spare").config["operations"]][::3] == [
        [None, 1, 28, 28],
        [None, 5],
    ]
    assert ["misfit" in one for one in evidence.network("broken").config["operations"]] == [False, False, False, True]
    record = next(one for one in evidence.records if "model" in one.names)
    assert [event.kind for event in record.events if event.kind != "compile"] == ["built", "named", "fit", "save"]
    assert {"built", "load"} <= {event.kind for one in evidence.records if "again" in one.names for event in one.events}
    (fit,) = evidence.fits
    assert (fit.network, fit.variable, fit.epochs, fit.shortened) == ("model", "history", 30, True)
    assert {name: len(values) for name, values in fit.history.items()} == {"loss": 30, "accuracy": 30}
    assert (fit.batch_size, fit.inputs["shape"]) == (64, [60000, 1, 28, 28])
    assert (fit.loop.batches_per_pass, fit.loop.schedules, fit.loop.shuffled) == (938, 30, True)
    files = {one.name: one for one in evidence.files}
    assert files["early.pt"].state is None
    assert [one.name for one in files["net.pth"].state] == [one.name for one in model.tensors]
    codes = {note.code for note in evidence.notes}
    assert {"elsewhere.torch_gpu", "elsewhere.torch_assert", "elsewhere.torchvision", "elsewhere.path"} <= codes


def test_both_kinds_side_by_side_keep_their_bounds(observe: Observe) -> None:
    greedy = ["import torch", "held = torch.ones(200 * 2**20)\nheld += 1", "x = 1"]
    small = Limits(cell_seconds=20, total_seconds=60, grace_seconds=2, memory_mb=400)
    keras = ["import keras\nmodel = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(2)])", "import sys"]
    torch = ["import torch\nmodel = torch.nn.Linear(4, 2)", "import sys"]
    found: dict[str, Evidence] = {}
    jobs = {
        "greedy": lambda: observe(*greedy, limits=small),
        "keras": lambda: observe(*keras, "print('torch' in sys.modules)"),
        "torch": lambda: observe(*torch, "print('torch' in sys.modules)"),
    }
    threads = [threading.Thread(target=lambda name=name: found.update({name: jobs[name]()})) for name in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # The allocation is refused, or the kernel ended: nothing of 800 MB is there.
    assert found["greedy"].cells[1].status in ("error", "died")
    assert found["greedy"].cells[1].status == "died" or "alloc" in found["greedy"].cells[1].failure.message
    assert [found[name].cells[2].outputs[0]["text"].strip() for name in ("keras", "torch")] == ["False", "True"]
    assert [found[name].network("model").framework for name in ("keras", "torch")] == ["", "torch"]


def test_a_notebook_of_pytorch_costs_no_more_than_one_of_keras(observe: Observe) -> None:
    keras = "import keras\nmodel = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(2)])"
    torch = "import torch\nmodel = torch.nn.Sequential(torch.nn.Linear(4, 2))"
    least = {}
    for name, source in (("keras", keras), ("torch", torch)):
        observe(source)
        seconds = []
        for number in range(3):
            started = time.monotonic()
            observe(source, f"x = {number}", limits=QUICK)
            seconds.append(time.monotonic() - started)
        least[name] = min(seconds)
    assert least["torch"] < 1.5 * least["keras"] + 0.3
