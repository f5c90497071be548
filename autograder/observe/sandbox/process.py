"""The grader's side of the zygote: starts it, requests confined processes, replaces it when it dies."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import os
import secrets
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from autograder.observe.sandbox import bubblewrap, control_groups, usage
from autograder.observe.sandbox.bounds import Bounds, Isolation
from autograder.observe.sandbox.control_groups import ControlGroup, ControlGroups
from autograder.observe.sandbox.isolation import FIRST_UID, LAST_UID

_START_SECONDS = 180.0
FORK_SECONDS = 30.0
_MESSAGE = 2**16
_LAST_BREATH = 2.0


class SandboxError(RuntimeError):
    """The sandbox itself failed; the program in it is not at fault."""


@dataclasses.dataclass(frozen=True)
class Exit:
    """How a confined process ended: its exit code (or minus the signal), why it was ended, its error if it never
    started, the processor time of all its processes, and for how long one of its threads ran or waited for a processor.
    `reason` is "" if it ended by itself, "lost" if its supervisor died with it."""

    code: int
    reason: str = ""
    error: str = ""
    cpu_seconds: float = 0.0
    runnable_seconds: float = 0.0


class ConfinedProcess:
    """One confined process. Not thread-safe: use it only in the thread that requested it.

    `grouped` is whether it is in a control group of its own, so that the kernel bounds its memory and processes; else
    its supervisor alone does.
    """

    def __init__(
        self,
        status: socket.socket,
        *,
        namespace: bool = False,
        group: ControlGroup | None = None,
        ended: Callable[[], None] = lambda: None,
    ) -> None:
        self._status = status
        self._exit: Exit | None = None
        self._namespace = namespace
        self._group = group
        self.grouped = False
        self._on_close = ended
        self._supervisor = self._supervisor_pid = -1
        self._destroyed = False
        status.setblocking(False)

    def fileno(self) -> int:
        """Readable when `poll` may have news."""
        return self._status.fileno()

    def await_start(self, seconds: float) -> None:
        """Wait until it is running.

        Raises:
            SandboxError: it could not be confined, or did not start in time.
        """
        message = self._receive(seconds)
        if message is None or "started" not in message:
            why = "no answer" if message is None else message.get("failed", "the zygote is gone")
            raise SandboxError(f"a confined process could not be started: {why}")
        self._supervisor_pid = int(message["supervisor"])
        self.grouped = bool(message["grouped"])

    def poll(self) -> Exit | None:
        """How it ended; None while it is running."""
        return self.wait(0)

    def wait(self, seconds: float) -> Exit | None:
        """Wait at most `seconds` for its end. Once it has ended, none of its processes is left."""
        if self._exit is None and (message := self._receive(seconds)) is not None:
            self._exit = Exit(
                message.get("exit", -signal.SIGKILL),
                message.get("reason", "killed" if self._destroyed else "lost"),
                message.get("error", ""),
                message.get("cpu_seconds", 0.0),
                message.get("runnable_seconds", 0.0),
            )
        return self._exit

    def interrupt(self) -> None:
        """Send Ctrl-C to it and to the programs it started."""
        self._order(b"interrupt")

    def kill(self) -> None:
        """Kill it and everything it started."""
        self._order(b"kill")

    def destroy(self) -> None:
        """Kill it when its supervisor does not respond, without ending the zygote, which has other forks."""
        if self._supervisor < 0 or select.select([self._supervisor], [], [], 0)[0]:
            return
        self._destroyed = True
        if self._group is not None:
            self._group.kill()
        if self._namespace:  # killing its first process ends all of them
            signal.pidfd_send_signal(self._supervisor, signal.SIGKILL)
            return
        with contextlib.suppress(OSError):
            os.kill(self._supervisor_pid, signal.SIGSTOP)  # else it would see its child end, and exit before the rest
        usage.end_descendants(self._supervisor_pid)
        with contextlib.suppress(OSError):
            signal.pidfd_send_signal(self._supervisor, signal.SIGKILL)

    def close(self) -> None:
        """Close the socket; this ends a process that is still running."""
        if self._exit is not None:
            self._receive(_LAST_BREATH)  # then the supervisor is gone, too
        self._status.close()
        if self._supervisor >= 0:
            os.close(self._supervisor)
            self._supervisor = -1
        self._exit = self._exit or Exit(-signal.SIGKILL, "killed")
        if self._group is not None:
            self._group.remove()
        self._on_close()
        self._on_close = lambda: None

    def _order(self, order: bytes) -> None:
        with contextlib.suppress(OSError):  # it has already ended
            self._status.send(order)

    def _receive(self, seconds: float) -> dict[str, Any] | None:
        """The supervisor's next message; {} if it is gone, None if there is none in time."""
        readable, _, _ = select.select([self._status], [], [], seconds)
        if not readable:
            return None
        try:
            packet, descriptors, _, _ = socket.recv_fds(self._status, _MESSAGE, 1)
            for descriptor in descriptors:  # the supervisor's own, sent once
                self._supervisor = descriptor
            return dict(json.loads(packet)) if packet else {}
        except (OSError, ValueError):
            return {}


