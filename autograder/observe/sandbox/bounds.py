"""How much a confined process may take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Bounds:
    """The most that one confined process, with everything it starts, may take.

    memory_mb: private memory in MiB, of each process by RLIMIT_DATA and of all together, with what their sockets may
        hold, by the watchdog.
    processes: processes and threads at a time.
    disk_mb: MiB of files it may write; they live in memory, and one file may be as large as all of them.
    cpu_seconds: processor time of all its processes, in seconds of one core.
    seconds: wall-clock seconds from its start to the end of its last process.
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
    """How notebooks are kept apart from this machine and from each other.

    `protects` is one sentence for the people who read a report; `version` is bubblewrap's own, "" without it.
    `program` is its path; `as_root` says that namespaces are made with root's rights instead of a user namespace.
    """

    name: IsolationName
    protects: str
    version: str = ""
    program: str = ""
    as_root: bool = False
