"""One machine's workers for the two stages that compute: serialized calls go in, serialized results come out."""

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
    """A machine would give different results from those requested; the message says what to do."""


class ObserveCall(Data):
    """A notebook to run: the sources of its code cells. `key` is the key under which the caller stores the evidence."""

    key: str
    sources: tuple[str, ...]
    task: ObserveTask


class TrainCall(Data):
    """A network to train. `key` is the key under which the caller stores the run."""

    key: str
    task: TrainingTask


class Environment(Data):
    """What a machine's results depend on besides the call. Machines with equal environments give equal results."""

    versions: dict[str, str]
    observing: ObserveEnvironment
    training: TrainEnvironment


class Worker(Closing):
    """Runs notebooks and trains networks here, `slots` of both at a time. A context manager, usable from any thread."""

    def __init__(self, isolation: Isolation, slots: int) -> None:
        # Notebooks and training share the same cores.
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
        """This machine's environment, as the keys include it."""
        observing, training = ObserveEnvironment.here(self._isolation), TrainEnvironment.here()
        return Environment(versions=versions(), observing=observing, training=training)

    def warm(self) -> None:
        """Start the training process in the background, because it will be needed soon."""
        self._trainer.warm()

    def observe(self, call: bytes) -> bytes:
        """*observe*: a packed `ObserveCall` to packed `Evidence`.

        Raises:
            EnvironmentsDiffer: this machine's environment is not the requested one.
            autograder.observe.observer.ObserverError: the notebook could not be run; it is not the cause.
        """
        asked = unpacked(ObserveCall, call)
        self._agree(asked.key, self._observer.key(asked.sources, asked.task))
        return packed(self._observer.observe_code(asked.sources, asked.task))

    def train(self, call: bytes) -> bytes:
        """*train*: a packed `TrainCall` to a packed `TrainingRun`.

        Raises:
            EnvironmentsDiffer: this machine's environment is not the requested one.
            autograder.train.trainer.TrainerError: the run could not be made; the network is not the cause.
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
