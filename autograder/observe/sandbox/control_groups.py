"""Control groups (cgroup v2): one for each confined process and everything it starts, bounded by the kernel.

They need a part of the tree that this process may change: a scope of systemd with `Delegate=yes`, or a container that
may write to its own tree. Without one, or when the kernel refuses, the supervisor alone keeps the bounds. The grader
creates and removes the groups; the supervisor gets open files of its group, so that no process inside sees the tree.
Files and their meaning: Documentation/admin-guide/cgroup-v2.rst of the kernel.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import itertools
import os
import time
from collections.abc import Mapping
from pathlib import Path

from autograder.observe.sandbox.bounds import Bounds

# The group for the processes that were in the delegated group itself: a group with limits for its children must not
# contain processes itself.
_GRADER = "autograder.grader"
_NOTEBOOK = "notebook"
_NEEDED = ("memory", "pids")
_USED = (*_NEEDED, "cpu")
_MOVES = 20
_REMOVE_SECONDS = 1.0
# The supervisor ends a process whose measured memory is a tenth over its bound; this one must never come first.
_TOLERANCE = 1.1
# What the supervisor reads and writes, by the way it is opened; those that this kernel lacks are left out.
_FILES = {
    "cgroup.procs": os.O_WRONLY,
    "cgroup.kill": os.O_WRONLY,
    "memory.current": os.O_RDONLY,
    "memory.events.local": os.O_RDONLY,
    "cpu.stat": os.O_RDONLY,
    "cpu.weight": os.O_RDONLY,
}
_REQUIRED = {"cgroup.procs", "memory.current", "memory.events.local", "cpu.stat"}
_numbers = itertools.count(1)


class ControlGroup:
    """The group of one confined process, seen by the grader.

    `files` are descriptors by file name, for the supervisor; `close_files` closes the grader's copies.
    """

    def __init__(self, folder: Path, bounds: Bounds) -> None:
        """Create it.

        Raises:
            OSError: the kernel refuses.
        """
        folder.mkdir()
        self._folder = folder
        self.files: dict[str, int] = {}
        try:
            # Files count in a group, too: they are kept in memory.
            memory = int((bounds.memory_mb * _TOLERANCE + bounds.disk_mb) * 2**20)
            self._set("memory.max", memory)
            self._set("memory.oom.group", 1)  # a kernel never lives on with some of its processes killed
            self._set("pids.max", bounds.processes)
            with contextlib.suppress(OSError):  # absent without swap
                self._set("memory.swap.max", 0)
            with contextlib.suppress(OSError):  # absent if the processor is not delegated
                self._set("cpu.weight", 100)
            for name, flags in _FILES.items():
                try:
                    self.files[name] = os.open(folder / name, flags | os.O_CLOEXEC)
                except FileNotFoundError:
                    if name in _REQUIRED:
                        raise
        except OSError:
            self.remove()
            raise

    def _set(self, name: str, value: int) -> None:
        (self._folder / name).write_text(str(value), encoding="ascii")

    def close_files(self) -> None:
        """Close the descriptors."""
        for descriptor in self.files.values():
            os.close(descriptor)
        self.files = {}

    def kill(self) -> None:
        """Kill everything in it at once; Linux 5.14 or newer."""
        with contextlib.suppress(OSError):
            self._set("cgroup.kill", 1)

    def remove(self) -> None:
        """Remove it, once it is empty; its last processes may take a moment to go."""
        self.close_files()
        deadline = time.monotonic() + _REMOVE_SECONDS
        while time.monotonic() < deadline:
            try:
                self._folder.rmdir()
            except FileNotFoundError:
                return
            except OSError:
                self.kill()
                time.sleep(0.01)


class JoinedGroup:
    """The group of a supervisor's child, by descriptors of its files. Reading is always cheap."""

    def __init__(self, files: Mapping[str, int]) -> None:
        self._files = dict(files)

    def add(self, pid: int) -> bool:
        """Move the process, which has started nothing yet, into the group; False if the kernel refuses."""
        try:
            os.write(self._files["cgroup.procs"], str(pid).encode())
        except OSError:
            return False
        return True

    @property
    def shares_processor(self) -> bool:
        """Whether all its threads together get the share of one group."""
        return "cpu.weight" in self._files

    def memory_mb(self) -> float:
        """All memory of the group in MiB: pages, files, page tables, and what the kernel keeps for it."""
        return int(self._read("memory.current")) / 2**20

    def cpu_seconds(self) -> float:
        """The processor time of all its processes, including those that have ended."""
        return self._values("cpu.stat").get("usage_usec", 0) / 1e6

    def out_of_memory(self) -> bool:
        """Whether the kernel killed its processes for reaching the group's own limit."""
        events = self._values("memory.events.local")
        return events.get("oom", 0) > 0 and events.get("oom_kill", 0) > 0

    def kill(self) -> bool:
        """Kill everything in it at once; False before Linux 5.14."""
        try:
            os.write(self._files["cgroup.kill"], b"1")
        except (OSError, KeyError):
            return False
        return True

    def close(self) -> None:
        for descriptor in self._files.values():
            os.close(descriptor)
        self._files = {}

    def _read(self, name: str) -> str:
        return os.pread(self._files[name], 4096, 0).decode("ascii")

    def _values(self, name: str) -> dict[str, int]:
        return {key: int(value) for key, value in (line.split() for line in self._read(name).splitlines())}


