"""Runs on data that a student's own function has prepared: they are scored on hidden rows, and tell nothing else.

The kernel that prepared the data holds the public labels and could return them as features. The hidden labels it does
not have, so only the score on hidden rows counts; and of that only the rounded score at the end of the run is kept.
"""

from __future__ import annotations

from autograder.datasets import DatasetFile
from autograder.datasets.prepared import locate_prepared
from autograder.records.training import TrainingRun, TrainingTask


def prepared_data(task: TrainingTask) -> DatasetFile:
    """The file with the prepared rows of a task.

    Raises:
        autograder.datasets.DatasetMissing: it is not on this machine.
    """
    source = task.recipe.source
    return locate_prepared(task.recipe.dataset, task.prepared, 0 if source is None else source.rows)


def on_prepared_data(task: TrainingTask) -> TrainingTask:
    """The task as the training process gets it: nothing is left to prepare, and the hidden rows validate."""
    recipe = task.recipe
    if not task.prepared or recipe.source is None:
        return task
    source = recipe.source.model_copy(update={"held_out": recipe.source.hidden})
    changes = {"source": source, "prepare": None, "normalization": "none", "validations": 1}
    ready = recipe.model_copy(update={**changes, "validation": source.held_out})
    return task.model_copy(update={"recipe": ready, "target": None})


def last_score_only(run: TrainingRun) -> TrainingRun:
    """The run with the score at its end, rounded, and without all that tells more of the hidden rows."""
    metric = run.scored_by

    def last(series: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(metric.rounded_on_hidden_rows(value) for value in series[-1:])

    return run.model_copy(
        update={
            "training_accuracy": last(run.training_accuracy),
            "validation_accuracy": last(run.validation_accuracy),
            "training_loss": (),
            "validation_loss": (),
            "predictions": None,
            "residuals": None,
            "signals": (),
            "baseline": None,
        }
    )
