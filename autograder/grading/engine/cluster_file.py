"""`cluster.toml`: the machines that grade, and how to reach them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from autograder.core.data import Data
from autograder.grading.engine.stages import EngineError


class Tls(Data):
    """PEM files: the certificate of the authority that signed all others, and the cluster's own with its key.

    Scheduler, workers and the grader use the same certificate; connections without it are refused.
    """

    ca: Path
    certificate: Path
    key: Path


class _Machines(Data):
    """The settings of every kind of cluster.

    wait_seconds: how long the first worker may take to connect.
    """

    wait_seconds: float = Field(default=600, gt=0)


class RunningScheduler(_Machines):
    """A running scheduler. `tls` is a table of files, "off", or "dask" (Dask's own settings decide)."""

    kind: Literal["scheduler"]
    tls: Tls | Literal["dask", "off"] = "dask"
    address: str = Field(pattern=r"^(tls|tcp)://.+")


class LocalMachines(_Machines):
    """Workers on this machine, each in a separate process that runs `slots` notebooks at a time.

    tls: "temporary" makes certificates that are valid as long as the cluster; "off" is for a machine with one user.
    """

    kind: Literal["local"]
    tls: Tls | Literal["temporary", "off"] = "temporary"
    workers: int = Field(gt=0)
    slots: int = Field(default=1, gt=0)


class SshMachines(_Machines):
    """One worker on each of `hosts`, through SSH with keys; the scheduler runs on the first.

    `tls` is a table of files, which must be at the same path on every host.
    """

    kind: Literal["ssh"]
    hosts: tuple[str, ...] = Field(min_length=1)
    slots: int = Field(gt=0)
    gpus: int = Field(default=0, ge=0)
    user: str | None = None
    python: str | None = None
    tls: Tls | Literal["off"]


class SlurmMachines(_Machines):
    """SLURM jobs of one worker each. `certificates` is a folder that all nodes see, private to you."""

    kind: Literal["slurm"]
    tls: Tls | Literal["temporary"] = "temporary"
    jobs: int = Field(gt=0)
    slots: int = Field(gt=0)
    gpus: int = Field(default=0, ge=0)
    memory: str
    walltime: str
    queue: str | None = None
    account: str | None = None
    interface: str | None = None
    python: str | None = None
    directives: tuple[str, ...] = ()
    prologue: tuple[str, ...] = ()
    certificates: Path = Path("~/.autograder")


class KubernetesMachines(_Machines):
    """Pods of Dask's Kubernetes operator, made from `image`, which holds this autograder.

    The operator keeps connections within the cluster's own network; `tls = "off"` confirms that this is known.
    """

    kind: Literal["kubernetes"]
    image: str
    workers: int = Field(gt=0)
    slots: int = Field(gt=0)
    namespace: str = "default"
    tls: Literal["off"]


Machines = RunningScheduler | LocalMachines | SshMachines | SlurmMachines | KubernetesMachines
_ANY: TypeAdapter[Machines] = TypeAdapter(Annotated[Machines, Field(discriminator="kind")])


def running_scheduler(address: str) -> Machines:
    """A running scheduler; if the address begins with tls://, Dask's own settings decide about TLS.

    Raises:
        EngineError: the address is invalid.
    """
    try:
        return RunningScheduler(kind="scheduler", address=address, tls="off" if address.startswith("tcp") else "dask")
    except ValidationError:
        raise EngineError(
            f'"{address}" is no address of a scheduler; it looks like tls://HOST:8786, or tcp://HOST:8786.'
        ) from None


def read_cluster_file(path: Path) -> Machines:
    """The machines that a file names.

    Raises:
        EngineError: it is missing or wrong; one sentence for each mistake.
    """
    try:
        return _ANY.validate_python(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise EngineError(f"{path} cannot be read: {error.strerror}.") from None
    except ValidationError as error:
        mistakes = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'kind'}: {one['msg']}" for one in error.errors())
        raise EngineError(f"{path} is no cluster file: {mistakes}.") from None
    except ValueError as error:
        raise EngineError(f"{path} is no TOML file: {error}.") from None
