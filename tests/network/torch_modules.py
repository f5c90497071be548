"""PyTorch modules with the input that each reads, written in as many ways as students write them.

`python torch_modules.py FILE` describes all of them into a JSON file: `torch_descriptions.json`, with which the reader
is tested where there is no torch.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import nn

from autograder.observe.torch.description import describe, watch_initializers


def block(before: int, after: int) -> list[nn.Module]:
    return [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU()]


def head() -> list[nn.Module]:
    return [nn.Flatten(), nn.Linear(3136, 200), nn.BatchNorm1d(200), nn.Dropout(0.3), nn.ReLU(), nn.Linear(200, 10)]


def cnn2_sequential() -> nn.Module:
    pool = nn.MaxPool2d(2)
    return nn.Sequential(
        *block(1, 32), *block(32, 32), pool, *block(32, 64), *block(64, 64), nn.MaxPool2d(2, 2), *head()
    )


class Functional(nn.Module):
    """relu, pooling and dropout as functions; one pooling layer is used twice; the view keeps the batch by its size."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, kernel_size=3, padding="same")
        self.bn1 = nn.BatchNorm2d(32)
        self.conv2 = nn.Conv2d(32, 32, (3, 3), 1, 1)
        self.bn2 = nn.BatchNorm2d(32)
        self.conv3 = nn.Conv2d(32, 64, 3, padding=(1, 1))
        self.bn3 = nn.BatchNorm2d(64)
        self.conv4 = nn.Conv2d(64, 64, 3, padding=1)
        self.bn4 = nn.BatchNorm2d(64)
        self.pool = nn.MaxPool2d(2)
        self.fc1 = nn.Linear(7 * 7 * 64, 200)
        self.bn5 = nn.BatchNorm1d(200)
        self.fc2 = nn.Linear(200, 10)

    def forward(self, x: Any) -> Any:
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.pool(torch.relu(self.bn2(self.conv2(x))))
        x = self.bn3(self.conv3(x)).relu()
        x = F.max_pool2d(F.relu_(self.bn4(self.conv4(x))), kernel_size=2)
        if x.shape[0] < 1:  # on shapes, not on data
            raise ValueError("no images")
        x = x.view(x.size(0), -1)
        x = F.dropout(self.bn5(self.fc1(x)), 0.3, training=self.training)
        return self.fc2(F.relu(x, inplace=True))


class Nested(nn.Module):
    """Blocks of a class of its own in a ModuleList, the loss's log-softmax at the end."""

    class Block(nn.Module):
        def __init__(self, before: int, after: int) -> None:
            super().__init__()
            self.conv, self.norm = nn.Conv2d(before, after, 3, 1, 1), nn.BatchNorm2d(after)

        def forward(self, x: Any) -> Any:
            return self.norm(self.conv(x)).clamp(min=0)

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([self.Block(*sizes) for sizes in ((1, 32), (32, 32), (32, 64), (64, 64))])
        self.head = nn.ModuleDict({"dense": nn.Linear(3136, 200), "norm": nn.BatchNorm1d(200)})
        self.classifier = nn.Linear(200, 10)

    def forward(self, x: Any) -> Any:
        for number, one in enumerate(self.blocks):
            x = one(x)
            if number % 2:
                x = nn.functional.max_pool2d(x, 2, 2)
        x = torch.flatten(x, start_dim=1)
        x = nn.functional.dropout(self.head["norm"](self.head["dense"](x)), p=0.3)
        return torch.log_softmax(self.classifier(nn.ReLU()(x)), dim=-1)


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.start = nn.Conv2d(3, 16, 3, stride=2, padding=1, bias=False)
        self.one, self.two = nn.Conv2d(16, 16, 3, padding=1), nn.Conv2d(16, 16, 3, padding=1)
        self.side = nn.Conv2d(16, 8, 1)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.out = nn.Linear(24, 5)

    def forward(self, x: Any) -> Any:
        x = F.relu(self.start(x))
        y = self.two(F.relu(self.one(x)))
        x += y
        x = torch.cat([F.relu(x), self.side(x)], dim=1)
        return self.out(self.pool(x).squeeze())


