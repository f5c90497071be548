"""The requested engine: this machine, or the machines of a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from autograder import datasets
from autograder.grading.engine.cluster_file import Machines
from autograder.grading.engine.local import local_engine
from autograder.grading.engine.stages import Engine, EngineError
from autograder.observe.sandbox.bounds import RequestedIsolation


@contextmanager
def engine_on(
    machines: Machines | None,
    isolation: RequestedIsolation,
    workers: int,
    names: Sequence[str],
    declared: Callable[[], Mapping[str, bytes]] = dict,
) -> Iterator[Engine]:
    """The engine on these machines (None: this one), ready for an assignment that needs the datasets `names`.

    Args:
        workers: how many notebooks and training runs share this machine at a time; a cluster's workers state their
            own number.
        declared: what `datasets.sending.cached_files` returns for the assignment; only a cluster's workers need it.

    Raises:
        EngineError: the cluster cannot be used.
        autograder.datasets.DatasetMissing: this machine lacks images, and they cannot be downloaded.
        autograder.observe.sandbox.isolation.IsolationUnavailable: the requested sandbox does not work.
    """
    if machines is None:
        # Before the engine checks what this machine has.
        for name in names:
            datasets.find(name, download=True)
        with local_engine(isolation, workers) as engine:
            yield engine
        return
    try:
        # Dask is an extra, and takes a second to import.
        from autograder.grading.engine.cluster import cluster_engine
        from autograder.grading.engine.clusters import connected
    except ModuleNotFoundError as missing:
        raise EngineError(
            f"A cluster needs the package {missing.name}: pip install 'keras-autograder[cluster]'."
        ) from None
    with (
        connected(machines) as client,
        cluster_engine(client, isolation, names, declared(), wait_seconds=machines.wait_seconds) as engine,
    ):
        yield engine
