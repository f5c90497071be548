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
from collections.abc import Callable, Iterable
from typing import Any

from autograder.observe.sandbox import linux, usage
from autograder.observe.sandbox.bounds import Bounds

_PERIOD = 0.25
# How long memory that may be too much can go unmeasured.
_UNMEASURED_SECONDS = 5.0
# How often in a row more threads must want to run than there are cores before they are put behind the others.
_CROWDED = 4
_LONGEST_ERROR = 4000
STARTUP_FAILED = 70


class Supervisor:
    """Runs `start` in a child process and reports on `status` how it ended.

    Messages it sends, one JSON object each: {"started": pid, "supervisor": pid} with a descriptor of this process, and
    {"exit": code or -signal, "reason": "" | "memory" | "processes" | "cpu" | "time" | "killed", "error": what the child
    said when it could not start, "cpu_seconds": of them all}.
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
        self._measurement: usage.Measurement | None = None
        self._measured_mb: float | None = None
        self._unmeasured_since: float | None = None
        self._measure_after = 0.0

    def run(self, start: Callable[[], None]) -> None:
        """Start, watch, end; returns when no process is left."""
        errors, child_errors = os.pipe()
        os.set_blocking(errors, False)
        self._shared_mb = usage.memory_mb(os.getpid())[0]
        if not self._own_namespace:
            linux.prctl(linux.PR_SET_CHILD_SUBREAPER, 1)  # so that what the kernel leaves behind is ours to end
        self._child = os.fork()
        if self._child == 0:
            os.close(errors)
            self._status.close()
            self._become_child(start, child_errors)
        os.close(child_errors)
        self._announce()
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
            waited_for: list[Any] = [status, ended, *([self._measurement] if self._measurement else [])]
            ready, _, _ = select.select(waited_for, [], [], _PERIOD)
            # Orders before looks: a look costs as much as the notebook has it cost.
            if ended in ready:
                return ""
            if status in ready:
                if self._order() != b"interrupt":
                    return "killed"
                with contextlib.suppress(OSError):
                    os.killpg(self._child, signal.SIGINT)
            if time.monotonic() > self._deadline:
                return "time"
            if self._measurement in ready:
                self._take_measure()
            if passed := self._passed_bound():
                return passed
            self._reap_orphans()

    def _order(self) -> bytes:
        try:
            return self._status.recv(64)
        except OSError:
            return b""

    def _passed_bound(self) -> str:
        processes = self._processes()
        if len(processes) > self._bounds.processes:
            return "processes"
        if usage.cpu_seconds(processes) > self._bounds.cpu_seconds:
            return "cpu"
        self._share_fairly(processes)
        return "memory" if self._too_much_memory(processes) else ""

    def _too_much_memory(self, processes: list[int]) -> bool:
        """What a process holds beyond the memory it shares with the zygote, at most; only where that sum is too large
        are the exact and slower figures asked for."""
        each = [usage.memory_mb(pid) for pid in processes]
        held = sum(tables for _, tables in each) + (usage.held_mb() if self._own_namespace else 0.0)
        if held + sum(max(resident - self._shared_mb, 0) for resident, _ in each) <= self._bounds.memory_mb:
            self._unmeasured_since = self._measured_mb = None
            return False
        if self._measured_mb is not None and held + self._measured_mb > self._bounds.memory_mb * 1.1:
            return True
        now = time.monotonic()
        if self._unmeasured_since is None or self._measured_mb is not None:
            self._unmeasured_since = now
        self._measured_mb = None
        if self._measurement is None and now >= self._measure_after:
            self._measure_after = now
            with contextlib.suppress(OSError):
                self._measurement = usage.Measurement(processes)
        # Who keeps its memory from being measured has more than it may.
        return now - self._unmeasured_since > _UNMEASURED_SECONDS

    def _take_measure(self) -> None:
        if self._measurement is not None:
            self._measured_mb = self._measurement.result()
            now = time.monotonic()
            self._measure_after = max(2 * now - self._measure_after, now + _PERIOD)  # half of the time at most
            self._measurement.close()
            self._measurement = None

    def _share_fairly(self, processes: list[int]) -> None:
        """More running threads than cores gain nothing but a larger share of the machine: they get that of one.

        The scheduler's weights fall by a factor of 1.25 per step of niceness (kernel/sched/core.c); a process without
        privileges cannot take a step back.
        """
        running = [thread for pid in processes for thread in usage.running_threads(pid)]
        self._crowded = self._crowded + 1 if len(running) > (os.cpu_count() or 1) else 0
        if self._crowded >= _CROWDED:
            niceness = min(math.ceil(math.log(len(running), 1.25)), 19)
            for thread in running:
                with contextlib.suppress(OSError):
                    if os.getpriority(os.PRIO_PROCESS, thread) < niceness:
                        os.setpriority(os.PRIO_PROCESS, thread, niceness)

    def _processes(self) -> list[int]:
        if self._own_namespace:
            found: Iterable[int] = (int(name) for name in os.listdir("/proc") if name.isdigit() and name != "1")
        else:
            found = usage.descendants(os.getpid())
        measuring = self._measurement.process if self._measurement else 0
        return [pid for pid in found if pid != measuring]

    def _reap_orphans(self) -> None:
        """Collect children that others left to us; the kernel's own exit is left for `_end_everything`."""
        for pid in usage.children(os.getpid()):
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
                usage.end_descendants(os.getpid())
            try:
                pid, status = os.waitpid(-1, 0)
            except ChildProcessError:
                return code
            if pid == self._child:
                code = os.waitstatus_to_exitcode(status)

    def _announce(self) -> None:
        """Say that it runs, and hand over what ends this process, for a grader that is not obeyed."""
        message = json.dumps({"started": self._child, "supervisor": os.getpid()}).encode()
        own = os.pidfd_open(os.getpid())
        with contextlib.suppress(OSError):
            socket.send_fds(self._status, [message], [own])
        os.close(own)

    def _send(self, message: dict[str, object]) -> None:
        with contextlib.suppress(OSError):  # nobody listens any more
            self._status.send(json.dumps(message).encode())


def _read(pipe: int) -> str:
    try:
        return os.read(pipe, _LONGEST_ERROR).decode(errors="replace")
    except OSError:
        return ""
