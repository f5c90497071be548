"""Networks of PyTorch on hidden rows: called as they are, in the mode for evaluation."""

from importlib.util import find_spec

import numpy as np
import pytest

from autograder.datasets import Declaration, resolve
from autograder.observe.limits import Limits
from autograder.records.predictions import PredictionRequest

pytestmark = [pytest.mark.slow, pytest.mark.skipif(find_spec("torch") is None, reason="needs torch: make torch")]

NOTEBOOK = """
import keras
import numpy as np
import pandas as pd
import torch
from torch import nn

torch.manual_seed(1)
things = pd.read_csv("things.csv")
sizes, ages = (torch.tensor(things[[name]].to_numpy("float32")) for name in ("size", "age"))
kinds = torch.tensor((things["kind"] == "b").to_numpy("float32"))[:, None]

class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.drop, self.norm, self.last = nn.Dropout(0.5), nn.BatchNorm1d(2), nn.Linear(2, 1)

    def forward(self, size, age):
        return torch.sigmoid(self.last(self.drop(self.norm(torch.cat([size, age], dim=1)))))

network = Pair()
optimizer = torch.optim.Adam(network.parameters(), 0.1)
for epoch in range(60):
    optimizer.zero_grad()
    loss = nn.functional.binary_cross_entropy(network(sizes, ages), kinds)
    loss.backward()
    optimizer.step()

def forgets_eval(rows):
    return network(torch.from_numpy(rows["size"]), torch.from_numpy(rows["age"]))

def by_name(rows):
    network.eval()
    return forgets_eval(rows)

left, right = keras.Input((1,), name="size"), keras.Input((1,), name="age")
joined = keras.layers.Concatenate()([left, right])
functional = keras.Model([left, right], keras.layers.Dense(1, activation="sigmoid")(joined))
functional.set_weights([np.array([[1.0], [0.0]]), np.array([-5.0])])
"""
STATUS = {"network": "predicted", "forgets_eval": "unsteady", "by_name": "predicted", "functional": "predicted"}


def test_a_network_of_pytorch_and_several_inputs_by_name_are_called_as_they_are(observe, tmp_path):
    draw = np.random.default_rng(3)
    for name, rows in (("things", 200), ("things-hidden", 120)):
        sizes, ages = draw.uniform(0, 10, rows).round(4), draw.integers(0, 50, rows)
        lines = [f"{size},{age},{'b' if size > 5 else 'a'}" for size, age in zip(sizes, ages, strict=True)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["size,age,kind", *lines]) + "\n")
    inputs = {"size": ("size",), "age": ("age",)}
    declared = Declaration(csv="things.csv", target="kind", hidden="things-hidden.csv", inputs=inputs)
    source = resolve("things", declared, tmp_path)
    asked = [PredictionRequest(name=name, dataset="things", source=source, metric="auc") for name in STATUS]
    limits = Limits(cell_seconds=90, total_seconds=180, grace_seconds=2)
    evidence = observe(NOTEBOOK, limits=limits, training="full", sources=(source,), predictions=tuple(asked))
    assert [cell.status for cell in evidence.cells] == ["ok"], evidence.cells
    found = {one.name: evidence.prediction(one.key) for one in asked}
    assert {name: one.status for name, one in found.items()} == STATUS
    assert all(one.score > 0.9 for one in found.values() if one.status == "predicted"), found
    # The network itself, and the same one called by a function that puts it into the mode for evaluation.
    assert found["network"].score == found["by_name"].score
