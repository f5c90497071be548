"""The 26 programs of the published benchmark, as networks and data of our own with the published configurations.

The configurations (activations, initializers, loss, optimizer, rate, batch, epochs, units) are those of Humbatova et
al. (EMSE 2025). The programs' code and most of their data are not published with them: shape and task of the data are
kept, and `data` says for each program what stands in for it. Epochs and batches are scaled to short runs, by the same
factors for the faulty program, its repair and the healthy copy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.published_data import Arrays, bags_of_words, iris, linear, noisy_line, rings, spiral, squares
from benchmarks.published_networks import Config, cifar, conv, dense, mnist_conv, repeated, reuters


@dataclass(frozen=True)
class Program:
    """One program.

    Attributes:
        name: its file in the benchmark.
        paper: its id in the paper.
        truth: the parameters of its published ground truth; "preprocessing" and "regularization" are no parameters of
            the configurations.
        layers: the layers' code in a notebook, from a configuration; the one with the parameters of number n is
            called l<n>, so that a diagnosis can be read in the benchmark's parameters.
        data: what the rows are, in words.
        rows: makes them with a seed; None for a built-in data set, `dataset`.
        train, validation: how many rows.
        metric: by which a regression is scored; "" for the accuracy.
        epochs, batch: factors on the published epochs and batch size.
        repair: the program's own repair, where it is known: what the mutation changed, or the ground truth names; else
            the smallest and best equivalent one is the solution.
        extra: what only the faulty program has: a line on its labels, raw pixels, a regularizer.
    """

    name: str
    paper: str
    truth: tuple[str, ...]
    layers: Callable[[Config], list[str]]
    data: str
    train: int
    validation: int
    rows: Callable[[], Arrays] | None = None
    dataset: str = "own"
    shape: tuple[int, ...] = ()
    classes: int = 0
    task: str = ""
    metric: str = ""
    normalization: str = "none"
    epochs: float = 1.0
    batch: float = 1.0
    repair: Mapping[str, str] | None = None
    extra: Mapping[str, str] | None = None


_MNIST = {"dataset": "mnist", "shape": (28, 28, 1), "classes": 10, "task": "classification", "normalization": "unit"}
_DIGITS = "1,200 images of MNIST, convolutions a quarter as wide; batches of 16 for 128, 2 epochs for 12"
_NEWS = "synthetic bags of words in 46 topics for Reuters, which is not on the machine"
_TOPICS = {
    "rows": bags_of_words,
    "shape": (400,),
    "classes": 46,
    "task": "classification",
    "train": 2400,
    "validation": 800,
}
_COLOURS = {
    "dataset": "cifar10",
    "shape": (32, 32, 3),
    "classes": 10,
    "task": "classification",
    "normalization": "unit",
    "train": 1500,
    "validation": 400,
}
_OBJECTS = "1,500 images of CIFAR-10, convolutions a quarter as wide; batches of 32 for 64"


def _mnist(name: str, paper: str, truth: str, right: str) -> Program:
    made = {"train": 1200, "validation": 400, "epochs": 1 / 6, "batch": 1 / 8, "repair": {truth: right}, **_MNIST}
    return Program(name, paper, (truth,), mnist_conv, _DIGITS, **made)


def _topics(name: str, truth: str, **more: Any) -> Program:
    return Program(name, name, (truth,), reuters, _NEWS, **_TOPICS, **more)


PROGRAMS: tuple[Program, ...] = (
    Program(
        "31880720",
        "D1",
        ("act3",),
        lambda c: [
            dense(1, 64, c),
            "layers.Dropout(0.5)",
            *repeated(c, 2, dense(2, 64, c)),
            "layers.Dropout(0.5)",
            dense(3, 1, c),
        ],
        "synthetic: two classes of 20 features that a plane separates",
        2000,
        500,
        linear(20, 2500, 0.52),
        shape=(20,),
        repair={"act3": "sigmoid"},
        task="binary",
    ),
    Program(
        "41600519",
        "D2",
        ("optimizer", "epochs", "batch_size"),
        lambda c: [
            dense(1, 100, c),
            *repeated(c, 2, dense(2, c["unit2"], c)),
            *repeated(c, 3, dense(3, c["unit3"], c)),
            dense(4, 1, c),
        ],
        "synthetic: rings in two of ten features",
        900,
        500,
        rings,
        shape=(10,),
        task="binary",
        repair={"optimizer": "adam", "epochs": "8", "batch_size": "16"},
    ),
    Program(
        "45442843",
        "D3",
        ("optimizer", "loss", "act1", "act2", "epochs", "batch_size"),
        lambda c: [*repeated(c, 1, dense(1, c["unit1"], c)), dense(2, 2, c)],
        "synthetic: two classes of 3 features that a plane separates",
        6000,
        500,
        linear(3, 6500, 0.39, 7),
        shape=(3,),
        repair={"lr": "0.01"},
        classes=2,
        task="classification",
    ),
    Program(
        "48385830",
        "D4",
        ("act1", "act2", "loss", "lr"),
        lambda c: ["layers.Flatten()", dense(1, c["unit1"], c), dense(2, 10, c)],
        "2,000 images of MNIST; 6 epochs for 30",
        2000,
        500,
        epochs=0.2,
        **_MNIST,
    ),
    Program(
        "48594888",
        "D5",
        ("epochs", "batch_size"),
        lambda c: [
            conv(1, 8, c),
            "layers.MaxPooling2D()",
            conv(2, 16, c),
            "layers.MaxPooling2D()",
            "layers.Flatten()",
            *repeated(c, 3, dense(3, c["unit3"], c)),
            dense(4, 10, c),
        ],
        "1,000 images of CIFAR-10; batches of 50 for 1,000, 8 epochs for 20",
        epochs=0.4,
        batch=0.05,
        **{**_COLOURS, "train": 1000},
    ),
    Program(
        "50306988",
        "D6",
        ("lr", "epochs", "loss", "act2"),
        lambda c: [dense(1, c["unit1"], c), dense(2, 2, c)],
        "synthetic: two classes of 4 features that a plane separates",
        640,
        400,
        linear(4, 1040, 0.5, 2),
        shape=(4,),
        classes=2,
        task="classification",
    ),
    Program(
        "51181393",
        "D7",
        ("lr",),
        lambda c: [dense(1, c["unit1"], c)],
        "synthetic: a line with noise; 40 epochs for 200",
        400,
        200,
        noisy_line,
        shape=(1,),
        task="regression",
        metric="mae",
        epochs=0.2,
    ),
    Program(
        "56380303",
        "D8",
        ("optimizer", "lr"),
        lambda c: [dense(1, c["unit1"], c), *repeated(c, 2, dense(2, c["unit2"], c)), dense(3, 3, c)],
        "synthetic: three arms of a spiral",
        1000,
        500,
        spiral,
        repair={"optimizer": "adam", "lr": "0.03"},
        shape=(2,),
        classes=3,
        task="classification",
    ),
    Program(
        "59325381",
        "D9",
        ("preprocessing", "act4", "batch_size"),
        lambda c: [
            conv(1, 8, c),
            "layers.MaxPooling2D()",
            *repeated(c, 2, conv(2, 16, c)),
            "layers.MaxPooling2D()",
            "layers.Flatten()",
            dense(3, c["unit2"], c),
            dense(4, 10, c),
        ],
        "1,200 images of MNIST, its labels divided by 255; 2 epochs for 10",
        1200,
        400,
        epochs=0.2,
        extra={"labels": "y = y / 255"},
        repair={"act1": "relu", "act2": "relu"},
        **_MNIST,
    ),
    _mnist("M1", "M3", "lr", "1.0"),
    _mnist("M2", "M1", "ki1", "glorot_uniform"),
    _mnist("M3", "M2", "act4", "softmax"),
    _topics("R1", "regularization", extra={"regularization": "l2"}, repair={}),
    _topics("R2", "act2", repair={"act2": "softmax"}),
    _topics("R3", "lr", repair={"lr": "0.001"}),
    _topics("R4", "loss", repair={"loss": "categorical_crossentropy"}),
    _topics("R5", "optimizer", repair={"optimizer": "adam"}),
    _topics("R6", "ki1", repair={"ki1": "glorot_uniform"}),
    _topics("R7", "act2", repair={"act2": "softmax"}),
    Program(
        "C1",
        "C1",
        ("act2",),
        cifar,
        f"{_OBJECTS}, 8 epochs for 50",
        epochs=0.16,
        batch=0.5,
        repair={"act2": "relu"},
        **_COLOURS,
    ),
    Program("C2", "C2", ("epochs",), cifar, f"{_OBJECTS}, 8 epochs", batch=0.5, **_COLOURS),
    Program(
        "C3",
        "C3",
        ("ki2",),
        cifar,
        f"{_OBJECTS}, 8 epochs for 50",
        epochs=0.16,
        batch=0.5,
        repair={"ki2": "glorot_uniform"},
        **_COLOURS,
    ),
    Program(
        "068",
        "D11",
        ("act4",),
        lambda c: [
            dense(1, c["unit1"], c),
            f"layers.Dropout({c['dropout1']})",
            dense(2, c["unit2"], c),
            f"layers.Dropout({c['dropout2']})",
            dense(3, 20, c),
            dense(4, 1, c),
        ],
        "synthetic: two classes of 12 features that a plane separates",
        400,
        300,
        linear(12, 700, 0.5, 8),
        shape=(12,),
        task="binary",
    ),
    Program(
        "098",
        "D12",
        ("preprocessing",),
        lambda c: ["layers.Flatten()", dense(1, c["unit1"], c), dense(2, 10, c)],
        "2,000 images of MNIST, as pixels from 0 to 255; 3 epochs for 10",
        2000,
        400,
        epochs=0.3,
        extra={"raw": "1"},
        repair={},
        **_MNIST,
    ),
    Program(
        "099",
        "D13",
        ("unit1", "act2"),
        lambda c: [dense(1, c["unit1"], c), dense(2, 3, c)],
        "the iris data; 50 epochs for 200",
        100,
        50,
        iris,
        shape=(4,),
        classes=3,
        task="classification",
        epochs=0.25,
    ),
    Program(
        "48221692",
        "D14",
        ("act2",),
        lambda c: [dense(1, c["unit1"], c), dense(2, 1, c)],
        "synthetic: the squares of numbers up to 10; batches of 15 for 150, 30 epochs for 1,000",
        600,
        300,
        squares,
        shape=(1,),
        task="regression",
        metric="mae",
        epochs=0.03,
        batch=0.1,
        repair={"act2": "linear"},
    ),
)


def notebook_code(program: Program, c: Config) -> list[str]:
    """The code cells of the program with a configuration."""
    epochs, batch = scaled(program, c)
    load = (
        f"x, y = keras.datasets.{program.dataset}.load_data()[0]\ny = y.reshape(-1)"
        if program.rows is None
        else 'data = np.load("data.npz")\nx, y = data["x_train"], data["y_train"]'
    )
    if program.dataset == "mnist":
        load += "\nx = x[..., np.newaxis]"
    if program.rows is None and "raw" not in c:
        load += "\nx = x / 255"
    load += f"\nx, y = x[:{program.train}], y[:{program.train}]"
    if "labels" in c:
        load += f"\n{c['labels']}"
    elif program.classes and c["loss"] != "sparse_categorical_crossentropy":
        load += f"\ny = keras.utils.to_categorical(y, {program.classes})"
    inside = "".join(f"    {line},\n" for line in [f"keras.Input({program.shape})", *program.layers(c)])
    kind = {"sgd": "SGD", "rmsprop": "RMSprop"}.get(c["optimizer"], c["optimizer"].capitalize())
    metrics = "" if program.task == "regression" else ', metrics=["accuracy"]'
    loss = {"kullback_leibler_divergence": "kl_divergence"}.get(c["loss"], c["loss"])
    return [
        "import keras\nimport numpy as np\nfrom keras import layers",
        load,
        f"model = keras.Sequential([\n{inside}])",
        f"model.compile(\n    optimizer=keras.optimizers.{kind}(learning_rate={float(c['lr'])}),\n"
        f'    loss="{loss}"{metrics},\n)',
        f"model.fit(x, y, epochs={epochs}, batch_size={batch}, verbose=0)",
    ]


def scaled(program: Program, c: Config) -> tuple[int, int]:
    """Epochs and batch size of a short run."""
    return max(1, round(int(c["epochs"]) * program.epochs)), max(1, round(int(c["batch_size"]) * program.batch))
