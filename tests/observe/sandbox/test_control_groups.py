"""Control groups, with the kernel's own wherever a part of their tree is delegated to this process."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from autograder.observe.sandbox import control_groups
from autograder.observe.sandbox.bounds import Bounds, Isolation
from autograder.observe.sandbox.control_groups import ControlGroup, ControlGroups, NotDelegated, delegated, own_group
from autograder.observe.sandbox.process import Zygote
from tests.observe.conftest import Run

HOST = "30 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate"
HYBRID = "41 32 0:36 / /sys/fs/cgroup/unified rw,relatime shared:12 - cgroup2 cgroup2 rw"
CONTAINER = "512 498 0:30 /docker/17 /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw,nsdelegate"
FIRST_VERSION = "36 32 0:31 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory"


@pytest.mark.parametrize(
    ("cgroup", "mounts", "folder"),
    [
        ("0::/user.slice/run-1.scope\n", HOST, "/sys/fs/cgroup/user.slice/run-1.scope"),
        ("0::/\n", HOST, "/sys/fs/cgroup"),
        ("9:name=systemd:/\n4:memory:/x\n0::/here\n", f"{FIRST_VERSION}\n{HYBRID}", "/sys/fs/cgroup/unified/here"),
        ("0::/docker/17/job\n", CONTAINER, "/sys/fs/cgroup/job"),
        ("0::/docker/18\n", CONTAINER, None),
        ("0::/../17\n", HOST, None),
        ("4:memory:/x\n", FIRST_VERSION, None),
        ("0::/\n", FIRST_VERSION, None),
        ("", "", None),
    ],
)
def test_the_group_of_a_process_is_found_where_it_is_mounted(cgroup: str, mounts: str, folder: str | None) -> None:
    assert own_group(cgroup, mounts) == (Path(folder) if folder else None)


@pytest.fixture
def groups() -> ControlGroups:
    try:
        return delegated()
    except NotDelegated as reason:
        pytest.skip(str(reason))


def ours(groups: ControlGroups) -> set[Path]:
    """The groups that this process made: another process of the tests has its own beside them."""
    return set(groups.folder.glob(f"notebook-{os.getpid()}-*"))


slow = pytest.mark.slow


@slow
def test_a_process_is_in_a_group_of_its_own_until_it_ends(groups: ControlGroups, run: Run) -> None:
    before = ours(groups)
    first, second = run("time.sleep(60)"), run("os.fork(); time.sleep(60)")
    assert first.grouped
    assert second.grouped
    made = ours(groups) - before
    assert len(made) == 2
    assert all((folder / "cgroup.procs").read_text() for folder in made)
    for process in (first, second):
        process.kill()
        assert process.wait(10) is not None
        process.close()
    assert not made & ours(groups)


@slow
def test_the_kernel_bounds_memory_while_the_supervisor_looks_away(groups: ControlGroups, run: Run) -> None:
    reading, writing = os.pipe()
    script = """
os.read(out[0], 1)
if os.fork() == 0:
    kept = [bytearray(os.urandom(1) * 50 * 2**20) for _ in range(3)]
    time.sleep(60)
kept = [bytearray(os.urandom(1) * 50 * 2**20) for _ in range(3)]
time.sleep(60)
"""
    process = run(script, reading, memory_mb=200, disk_mb=16)
    signal.pidfd_send_signal(process._supervisor, signal.SIGSTOP)
    os.write(writing, b"x")
    (folder,) = ours(groups)
    for _ in range(200):
        if "populated 0" in (folder / "cgroup.events").read_text():
            break
        assert process.wait(0.1) is None
    else:
        pytest.fail("its processes are still there")
    signal.pidfd_send_signal(process._supervisor, signal.SIGCONT)
    ended = process.wait(10)
    assert ended is not None
    assert (ended.code, ended.reason) == (-9, "memory")
    process.close()
    for end in (reading, writing):
        os.close(end)


@slow
def test_files_take_no_memory_from_the_process(groups: ControlGroups, run: Run, isolation: Isolation) -> None:
    if isolation.name != "bubblewrap":
        pytest.skip("elsewhere files are not kept in memory")
    script = "open('file', 'wb').write(bytes(60 * 2**20))\nkept = os.urandom(1) * (150 * 2**20); time.sleep(1)"
    ended = run(script, memory_mb=200, disk_mb=64).wait(20)
    assert ended is not None
    assert (ended.code, ended.reason) == (0, "")


@slow
def test_the_kernel_refuses_more_processes_under_every_isolation(groups: ControlGroups, run: Run) -> None:
    script = "try:\n    while True: os.fork() or time.sleep(60)\nexcept OSError:\n    sys.exit(3)"
    ended = run(script, processes=20, seconds=20).wait(30)
    assert ended is not None
    assert (ended.code, ended.reason) == (3, "")


@slow
def test_processor_time_of_ended_children_counts(groups: ControlGroups, run: Run) -> None:
    script = """
while True:
    if os.fork() == 0:
        until = time.process_time() + 0.2
        while time.process_time() < until: pass
        os._exit(0)
    os.wait()
"""
    ended = run(script, cpu_seconds=1.5, seconds=60).wait(60)
    assert ended is not None
    assert ended.reason == "cpu"


def test_leftovers_of_a_killed_grader_are_removed(groups: ControlGroups) -> None:
    left = groups.folder / "notebook-99999999-1"
    left.mkdir()
    delegated()
    assert not left.exists()


def test_a_leftover_with_this_process_number_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def create(folder: Path, bounds: Bounds) -> ControlGroup:
        made.append(folder.name)
        if len(made) == 1:
            raise FileExistsError
        return ControlGroup.__new__(ControlGroup)

    monkeypatch.setattr(control_groups, "ControlGroup", create)
    assert ControlGroups(tmp_path, ()).new(Bounds()) is not None
    assert len(set(made)) == 2


class Refusing(ControlGroups):
    """Groups whose files do not take a process: what a kernel does that checks the rights of the one who writes."""

    def __init__(self) -> None:
        super().__init__(Path("/nowhere"), ())

    def new(self, bounds: Bounds) -> ControlGroup | None:
        group = ControlGroup.__new__(ControlGroup)
        group._folder = self.folder
        group.files = {"cgroup.procs": os.open(os.devnull, os.O_RDONLY)}
        return group


def test_where_the_kernel_refuses_a_group_there_is_none() -> None:
    assert ControlGroups(Path("/nowhere"), ()).new(Bounds()) is None


@slow
def test_without_a_group_the_supervisor_keeps_the_bounds(library: Path, isolation: Isolation, tmp_path: Path) -> None:
    warm = Zygote(isolation, ["scripts"], {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(library)}, groups=Refusing)
    process = warm.fork("scripts:run", "time.sleep(60)", [], Bounds(seconds=1), str(tmp_path))  # type: ignore[arg-type]
    assert not process.grouped
    ended = process.wait(20)
    assert ended is not None
    assert ended.reason == "time"
    process.close()
    warm.close()
