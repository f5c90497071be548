"""Ways to write the missing layers of cnn2 in PyTorch: 20 right ones, and 20 with a mistake, as edits of the solution.

An edit is a pair of texts in the code cell that builds the network; "" in the first place stands for the whole cell.
"""

from __future__ import annotations

from typing import NamedTuple

Edits = tuple[tuple[str, str], ...]

CONV = "    nn.Conv2d(64, 64, kernel_size=3, padding=1),\n"
BLOCK = CONV + "    nn.BatchNorm2d(64),\n    nn.ReLU(),\n    nn.MaxPool2d(2),\n"
START, END = "    # here is your code coming:\n", "    # end of your code"
_HEAD = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3, padding=1)
        self.conv2 = nn.Conv2d(32, 32, 3, padding=1)
        self.conv3 = nn.Conv2d(32, 64, 3, padding=1)
        self.conv4 = nn.Conv2d(64, 64, 3, padding=1)
        self.bn1, self.bn2 = nn.BatchNorm2d(32), nn.BatchNorm2d(32)
        self.bn3, self.bn4 = nn.BatchNorm2d(64), nn.BatchNorm2d(64)
        self.fc1, self.bn5 = nn.Linear(3136, 200), nn.BatchNorm1d(200)
        self.fc2 = nn.Linear(200, 10)
"""
_FORWARD = """
    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.max_pool2d(F.relu(self.bn2(self.conv2(x))), 2)
        x = F.relu(self.bn3(self.conv3(x)))
        x = F.max_pool2d(F.relu(self.bn4(self.conv4(x))), 2)
        x = x.view(x.size(0), -1)
        x = F.dropout(self.bn5(self.fc1(x)), 0.3, self.training)
        return self.fc2(F.relu(x))

