"""Training runs that are made once and kept in a gradebook, so that an interrupted benchmark continues."""

from __future__ import annotations

from autograder.records.store import Gradebook
from autograder.records.training import TrainingRun, TrainingTask
from autograder.train.trainer import Trainer


class StoredRuns:
    """Looks for a run in the gradebook before it is made; `made` counts those that were not there."""

    def __init__(self, trainer: Trainer, gradebook: Gradebook) -> None:
        self._trainer = trainer
        self._gradebook = gradebook
        self.made = 0

    def run(self, task: TrainingTask) -> TrainingRun:
        found = self._gradebook.training_run(self._trainer.key(task))
        if found is None or not found.answers(task):
            found = self._trainer.run(task)
            self._gradebook.store_training_run(found)
            self.made += 1
        return found
