from __future__ import annotations

import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import ANY

import pytest

from autograder.observe.sandbox import landlock
from autograder.observe.sandbox.bounds import Bounds, Isolation
from autograder.observe.sandbox.process import Exit, SandboxError, Zygote
from tests.observe.conftest import Run

pytestmark = pytest.mark.slow


def test_a_process_runs_and_reports_its_exit(run: Run) -> None:
    assert run("sys.exit(7)").wait(10) == Exit(7, cpu_seconds=ANY, runnable_seconds=ANY)


def test_a_sleeping_process_is_not_runnable_and_a_computing_one_is(run: Run) -> None:
    asleep = run("time.sleep(2)").wait(10)
    computing = run("end = time.monotonic() + 2\nwhile time.monotonic() < end: pass").wait(10)
    assert asleep is not None
    assert computing is not None
    assert asleep.runnable_seconds < 1 < computing.runnable_seconds


def test_a_process_writes_to_what_it_was_handed(run: Run) -> None:
    reading, writing = os.pipe()
    process = run("os.write(out[0], os.getcwd().encode())", writing)
    os.close(writing)
    process.wait(10)
    assert os.read(reading, 1000)
    os.close(reading)


@pytest.fixture
def packages() -> Iterator[Path]:
    """A folder of packages that every user may read."""
    with tempfile.TemporaryDirectory(prefix="ag-") as name:
        os.chmod(name, 0o755)
        folder = Path(name) / "site-packages"
        folder.mkdir(mode=0o755)
        (folder / "puns.py").write_text("WORD = 'pun'\n")
        (folder / "scripts.py").write_text("raise SystemExit(9)\n")
        yield folder


def test_packages_are_imported_after_everything_else(
    library: Path, isolation: Isolation, packages: Path, tmp_path: Path
) -> None:
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(library)}
    warm = Zygote(isolation, ["scripts"], environment, packages)
    script = """
import puns, scripts
assert puns.WORD == "pun" and scripts.run and puns.__file__ == sys.path[-1] + "/puns.py"
assert "AUTOGRADER_PACKAGES" not in os.environ
try:
    open(sys.path[-1] + "/more.py", "w")
except OSError:
    sys.exit(7)
"""
    try:
        ended = warm.fork("scripts:run", script, [], Bounds(), str(tmp_path)).wait(20)  # type: ignore[arg-type]
    finally:
        warm.close()
    assert ended is not None
    assert (ended.code, ended.error) == (7 if isolation.name != "none" else 0, "")
    assert "puns" not in sys.modules


def test_an_error_before_anything_ran_is_told(run: Run) -> None:
    ended = run("raise ValueError('no such thing')").wait(10)
    assert ended is not None
    assert "no such thing" in ended.error


def test_a_process_out_of_time_is_ended(run: Run) -> None:
    ended = run("time.sleep(60)", seconds=1).wait(20)
    assert ended is not None
    assert ended.reason == "time"


def test_too_many_processes_are_not_started_or_ended(run: Run, isolation: Isolation) -> None:
    script = "try:\n    while True: os.fork() or time.sleep(60)\nexcept OSError:\n    sys.exit(3)"
    ended = run(script, processes=20, seconds=10).wait(20)
    assert ended is not None
    # The kernel refuses to start more, but not to root in a user namespace; then the supervisor ends them.
    refused, killed = (3, ""), (-9, "processes")
    expected = [refused] if isolation.as_root else [refused, killed] if isolation.name != "none" else [killed]
    assert (ended.code, ended.reason) in expected


def test_memory_that_no_limit_of_the_kernel_counts_is_refused_or_counted(run: Run, isolation: Isolation) -> None:
    script = "import mmap\nshared = mmap.mmap(-1, 10**9)\nwhile True: shared.write(bytes(10**6)); time.sleep(0.001)"
    ended = run(script, memory_mb=200).wait(20)
    assert ended is not None
    if isolation.name == "none":
        assert ended.reason == "memory"
    else:
        assert "PermissionError" in ended.error


