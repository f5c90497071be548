"""How a student trained in the notebook, if it differs from the reference: as a training task.

The trusted run uses its own images, epochs and batches, so mistakes in the notebook's own data and settings do not show
there. Facts about the notebook's call of `fit` are known (claims, which decide no point); here they are transferred to
the recipe, each in proportion to the reference's own call, so that one more run shows whether it matters.
"""

from __future__ import annotations

from typing import Any

from autograder.records.evidence import CapturedFit
from autograder.records.training import TrainingTask

# Ratios to the reference below or above which a difference counts as another way of training. Smaller batches mean
# more steps, which do not stop a network from learning, and make up for fewer epochs.
_FEW = 0.5
_OTHER_BATCH = 4.0
# Inputs count as normalized up to this mean and standard deviation (AutoTrainer, Zhang et al., ICSE 2021: a mean
# magnitude of 10). The maximum would not work: standardized pixels exceed 40 at the border of an image.
NORMALIZED = 10.0


def as_trained(task: TrainingTask, fit: CapturedFit, reference: CapturedFit) -> TrainingTask:
    """The task with what the student's `fit` does differently from the reference's; equal to `task` if nothing."""
    recipe = task.recipe
    changed: dict[str, Any] = {}
    if recipe.normalization != "none" and not_normalized(fit.inputs) and not not_normalized(reference.inputs):
        changed["normalization"] = "none"
    shorter = trains_less(fit, reference)
    if shorter:
        changed["epochs"] = max(1, round(recipe.epochs * fit.epochs / reference.epochs))
    if fit.batch_size and reference.batch_size:
        ratio = fit.batch_size / reference.batch_size
        if ratio >= _OTHER_BATCH or (shorter and ratio < 1):
            changed["batch_size"] = max(1, min(recipe.train, round(recipe.batch_size * ratio)))
    given, wanted = findings_of_rows(fit.inputs), findings_of_rows(reference.inputs)
    if given and wanted and given < _FEW * wanted:
        changed["train"] = max(1, round(recipe.train * given / wanted))
    return task.model_copy(update={"recipe": recipe.model_copy(update=changed)})


def trains_less(fit: CapturedFit, reference: CapturedFit) -> bool:
    """Whether a call of `fit` has less than half of the reference's epochs, and of its steps where they are known."""
    if not 0 < fit.epochs < _FEW * reference.epochs:
        return False
    steps, wanted = _steps(fit), _steps(reference)
    return steps is None or wanted is None or steps < _FEW * wanted


def _steps(fit: CapturedFit) -> float | None:
    rows = findings_of_rows(fit.inputs)
    return None if rows is None or fit.batch_size is None else fit.epochs * rows / fit.batch_size


def not_normalized(inputs: dict[str, Any] | None) -> bool:
    """Whether the facts about an array say that its values are far from those that a network starts well with."""
    found = [_number(inputs, name) for name in ("mean", "standard_deviation")]
    return any(value is not None and abs(value) > NORMALIZED for value in found)


def findings_of_rows(facts: dict[str, Any] | None) -> int | None:
    """How many rows an array has, from its facts."""
    shape = (facts or {}).get("shape")
    first = shape[0] if isinstance(shape, list | tuple) and shape else None
    return first if type(first) is int else None


def _number(facts: dict[str, Any] | None, name: str) -> float | None:
    value = (facts or {}).get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
