"""The process that stands between the zygote and one confined kernel: it starts it, watches it, and ends it.

Inside bubblewrap it is the first process of its own process namespace: nothing in there can signal it, and when it ends
the kernel ends everything else in there.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import resource
import select
import signal
import socket
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from autograder.observe.sandbox import linux
from autograder.observe.sandbox.bounds import Bounds

_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20
_TICKS = os.sysconf("SC_CLK_TCK")
_PERIOD = 0.25
# The most that a local socket holds unread, in MiB: twice net.core.wmem_max, which the kernel counts like this itself.
_SOCKET_MB = 0.41
# How often in a row more threads must want to run than there are cores before they are put behind the others.
_CROWDED = 4
_LONGEST_ERROR = 4000
STARTUP_FAILED = 70


class Supervisor:
    """Runs `start` in a child process and reports on `status` how it ended.

    Messages it sends, one JSON object each: {"started": pid} and {"exit": code or -signal, "reason": "" | "memory" |
    "processes" | "cpu" | "time" | "killed", "error": what the child said when it could not start,
    "cpu_seconds": of them all}.
    Messages it obeys: b"interrupt" and b"kill"; a closed socket means kill.
    """

    def __init__(self, status: socket.socket, bounds: Bounds, *, own_namespace: bool) -> None:
        self._status = status
        self._bounds = bounds
        self._own_namespace = own_namespace
        self._deadline = time.monotonic() + bounds.seconds
        self._shared_mb = 0.0
        self._child = 0
        self._crowded = 0

    def run(self, start: Callable[[], None]) -> None:
        """Start, watch, end; returns when no process is left."""
        errors, child_errors = os.pipe()
        os.set_blocking(errors, False)
        self._shared_mb = _resident_mb(os.getpid())
        if not self._own_namespace:
            linux.prctl(linux.PR_SET_CHILD_SUBREAPER, 1)  # so that what the kernel leaves behind is ours to end
        self._child = os.fork()
        if self._child == 0:
            os.close(errors)
            self._status.close()
            self._become_child(start, child_errors)
        os.close(child_errors)
        self._send({"started": self._child})
        reason = self._watch()
        code = self._end_everything()
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu_seconds = round(used.ru_utime + used.ru_stime, 3)
        self._send({"exit": code, "reason": reason, "error": _read(errors), "cpu_seconds": cpu_seconds})

    def _become_child(self, start: Callable[[], None], errors: int) -> None:
        code = STARTUP_FAILED
        try:
            os.setsid()
            # A grader in the background (nohup, cron) ignores interrupts, and so would all that it starts.
            signal.signal(signal.SIGINT, signal.default_int_handler)
            start()
            code = 0
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else 0
        except BaseException:
            with contextlib.suppress(OSError):
                os.write(errors, traceback.format_exc()[-_LONGEST_ERROR:].encode())
        finally:
            os._exit(code & 0xFF)

    def _watch(self) -> str:
        """Wait until the child ends, the grader says so, or a bound is passed; the reason in one word."""
        ended, status = os.pidfd_open(self._child), self._status.fileno()
        while True:
            ready, _, _ = select.select([status, ended], [], [], _PERIOD)
            if ended in ready:
                return ""
            if status in ready:
                order = self._order()
                if order == b"interrupt":
                    with contextlib.suppress(OSError):
                        os.killpg(self._child, signal.SIGINT)
                else:
                    return "killed"
            if time.monotonic() > self._deadline:
                return "time"
            if passed := self._passed_bound():
                return passed
            self._reap_orphans()

    def _order(self) -> bytes:
        try:
            return self._status.recv(64)
        except OSError:
            return b""

    def _passed_bound(self) -> str:
        processes = list(self._processes())
        if len(processes) > self._bounds.processes:
            return "processes"
        if _cpu_seconds(processes) > self._bounds.cpu_seconds:
            return "cpu"
        self._share_fairly(processes)
        # What a process holds beyond the memory it shares with the zygote, at most; only where that sum is too
        # large are the exact and slower figures asked for.
        held = _SOCKET_MB * _local_sockets() if self._own_namespace else 0.0
        upper = held + sum(max(_resident_mb(pid) - self._shared_mb, 0) for pid in processes)
        if upper > self._bounds.memory_mb and held + sum(map(_private_mb, processes)) > self._bounds.memory_mb * 1.1:
            return "memory"
        return ""

    def _share_fairly(self, processes: list[int]) -> None:
        """More running threads than cores gain nothing but a larger share of the machine: they get that of one.

        The scheduler's weights fall by a factor of 1.25 per step of niceness (kernel/sched/core.c); a process without
        privileges cannot take a step back.
        """
        running = [thread for pid in processes for thread in _running_threads(pid)]
        self._crowded = self._crowded + 1 if len(running) > (os.cpu_count() or 1) else 0
        if self._crowded >= _CROWDED:
            niceness = min(math.ceil(math.log(len(running), 1.25)), 19)
            for thread in running:
                with contextlib.suppress(OSError):
                    if os.getpriority(os.PRIO_PROCESS, thread) < niceness:
                        os.setpriority(os.PRIO_PROCESS, thread, niceness)

    def _processes(self) -> Iterator[int]:
        if self._own_namespace:
            yield from (int(name) for name in os.listdir("/proc") if name.isdigit() and name != "1")
        else:
            yield from _descendants(os.getpid())

    def _reap_orphans(self) -> None:
        """Collect children that others left to us; the kernel's own exit is left for `_end_everything`."""
        for pid in _children(os.getpid()):
            if pid != self._child:
                with contextlib.suppress(OSError):
                    os.waitpid(pid, os.WNOHANG)

    def _end_everything(self) -> int:
        code = 0
        while True:
            # Again and again, because a fork may slip between the kill and the wait.
            if self._own_namespace:
                with contextlib.suppress(OSError):
                    os.kill(-1, signal.SIGKILL)
            else:
                _end_descendants(os.getpid())
            try:
                pid, status = os.waitpid(-1, 0)
            except ChildProcessError:
                return code
            if pid == self._child:
                code = os.waitstatus_to_exitcode(status)

    def _send(self, message: dict[str, object]) -> None:
        with contextlib.suppress(OSError):  # nobody listens any more
            self._status.send(json.dumps(message).encode())


