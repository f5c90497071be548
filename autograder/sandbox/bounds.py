"""How much a confined process may take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bounds:
    """The most that one confined process, with everything it starts, may take.

    memory_mb: private memory in MiB, of each process by RLIMIT_DATA and of all together by the watchdog.
    processes: processes and threads at a time.
    disk_mb: MiB of files it may write; they live in memory, and one file may be as large as all of them.
    seconds: wall-clock seconds from its start to the end of its last process.
    """

    memory_mb: int = 2048
    processes: int = 256
    disk_mb: int = 256
    seconds: float = 300.0