class Words(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(1000, 16, padding_idx=0)
        self.lstm = nn.LSTM(16, 32, num_layers=2, batch_first=True, dropout=0.2)
        self.out = nn.Linear(32, 1)

    def forward(self, x: Any) -> Any:
        states = torch.zeros(2, x.size(0), 32), torch.zeros(2, x.size(0), 32)
        steps, _ = self.lstm(self.embedding(x), states)
        return torch.sigmoid(self.out(steps[:, -1, :]))


class WordsByState(Words):
    def forward(self, x: Any) -> Any:
        _, (state, _) = self.lstm(self.embedding(x))
        return self.out(state[-1]).sigmoid()


class TimeFirst(nn.Module):
    """The GRU of a course that never says batch_first, with axes exchanged by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(12, 20)
        self.out = nn.Linear(20, 4)

    def forward(self, x: Any) -> Any:
        _, state = self.gru(x.permute(1, 0, 2))
        return self.out(state.squeeze(0))


class NoBatchFirst(nn.Module):
    """The mistake: the batch is read as time."""

    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(12, 20)
        self.out = nn.Linear(20, 4)

    def forward(self, x: Any) -> Any:
        steps, _ = self.gru(x)
        return self.out(steps[:, -1])


class BothWays(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.RNN(12, 20, batch_first=True, bidirectional=True, nonlinearity="relu")
        self.out = nn.Linear(40, 4)

    def forward(self, x: Any) -> Any:
        _, state = self.rnn(x)
        return self.out(torch.cat((state[-2], state[-1]), dim=1))


class TextConvolution(nn.Module):
    """(batch, steps, features) is permuted for the convolution, as PyTorch needs it and Keras does not."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(500, 8)
        self.conv = nn.Conv1d(8, 24, 5)
        self.out = nn.Linear(24, 2)

    def forward(self, x: Any) -> Any:
        x = self.embedding(x).transpose(1, 2)
        x = F.relu(self.conv(x))
        return self.out(torch.amax(x, dim=2))


class Signal(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv1d(2, 6, 3), nn.ReLU(), nn.AvgPool1d(2), nn.Conv1d(6, 4, 3), nn.Flatten())
        self.out = nn.LazyLinear(3)

    def forward(self, x: Any) -> Any:
        return self.out(self.layers(x))


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(16, 4, batch_first=True)
        self.norm = nn.LayerNorm(16)
        self.out = nn.Linear(16, 3)

    def forward(self, x: Any) -> Any:
        attended, _ = self.attention(x, x, x)
        return self.out(self.norm(x + attended).mean(dim=1))


class Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(10, 7 * 7 * 8)
        self.up = nn.ConvTranspose2d(8, 4, 4, stride=2, padding=1)
        self.last = nn.ConvTranspose2d(4, 1, 2, stride=2)

    def forward(self, x: Any) -> Any:
        x = F.leaky_relu(self.dense(x), 0.2).view(-1, 8, 7, 7)
        return torch.tanh(self.last(F.relu(self.up(x))))


class OwnWeights(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(32, 784) * 0.01)
        self.bias = nn.Parameter(torch.zeros(32))
        self.out = nn.Linear(32, 10)

    def forward(self, x: Any) -> Any:
        return self.out(torch.relu(F.linear(x.reshape(-1, 784) / 255, self.weight, self.bias)))


class ByHand(nn.Module):
    """Dense layers as products; relu as the larger of two."""

    class Dense(nn.Module):
        def __init__(self, before: int, after: int) -> None:
            super().__init__()
            self.w = nn.Parameter(torch.randn(before, after) * 0.01)
            self.b = nn.Parameter(torch.zeros(after))

        def forward(self, x: Any) -> Any:
            return x @ self.w + self.b

    def __init__(self) -> None:
        super().__init__()
        self.one, self.last = self.Dense(784, 32), nn.Parameter(torch.randn(10, 32))

    def forward(self, x: Any) -> Any:
        x = self.one(x.reshape(x.shape[0], -1))
        return torch.matmul(torch.max(x, torch.zeros_like(x)), self.last.T)


class Gates(nn.Module):
    """Squeeze and excitation; the mean of the images is a buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(0.5))
        self.conv, self.down, self.up = nn.Conv2d(1, 16, 3), nn.Linear(16, 4), nn.Linear(4, 16)
        self.out = nn.Linear(20, 10)

    def forward(self, x: Any) -> Any:
        x = F.relu(self.conv(x - self.mean))
        low = F.relu(self.down(F.adaptive_avg_pool2d(x, 1).view(x.size(0), 16)))
        x = x * torch.sigmoid(self.up(low)).view(x.size(0), 16, 1, 1).expand_as(x)
        return self.out(torch.hstack((x.mean(dim=(2, 3)), low)))


class TextMaximum(TextConvolution):
    def forward(self, x: Any) -> Any:
        x, _ = torch.max(F.relu(self.conv(self.embedding(x).transpose(1, 2))), dim=2)
        return self.out(x)


class OldExample(nn.Module):
    """PyTorch's own example for MNIST, in the version with `Dropout2d` before the last layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, 1)
        self.dropout1, self.dropout2 = nn.Dropout2d(0.25), nn.Dropout2d(0.5)
        self.fc1, self.fc2 = nn.Linear(1352, 32), nn.Linear(32, 10)

    def forward(self, x: Any) -> Any:
        x = self.dropout1(F.max_pool2d(F.relu(self.conv1(x)), 2))
        x = F.relu(self.fc1(torch.flatten(x, 1)))
        if self.training:
            x = self.dropout2(x)
        return self.fc2(x)


def never_called() -> nn.Module:
    return nn.Sequential(nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.ReLU(), nn.Flatten(), nn.LazyLinear(10))


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(50, 16)
        layer = nn.TransformerEncoderLayer(16, 2, dim_feedforward=32, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, num_layers=2)
        self.out = nn.Linear(16, 2)

    def forward(self, x: Any) -> Any:
        return self.out(self.encoder(self.embedding(x)).mean(dim=1))


class EachStep(nn.Module):
    """Batch and steps are one axis for the dense layers, as in language models."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.gru = nn.Embedding(50, 8), nn.GRU(8, 12, batch_first=True)
        self.hidden, self.out = nn.Linear(12, 10), nn.Linear(10, 50)

    def forward(self, x: Any) -> Any:
        steps, _ = self.gru(self.embedding(x))
        steps = F.relu(self.hidden(steps.contiguous().view(-1, 12)))
        return self.out(steps).view(x.size(0), -1, 50)


class OnData(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.out = nn.Linear(4, 2)

    def forward(self, x: Any) -> Any:
        return self.out(x) if x.sum() > 0 else self.out(-x)


class WrongSize(nn.Module):
    """The commonest mistake: the first dense layer is made for another number of inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3)
        self.fc1 = nn.Linear(8 * 14 * 14, 20)
        self.fc2 = nn.Linear(20, 10)

    def forward(self, x: Any) -> Any:
        x = F.max_pool2d(F.relu(self.conv(x)), 2)
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


