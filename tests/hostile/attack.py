"""What an attack is: a small notebook, one line that says what it tries, and what its network honestly earns."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

IMPORTS = """
import keras
from keras import layers
"""
_FRONT = """
model = keras.Sequential([
    keras.Input(shape=(28, 28, 1)),
    layers.Conv2D(32, 3, padding="same", kernel_initializer="he_normal"),
    layers.BatchNormalization(),
    layers.Activation("relu"),
    layers.Conv2D(32, 3, padding="same", kernel_initializer="he_normal"),
    layers.BatchNormalization(),
    layers.Activation("relu"),
    layers.MaxPooling2D(),
    layers.Conv2D(64, 3, padding="same", kernel_initializer="he_normal"),
    layers.BatchNormalization(),
    layers.Activation("relu"),
"""
_MISSING = """
    layers.Conv2D(64, 3, padding="same", kernel_initializer="he_normal"),
    layers.BatchNormalization(),
    layers.Activation("relu"),
    layers.MaxPooling2D(),
"""
_BACK = """
    layers.Flatten(),
    layers.Dense(200, kernel_initializer="he_normal"),
    layers.BatchNormalization(),
    layers.Dropout(0.3),
    layers.Activation("relu"),
    layers.Dense(10, kernel_initializer="he_normal"),
    layers.Activation("softmax"),
])
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
"""
UNTOUCHED = _FRONT + _BACK
SOLVED = _FRONT + _MISSING + _BACK
FULL_MARKS = 9.0


@dataclass(frozen=True)
class Attack:
    """One hostile submission.

    `tries` is what it is after; `cells` its code; `earns` the points of what it honestly built, of the nine that need
    no person; `note` a text that the page must hold, so that its author learns what happened; `status` the result's.
    """

    name: str
    tries: str
    cells: tuple[str, ...]
    earns: float
    note: str = ""
    status: str | None = None
    before: bool = False

    def write(self, folder: Path) -> None:
        """The notebook, as the student `name`."""
        cells = [
            {
                "cell_type": "code",
                "execution_count": None,
                "id": f"cell-{number}",
                "metadata": {},
                "outputs": [],
                "source": dedent(source).strip(),
            }
            for number, source in enumerate(self.cells)
        ]
        notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (folder / f"{self.name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")


def forging(name: str, tries: str, *code: str, after: str = "") -> Attack:
    """An untouched network, and code that wants points for it: first `code`, then the network, then `after`."""
    return Attack(name, tries, (IMPORTS, *code, UNTOUCHED, *([after] if after else [])), earns=0.0)


def breaking(name: str, tries: str, *code: str, note: str = "", status: str | None = None) -> Attack:
    """A solved network, and then code that does damage: the network keeps every point."""
    return Attack(name, tries, (IMPORTS, SOLVED, *code, "after = 1"), earns=FULL_MARKS, note=note, status=status)


_WAITING = ("import time\ntime.sleep(1)\nprint('fine')",) * 8


def honest(count: int) -> tuple[Attack, ...]:
    """So many honest notebooks, no two alike, each of which takes long enough for all to run at the same time."""
    cells = [(IMPORTS, f"number = {number}", SOLVED, *_WAITING) for number in range(1, count + 1)]
    return tuple(Attack(f"honest-{number}", "nothing", own, FULL_MARKS) for number, own in enumerate(cells, 1))


HONEST = (
    Attack("honest-solved", "nothing", (IMPORTS, SOLVED, "print('done')"), FULL_MARKS),
    Attack("honest-untouched", "nothing", (IMPORTS, UNTOUCHED), 0.0),
    Attack(
        "honest-with-a-shell",
        "nothing",
        (IMPORTS, SOLVED, "!echo works", "import time; time.sleep(2)"),
        FULL_MARKS,
    ),
    Attack("honest-with-a-mistake", "nothing", (IMPORTS, SOLVED, "print(undefined)"), FULL_MARKS),
)