@pytest.mark.parametrize(("megabytes", "reason"), [(150, "memory"), (20, "")])
@pytest.mark.parametrize("crash", ["SIGABRT", "SIGSEGV"])
def test_a_crash_with_the_memory_used_up_is_for_memory(run: Run, megabytes: int, reason: str, crash: str) -> None:
    script = f"kept = bytearray(b'1' * ({megabytes} * 2**19))\ndel kept\nos.kill(os.getpid(), signal.{crash})"
    ended = run("import signal\n" + script, memory_mb=200).wait(10)
    assert ended is not None
    assert (ended.code, ended.reason) == (-getattr(signal, crash), reason)


def test_memory_shared_with_children_is_counted_once(run: Run) -> None:
    script = (
        "kept = bytearray(os.urandom(1) * (150 * 2**20))\nfor _ in range(8): os.fork() or time.sleep(2) or os._exit(0)"
    )
    ended = run(script + "\ntime.sleep(2)", memory_mb=600).wait(20)
    assert ended is not None
    assert (ended.code, ended.reason) == (0, "")


def test_who_keeps_its_memory_from_being_measured_is_ended(run: Run, isolation: Isolation) -> None:
    if isolation.name != "bubblewrap":
        pytest.skip("only the first process of a namespace measures beside those that it measures")
    script = """
kept = bytearray(os.urandom(1) * (150 * 2**20))
ours = [os.getpid(), *(os.fork() or time.sleep(60) for _ in range(8))]
while True:
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) not in (1, *ours):
            try: os.kill(int(name), 9)
            except OSError: pass
"""
    ended = run(script, memory_mb=600).wait(30)
    assert ended is not None
    assert ended.reason == "memory"


def test_tables_of_pages_are_memory_too(run: Run, isolation: Isolation) -> None:
    script = """
import ctypes
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
size = 300 * 2**30
place = libc.mmap(None, ctypes.c_size_t(size), 1, 0x4022, -1, 0)
libc.madvise(ctypes.c_void_p(place), ctypes.c_size_t(size), 15)
for at in range(0, size, 2**21): ctypes.c_ubyte.from_address(place + at).value
time.sleep(5)
"""
    ended = run(script, memory_mb=200).wait(30)
    assert ended is not None
    assert ended.reason == "memory"


@pytest.mark.parametrize(
    "call",
    [
        "os.memfd_create('x')",
        "__import__('mmap').mmap(-1, 4096)",
        "__import__('mmap').mmap(os.open('/dev/zero', 2), 4096)",
    ],
)
def test_memory_without_an_owner_cannot_be_had(run: Run, isolation: Isolation, call: str) -> None:
    if isolation.name == "none" or (isolation.name == "user" and "/dev/zero" in call):
        pytest.skip("not refused there")
    ended = run(f"try: {call}\nexcept OSError: sys.exit(3)").wait(20)
    assert ended is not None
    assert ended.code == 3


def test_a_killed_process_takes_its_children_along(run: Run, tmp_path: Path) -> None:
    reading, writing = os.pipe()
    process = run("os.fork() or os.setsid() or os.fork(); os.write(out[0], b'x'); time.sleep(60)", writing)
    os.close(writing)
    started = b""
    while len(started) < 3:
        started += os.read(reading, 3)
    process.kill()
    assert process.wait(10) is not None
    assert os.read(reading, 1) == b"", "the last process that held the pipe is gone"
    os.close(reading)


def test_a_supervisor_that_does_not_obey_goes_with_all_that_it_holds_and_no_other_does(run: Run) -> None:
    reading, writing = os.pipe()
    neighbour = run("time.sleep(3); sys.exit(9)")
    process = run("os.fork(); os.write(out[0], b'x'); time.sleep(60)", writing)
    os.close(writing)
    started = b""
    while len(started) < 2:
        started += os.read(reading, 2)
    signal.pidfd_send_signal(process._supervisor, signal.SIGSTOP)
    process.kill()
    assert process.wait(0.5) is None
    process.destroy()
    ended = process.wait(10)
    assert ended is not None
    assert ended.reason == "killed"
    assert os.read(reading, 1) == b"", "the last process that held the pipe is gone"
    os.close(reading)
    ended = neighbour.wait(10)
    assert ended is not None
    assert ended.code == 9


def test_one_that_cannot_be_confined_costs_no_neighbour(run: Run, isolation: Isolation) -> None:
    if isolation.name != "bubblewrap":
        pytest.skip("elsewhere there is nothing to confine")
    neighbour = run("time.sleep(1); sys.exit(9)")
    with pytest.raises(SandboxError):
        run("pass", disk_mb=-1)
    ended = neighbour.wait(10)
    assert ended is not None
    assert ended.code == 9
    assert run("sys.exit(4)").wait(20).code == 4  # type: ignore[union-attr]


