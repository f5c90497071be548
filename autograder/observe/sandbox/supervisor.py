"""The process between the zygote and one confined kernel: starts, watches and ends the kernel.

Inside bubblewrap it is the first process of its process namespace: no process in it can signal it, and when it ends,
Linux kills all others in the namespace. Where there are control groups, the kernel and all that it starts are in one of
their own, and the supervisor is not in it.
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
from autograder.observe.sandbox.control_groups import JoinedGroup

_PERIOD = 0.25
# The longest time between exact measurements of memory that may exceed the limit.
_UNMEASURED_SECONDS = 5.0
# How many times in a row there must be more runnable threads than cores before their priority is lowered.
_CROWDED = 4
_LONGEST_ERROR = 4000
# The share of its memory that a process uses when it counts as ended for it.
_NEARLY_USED_UP = 0.5
_CRASHES = (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS)
STARTUP_FAILED = 70


class Supervisor:
    """Runs `start` in a child process and reports its end on `status`.

    Messages sent, one JSON object each: {"started": pid, "supervisor": pid, "grouped": whether it is in `group`} with a
    descriptor of this process, and {"exit": code or -signal, "reason": "" | "memory" | "processes" | "cpu" | "time" |
    "killed", "error": the child's error if it could not start, "cpu_seconds": of all processes, "runnable_seconds": the
    time with a runnable thread}.
    Messages received: b"interrupt" and b"kill"; a closed socket means kill.
    """

    def __init__(
        self, status: socket.socket, bounds: Bounds, *, own_namespace: bool, group: JoinedGroup | None = None
    ) -> None:
        self._status = status
        self._bounds = bounds
        self._own_namespace = own_namespace
        self._group = group
        self._deadline = time.monotonic() + bounds.seconds
        self._shared_mb = self._shared_data_mb = 0.0
        self._peak_mb = 0.0
        self._child = 0
        self._crowded = 0
        self._runnable_seconds, self._looked = 0.0, time.monotonic()
        self._measurement: usage.MemoryMeasurement | None = None
        self._measured_mb: float | None = None
        self._unmeasured_since: float | None = None
        self._measure_after = 0.0

    def run(self, start: Callable[[], None]) -> None:
        """Start, watch and end the child; returns when no process is left."""
        errors, child_errors = os.pipe()
        os.set_blocking(errors, False)
        self._shared_mb = usage.memory_mb(os.getpid())[0]
        self._shared_data_mb = usage.data_mb(os.getpid())
        if not self._own_namespace:
            linux.prctl(linux.PR_SET_CHILD_SUBREAPER, 1)  # orphans of the kernel are reparented to us
        gate, opened = os.pipe()
        self._child = os.fork()
        if self._child == 0:
            os.close(errors)
            os.close(opened)
            self._status.close()
            self._leave_group()
            os.read(gate, 1)  # ends once it is in its group
            os.close(gate)
            self._become_child(start, child_errors)
        os.close(child_errors)
        os.close(gate)
        if self._group is not None and not self._group.add(self._child):
            self._leave_group()
        os.close(opened)
        self._announce()
        reason = self._watch() or self._reason_of_kernel()
        code = self._end_everything()
        if not reason and self._crashed_for_memory(code):
            reason = "memory"
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu_seconds = round(used.ru_utime + used.ru_stime, 3)
        self._send(
            {
                "exit": code,
                "reason": reason,
                "error": _read(errors),
                "cpu_seconds": cpu_seconds,
                "runnable_seconds": round(self._runnable_seconds, 3),
            }
        )

    def _leave_group(self) -> None:
        if self._group is not None:
            self._group.close()
            self._group = None

    def _reason_of_kernel(self) -> str:
        """Why the kernel ended the child's group, "" if it did not."""
        with contextlib.suppress(OSError):
            if self._group is not None and self._group.out_of_memory():
                return "memory"
        return ""

    def _become_child(self, start: Callable[[], None], errors: int) -> None:
        code = STARTUP_FAILED
        try:
            os.setsid()
            # A grader in the background (nohup, cron) ignores interrupts, and its children would inherit that.
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
        """Wait until the child ends, the grader ends it, or a limit is exceeded; returns the reason in one word."""
        ended, status = os.pidfd_open(self._child), self._status.fileno()
        while True:
            waited_for: list[Any] = [status, ended, *([self._measurement] if self._measurement else [])]
            ready, _, _ = select.select(waited_for, [], [], _PERIOD)
            # Orders first: the notebook can make a reading slow.
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
        self._peak_mb = max(self._peak_mb, usage.data_mb(self._child) - self._shared_data_mb)
        processes = self._processes()
        if len(processes) > self._bounds.processes:
            return "processes"
        used = self._group.cpu_seconds() if self._group else usage.cpu_seconds(processes)
        if used > self._bounds.cpu_seconds:
            return "cpu"
        running = [thread for pid in processes for thread in usage.running_threads(pid)]
        now = time.monotonic()
        if running:
            self._runnable_seconds += now - self._looked
        self._looked = now
        if self._group is None or not self._group.shares_processor:
            self._share_fairly(running)
        return "memory" if self._too_much_memory(processes) else ""

    def _too_much_memory(self, processes: list[int]) -> bool:
        """Whether an upper bound on the memory not shared with the zygote is too large, and then the exact figures too,
        which are slower to measure."""
        held = usage.held_mb() if self._own_namespace else 0.0
        # The group's count includes what can be reclaimed, so it only shows that there is not too much.
        if self._group is not None and held + self._group.memory_mb() <= self._bounds.memory_mb:
            self._unmeasured_since = self._measured_mb = None
            return False
        each = [usage.memory_mb(pid) for pid in processes]
        held += sum(tables for _, tables in each)
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
                self._measurement = usage.MemoryMeasurement(processes)
        # A process that prevents the measurement counts as exceeding the limit.
        return now - self._unmeasured_since > _UNMEASURED_SECONDS

    def _take_measure(self) -> None:
        if self._measurement is not None:
            self._measured_mb = self._measurement.result()
            now = time.monotonic()
            self._measure_after = max(2 * now - self._measure_after, now + _PERIOD)  # at most half of the time
            self._measurement.close()
            self._measurement = None

    def _share_fairly(self, running: list[int]) -> None:
        """Lower the priority of more runnable threads than cores, so that together they get the share of one thread.

        The scheduler's weights fall by a factor of 1.25 per step of niceness (kernel/sched/core.c); a process without
        privileges cannot take a step back.
        """
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
        """Reap orphaned children; the kernel's own exit is left for `_end_everything`."""
        for pid in usage.children(os.getpid()):
            if pid != self._child:
                with contextlib.suppress(OSError):
                    os.waitpid(pid, os.WNOHANG)

    def _end_everything(self) -> int:
        code = 0
        if self._group is not None:
            self._group.kill()
        while True:
            # Repeated, because a fork may happen between the kill and the wait.
            if self._own_namespace:
                with contextlib.suppress(OSError):
                    os.kill(-1, signal.SIGKILL)
            else:
                usage.end_descendants(os.getpid())
            try:
                pid, status, used = os.wait4(-1, 0)
            except ChildProcessError:
                return code
            if pid == self._child:
                code = os.waitstatus_to_exitcode(status)
                self._peak_mb = max(self._peak_mb, used.ru_maxrss / 1024 - self._shared_mb)

    def _crashed_for_memory(self, code: int) -> bool:
        """Whether the child crashed with its memory nearly used up.

        Where RLIMIT_DATA refuses them memory, the C++ library aborts (SIGABRT) and TensorFlow may read through the
        pointer that it did not get (SIGSEGV). How much was refused is unknown; with half of the memory in use, a copy
        of what is there does not fit any more.
        """
        return -code in _CRASHES and self._peak_mb > self._bounds.memory_mb * _NEARLY_USED_UP

    def _announce(self) -> None:
        """Report that the child is running, with a descriptor by which the grader can kill this process."""
        started = {"started": self._child, "supervisor": os.getpid(), "grouped": self._group is not None}
        message = json.dumps(started).encode()
        own = os.pidfd_open(os.getpid())
        with contextlib.suppress(OSError):
            socket.send_fds(self._status, [message], [own])
        os.close(own)

    def _send(self, message: dict[str, object]) -> None:
        with contextlib.suppress(OSError):  # the grader has closed the socket
            self._status.send(json.dumps(message).encode())


def _read(pipe: int) -> str:
    try:
        return os.read(pipe, _LONGEST_ERROR).decode(errors="replace")
    except OSError:
        return ""