class Zygote:
    """A process with `preload` imported, from which confined processes are forked in milliseconds.

    It starts with the first request, or with `start`, and is replaced when it dies. Thread-safe.

    Args:
        isolation: the result of `isolation.choose_isolation`.
        preload: the modules to import before forking.
        environment: the complete environment of the processes.
        packages: a folder that forks import from after everything else; nothing preloaded comes from it.
        groups: finds where control groups can be created, None if nowhere.
    """

    def __init__(
        self,
        isolation: Isolation,
        preload: Sequence[str],
        environment: Mapping[str, str],
        packages: Path | None = None,
        *,
        groups: Callable[[], ControlGroups | None] = control_groups.delegated_here,
    ) -> None:
        self._isolation = isolation
        self._preload = tuple(preload)
        self._environment = dict(environment)
        self._packages = packages
        if packages is not None:
            inside = bubblewrap.PACKAGES if isolation.name == "bubblewrap" else str(packages)
            self._environment["AUTOGRADER_PACKAGES"] = inside
        self._groups = groups
        self._lock = threading.Lock()
        self._running: _Running | None = None
        self._retired: list[_Running] = []
        # Start at a random one: other containers on this machine count the same user's processes together with ours.
        first = FIRST_UID + secrets.randbelow(LAST_UID - FIRST_UID)
        self._uids = itertools.cycle((*range(first, LAST_UID + 1), *range(FIRST_UID, first)))

    def start(self) -> None:
        """Start importing, without waiting for it."""
        with self._lock:
            self._current()

    def fork(
        self, entry: str, arguments: Mapping[str, Any], descriptors: Sequence[int], bounds: Bounds, home: str = ""
    ) -> ConfinedProcess:
        """Run a function in a confined process.

        Args:
            entry: the function as "module:function"; called with `arguments` and the numbers of its `descriptors`.
            arguments: plain JSON.
            descriptors: open files, passed as copies.
            bounds: its resource limits.
            home: the working folder without isolation; inside bubblewrap each process has its own.

        Raises:
            SandboxError: the zygote does not start, or cannot confine.
        """
        with self._lock:
            running = self._current()
            running.forks += 1
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        groups = self._groups()
        group = groups.new(bounds) if groups else None
        files = group.files if group else {}
        request = {
            "entry": entry,
            "arguments": arguments,
            "bounds": dataclasses.asdict(bounds),
            "uid": next(self._uids) if self._isolation.as_root or self._isolation.name == "user" else 0,
            "confined": self._isolation.name == "bubblewrap",
            "home": home,
            "group": list(files),
        }
        confined = bool(request["confined"])
        process = ConfinedProcess(ours, namespace=confined, group=group, ended=lambda: self._closed(running))
        try:
            running.await_ready(_START_SECONDS)
            running.send(json.dumps(request).encode(), [theirs.fileno(), *descriptors, *files.values()])
            theirs.close()
            process.await_start(FORK_SECONDS)
        except SandboxError:
            with self._lock:
                running.retired = True  # the next request starts a new zygote; existing forks go on
            process.close()
            raise
        finally:
            theirs.close()
            if group is not None:
                group.close_files()
        return process

    def gone(self, seconds: float) -> bool:
        """Whether the zygote has died; waits at most `seconds` for its end."""
        with self._lock:
            running = self._running
        return running is None or running.ended(seconds)

    def close(self) -> None:
        """End the zygote. In bubblewrap this ends all its forks; elsewhere each ends when it is closed."""
        with self._lock:
            for running in (self._running, *self._retired):
                if running is not None:
                    running.stop()
                    running.join()
            self._running = None
            self._retired.clear()

    def _closed(self, running: _Running) -> None:
        with self._lock:
            running.forks -= 1
            if running.retired and running.forks == 0:
                running.stop()

    def _current(self) -> _Running:
        if self._running is None or self._running.over or self._running.retired:
            self._retired = [one for one in self._retired if not one.ended(0)]
            if self._running is not None:
                self._retired.append(self._running)
            self._running = _Running(self._command, self._environment)
        return self._running

    def _command(self, control: int) -> list[str]:
        # Isolated from the user's packages and the working folder (-s -P) but not from the environment (-E), which we
        # control: its fixed hash seed makes runs of a notebook reproducible.
        program = [sys.executable, "-s", "-P", "-m", "autograder.observe.sandbox.zygote", str(control), *self._preload]
        if self._isolation.name != "bubblewrap":
            return program
        return bubblewrap.command(self._isolation, program, environment=self._environment, packages=self._packages)


