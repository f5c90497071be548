"""What the rules may read of a network: how it is built, compiled and fed, and what its trusted run measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from autograder.network.architecture import Architecture, Operation
from autograder.network.compilation import Compilation, Loss
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

    def per_output(self) -> tuple[tuple[str, Trained], ...]:
        """Each output alone, with its name ("" for the only one), its loss and its targets.

        Outputs whose loss or targets are not known are left out.
        """
        ends = self.architecture.outputs
        if len(ends) == 1:
            return (("", self),)
        if self.compilation is None or self.fit is None:
            return ()
        names = [self.architecture.operations[end].label for end in ends]
        found = []
        for place, (end, name) in enumerate(zip(ends, names, strict=True)):
            loss, targets = _loss_of(self.compilation, place, names), _targets_of(self.fit, place, names)
            if loss is None or targets is None:
                continue
            wanted = None if self.reference_fit is None else _targets_of(self.reference_fit, place, names)
            alone = Trained(
                architecture=self.architecture.model_copy(update={"outputs": (end,)}),
                compilation=self.compilation.model_copy(update={"loss": loss, "losses": ()}),
                fit=self.fit.model_copy(update={"targets": targets}),
                reference_fit=self.reference_fit and self.reference_fit.model_copy(update={"targets": wanted}),
            )
            found.append((name, alone))
        return tuple(found)


def _loss_of(compilation: Compilation, place: int, names: list[str]) -> Loss | None:
    """The loss of one of several outputs; None if it has none, or that is not known."""
    given = compilation.losses
    if not given:
        return compilation.loss  # the same for all
    named = {one.output: one for one in given if one.output}
    if named:
        return named[names[place]].loss if names[place] in named else None
    return given[place].loss if len(given) == len(names) else None


def _targets_of(fit: CapturedFit, place: int, names: list[str]) -> dict[str, Any] | None:
    """The facts of the targets of one of several outputs; None if they are not known."""
    given = (fit.targets or {}).get("outputs")
    if (
        not isinstance(given, list | tuple)
        or len(given) != len(names)
        or not all(isinstance(one, dict) for one in given)
    ):
        return None
    named = {one["name"]: one for one in given if isinstance(one.get("name"), str)}
    return named.get(names[place]) if named else given[place]


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

    `shown_by`: what a run may have shown to be the cause, in the words of `suspects.Suspicion`, so that the rule would
    say the same again, or leave open what the run has decided.
    The docstring of `find` names its source and its threshold.
    """

    name: str
    cause: bool
    find: Callable[[Facts], Finding | None]
    shown_by: frozenset[str] = frozenset()


def number_of(facts: dict[str, Any] | None, name: str) -> float | None:
    """A number among the facts of an array."""
    value = (facts or {}).get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