def _end_descendants(parent: int) -> None:
    """Kill all that `parent` started, each by its id; all are stopped first, so that none forks meanwhile."""
    stopped: set[int] = set()
    while new := set(_descendants(parent)) - stopped:
        for pid in new:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGSTOP)
        stopped |= new
    for pid in stopped:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def _statm(pid: int) -> list[float]:
    try:
        return [int(pages) * _PAGE_MB for pages in Path(f"/proc/{pid}/statm").read_text().split()[1:3]]
    except (OSError, ValueError):
        return [0.0, 0.0]


def _stat(path: str) -> list[str]:
    """The fields of a `stat` file from the third on; a program's own name, which may hold anything, comes before."""
    try:
        return Path(path).read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def _cpu_seconds(processes: list[int]) -> float:
    """What the processes and those they waited for have used: utime, stime, cutime and cstime of proc(5)."""
    ours = resource.getrusage(resource.RUSAGE_CHILDREN)
    ticks = sum(int(field) for pid in processes for field in _stat(f"/proc/{pid}/stat")[11:15])
    return ours.ru_utime + ours.ru_stime + ticks / _TICKS


def _running_threads(pid: int) -> list[int]:
    try:
        threads = [int(name) for name in os.listdir(f"/proc/{pid}/task")]
    except OSError:
        return []
    return [thread for thread in threads if _stat(f"/proc/{pid}/task/{thread}/stat")[:1] == ["R"]]


def _local_sockets() -> int:
    try:
        return max(Path("/proc/net/unix").read_bytes().count(b"\n") - 1, 0)
    except OSError:
        return 0


def _resident_mb(pid: int) -> float:
    return _statm(pid)[0]


def _private_mb(pid: int) -> float:
    """Memory that is this process's own, plus its part of what it shares; all that is resident where it hides that."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    except (OSError, ValueError):
        pass
    return _resident_mb(pid)


def _children(pid: int) -> list[int]:
    children: list[int] = []
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            children += map(int, Path(f"/proc/{pid}/task/{task}/children").read_text().split())
    return children


def _descendants(pid: int) -> Iterator[int]:
    for child in _children(pid):
        yield child
        yield from _descendants(child)


def _read(pipe: int) -> str:
    try:
        return os.read(pipe, _LONGEST_ERROR).decode(errors="replace")
    except OSError:
        return ""