def test_the_supervisor_cannot_be_slowed_down_from_inside(run: Run, isolation: Isolation) -> None:
    if isolation.name == "none":
        pytest.skip("nothing is protected there")
    script = """
import resource
watching = os.getppid()
for attempt in (lambda: os.sched_setaffinity(watching, {0}), lambda: os.setpriority(os.PRIO_PROCESS, watching, 19),
                lambda: os.sched_setscheduler(watching, os.SCHED_IDLE, os.sched_param(0)),
                lambda: resource.prlimit(watching, resource.RLIMIT_NOFILE, (9, 9)),
                lambda: os.setpriority(os.PRIO_USER, 0, 19)):
    try: attempt()
    except OSError: pass
    else: sys.exit(1)
os.sched_setaffinity(0, os.sched_getaffinity(0)), os.nice(1), os.sched_setaffinity(os.getpid(), {0})
"""
    ended = run(script).wait(10)
    assert ended is not None
    assert (ended.code, ended.error) == (0, "")


def test_an_interrupt_reaches_the_process(run: Run) -> None:
    reading, writing = os.pipe()
    process = run(
        "try:\n    os.write(out[0], b'x')\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    sys.exit(5)", writing
    )
    os.read(reading, 1)
    process.interrupt()
    ended = process.wait(10)
    assert ended is not None
    assert ended.code == 5
    os.close(reading)
    os.close(writing)


def test_a_closed_grader_leaves_no_process(run: Run) -> None:
    reading, writing = os.pipe()
    process = run("time.sleep(60)", writing)
    os.close(writing)
    process.close()
    assert os.read(reading, 1) == b""
    os.close(reading)


def test_a_warm_process_that_died_is_replaced(run: Run, warm: Zygote, isolation: Isolation) -> None:
    process = run("time.sleep(60)")
    running = warm._running
    assert running is not None
    running.stop()
    assert warm.gone(10)
    if isolation.name == "bubblewrap":
        ended = process.wait(10)
        assert ended is not None
        assert ended.reason in ("lost", "killed")
    process.close()
    assert run("pass").wait(10) is not None


def test_a_user_of_its_own_reads_no_closed_file_and_signals_no_grader(
    run: Run, isolation: Isolation, tmp_path: Path
) -> None:
    if isolation.name != "user":
        pytest.skip("the other isolations have tests of their own")
    if landlock.version() == 0:
        pytest.skip("this kernel has no Landlock")
    secret = tmp_path / "tests.py"
    secret.write_text("answer = 42")
    secret.chmod(0o600)
    reading, writing = os.pipe()
    script = f"""
def tried(action):
    try:
        return str(action())
    except OSError as error:
        return type(error).__name__
said = [tried(lambda: open({str(secret)!r}).read()), tried(lambda: os.kill({os.getpid()}, 0)),
        tried(lambda: os.kill(os.getppid(), 0)), tried(lambda: os.setuid(0)), tried(lambda: open('own', 'w').close()),
        tried(lambda: os.listdir('/proc/%d/fd' % os.getppid())), tried(lambda: open('/etc/hostname').read())]
os.write(out[0], ' '.join(said).encode())
"""
    process = run(script, writing)
    os.close(writing)
    refused = "PermissionError"
    assert process.wait(10) == Exit(0, cpu_seconds=ANY, runnable_seconds=ANY)
    assert os.read(reading, 1000).decode().split() == [refused, refused, refused, refused, "None", *[refused] * 2]
    os.close(reading)


def test_many_threads_may_ask_at_once(run: Run) -> None:
    codes: list[int] = []
    threads = [
        threading.Thread(target=lambda code=code: codes.append(run(f"sys.exit({code})").wait(20).code))  # type: ignore[misc]
        for code in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == list(range(8))


def test_libraries_that_cannot_be_imported_are_named(isolation: Isolation) -> None:
    warm = Zygote(isolation, ["no_such_library"], {"PATH": "/usr/bin:/bin"})
    with pytest.raises(SandboxError, match="no_such_library"):
        warm.fork("os:getpid", {}, [], Bounds())
    warm.close()
