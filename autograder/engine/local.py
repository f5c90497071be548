"""The stages on this machine: threads that wait for child processes. Nothing listens on any port."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from autograder.engine.stages import Engine, ObserveStage, TrainStage
from autograder.engine.workshop import Workshop
from autograder.sandbox.isolation import Requested, choose


@contextmanager
def local_engine(isolation: Requested, workers: int) -> Iterator[Engine]:
    """This machine, with so many notebooks and training runs at a time; everything starts when it is first needed.

    Raises:
        autograder.sandbox.isolation.IsolationUnavailable: the sandbox that was asked for does not work here.
    """
    chosen = choose(isolation)
    with (
        Workshop(chosen, workers) as workshop,
        ThreadPoolExecutor(workers, thread_name_prefix="observe") as observing,
        ThreadPoolExecutor(workers, thread_name_prefix="train") as training,
    ):
        place = workshop.place
        yield Engine(
            observer=ObserveStage(place.observing, observing, workshop.observe),
            trainer=TrainStage(place.training, training, workshop.train, workshop.warm),
            slots=workers,
            description=f"on this machine, {workers} at a time",
        )
