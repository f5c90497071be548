"""A class of cnn2 notebooks for benchmarks: N students, K distinct networks, no two notebooks with the same code."""

from __future__ import annotations

import copy
import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ASSIGNMENT = Path(__file__).parents[1] / "assignments" / "cnn2" / "cnn2.ipynb"
BEGIN, END = "# here is your code coming:\n", "# end of your code"
# Most students hand in what is right, and each mistake is made by several: (filters, kernel, normalized, pooled).
_NETWORKS = [
    (64, 3, True, True),
    (32, 3, True, True),
    (64, 3, False, True),
    (64, 3, True, False),
    (48, 3, True, True),
    (64, 5, True, True),
    (32, 3, False, True),
    (96, 3, True, True),
    (64, 1, True, True),
    (64, 5, False, True),
    (80, 3, True, True),
    (16, 3, True, True),
]
MOST_NETWORKS = len(_NETWORKS)


@dataclass(frozen=True)
class Student:
    """One student: the code between the two comment lines, and whether that is the handout's network."""

    name: str
    code: str
    right: bool


def students(count: int, networks: int, seed: int) -> list[Student]:
    """A class in which each of the `networks` is handed in about equally often, in an order drawn by `seed`."""
    order = [_NETWORKS[index % networks] for index in range(count)]
    random.Random(seed).shuffle(order)
    return [
        Student(f"student-{number:05}", _code(number, *network), network == _NETWORKS[0])
        for number, network in enumerate(order)
    ]


def _code(number: int, filters: int, kernel: int, normalized: bool, pooled: bool) -> str:
    lines = [
        f"# my own layers, try number {number}",
        f'model.add(layers.Conv2D({filters}, {kernel}, padding="same", kernel_initializer="he_normal"))',
        "model.add(layers.BatchNormalization())" if normalized else "",
        'model.add(layers.Activation("relu"))',
        "model.add(layers.MaxPooling2D(2))" if pooled else "",
    ]
    return "\n".join(line for line in lines if line) + "\n"


def template(epochs: int) -> dict[str, Any]:
    """The student's notebook as handed out, with this many epochs in its call of `fit`."""
    notebook: dict[str, Any] = json.loads(ASSIGNMENT.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"]).replace("epochs=10", f"epochs={epochs}")
    return notebook


def filled_in(notebook: dict[str, Any], code: str) -> dict[str, Any]:
    """A copy of a notebook with `code` between its two comment lines."""
    copied = copy.deepcopy(notebook)
    (cell,) = [cell for cell in copied["cells"] if BEGIN in cell["source"]]
    before, rest = cell["source"].split(BEGIN)
    cell["source"] = before + BEGIN + code + END + rest.split(END)[1]
    return copied


def write_class(folder: Path, members: list[Student], *, epochs: int) -> None:
    """One notebook for each student, as `autograder grade` takes them."""
    folder.mkdir(parents=True, exist_ok=True)
    notebook = template(epochs)
    for member in members:
        (folder / f"{member.name}.ipynb").write_text(json.dumps(filled_in(notebook, member.code)), encoding="utf-8")
