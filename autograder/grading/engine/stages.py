"""The stages as grading calls them: each is a call on an executor, which runs it here or on another machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autograder.core.data import packed, unpacked
from autograder.core.errors import UserError
from autograder.datasets import DatasetMissing
from autograder.grading.engine.worker import ObserveCall, TrainCall
from autograder.intake.notebook import code_cells
from autograder.observe.task import ObserveEnvironment, ObserveTask
from autograder.records.evidence import Evidence
from autograder.records.training import TrainingRun, TrainingTask
from autograder.train.environment import TrainEnvironment
from autograder.train.trainer import TrainerError

if TYPE_CHECKING:
    from nbformat import NotebookNode

# Maps the bytes of a call to the bytes of its answer; a cluster finds such a function by its name.
Work = Callable[[bytes], bytes]


class EngineError(UserError):
    """The named machines cannot be used: one sentence that says what to do."""


@dataclass(frozen=True)
class ObserveStage:
    """*observe* on an executor, with the interface of an `Observer`."""

    place: ObserveEnvironment
    executor: Executor
    work: Work

    def key(self, sources: Sequence[str], task: ObserveTask) -> str:
        """The key under which evidence of these code cells is stored: equal keys mean equal evidence.

        Raises:
            autograder.datasets.DatasetMissing: a dataset of the task is missing where notebooks are run.
        """
        return self.place.key(sources, task)

    def observe(self, notebook: NotebookNode, task: ObserveTask) -> Evidence:
        """Run the notebook's code cells, once, and return what they left behind.

        Raises:
            ObserverError, EnvironmentsDiffer: it could not be run; the notebook is not the cause.
        """
        sources = code_cells(notebook)
        call = ObserveCall(key=self.key(sources, task), sources=sources, task=task)
        return unpacked(Evidence, self.executor.submit(self.work, packed(call)).result())


@dataclass(frozen=True)
class TrainStage:
    """*train* on an executor, with the interface of a `Trainer`."""

    place: TrainEnvironment
    executor: Executor
    work: Work
    warm: Callable[[], None]

    @property
    def fingerprint(self) -> str:
        """Changes with everything besides the task that affects the result of a run."""
        return self.place.fingerprint

    def key(self, task: TrainingTask) -> str:
        """The key of the task's run.

        Raises:
            TrainerError: the task's dataset is missing.
        """
        try:
            return self.place.key(task)
        except DatasetMissing as missing:
            raise TrainerError(str(missing)) from None

    def run(self, task: TrainingTask) -> TrainingRun:
        """Train, and wait for the end.

        Raises:
            TrainerError, EnvironmentsDiffer: the run could not be made; the network is not the cause.
        """
        call = TrainCall(key=self.key(task), task=task)
        return unpacked(TrainingRun, self.executor.submit(self.work, packed(call)).result())


@dataclass(frozen=True)
class Engine:
    """Where the stages run. `slots` is the number of notebooks and training runs in progress at a time, over all
    machines; `description` names the place in a few words.
    """

    observer: ObserveStage
    trainer: TrainStage
    slots: int
    description: str
