"""Resource usage of processes, read from /proc. Each reading is cheap, independent of what the processes do; only
`MemoryMeasurement` may take long, so it runs in a child process.
"""

from __future__ import annotations

import contextlib
import math
import os
import random
import resource
import signal
import time
from collections.abc import Iterator
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
# The most that a socket holds unread, in MiB: twice net.core.wmem_max, which is how the kernel counts it.
_SOCKET_MB = 0.41
_HOLDING = (b"UNIX", b"NETLINK")  # the kinds of sockets that hold messages without a network
# About 20,000 locks of file ranges at about 200 bytes each; no notebook needs so many.
_LOCKS_BYTES = 2**20
_MEASURED_SECONDS = 1.0


class MemoryMeasurement:
    """The private memory of processes, measured by a child process so that the supervisor does not have to wait.

    The kernel walks every page of a process for this; for many large processes that takes longer than orders may wait.
    After a second the rest is estimated from a random sample. The measured processes may kill the measuring one; then
    there is no result.

    Raises:
        OSError: no further process can be started.
    """

    def __init__(self, processes: list[int]) -> None:
        self._pipe, writing = os.pipe()
        try:
            self.process = os.fork()
        except OSError:
            os.close(self._pipe)
            os.close(writing)
            raise
        if self.process == 0:
            try:
                os.write(writing, b"%f" % _sampled_mb(processes))
            finally:
                os._exit(0)
        os.close(writing)

    def fileno(self) -> int:
        """Readable when there is a result, or when there will be none."""
        return self._pipe

    def result(self) -> float | None:
        """The memory in MiB; None if there is no result. Call it once, when the descriptor is readable."""
        try:
            return float(os.read(self._pipe, 100))
        except (OSError, ValueError):
            return None

    def close(self) -> None:
        """Abandon the measurement."""
        os.close(self._pipe)
        with contextlib.suppress(OSError):
            os.kill(self.process, signal.SIGKILL)


def _sampled_mb(processes: list[int]) -> float:
    deadline = time.monotonic() + _MEASURED_SECONDS
    random.SystemRandom().shuffle(processes)
    private = resident = 0.0
    for pid in processes:
        private += _private_mb(pid)
        resident += memory_mb(pid)[0]
        if time.monotonic() > deadline:
            break
    return private * sum(memory_mb(pid)[0] for pid in processes) / resident if resident else 0.0


def memory_mb(pid: int) -> tuple[float, float]:
    """The resident memory of a process, including shared pages, and its page tables, which are always private."""
    resident = tables = 0
    with contextlib.suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/status").read_bytes().splitlines():
            if line.startswith(b"VmRSS:"):
                resident = int(line.split()[1])
            elif line.startswith(b"VmPTE:"):
                tables = int(line.split()[1])
    return resident / 1024, tables / 1024


def data_mb(pid: int) -> float:
    """The memory of a process that RLIMIT_DATA limits; 0 once it has ended."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/status").read_bytes().splitlines():
            if line.startswith(b"VmData:"):
                return int(line.split()[1]) / 1024
    return 0.0


def _private_mb(pid: int) -> float:
    """The private memory of a process plus its share of shared memory; all resident memory if it hides that."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return memory_mb(pid)[0]


def held_mb() -> float:
    """An upper bound on what sockets and locks hold in this process's namespaces; no process is charged for it."""
    sockets = locks = 0
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/net/protocols").read_bytes().splitlines():
            if line.startswith(_HOLDING):
                sockets += int(line.split()[2])
    with contextlib.suppress(OSError), open("/proc/locks", "rb", buffering=0) as file:
        while locks < _LOCKS_BYTES and (piece := file.read(2**16)):
            locks += len(piece)
    return math.inf if locks >= _LOCKS_BYTES else sockets * _SOCKET_MB


def _stat(path: str) -> list[str]:
    """The fields of a `stat` file from the third on; the program name before them may contain anything."""
    try:
        return Path(path).read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def cpu_seconds(processes: list[int]) -> float:
    """The processor time of the processes and the children they waited for: utime, stime, cutime, cstime of proc(5)."""
    ours = resource.getrusage(resource.RUSAGE_CHILDREN)
    ticks = sum(int(field) for pid in processes for field in _stat(f"/proc/{pid}/stat")[11:15])
    return ours.ru_utime + ours.ru_stime + ticks / _TICKS


def running_threads(pid: int) -> list[int]:
    """The runnable threads of a process."""
    try:
        threads = [int(name) for name in os.listdir(f"/proc/{pid}/task")]
    except OSError:
        return []
    return [thread for thread in threads if _stat(f"/proc/{pid}/task/{thread}/stat")[:1] == ["R"]]


def children(pid: int) -> list[int]:
    """The children of a process, including those it inherited."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            found += map(int, Path(f"/proc/{pid}/task/{task}/children").read_text().split())
    return found


def descendants(pid: int) -> Iterator[int]:
    """Its children and all their descendants."""
    for child in children(pid):
        yield child
        yield from descendants(child)


def end_descendants(parent: int) -> None:
    """Kill everything `parent` started, each process by its id; all are stopped first, so that none forks meanwhile."""
    stopped: set[int] = set()
    while new := set(descendants(parent)) - stopped:
        for pid in new:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGSTOP)
        stopped |= new
    for pid in stopped:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