class _Running:
    """One zygote process. A dedicated thread starts it and waits for its end: bubblewrap dies with that thread."""

    def __init__(self, command: Any, environment: Mapping[str, str]) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._ready = threading.Event()
        self._send_lock = threading.Lock()
        self.over = False
        self.forks = 0  # the number of forks not yet closed
        self.retired = False
        self._thread = threading.Thread(
            target=self._live, args=(command(theirs.fileno()), environment, theirs), name="zygote", daemon=True
        )
        self._thread.start()

    def _live(self, command: list[str], environment: Mapping[str, str], theirs: socket.socket) -> None:
        try:
            with theirs:
                process = subprocess.Popen(
                    command,
                    pass_fds=[theirs.fileno()],
                    env=dict(environment),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=self._errors,
                    start_new_session=True,
                )
            try:
                if self._control.recv(_MESSAGE):
                    self._ready.set()
                process.wait()
            finally:
                process.kill()
                process.wait()
        except OSError:
            pass  # closed by `stop`, or it could not be started: `await_ready` reports it
        finally:
            self.over = True
            self._ready.set()

    def await_ready(self, seconds: float) -> None:
        if not self._ready.wait(seconds):
            self.stop()
            raise SandboxError(f"the libraries were not imported within {seconds:.0f} seconds")
        if self.over:
            raise SandboxError(f"the zygote ended: {self._last_words() or 'no message'}")

    def send(self, packet: bytes, descriptors: Sequence[int]) -> None:
        try:
            with self._send_lock:
                socket.send_fds(self._control, [packet], list(descriptors))
        except OSError as error:
            raise SandboxError(f"the zygote is gone ({error})") from None

    def ended(self, seconds: float) -> bool:
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def stop(self) -> None:
        self.over = True
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)

    def join(self) -> None:
        deadline = time.monotonic() + 10
        self._thread.join(max(0.0, deadline - time.monotonic()))
        self._control.close()
        self._errors.close()

    def _last_words(self) -> str:
        self._errors.seek(0)
        return "; ".join(self._errors.read()[-2000:].decode(errors="replace").strip().splitlines()[-3:])
