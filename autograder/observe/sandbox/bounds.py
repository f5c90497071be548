"""The resource limits and the isolation of a confined process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Bounds:
    """The resource limits of one confined process, including everything it starts.

    memory_mb: private memory in MiB; RLIMIT_DATA limits each process, the watchdog all together, including what their
        sockets may hold.
    processes: the number of simultaneous processes and threads.
    disk_mb: MiB of files it may write; they are kept in memory, and a single file may use all of it.
    cpu_seconds: processor time of all its processes, in seconds of one core.
    seconds: wall-clock time in seconds from its start to the end of its last process.
    """

    memory_mb: int = 2048
    processes: int = 256
    disk_mb: int = 256
    cpu_seconds: float = 3600.0
    seconds: float = 300.0


IsolationName = Literal["bubblewrap", "user", "none"]
RequestedIsolation = Literal["auto", IsolationName]


@dataclass(frozen=True)
class Isolation:
    """How notebooks are isolated from this machine and from each other.

    `protects` is one sentence for readers of a report; `version` is bubblewrap's, "" without it. `program` is its path;
    `as_root` says that namespaces are created with root's privileges instead of a user namespace.
    """

    name: IsolationName
    protects: str
    version: str = ""
    program: str = ""
    as_root: bool = False