class ControlGroups:
    """A part of the tree in which this process can create groups with limits. `controllers` are those it can use."""

    def __init__(self, folder: Path, controllers: tuple[str, ...]) -> None:
        self.folder = folder
        self.controllers = controllers

    def new(self, bounds: Bounds) -> ControlGroup | None:
        """A new group with these bounds; None if the kernel refuses, for example because there are too many."""
        for number in _numbers:
            try:
                return ControlGroup(self.folder / f"{_NOTEBOOK}-{os.getpid()}-{number}", bounds)
            except FileExistsError:  # left by a grader that was killed and had the same process number
                continue
            except OSError:
                return None
        return None


class NotDelegated(Exception):
    """Why no groups can be created here, in a few words."""


@functools.cache
def delegated_here() -> ControlGroups | None:
    """`delegated`, once for each grader; None if the supervisor alone has to keep the bounds."""
    try:
        return delegated()
    except NotDelegated:
        return None


def delegated() -> ControlGroups:
    """The part of the tree that is delegated to this process, prepared for `ControlGroups.new`.

    The processes in the delegated group, of which this is one, are moved to a group below it. A grader that is
    started there later uses the same parent.

    Raises:
        NotDelegated: there is none; the message says why.
    """
    own = own_group(_text("/proc/self/cgroup"), _text("/proc/self/mountinfo"))
    if own is None:
        raise NotDelegated("cgroup v2 is not mounted here")
    folder = own.parent if own.name == _GRADER else own
    try:
        offered = (folder / "cgroup.controllers").read_text(encoding="ascii").split()
    except OSError as error:
        raise NotDelegated(f"{folder}: {error.strerror}") from None
    if missing := [name for name in _NEEDED if name not in offered]:
        raise NotDelegated(f"cgroup v2 does not offer {' and '.join(missing)} in {folder}")
    if not _is_delegated(folder):
        raise NotDelegated(f"{folder} is not delegated to this user")
    controllers = tuple(name for name in _USED if name in offered)
    try:
        _enable(folder, controllers)
    except OSError as error:
        raise NotDelegated(f"{folder}: {error.strerror}") from None
    _remove_leftovers(folder)
    return ControlGroups(folder, controllers)


def _text(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace")
    except OSError:  # not Linux
        return ""


def own_group(cgroup: str, mountinfo: str) -> Path | None:
    """The folder of this process's group, from the texts of /proc/self/cgroup and /proc/self/mountinfo; None if no
    mount of cgroup v2 shows it.
    """
    own = next((line[3:] for line in cgroup.splitlines() if line.startswith("0::/")), None)
    if own is None or ".." in own.split("/"):  # outside of what a container sees
        return None
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        if after.split(" ")[0] == "cgroup2":
            root, mounted = before.split(" ")[3:5]
            if own == root or own.startswith(root.rstrip("/") + "/"):
                return Path(mounted) / own[len(root.rstrip("/")) :].lstrip("/")
    return None


def _is_delegated(folder: Path) -> bool:
    """Whether groups may be created there: the kernel allows it, and for root, who may do anything, systemd does."""
    needed = (folder, folder / "cgroup.procs", folder / "cgroup.subtree_control")
    if not all(os.access(path, os.W_OK) for path in needed):
        return False
    if os.geteuid() != 0 or not os.path.isdir("/run/systemd/system"):
        return True
    for name in ("trusted.delegate", "user.delegate"):
        with contextlib.suppress(OSError):
            if os.getxattr(folder, name) == b"1":
                return True
    return False


def _enable(folder: Path, controllers: tuple[str, ...]) -> None:
    """Let the controllers limit the groups in `folder`, which then must not contain processes itself.

    Raises:
        OSError: the kernel refuses.
    """
    wanted = " ".join(f"+{name}" for name in controllers)
    for attempt in range(_MOVES):
        try:
            (folder / "cgroup.subtree_control").write_text(wanted, encoding="ascii")
            return
        except OSError as error:
            if error.errno != errno.EBUSY or attempt == _MOVES - 1:
                raise
        grader = folder / _GRADER
        grader.mkdir(exist_ok=True)
        for pid in (folder / "cgroup.procs").read_text(encoding="ascii").split():
            with contextlib.suppress(ProcessLookupError):
                (grader / "cgroup.procs").write_text(pid, encoding="ascii")


def _remove_leftovers(folder: Path) -> None:
    """Remove the empty groups of graders that were killed."""
    for left in folder.glob(f"{_NOTEBOOK}-*-*"):
        if not os.path.exists(f"/proc/{left.name.split('-')[1]}"):
            with contextlib.suppress(OSError):
                left.rmdir()
