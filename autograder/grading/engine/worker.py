"""One machine's tools for the two stages that compute: bytes of data go in, bytes of data come out."""

from __future__ import annotations

import threading
from contextlib import ExitStack

from autograder.core.closing import Closing
from autograder.core.data import Data, packed, unpacked
from autograder.core.errors import UserError
from autograder.core.versions import versions
from autograder.observe.observer import Observer
from autograder.observe.sandbox.bounds import Isolation
from autograder.observe.task import ObserveEnvironment, ObserveTask
from autograder.records.training import TrainingTask
from autograder.train.environment import TrainEnvironment
from autograder.train.trainer import Trainer


class EnvironmentsDiffer(UserError):
    """A machine would give other results than those that were asked for; the message says what to do."""


class ObserveCall(Data):
    """A notebook to be run: the sources of its code cells. `key` is what the caller will keep the evidence under."""

    key: str
    sources: tuple[str, ...]
    task: ObserveTask


class TrainCall(Data):
    """A network to be trained. `key` is what the caller will keep the run under."""

    key: str
    task: TrainingTask


class Environment(Data):
    """What decides, beside what is asked for, what a machine answers. Machines with equal places give equal results."""

    versions: dict[str, str]
    observing: ObserveEnvironment
    training: TrainEnvironment


class Worker(Closing):
    """Runs notebooks and trains networks here, `slots` of both at a time. Use as a context manager, from any thread."""

    def __init__(self, isolation: Isolation, slots: int) -> None:
        # Running notebooks and training take turns on the same cores.
        turns = threading.Semaphore(slots)
        self._isolation = isolation
        self._observer = Observer(isolation, slots=turns)
        self._trainer = Trainer(slots=turns)

    def close(self) -> None:
        """End every process that was started."""
        with ExitStack() as stack:
            stack.callback(self._observer.close)
            stack.callback(self._trainer.close)

    @property
    def place(self) -> Environment:
        """This machine as the keys see it."""
        observing, training = ObserveEnvironment.here(self._isolation), TrainEnvironment.here()
        return Environment(versions=versions(), observing=observing, training=training)

    def warm(self) -> None:
        """Start what trains, in the background, because it will be asked for soon."""
        self._trainer.warm()

    def observe(self, call: bytes) -> bytes:
        """*observe*: a packed `ObserveCall` to packed `Evidence`.

        Raises:
            EnvironmentsDiffer: this machine would not give what was asked for.
            autograder.observe.observer.ObserverError: the notebook could not be run, through no fault of its own.
        """
        asked = unpacked(ObserveCall, call)
        self._agree(asked.key, self._observer.key(asked.sources, asked.task))
        return packed(self._observer.observe_code(asked.sources, asked.task))

    def train(self, call: bytes) -> bytes:
        """*train*: a packed `TrainCall` to a packed `TrainingRun`.

        Raises:
            EnvironmentsDiffer: this machine would not give what was asked for.
            autograder.train.trainer.TrainerError: the run could not be made, through no fault of the network.
        """
        asked = unpacked(TrainCall, call)
        self._agree(asked.key, self._trainer.key(asked.task))
        return packed(self._trainer.run(asked.task))

    def _agree(self, asked: str, here: str) -> None:
        if asked != here:
            raise EnvironmentsDiffer(
                "A worker has other versions, images, isolation or another device than the one that began: give all "
                "workers the same environment and start again."
            )
