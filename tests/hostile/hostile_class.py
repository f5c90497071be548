"""Grades hostile notebooks with the real command, and says what they left behind."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, replace
from pathlib import Path

from attack import Attack
from breaking import BREAKING
from forging import FORGING
from harming import HARMING
from models import MODELS
from poisoning import POISONING
from stealing import STEALING

from autograder.records.store import GRADEBOOK_FILE, Gradebook

ROOT = Path(__file__).parents[2]
CANARY = "canary-7f3a9c51"
ATTACKS = (*FORGING, *MODELS, *STEALING, *BREAKING, *HARMING, *POISONING)
# Small, so that each attack ends in seconds; the defaults are in `autograder.observe.limits.Limits`.
LIMITS = (
    "limits = { cell_seconds = 6, total_seconds = 40, grace_seconds = 2, memory_mb = 1024, processes = 160, "
    "disk_mb = 64, output_kb = 64, total_output_kb = 256 }"
)


@dataclass(frozen=True)
class Graded:
    """What a run of `autograder grade` left."""

    folder: Path
    results: dict[str, dict]
    peak_mb: float

    def page(self, student: str) -> str:
        return (self.folder / "students" / f"{student}.html").read_text(encoding="utf-8")

    def printed(self, student: str) -> str:
        """All that the student's cells put out."""
        with Gradebook(self.folder / GRADEBOOK_FILE) as gradebook:
            evidence = gradebook.evidence(self.results[student]["keys"]["evidence"])
        assert evidence is not None
        return "\n".join(str(output.get("text", output)) for cell in evidence.cells for output in cell.outputs)

    def everything(self) -> str:
        """All that came back, as text."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return "\n".join(path.read_bytes().decode("utf-8", "replace") for path in files)


def assignment(folder: Path, name: str = "cnn2") -> Path:
    """An assignment with tight limits, and answers in it that nobody may find."""
    own = folder / "course" / "assignments" / name
    shutil.copytree(ROOT / "assignments" / name, own)
    shutil.copytree(ROOT / "solutions" / name, own.parents[1] / "solutions" / name)
    toml = own / "assignment.toml"
    text = toml.read_text(encoding="utf-8")
    lines = [LIMITS if line.startswith("limits") else line for line in text.splitlines()]
    toml.write_text("\n".join([f"# {CANARY}", *lines]) + "\n", encoding="utf-8")
    return own


def grade(
    course: Path,
    members: tuple[Attack, ...],
    folder: Path,
    *before: str,
    variables: dict[str, str] | None = None,
    isolation: str = "bubblewrap",
    at_once: int = 0,
    cluster: Path | None = None,
) -> Graded:
    """Grade them with the real command, which `before` stands before, with further environment variables, `at_once`
    notebooks beside each other (as many as there are cores where it is 0).
    """
    submissions, temporary = folder / "submissions", folder / "tmp"
    for made in (submissions, temporary):
        made.mkdir(parents=True)
        made.chmod(0o777)
    for member in members:
        member.write(submissions)
    workers = ("--cluster", cluster) if cluster else ("--workers", str(at_once)) if at_once else ()
    report, command = folder / "report", (sys.executable, "-m", "autograder", "grade")
    with (folder / "said").open("w+", encoding="utf-8") as said:
        grader = subprocess.Popen(
            [*before, *command, course, submissions, "--output", report, "--isolation", isolation, *workers],
            cwd=ROOT,
            env={**os.environ, "GRADER_SECRET": CANARY, "TMPDIR": str(temporary), **(variables or {})},
            stdout=said,
            stderr=said,
        )
        clock = threading.Timer(850, grader.kill)
        clock.start()
        _, status, used = os.wait4(grader.pid, 0)
        clock.cancel()
        said.seek(0)
        assert status == 0, said.read()
    lines = (report / "results.jsonl").read_text(encoding="utf-8").splitlines()
    return Graded(report, {result["student"]: result for result in map(json.loads, lines)}, used.ru_maxrss / 1024)


class Listener:
    """A server on loopback and one on a local socket, both of which say the canary to whoever comes."""

    def __init__(self, folder: Path) -> None:
        self.reached: list[str] = []
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self.port = self._tcp.getsockname()[1]
        self.path = str(folder / "socket")
        self._local = socket.socket(socket.AF_UNIX)
        self._local.bind(self.path)
        self._local.listen()
        self.name = f"\0{CANARY}"
        self._abstract = socket.socket(socket.AF_UNIX)
        self._abstract.bind(self.name)
        self._abstract.listen()
        for server in (self._tcp, self._local, self._abstract):
            threading.Thread(target=self._serve, args=(server,), daemon=True).start()

    def _serve(self, server: socket.socket) -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            self.reached.append(str(server.getsockname()))
            connection.sendall(CANARY.encode())
            connection.close()

    def close(self) -> None:
        for server in (self._tcp, self._local, self._abstract):
            server.close()


def aimed(attack: Attack, listener: Listener, course: Path) -> Attack:
    """The attack with this machine's own places in it, as an insider would know them."""
    places = [
        str(course / "assignment.toml"),
        str(course / "reference.json"),
        str(ROOT / "solutions" / "**"),
        str(ROOT / "tests" / "**"),
        str(course.parents[2] / "**"),
        "/tmp/pytest-of-*/**",
        "~/.ssh/*",
        "~/.aws/*",
        "~/.kaggle/*",
        "~/.bash_history",
        "/root/.ssh/*",
        "/root/.*history",
        "/home/*/*",
        "/etc/shadow",
        "/etc/passwd",
        "/etc/hostname",
        "/var/**",
        "/proc/1/environ",
    ]
    code = (
        attack.cells[-1]
        .replace("{canary}", CANARY[:6] + '" + "' + CANARY[6:])
        .replace("{places}", ", ".join(map(repr, places)))
        .replace("{port}", str(listener.port))
        .replace("{sockets}", f"{listener.path!r}, '\\0' + 'canary-' + '7f3a9c51'")
        .replace("{{", "{")
        .replace("}}", "}")
    )
    return replace(attack, cells=(*attack.cells[:-1], code))


def left_behind() -> tuple[set[str], set[str]]:
    """Processes of ours or with a telling name, and mounts."""
    processes = set()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if any(word in command for word in (str(ROOT / ".venv"), "sleep 54321", "sleep 9999")):
                processes.add(f"{folder.name} {command}")
    mounts = {line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines() if "notebook" in line}
    return processes, mounts


def without_seconds(result: dict) -> dict:
    return {key: value for key, value in result.items() if key != "seconds"}


def without_durations(page: str) -> str:
    return re.sub(r"\s*<(span|dd)>[^<]*seconds?</(span|dd)>", "", page)
