"""Connects a client to the machines that a cluster file names."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import dask
from distributed import Client, LocalCluster
from distributed.security import Security

from autograder.grading.engine.cluster import GPU, SANDBOX
from autograder.grading.engine.cluster_file import (
    KubernetesMachines,
    LocalMachines,
    Machines,
    RunningScheduler,
    SlurmMachines,
    SshMachines,
    Tls,
)
from autograder.grading.engine.stages import EngineError

# Schedulers and workers always serve HTTP, without TLS and authentication: here only to their own machine, and without
# the dashboard.
_LOOPBACK = "127.0.0.1:0"
# How long a running scheduler may take to answer.
_ANSWER_SECONDS = 15
_QUIET: Mapping[str, Any] = {"dashboard": False, "dashboard_address": _LOOPBACK}


@contextmanager
def connected(machines: Machines) -> Iterator[Client]:
    """A client of these machines; workers that are started here stop with it.

    Raises:
        EngineError: they cannot be reached or started.
    """
    with ExitStack() as stack:
        try:
            if isinstance(machines, RunningScheduler):
                security = _security(machines.tls)
                client = Client(machines.address, security=security, timeout=_ANSWER_SECONDS, set_as_default=False)
            else:
                client = Client(stack.enter_context(start_cluster(machines)), set_as_default=False)
            stack.enter_context(client)
        except (OSError, ValueError, RuntimeError, TypeError) as error:
            raise EngineError(f"The cluster cannot be used: {error or type(error).__name__}.") from error
        yield client


def start_cluster(machines: LocalMachines | SshMachines | SlurmMachines | KubernetesMachines) -> Any:
    """A Dask cluster of these machines.

    Raises:
        EngineError: a package that this kind of cluster needs is missing.
    """
    if isinstance(machines, LocalMachines):
        return _local(machines)
    if isinstance(machines, SshMachines):
        return _ssh(machines)
    if isinstance(machines, SlurmMachines):
        return _slurm(machines)
    return _kubernetes(machines)


def _local(machines: LocalMachines) -> LocalCluster:
    security = _security(machines.tls)
    return LocalCluster(
        n_workers=machines.workers,
        threads_per_worker=machines.slots,
        resources={SANDBOX: machines.slots},
        host="127.0.0.1",
        protocol="tls://" if security else "tcp://",
        security=security,
        dashboard_address=_LOOPBACK,
        worker_dashboard_address=_LOOPBACK,
    )


def _ssh(machines: SshMachines) -> Any:
    _need("asyncssh")
    from distributed import SSHCluster

    # It repeats what every host logs.
    logging.getLogger("distributed.deploy.ssh").setLevel(logging.WARNING)
    security = _security(machines.tls)
    # SSHCluster passes Dask's settings to the hosts; this is the only way to get certificates there.
    settings = _settings(machines.tls) if isinstance(machines.tls, Tls) else {}
    with dask.config.set(settings):
        return SSHCluster(
            list(machines.hosts[:1] + machines.hosts),
            connect_options={"username": machines.user} if machines.user else {},
            worker_options={
                "nthreads": machines.slots + machines.gpus,
                "resources": _offer(machines.slots, machines.gpus),
                **_QUIET,
            },
            scheduler_options={"protocol": "tls" if security else "tcp", **_QUIET},
            remote_python=machines.python,
            security=security,
        )


def _slurm(machines: SlurmMachines) -> Any:
    _need("dask_jobqueue")
    from dask_jobqueue import SLURMCluster

    offer = " ".join(f"{name}={count}" for name, count in _offer(machines.slots, machines.gpus).items())
    directives = [*machines.directives, *([f"--gres=gpu:{machines.gpus}"] if machines.gpus else [])]
    certificates = machines.certificates.expanduser()
    certificates.mkdir(mode=0o700, parents=True, exist_ok=True)
    cluster = SLURMCluster(
        queue=machines.queue,
        account=machines.account,
        cores=machines.slots + machines.gpus,
        job_cpu=machines.slots,
        processes=1,
        memory=machines.memory,
        walltime=machines.walltime,
        interface=machines.interface,
        job_extra_directives=directives,
        job_script_prologue=list(machines.prologue),
        worker_extra_args=["--resources", f'"{offer}"', "--no-dashboard", "--dashboard-address", _LOOPBACK],
        security=_security(machines.tls),
        shared_temp_directory=str(certificates),
        scheduler_options=dict(_QUIET),
        **({"python": machines.python} if machines.python else {}),
    )
    cluster.scale(jobs=machines.jobs)
    return cluster


def _kubernetes(machines: KubernetesMachines) -> Any:
    _need("dask_kubernetes")
    from dask_kubernetes.operator import KubeCluster  # type: ignore[import-not-found, unused-ignore]

    return KubeCluster(
        image=machines.image,
        namespace=machines.namespace,
        n_workers=machines.workers,
        worker_command=[
            *("dask", "worker", "--nthreads", str(machines.slots)),
            *("--resources", f"{SANDBOX}={machines.slots}"),
        ],
    )


def _offer(slots: int, gpus: int) -> dict[str, int]:
    return {SANDBOX: slots, **({GPU: gpus} if gpus else {})}


def _security(tls: Tls | str) -> Security | None:
    if isinstance(tls, Tls):
        ca, certificate, key = (str(_existing(path)) for path in (tls.ca, tls.certificate, tls.key))
        roles = {f"tls_{role}_cert": certificate for role in ("client", "scheduler", "worker")}
        keys = {f"tls_{role}_key": key for role in ("client", "scheduler", "worker")}
        return Security(require_encryption=True, tls_ca_file=ca, **roles, **keys)
    if tls == "off":
        return None
    if tls == "dask":
        return Security()
    _need("cryptography")
    return Security.temporary()


def _settings(tls: Tls) -> dict[str, Any]:
    """Dask's settings for these certificates, key by key: setting a whole table would replace the other keys in it."""
    pairs = {
        f"tls.{role}.{part}": str(path.expanduser())
        for role in ("scheduler", "worker", "client")
        for part, path in (("cert", tls.certificate), ("key", tls.key))
    }
    comm = {"require-encryption": True, "default-scheme": "tls", "tls.ca-file": str(tls.ca.expanduser()), **pairs}
    return {f"distributed.comm.{name}": value for name, value in comm.items()}


def _existing(path: Path) -> Path:
    found = path.expanduser()
    if not found.is_file():
        raise EngineError(f"The cluster file names {path}, and there is no such file.")
    return found


def _need(package: str) -> None:
    try:
        importlib.import_module(package)
    except ModuleNotFoundError:
        name = package.replace("_", "-")
        raise EngineError(f"This kind of cluster needs the package {name}: pip install {name}.") from None
