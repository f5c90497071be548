"""What processes use, as /proc tells it. Each look costs little, whatever the processes do; `Measurement` is the one
that may take long, and so is taken aside.
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
# The most that a socket holds unread, in MiB: twice net.core.wmem_max, which the kernel counts like this itself.
_SOCKET_MB = 0.41
_HOLDING = (b"UNIX", b"NETLINK")  # the kinds of sockets that hold messages where there is no network
# About 20,000 locks of ranges of files, of which each takes some 200 bytes; no notebook needs so many.
_LOCKS_BYTES = 2**20
_MEASURED_SECONDS = 1.0


class Measurement:
    """What processes hold for themselves, found out by a child process, so that nobody has to wait for it.

    The kernel walks every page of a process to tell; for many large ones that takes longer than orders may wait. After
    a second the rest is estimated by a random sample. What is measured may kill the one that measures: there is then no
    result.

    Raises:
        OSError: there can be no further process.
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
        """Readable when there is a result, or will be none."""
        return self._pipe

    def result(self) -> float | None:
        """In MiB; None where there is none. To be asked once, when the descriptor is readable."""
        try:
            return float(os.read(self._pipe, 100))
        except (OSError, ValueError):
            return None

    def close(self) -> None:
        """Have no more to do with it."""
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
    """What of a process is in memory, shared pages too; and the tables that say where, which are always its own."""
    resident = tables = 0
    with contextlib.suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/status").read_bytes().splitlines():
            if line.startswith(b"VmRSS:"):
                resident = int(line.split()[1])
            elif line.startswith(b"VmPTE:"):
                tables = int(line.split()[1])
    return resident / 1024, tables / 1024


def _private_mb(pid: int) -> float:
    """Memory that is this process's own, plus its part of what it shares; all that is resident where it hides that."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return memory_mb(pid)[0]


def held_mb() -> float:
    """The most that sockets and locks hold in this process's own namespaces; it is nobody's memory."""
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
    """The fields of a `stat` file from the third on; a program's own name, which may hold anything, comes before."""
    try:
        return Path(path).read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def cpu_seconds(processes: list[int]) -> float:
    """What the processes and those they waited for have used: utime, stime, cutime and cstime of proc(5)."""
    ours = resource.getrusage(resource.RUSAGE_CHILDREN)
    ticks = sum(int(field) for pid in processes for field in _stat(f"/proc/{pid}/stat")[11:15])
    return ours.ru_utime + ours.ru_stime + ticks / _TICKS


def running_threads(pid: int) -> list[int]:
    """The threads of a process that run, or would."""
    try:
        threads = [int(name) for name in os.listdir(f"/proc/{pid}/task")]
    except OSError:
        return []
    return [thread for thread in threads if _stat(f"/proc/{pid}/task/{thread}/stat")[:1] == ["R"]]


def children(pid: int) -> list[int]:
    """The processes that a process started, or was left."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            found += map(int, Path(f"/proc/{pid}/task/{task}/children").read_text().split())
    return found


def descendants(pid: int) -> Iterator[int]:
    """Its children, and theirs."""
    for child in children(pid):
        yield child
        yield from descendants(child)


def end_descendants(parent: int) -> None:
    """Kill all that `parent` started, each by its id; all are stopped first, so that none forks meanwhile."""
    stopped: set[int] = set()
    while new := set(descendants(parent)) - stopped:
        for pid in new:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGSTOP)
        stopped |= new
    for pid in stopped:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
