"""What the rules may read of a network: how it is built, compiled and fed, and what our run of it measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from autograder.network.architecture import Architecture, Operation
from autograder.network.compilation import Compilation
from autograder.records.evidence import CapturedFit
from autograder.records.result import Finding
from autograder.records.training import Recipe, TrainingRun

CROSSENTROPIES = frozenset(
    {"categorical_crossentropy", "sparse_categorical_crossentropy", "categorical_focal_crossentropy"}
)


@dataclass(frozen=True)
class Facts:
    """One network of a student.

    Attributes:
        architecture: the network.
        compilation: how the student compiled it, None where that was not done.
        recipe: how our run trains it.
        minimum: the validation accuracy (0..1) that is needed.
        run: our run; None where none was made.
        fit: the student's own last call of `fit` on it (claims, which decide no point).
        reference_fit: the reference solution's.
    """

    architecture: Architecture
    compilation: Compilation | None
    recipe: Recipe
    minimum: float
    run: TrainingRun | None = None
    fit: CapturedFit | None = None
    reference_fit: CapturedFit | None = None

    @property
    def missed(self) -> bool:
        """Whether our run ended below what is needed."""
        return self.run is not None and self.run.accuracy < self.minimum

    @property
    def last(self) -> Operation:
        return self.architecture.operations[self.architecture.outputs[0]]

    @property
    def last_activation(self) -> str:
        """The activation at the end of the network; "linear" where there is none."""
        return str(self.last.settings["activation"]) if self.last.kind == "Activation" else "linear"

    @property
    def from_logits(self) -> bool:
        return self.compilation is not None and self.compilation.loss.settings.get("from_logits") is True

    @property
    def one_hot(self) -> bool | None:
        """Whether the labels that the student gave to `fit` are one-hot rows; None where that is not known."""
        shape = (self.fit.targets or {}).get("shape") if self.fit is not None else None
        if not isinstance(shape, list | tuple) or not shape:
            return None
        return len(shape) == 2 and type(shape[1]) is int and shape[1] > 1


@dataclass(frozen=True)
class Rule:
    """A rule: what it is called, whether what it finds is a cause (else a symptom), and the finding, if any.

    The docstring of `find` names its source and its threshold.
    """

    name: str
    cause: bool
    find: Callable[[Facts], Finding | None]


def fact(facts: dict[str, Any] | None, name: str) -> float | None:
    """A number among the facts of an array."""
    value = (facts or {}).get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
