"""The stages on the workers of a Dask cluster. Submissions and results are sent as data.

A worker offers its slots as Dask resources: `sandbox` is how many notebooks it runs at a time, `gpu` how many GPUs it
has. If any worker has a GPU, networks are trained on GPUs only; otherwise a training run takes the slot of a notebook.
If a worker dies, another one repeats its calls.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from functools import partial
from typing import Any

from distributed import Client, WorkerPlugin, get_worker
from distributed import Worker as DaskWorker

from autograder import datasets
from autograder.core.data import digest, packed, unpacked
from autograder.core.errors import UserError
from autograder.datasets.sending import keep_files
from autograder.grading.engine.stages import Engine, EngineError, ObserveStage, TrainStage
from autograder.grading.engine.worker import Environment, Worker
from autograder.observe.sandbox.bounds import RequestedIsolation
from autograder.observe.sandbox.isolation import choose_isolation

SANDBOX, GPU = "sandbox", "gpu"
# How often a call is repeated if its worker itself failed; often another worker takes it then.
_RETRIES = 2
# How long (seconds) grading waits for a worker when none is left, and how often it checks.
_PATIENCE_SECONDS = 120.0
_POLL_SECONDS = 5.0

# A worker keeps its zygotes between calls, and between classes.
_workers: dict[RequestedIsolation, Worker] = {}
_opening = threading.Lock()


@contextmanager
def cluster_engine(
    client: Client,
    isolation: RequestedIsolation,
    names: Sequence[str],
    declared: Mapping[str, bytes],
    *,
    wait_seconds: float = 600,
) -> Iterator[Engine]:
    """An engine on the client's workers, after a check that all of them give the same results.

    Args:
        names: the required datasets; workers that lack one download it if the user allows that.
        declared: the files of declared data sets and base models, which every worker gets, whenever it joins.
        wait_seconds: how long the first worker may take to connect.

    Raises:
        EngineError: no worker connects, they offer no slots, or they would give different results.
        IsolationUnavailable: the requested sandbox does not work on a worker.
    """
    try:
        client.wait_for_workers(1, timeout=wait_seconds)
    except TimeoutError:
        raise EngineError(f"No worker joined the cluster within {wait_seconds:.0f} seconds.") from None
    if declared:
        client.register_plugin(DeclaredFiles(declared))
    slots = _slots(client)
    training = GPU if any(offer[GPU] for offer in slots.values()) else SANDBOX
    place = _common_place(client, isolation, names, [worker for worker, offer in slots.items() if offer[training]])
    count = sum(offer[SANDBOX] + offer[GPU] for offer in slots.values())
    workers = "1 worker" if len(slots) == 1 else f"{len(slots)} workers"
    yield Engine(
        observer=ObserveStage(place.observing, _executor(client, SANDBOX), partial(observe_there, isolation)),
        trainer=TrainStage(
            place.training, _executor(client, training), partial(train_there, isolation), _warming(client, isolation)
        ),
        slots=count,
        description=f"on {workers} with {count} places; networks are trained on {place.training.device}",
    )


class DeclaredFiles(WorkerPlugin):  # type: ignore[misc]
    """Puts the files that an assignment declares into each worker's cache."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.name = f"autograder-{digest(sorted(files))[:16]}"
        self._files = dict(files)

    def setup(self, worker: DaskWorker) -> None:
        """Called by Dask on each worker, also on those that join later."""
        keep_files(self._files)


def observe_there(isolation: RequestedIsolation, call: bytes) -> bytes:
    """*observe*, on a worker."""
    return _worker_on(get_worker(), isolation).observe(call)


def train_there(isolation: RequestedIsolation, call: bytes) -> bytes:
    """*train*, on a worker."""
    return _worker_on(get_worker(), isolation).train(call)


def place_there(isolation: RequestedIsolation, names: Iterable[str], download: bool, dask_worker: DaskWorker) -> bytes:
    """A worker's environment, packed; missing images are downloaded first if the user allowed that."""
    if download:
        datasets.allow_download()
    for name in names:
        datasets.find(name, download=True)
    return packed(_worker_on(dask_worker, isolation).place)


def warm_there(isolation: RequestedIsolation, dask_worker: DaskWorker) -> None:
    """Start the training process on a worker, without waiting for it."""
    _worker_on(dask_worker, isolation).warm()


def _worker_on(dask_worker: DaskWorker, isolation: RequestedIsolation) -> Worker:
    with _opening:
        if isolation not in _workers:
            offer = dask_worker.state.total_resources
            _workers[isolation] = Worker(choose_isolation(isolation), max(1, int(offer.get(SANDBOX, 0))))
        return _workers[isolation]


