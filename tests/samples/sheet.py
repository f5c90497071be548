"""A student's copy of an assignment notebook, and what students do to it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ASSIGNMENT = Path(__file__).parents[2] / "assignments" / "cnn2" / "cnn2.ipynb"
BEGIN = "# here is your code coming:\n"
END = "# end of your code"
SOLVED = """
model.add(layers.Conv2D(64, (3, 3), padding="same", kernel_initializer="he_normal"))
model.add(layers.BatchNormalization())
model.add(layers.Activation("relu"))
model.add(layers.MaxPooling2D((2, 2)))
"""


class NotANotebook(Exception):
    """The student's file is this text."""


class Sheet:
    """The assignment notebook in a student's hands; cells are named by their ids."""

    def __init__(self) -> None:
        self._notebook: dict[str, Any] = json.loads(ASSIGNMENT.read_text(encoding="utf-8"))
        for cell in self._notebook["cells"]:
            cell["source"] = "".join(cell["source"])

    @property
    def cells(self) -> list[dict[str, Any]]:
        return self._notebook["cells"]

    def cell(self, identity: str) -> dict[str, Any]:
        return next(cell for cell in self.cells if cell["id"] == identity)

    def marked(self, text: str) -> None:
        """Write between the two comment lines."""
        cell = self.cell("network")
        before, rest = cell["source"].split(BEGIN)
        cell["source"] = before + BEGIN + text.strip("\n") + "\n" + END + rest.split(END)[1]

    def rewrite(self, identity: str, text: str) -> None:
        self.cell(identity)["source"] = text.strip("\n")

    def replace(self, identity: str, old: str, new: str) -> None:
        cell = self.cell(identity)
        if old not in cell["source"]:
            raise ValueError(f"{identity} holds no {old!r}")
        cell["source"] = cell["source"].replace(old, new)

    def add(self, after: str, text: str, kind: str = "code") -> None:
        """A cell of the student's own, below another."""
        position = next(place for place, cell in enumerate(self.cells) if cell["id"] == after) + 1
        new: dict[str, Any] = {"cell_type": kind, "id": f"own-{len(self.cells)}", "metadata": {}}
        if kind == "code":
            new = {"cell_type": kind, "execution_count": None, "id": new["id"], "metadata": {}, "outputs": []}
        self.cells.insert(position, new | {"source": text.strip("\n")})

    def drop(self, identity: str) -> None:
        self.cells.remove(self.cell(identity))

    def answer(self, text: str) -> None:
        self.rewrite("performance-answer", text)

    def printed(self, identity: str, text: str) -> None:
        """Store an output, as a notebook does that was run."""
        stream = {"name": "stdout", "output_type": "stream", "text": text.strip("\n").splitlines(keepends=True)}
        self.cell(identity).update(execution_count=len(self.cells), outputs=[stream])

    def text(self) -> str:
        """The notebook file."""
        notebook = copy.deepcopy(self._notebook)
        for cell in notebook["cells"]:
            cell["source"] = cell["source"].splitlines(keepends=True)
        return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


Edit = Callable[[Sheet], None]


@dataclass(frozen=True)
class Sample:
    """One handed-in file: whose it is, what it is, what was done to the assignment, and what it earns."""

    student: str
    what: str
    edit: Edit
    scores: dict[str, float]
    statuses: dict[str, str]
    status: str = "graded"


POINTS = {"missing_layers": 5.0, "parameters": 1.0, "accuracy": 3.0, "performance": 1.0}


@dataclass
class Samples:
    """Samples in the order in which they are written down."""

    all: list[Sample] = field(default_factory=list)

    def student(
        self,
        name: str,
        what: str,
        *,
        missing_layers: float | None = 5.0,
        parameters: float | None = 1.0,
        accuracy: float | None = 3.0,
        status: str = "graded",
    ) -> Callable[[Edit], Edit]:
        """Note down a sample; None stands for a question that could not be reached."""
        earned = {"missing_layers": missing_layers, "parameters": parameters, "accuracy": accuracy}
        scores = {question: score or 0.0 for question, score in earned.items()} | {"performance": 0.0}
        statuses = {question: _status(score, POINTS[question]) for question, score in earned.items()}
        statuses["performance"] = "needs_review"
        if status == "unreadable":
            statuses = dict.fromkeys(statuses, "needs_review")

        def note(edit: Edit) -> Edit:
            self.all.append(Sample(name, what, edit, scores, statuses, status))
            return edit

        return note


def _status(score: float | None, points: float) -> str:
    if score is None:
        return "not_reached"
    if score == 0:
        return "wrong"
    return "correct" if score == points else "partial"
