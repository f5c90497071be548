"""How many networks of PyTorch each way of reading them reads: `make torch`, then

    .venv/bin/python benchmarks/torch_networks.py

The networks are those of the reader's tests and more that are written as students write them. The ways are one recorded
call (`autograder.observe.torch.description`, then the reader), `torch.fx.symbolic_trace` and
`torch.export.export(strict=False)`. For each network that a way refuses the reason is printed, and at the end how many
each reads. fx and export only have to give a graph; the recorded call also has to come out as an architecture.
"""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "network"))
from torch_modules import MODULES

from autograder.network.canonical import Misfitting
from autograder.network.torch.reader import read_description
from autograder.observe.torch.description import describe

IMAGE = (4, 1, 28, 28)


def _class(forward: Callable[..., Any], **parts: Callable[[], nn.Module]) -> Callable[[], nn.Module]:
    """What makes a module with these parts and this `forward`."""

    def initialize(self: Any) -> None:
        nn.Module.__init__(self)
        for name, make in parts.items():
            setattr(self, name, make())

    return type("Net", (nn.Module,), {"__init__": initialize, "forward": forward})


def _conv() -> nn.Module:
    return nn.Conv2d(1, 8, 3, padding=1)


def _dense() -> nn.Module:
    return nn.Linear(1568, 10)


def _while(self: Any, x: Any) -> Any:
    x = self.conv(x)
    while x.shape[-1] > 14:
        x = F.max_pool2d(F.relu(x), 2)
    return self.out(x.flatten(1))


def _by_length(self: Any, x: Any) -> Any:
    return self.out(F.max_pool2d(self.conv(x), 2).view(len(x), -1))


def _on_shape(self: Any, x: Any) -> Any:
    if x.dim() == 3:
        x = x.unsqueeze(1)
    if x.size(1) != 1:
        raise ValueError("grey images only")
    return self.out(F.max_pool2d(self.conv(x), 2).flatten(1))


def _asserted(self: Any, x: Any) -> Any:
    batch, channels, height, width = x.shape
    assert (channels, height, width) == (1, 28, 28)
    return self.out(F.max_pool2d(self.conv(x), 2).reshape(batch, -1))


def _made_in_forward(self: Any, x: Any) -> Any:
    x = nn.MaxPool2d(2)(nn.ReLU()(self.conv(x)))
    return self.out(nn.Flatten()(x))


def _dropped(self: Any, x: Any) -> Any:
    return self.out(nn.Dropout(0.5)(F.max_pool2d(self.conv(x), 2).flatten(1)))


def _in_training_only(self: Any, x: Any) -> Any:
    x = self.out(F.max_pool2d(self.conv(x), 2).flatten(1))
    return x if self.training else x.softmax(1)


def _on_data(self: Any, x: Any) -> Any:
    x = x / 255 if x.max() > 1 else x
    return self.out(F.max_pool2d(self.conv(x), 2).flatten(1))


def _printing(self: Any, x: Any) -> Any:
    print("in", x.shape, file=sys.stderr)
    return self.out(F.max_pool2d(self.conv(x), 2).flatten(1))


def _twice(self: Any, x: Any) -> Any:
    x = self.hidden(x.flatten(1))
    for _ in range(2):
        x = torch.relu(self.again(x))
    return self.last(x)


def _over_steps(self: Any, x: Any) -> Any:
    state = torch.zeros(x.shape[0], 16)
    for step in range(x.shape[1]):
        state = self.cell(x[:, step], state)
    return self.last(state)


def _last_state(self: Any, x: Any) -> Any:
    _, (state, _) = self.lstm(self.embedding(x))
    return self.last(state[-1])


def _packed_in_a_dict(self: Any, x: Any) -> Any:
    found = {"features": F.max_pool2d(self.conv(x), 2).flatten(1)}
    return self.out(found["features"])


def _two_outputs(self: Any, x: Any) -> Any:
    x = torch.relu(self.hidden(x.flatten(1)))
    return {"digit": self.last(x), "odd": torch.sigmoid(self.side(x))}


def _skip(self: Any, x: Any) -> Any:
    x = torch.relu(self.hidden(x.flatten(1)))
    return self.last(x + torch.relu(self.again(x)))


