"""What the rules may read of a network: how it is built, compiled and fed, and what its trusted run measured."""

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


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A network as the student's own notebook trained it.

    Attributes:
        architecture: the network.
        compilation: how the student compiled it; None if not compiled.
        fit: the student's own last call of `fit` on it (claims of the student's kernel).
        reference_fit: the reference solution's.
    """

    architecture: Architecture
    compilation: Compilation | None
    fit: CapturedFit | None = None
    reference_fit: CapturedFit | None = None


@dataclass(frozen=True, kw_only=True)
class Facts(Trained):
    """One network of a student, with the trusted run of it.

    Attributes:
        recipe: how the trusted run trains it.
        minimum: the validation score that is needed.
        run: the trusted run; None if there was none.
        scaled_back: whether the notebook may turn predictions back into the units of the data.
    """

    recipe: Recipe
    minimum: float
    run: TrainingRun | None = None
    scaled_back: bool = False

    @property
    def missed(self) -> bool:
        """Whether the trusted run did not reach the minimum."""
        return self.run is not None and not self.run.scored_by.reaches(self.run.score, self.minimum)

    @property
    def classes(self) -> int:
        """Among how many classes the network chooses one; 0 if it does something else or their number is unknown."""
        return len(self.recipe.classes) if self.recipe.learns == "classification" else 0

    @property
    def last(self) -> Operation:
        return self.architecture.operations[self.architecture.outputs[0]]

    @property
    def last_activation(self) -> str:
        """The activation at the end of the network; "linear" if there is none."""
        return str(self.last.settings["activation"]) if self.last.kind == "Activation" else "linear"

    @property
    def from_logits(self) -> bool:
        return self.compilation is not None and self.compilation.loss.settings.get("from_logits") is True

    @property
    def one_hot(self) -> bool | None:
        """Whether the labels that the student passed to `fit` are one-hot rows; None if unknown."""
        shape = (self.fit.targets or {}).get("shape") if self.fit is not None else None
        if not isinstance(shape, list | tuple) or not shape:
            return None
        return len(shape) == 2 and type(shape[1]) is int and shape[1] > 1


@dataclass(frozen=True)
class Rule:
    """A rule: its name, whether it finds a cause (rather than a symptom), and the function that finds it.

    The docstring of `find` names its source and its threshold.
    """

    name: str
    cause: bool
    find: Callable[[Facts], Finding | None]


def number_of(facts: dict[str, Any] | None, name: str) -> float | None:
    """A number among the facts of an array."""
    value = (facts or {}).get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
