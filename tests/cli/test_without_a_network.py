"""What runs notebooks, trains or writes ends well where there is no network, and tries to reach none."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from samples.sums_course import calibrate, make_assignment, notebook

TABLE = """
 flatten (Flatten)              (None, 784)         0
 dense (Dense)                  (None, 10)          7850
Total params: 7,850
"""
# The kernel counts what it has no way for, of every process in the namespace: OutNoRoutes. It
# does so for IPv4 only, but who looks for a name, or has an address of either kind, tries that too.
PROGRAM = """
import fcntl, json, pathlib, signal, socket, struct, subprocess, sys

def unreachable():
    head, counts = (line.split() for line in pathlib.Path("/proc/net/snmp").read_text().splitlines()[:2])
    return int(counts[head.index("OutNoRoutes")])

with socket.socket() as any_socket:  # this machine alone: SIOCSIFFLAGS, IFF_UP and IFF_RUNNING
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH14x", b"lo", 0x41))
found = []
for command in json.loads(sys.argv[1]):
    before = unreachable()
    if command[0] == "review":
        desk = subprocess.Popen([sys.executable, "-m", "autograder", *command], stdout=subprocess.PIPE, text=True)
        said = desk.stdout.readline()
        desk.send_signal(signal.SIGINT)
        status = 0 if desk.wait(60) in (0, 130) else 1
    else:
        done = subprocess.run([sys.executable, "-m", "autograder", *command], capture_output=True, text=True)
        status, said = done.returncode, done.stdout + done.stderr
    found.append([command[0], status, unreachable() - before, said])
before = unreachable()
for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
    with socket.socket(socket.AF_INET, kind) as tried:
        tried.connect_ex(("192.0.2.1", 53))
found.append(["two connections", 0, unreachable() - before, ""])
print(json.dumps(found))
"""


def _isolates() -> bool:
    command = ["unshare", "--user", "--map-root-user", "--net", "true"]
    return shutil.which("unshare") is not None and subprocess.run(command, capture_output=True).returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(not _isolates(), reason="this machine lets nobody make a network namespace")
def test_no_command_tries_to_reach_anything(tmp_path: Path) -> None:
    place, report = make_assignment(tmp_path), tmp_path / "report"
    (tmp_path / "second").mkdir()
    second = make_assignment(tmp_path / "second")
    (second / "sums.ipynb").write_bytes(notebook("...", "..."))  # type: ignore[arg-type]
    calibrate(second)
    handed_in = tmp_path / "handed-in"
    handed_in.mkdir()
    (handed_in / "ada.ipynb").write_bytes(notebook(8, 6))
    (tmp_path / "table.txt").write_text(TABLE)
    commands = [
        ["calibrate", place],
        ["validate", place],
        ["grade", place, handed_in, "--output", report],
        ["check", handed_in / "ada.ipynb", "--assignment", place],
        ["regrade", report],
        ["review", report, "--no-browser"],
        ["export", report, "--to", "csv", "--pending", "zero"],
        ["release", second, "--output", tmp_path / "released"],
        ["new", "mini", "--summary", tmp_path / "table.txt", "--where", tmp_path],
        ["doctor"],
    ]
    given = json.dumps([[str(word) for word in command] for command in commands])
    inside = ["unshare", "--user", "--map-root-user", "--net", sys.executable, "-c", PROGRAM, given]
    done = subprocess.run(inside, capture_output=True, text=True, cwd=tmp_path, timeout=600)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found.pop()[:3] == ["two connections", 0, 2]
    for name, status, attempts, said in found:
        assert (name, status, attempts) == (name, 0, 0), said
