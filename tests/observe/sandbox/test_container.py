"""What holds in a container that allows no namespaces, as its root and as an ordinary user."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from container import in_container

from autograder.observe.sandbox import landlock
from autograder.observe.sandbox.bounds import Bounds, Isolation
from autograder.observe.sandbox.isolation import IsolationUnavailable, choose_isolation, strongest
from autograder.observe.sandbox.process import Zygote

pytestmark = pytest.mark.slow

ATTEMPTS = """
import ctypes, json, resource, socket
libc = ctypes.CDLL(None, use_errno=True)
def tried(action):
    try: action(); return "done"
    except OSError as error: return type(error).__name__
def called(*arguments):
    def call():
        if libc.syscall(*arguments) == -1: raise OSError(ctypes.get_errno(), "")
    return call
said = {
    "the package": tried(lambda: open(PACKAGE)),
    "the solution unpacked from it": tried(lambda: open(SOURCE)),
    "a readable file of the machine": tried(lambda: open("/etc/hostname")),
    "its own folder": tried(lambda: open("own", "w")),
    "the grader's memory": tried(lambda: open("/proc/%d/mem" % GRADER)),
    "the grader's environment": tried(lambda: open("/proc/%d/environ" % GRADER)),
    "a signal to the grader": tried(lambda: os.kill(GRADER, 0)),
    "the supervisor's niceness": tried(lambda: os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)),
    "root": tried(lambda: os.setuid(0)),
    "a user namespace": tried(called(272, 0x10000000)),
    "vmsplice": tried(called(278, 1, 0, 0, 0)),
    "memfd_create": tried(called(319, b"x", 0)),
    "raw packets": tried(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)),
    "shared memory": tried(lambda: mmap.mmap(-1, 4096)),
}
os.write(out[0], json.dumps(said).encode())
"""
ALLOWED = {"its own folder"}


def attempts(folder: Path) -> dict[str, Any]:
    """What a notebook's process reads there, beside a package that is closed as the grader closes it."""
    names = {"PACKAGE": folder / "autograder.zip", "SOURCE": folder / "source" / "solution.py"}
    given = "".join(f"{name} = {str(path)!r}\n" for name, path in names.items()) + f"GRADER = {os.getpid()}\n"
    warm = Zygote(Isolation("user", ""), ["scripts"], {"PATH": "/usr/bin:/bin", "PYTHONPATH": os.environ["LIBRARY"]})
    reading, writing = os.pipe()
    process = warm.fork("scripts:run", given + ATTEMPTS, [writing], Bounds(), str(folder / "home"))  # type: ignore[arg-type]
    os.close(writing)
    ended = process.wait(20)
    said = os.read(reading, 2**16)
    process.close()
    warm.close()
    assert ended is not None
    assert said, ended
    return dict(json.loads(said))


def refusal(choose: Callable[[], object]) -> str:
    try:
        return f"not refused: {choose()}"
    except IsolationUnavailable as reason:
        return str(reason)


@pytest.fixture(scope="module", autouse=True)
def may_create_one() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make a container's root another user's")
    try:
        in_container(lambda: None)
    except (AssertionError, OSError) as refused:
        pytest.skip(f"no user namespace here: {str(refused).splitlines()[-1:]}")


def test_a_containers_root_is_told_that_there_is_no_bubblewrap() -> None:
    said = in_container(lambda: refusal(lambda: choose_isolation("bubblewrap")))
    assert said.startswith("Notebooks cannot be confined because ")


def test_a_notebook_there_reads_nothing_of_the_package_and_keeps_the_filter(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIBRARY", str(library))
    for folder in ("home", "source"):
        (tmp_path / folder).mkdir(mode=0o700)
    for name in ("autograder.zip", "source/solution.py"):
        (tmp_path / name).write_text("answer = 42")
        (tmp_path / name).chmod(0o600)
    said = in_container(lambda: attempts(tmp_path))
    if landlock.version() == 0:
        del said["a readable file of the machine"]
    assert {name for name, outcome in said.items() if outcome == "done"} == ALLOWED, said


def test_an_ordinary_user_there_is_refused_and_told_why() -> None:
    said = in_container(lambda: refusal(strongest), user=61234)
    assert "Notebooks cannot be confined because" in said
    assert "only root can become another user" in said