class Frozen(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.base, self.out = nn.Linear(6, 5), nn.Linear(5, 2)
        self.shared = nn.Linear(5, 5)
        for parameter in self.base.parameters():
            parameter.requires_grad = False
        nn.init.kaiming_normal_(self.out.weight, nonlinearity="relu")
        nn.init.zeros_(self.out.bias)

    def forward(self, x: Any) -> Any:
        return self.out(F.elu(self.shared(F.elu(self.shared(torch.tanh(self.base(x)))))))


# What each reads: a shape in torch's order.
MODULES: dict[str, tuple[Any, tuple[int, ...]]] = {
    "cnn2_sequential": (cnn2_sequential, (64, 1, 28, 28)),
    "cnn2_functional": (Functional, (64, 1, 28, 28)),
    "cnn2_nested": (Nested, (64, 1, 28, 28)),
    "residual": (Residual, (8, 3, 32, 32)),
    "words": (Words, (4, 50)),
    "words_by_state": (WordsByState, (4, 50)),
    "time_first": (TimeFirst, (4, 9, 12)),
    "no_batch_first": (NoBatchFirst, (4, 9, 12)),
    "both_ways": (BothWays, (4, 9, 12)),
    "text_convolution": (TextConvolution, (4, 30)),
    "signal": (Signal, (4, 2, 64)),
    "attention": (Attention, (4, 7, 16)),
    "decoder": (Decoder, (4, 10)),
    "own_weights": (OwnWeights, (4, 1, 28, 28)),
    "by_hand": (ByHand, (4, 1, 28, 28)),
    "gates": (Gates, (4, 1, 28, 28)),
    "text_maximum": (TextMaximum, (4, 30)),
    "old_example": (OldExample, (4, 1, 28, 28)),
    "never_called": (never_called, (4, 1, 28, 28)),
    "encoder": (Encoder, (4, 12)),
    "each_step": (EachStep, (4, 7)),
    "on_data": (OnData, (4, 4)),
    "wrong_size": (WrongSize, (4, 1, 28, 28)),
    "frozen": (Frozen, (4, 6)),
}


def describe_all() -> dict[str, Any]:
    """The description of each module, as JSON has it."""
    watch_initializers()
    found = {}
    for name, (make, shape) in MODULES.items():
        module = make()
        if name == "signal":
            module(torch.zeros(shape))
        found[name] = json.loads(json.dumps(describe(module, shape)))
    return found


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(describe_all(), indent=None, separators=(",", ":")) + "\n")