model = Net()
model(X_train[:2]).shape
"""
CLASS = "import torch.nn.functional as F\n" + _HEAD + _FORWARD

RIGHT: dict[str, Edits] = {
    "solution": (),
    "padding-same": ((CONV, '    nn.Conv2d(64, 64, 3, padding="same"),\n'),),
    "tuples": ((CONV, "    nn.Conv2d(64, 64, (3, 3), (1, 1), (1, 1)),\n"),),
    "keywords": ((CONV, "    nn.Conv2d(in_channels=64, out_channels=64, kernel_size=3, stride=1, padding=1),\n"),),
    "pool-with-stride": (("    nn.MaxPool2d(2),\n" + END, "    nn.MaxPool2d(kernel_size=2, stride=2),\n" + END),),
    "pool-of-two-axes": (("    nn.MaxPool2d(2),\n" + END, "    nn.MaxPool2d((2, 2)),\n" + END),),
    "pool-by-adaptive": (("    nn.MaxPool2d(2),\n" + END, "    nn.AdaptiveMaxPool2d((7, 7)),\n" + END),),
    "zero-padding-layer": ((CONV, "    nn.ZeroPad2d(1),\n    nn.Conv2d(64, 64, 3),\n"),),
    "nested-sequential": ((BLOCK, "    nn.Sequential(\n" + BLOCK + "    ),\n"),),
    "lazy-layers": (
        (CONV + "    nn.BatchNorm2d(64)", "    nn.LazyConv2d(64, 3, padding=1),\n    nn.LazyBatchNorm2d()"),
    ),
    "inplace-relu": (("nn.ReLU()", "nn.ReLU(inplace=True)"),),
    "identity-and-no-dropout": ((CONV, "    nn.Identity(),\n    nn.Dropout(0.0),\n" + CONV),),
    "clipped-relu": (
        ("    nn.ReLU(),\n    nn.MaxPool2d(2),\n" + END, "    nn.LeakyReLU(0.0),\n    nn.MaxPool2d(2),\n" + END),
    ),
    "own-initial-weights": (("model(X_train", "nn.init.kaiming_normal_(model[10].weight)\nmodel(X_train"),),
    "momentum-and-epsilon": (
        (CONV + "    nn.BatchNorm2d(64)", CONV + "    nn.BatchNorm2d(64, eps=1e-3, momentum=0.01)"),
    ),
    "unflattened-by-dimensions": (
        ("nn.Flatten()", "nn.Flatten(1, -1)"),
        ("nn.LazyLinear(200)", "nn.Linear(3136, 200)"),
    ),
    "log-softmax": (("    nn.Linear(200, 10),\n", "    nn.Linear(200, 10),\n    nn.LogSoftmax(dim=1),\n"),),
    "class-and-functions": (("", CLASS),),
    "class-with-module-list": (
        (
            "",
            CLASS.replace("F.relu(self.bn3(self.conv3(x)))", "self.third(x).relu()").replace(
                "        self.fc2 =", "        self.third = nn.Sequential(self.conv3, self.bn3)\n        self.fc2 ="
            ),
        ),
    ),
    "class-of-a-function": (
        (
            "",
            CLASS.replace("F.max_pool2d(", "self.pool(").replace(
                "        self.fc2 =", "        self.pool = lambda x, size: nn.MaxPool2d(size)(x)\n        self.fc2 ="
            ),
        ),
    ),
}


class Mutant(NamedTuple):
    """A mistake: its edits, words of the finding, and how many of the five points are left."""

    edits: Edits
    words: str
    most: float


def _changed(before: str, after: str) -> Edits:
    return ((BLOCK, BLOCK.replace(before, after)),)


_LAST_POOL = "    nn.MaxPool2d(2),\n" + END

WRONG: dict[str, Mutant] = {
    "nothing-written": Mutant(((BLOCK, ""),), "is missing", 0),
    "no-convolution": Mutant(((CONV, ""),), "A convolution is missing", 3.75),
    "no-normalization": Mutant(((CONV + "    nn.BatchNorm2d(64),\n", CONV),), "A normalization layer is missing", 3.75),
    "no-activation": Mutant(_changed("    nn.ReLU(),\n", ""), "An activation is missing", 3.75),
    "no-pooling": Mutant(((_LAST_POOL, END),), "A pooling layer is missing", 3.75),
    "filters-128": Mutant(
        _changed(BLOCK, BLOCK.replace("64, 64", "64, 128").replace("BatchNorm2d(64)", "BatchNorm2d(128)")),
        "number of filters",
        3.75,
    ),
    "kernel-5": Mutant(_changed("kernel_size=3, padding=1", "kernel_size=5, padding=2"), "kernel size", 3.75),
    "no-padding": Mutant(_changed("kernel_size=3, padding=1", "kernel_size=3"), "padding", 3.75),
    "stride-2": Mutant(_changed("padding=1", "padding=1, stride=2"), "strides", 3.75),
    "no-bias": Mutant(_changed("padding=1", "padding=1, bias=False"), "bias", 3.75),
    "dilated": Mutant(_changed("padding=1", "padding=2, dilation=2"), "dilation", 3.75),
    "average-pooling": Mutant(((_LAST_POOL, "    nn.AvgPool2d(2),\n" + END),), "pooling", 3.75),
    "pool-3": Mutant(((_LAST_POOL, "    nn.MaxPool2d(3, stride=2, padding=1),\n" + END),), "pool size", 3.75),
    "tanh": Mutant(_changed("nn.ReLU()", "nn.Tanh()"), "activation function", 3.75),
    "sigmoid": Mutant(_changed("nn.ReLU()", "nn.Sigmoid()"), "activation function", 3.75),
    "leaky": Mutant(_changed("nn.ReLU()", "nn.LeakyReLU(0.1)"), "activation", 3.75),
    "extra-dropout": Mutant(
        ((_LAST_POOL, "    nn.MaxPool2d(2),\n    nn.Dropout(0.25),\n" + END),), "one layer too many", 3.75
    ),
    "activation-first": Mutant(
        _changed("    nn.BatchNorm2d(64),\n    nn.ReLU(),\n", "    nn.ReLU(),\n    nn.BatchNorm2d(64),\n"),
        "another place",
        3.75,
    ),
    "given-part-changed": Mutant((("nn.Dropout(0.3)", "nn.Dropout(0.5)"),), "should stay as it was", 3.75),
    "softmax-before-the-loss": Mutant(
        (("    nn.Linear(200, 10),\n", "    nn.Linear(200, 10),\n    nn.Softmax(dim=1),\n"),),
        "one layer too many",
        3.75,
    ),
}


def applied(edits: Edits, source: str) -> str:
    """The code of the cell after the edits.

    Raises:
        ValueError: an edit does not apply.
    """
    for before, after in edits:
        if before and before not in source:
            raise ValueError(f"{before!r} is not in the cell")
        source = source.replace(before, after) if before else after
    return source