def _executor(client: Client, resource: str) -> Executor:
    return WatchdogExecutor(client, client.get_executor(pure=False, resources={resource: 1}, retries=_RETRIES))


class WatchdogExecutor(Executor):
    """An executor on a cluster whose calls do not wait forever when all workers are gone.

    Dask keeps the remaining calls for workers that may still connect. So does this, but for at most `patience` seconds
    without a worker.
    """

    def __init__(
        self, client: Client, executor: Executor, *, patience: float = _PATIENCE_SECONDS, poll: float = _POLL_SECONDS
    ) -> None:
        self._client, self._executor = client, executor
        self._patience, self._poll = patience, poll
        self._seen = time.monotonic()

    def submit(self, work: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """A future whose `result` raises `EngineError` if no worker is left."""
        future = self._executor.submit(work, *arguments, **named)
        waited_for = future.result

        def result(timeout: float | None = None) -> Any:
            deadline = None if timeout is None else time.monotonic() + timeout
            while True:
                left = self._poll if deadline is None else min(self._poll, deadline - time.monotonic())
                try:
                    return waited_for(max(0.0, left))
                except TimeoutError:
                    if future.done() or (deadline is not None and time.monotonic() >= deadline):
                        raise
                self._look_for_workers()

        future.result = result  # type: ignore[method-assign]
        return future

    def _look_for_workers(self) -> None:
        workers = {}
        if self._client.status == "running":
            workers = self._client.scheduler_info(n_workers=-1)["workers"]
        if workers:
            self._seen = time.monotonic()
        elif time.monotonic() - self._seen > self._patience:
            raise EngineError(
                f"The cluster has had no worker for {self._patience:.0f} seconds: start workers again, and the same "
                "command continues from here."
            )


def _warming(client: Client, isolation: RequestedIsolation) -> Callable[[], None]:
    once = threading.Lock()

    def warm() -> None:
        if once.acquire(blocking=False):
            client.run(warm_there, isolation)

    return warm


def _slots(client: Client) -> dict[str, dict[str, int]]:
    """How many of each resource every worker offers, by its address."""
    known: dict[str, dict[str, Any]] = client.scheduler_info(n_workers=-1)["workers"]
    offers = {
        address: {resource: int(worker["resources"].get(resource, 0)) for resource in (SANDBOX, GPU)}
        for address, worker in known.items()
    }
    if not any(offer[SANDBOX] for offer in offers.values()):
        raise EngineError(
            "No worker offers a place for a notebook: start workers with `--resources sandbox=N --nthreads N`, where N "
            "is how many notebooks each may run at a time."
        )
    return offers


def _common_place(
    client: Client, isolation: RequestedIsolation, names: Sequence[str], training: Sequence[str]
) -> Environment:
    """The environment that all workers share, as far as results depend on it, with the device of those that train."""
    answers: dict[str, Any] = client.run(
        place_there, isolation, tuple(names), datasets.may_download(), on_error="return"
    )
    for worker, answer in answers.items():
        if isinstance(answer, UserError):
            raise EngineError(f"The worker {worker} cannot grade: {answer}") from None
        if not isinstance(answer, bytes):
            raise EngineError(
                f"The worker {worker} cannot run this autograder ({type(answer).__name__}: {answer}): give it the same "
                "environment as this machine."
            )
    places = {worker: unpacked(Environment, answer) for worker, answer in answers.items()}
    first = training[0]
    for worker, place in places.items():
        differing = _differences(place, places[first], names, trains=worker in training)
        if differing:
            raise EngineError(
                f"The workers {first} and {worker} would not give the same results, because they differ in "
                f"{', '.join(differing)}: give both the same environment."
            )
    return places[first]


def _differences(one: Environment, other: Environment, names: Sequence[str], *, trains: bool) -> list[str]:
    """What differs between two environments, in words with both values."""

    def facts(place: Environment) -> dict[str, object]:
        observing, training = place.observing, place.training
        return {
            **{f"the version of {name}": version for name, version in place.versions.items()},
            **{f"the version of {name}": version for name, version in observing.versions.items()},
            "the revision of observe": observing.revision,
            "the isolation": observing.isolation,
            "the method of training": training.method,
            **{f"the images of {name}": observing.data.get(name, "none")[:12] for name in names},
            **({"the device": training.device, "the backend": training.backend} if trains else {}),
        }

    mine, theirs = facts(one), facts(other)
    return [
        f"{name} ({theirs.get(name)} and {mine.get(name)})"
        for name in {**theirs, **mine}
        if mine.get(name) != theirs.get(name)
    ]
