"""Inside the zygote for notebooks that import PyTorch: imports it, and what its first use would import.

Nothing is computed here: a thread that a computation starts would not survive the fork.
"""

from __future__ import annotations

import contextlib
import importlib

import torch

import autograder.observe.torch.observing
import autograder.observe.torch.vision  # noqa: F401

_ON_FIRST_USE = (
    "torch._dynamo",
    "torch._subclasses.fake_tensor",
    "torch.export",
    "torch.fx.experimental.proxy_tensor",
    "torch.fx.passes.shape_prop",
    "torch.optim.lr_scheduler",
    "torch.utils.data",
    "torch.utils.data.datapipes",
    "torch.utils.tensorboard",
    "torchvision.datasets",
    "torchvision.transforms",
    "torchinfo",
    "torchsummary",
)

for _name in _ON_FIRST_USE:
    with contextlib.suppress(ImportError):
        importlib.import_module(_name)
torch.set_num_threads(1)
