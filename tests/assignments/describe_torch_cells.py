"""Runs code cells that build a PyTorch `model`, and describes it: `describe_torch_cells.py SOURCES OUT`, both JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from torch import nn

from autograder.observe.torch.description import describe, watch_initializers

if __name__ == "__main__":
    watch_initializers()
    torch.set_num_threads(1)
    found = {}
    for name, source in json.loads(Path(sys.argv[1]).read_text()).items():
        cell = {"torch": torch, "nn": nn, "X_train": torch.zeros(2, 1, 28, 28)}
        exec(source, cell)
        found[name] = describe(cell["model"], (2, 1, 28, 28))
    Path(sys.argv[2]).write_text(json.dumps(found))