_FRONT = {"conv": _conv, "out": _dense}
_DENSE: dict[str, Callable[[], nn.Module]] = {
    "hidden": lambda: nn.Linear(784, 16),
    "again": lambda: nn.Linear(16, 16),
    "last": lambda: nn.Linear(16, 10),
    "side": lambda: nn.Linear(16, 1),
}
_WORDS: dict[str, Callable[[], nn.Module]] = {
    "embedding": lambda: nn.Embedding(90, 8),
    "lstm": lambda: nn.LSTM(8, 16, batch_first=True),
    "last": lambda: nn.Linear(16, 2),
}


def _sequential(*layers: Callable[[], nn.Module]) -> Callable[[], nn.Module]:
    return lambda: nn.Sequential(*(make() for make in layers))


MORE: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "while on a shape": (_class(_while, **_FRONT), IMAGE),
    "len of the batch": (_class(_by_length, **_FRONT), IMAGE),
    "conditions on shapes": (_class(_on_shape, **_FRONT), IMAGE),
    "shape unpacked and asserted": (_class(_asserted, **_FRONT), IMAGE),
    "modules made in forward": (_class(_made_in_forward, **_FRONT), IMAGE),
    "dropout made in forward": (_class(_dropped, **_FRONT), IMAGE),
    "softmax in evaluation only": (_class(_in_training_only, **_FRONT), IMAGE),
    "a condition on data": (_class(_on_data, **_FRONT), IMAGE),
    "prints shapes": (_class(_printing, **_FRONT), IMAGE),
    "a layer used twice": (_class(_twice, **_DENSE), IMAGE),
    "a sum of two ways": (_class(_skip, **_DENSE), IMAGE),
    "two outputs in a dict": (_class(_two_outputs, **_DENSE), IMAGE),
    "features in a dict": (_class(_packed_in_a_dict, **_FRONT), IMAGE),
    "a cell over the steps": (
        _class(_over_steps, cell=lambda: nn.GRUCell(6, 16), last=lambda: nn.Linear(16, 2)),
        (4, 5, 6),
    ),
    "the last state": (_class(_last_state, **_WORDS), (4, 12)),
    "lazy layers": (_sequential(lambda: nn.LazyConv2d(8, 3), nn.ReLU, nn.Flatten, lambda: nn.LazyLinear(10)), IMAGE),
    "unflatten": (_sequential(lambda: nn.Linear(10, 49), lambda: nn.Unflatten(1, (1, 7, 7)), nn.Sigmoid), (4, 10)),
    "global pooling": (_sequential(_conv, lambda: nn.AdaptiveAvgPool2d(1), nn.Flatten), IMAGE),
    "grouped": (_sequential(lambda: nn.Conv2d(4, 8, 3, groups=4), nn.GELU, lambda: nn.GroupNorm(2, 8)), (4, 4, 9, 9)),
}


def recorded(make: Callable[[], nn.Module], shape: tuple[int, ...]) -> None:
    found = describe(make(), shape)
    if "problem" in found:
        raise ValueError(f"{found['problem']}: {found['detail']}")
    with contextlib.suppress(Misfitting):  # the mistake is what has been read
        read_description(found)


def traced(make: Callable[[], nn.Module], shape: tuple[int, ...]) -> None:
    torch.fx.symbolic_trace(make())


def exported(make: Callable[[], nn.Module], shape: tuple[int, ...]) -> None:
    module = make()
    for kind in (torch.float32, torch.int64):
        try:
            torch.export.export(module, (torch.zeros(shape, dtype=kind),), strict=False)
        except Exception:
            if kind is torch.int64:
                raise
        else:
            return


WAYS = {"recorded call": recorded, "torch.fx": traced, "torch.export": exported}


def main() -> int:
    warnings.simplefilter("ignore")
    networks = {**MODULES, **MORE}
    read = dict.fromkeys(WAYS, 0)
    for name, (make, shape) in networks.items():
        for way, attempt in WAYS.items():
            try:
                attempt(make, shape)
            except Exception as error:
                why = (str(error).splitlines() or [""])[0][:80]
                print(f"{way:14} {name:28} {type(error).__name__}: {why}")
            else:
                read[way] += 1
    for way, count in read.items():
        print(f"{way:14} reads {count} of {len(networks)} networks")
    return 0


if __name__ == "__main__":
    sys.exit(main())
