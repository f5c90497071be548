"""Trains a small PyTorch network as a student would, in a process of its own: `torch_curves.py DATA OPTIMIZER OUT`.

DATA has x (rows, channels, height, width) and y; the loop takes the steps of a trusted run, see
`autograder.train.execute`: batches in a new order, validations at equal intervals. OUT gets the description, what
`compile` would be given, and for each seed the training loss between validations, the validation loss and the
validation accuracy.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from autograder.observe.torch.description import describe, watch_initializers

ROWS, BATCH, EPOCHS, VALIDATIONS = 480, 16, 2, 3
SEEDS = (1, 2, 3, 4)
OPTIMIZERS: dict[str, Any] = {
    "adam": lambda parameters: torch.optim.Adam(parameters),
    "rmsprop": lambda parameters: torch.optim.RMSprop(parameters, lr=0.001),
}


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 24, 3, padding=1)
        self.norm = nn.BatchNorm2d(24)
        self.hidden = nn.Linear(24 * 7 * 7, 96)
        self.out = nn.Linear(96, 10)

    def forward(self, x: Any) -> Any:
        x = torch.relu(self.norm(self.conv(x)))
        x = nn.functional.max_pool2d(x, 4).flatten(1)
        return self.out(torch.relu(self.hidden(x)))


def train(x: Any, y: Any, optimizer_name: str, seed: int) -> dict[str, list[float]]:
    torch.manual_seed(seed)
    model, criterion = Net(), nn.CrossEntropyLoss()
    optimizer = OPTIMIZERS[optimizer_name](model.parameters())
    order = np.random.RandomState(100 + seed)
    found: dict[str, list[float]] = {"training_loss": [], "validation_loss": [], "accuracy": []}
    steps = ROWS // BATCH
    for _ in range(EPOCHS):
        rows = order.permutation(ROWS)
        losses: list[float] = []
        for step in range(steps):
            model.train()
            chosen = rows[step * BATCH : (step + 1) * BATCH]
            optimizer.zero_grad()
            loss = criterion(model(x[chosen]), y[chosen])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            if (step + 1) % (steps // VALIDATIONS) == 0:
                model.eval()
                with torch.no_grad():
                    outputs = model(x[ROWS:])
                    found["validation_loss"].append(criterion(outputs, y[ROWS:]).item())
                    found["accuracy"].append((outputs.argmax(1) == y[ROWS:]).float().mean().item())
                found["training_loss"].append(float(np.mean(losses)))
                losses = []
    return found


def main(data: str, optimizer_name: str, out: str) -> None:
    torch.set_num_threads(1)
    watch_initializers()
    arrays = np.load(data)
    x, y = torch.from_numpy(arrays["x"]), torch.from_numpy(arrays["y"]).long()
    model = Net()
    groups = OPTIMIZERS[optimizer_name](model.parameters()).state_dict()["param_groups"]
    plain = [{key: value for key, value in group.items() if key != "params"} for group in groups]
    compiled = {
        "optimizer": {"class_name": type(OPTIMIZERS[optimizer_name](model.parameters())).__name__, "groups": plain},
        "criterion": {"class_name": "CrossEntropyLoss", "settings": {"reduction": "mean"}},
    }
    curves = [train(x, y, optimizer_name, seed) for seed in SEEDS]
    result = {"config": describe(model, (BATCH, 1, 28, 28)), "compile": compiled, "curves": curves}
    Path(out).write_text(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
