"""The stages on this machine: threads that wait for child processes. Nothing listens on any port."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psutil

from autograder.grading.engine.stages import Engine, ObserveStage, TrainStage
from autograder.grading.engine.worker import Worker
from autograder.observe.sandbox.bounds import RequestedIsolation
from autograder.observe.sandbox.isolation import choose_isolation


@contextmanager
def local_engine(isolation: RequestedIsolation, workers: int) -> Iterator[Engine]:
    """This machine as an engine for `workers` notebooks and training runs at a time; processes start when first needed.

    Raises:
        autograder.observe.sandbox.isolation.IsolationUnavailable: the requested sandbox does not work here.
    """
    chosen = choose_isolation(isolation)
    with (
        Worker(chosen, workers) as worker,
        ThreadPoolExecutor(workers, thread_name_prefix="observe") as observing,
        ThreadPoolExecutor(workers, thread_name_prefix="train") as training,
    ):
        place = worker.place
        yield Engine(
            observer=ObserveStage(place.observing, observing, worker.observe),
            trainer=TrainStage(place.training, training, worker.train, worker.warm),
            slots=workers,
            description=f"on this machine, {workers} at a time",
        )


def available_cores() -> int:
    """The processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def fitting_workers(memory_mb: int) -> int:
    """How many notebooks this machine can run at a time if each may use `memory_mb`."""
    memory: int = psutil.virtual_memory().total
    return max(1, min(available_cores(), memory // (memory_mb * 2**20)))
