"""Every hostile notebook in one class beside honest ones, through the real sandbox and the real command."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from attack import HONEST, Attack
from breaking import BREAKING
from forging import FORGING
from models import MODELS
from poisoning import POISONING
from stealing import STEALING

from autograder.records.store import GRADEBOOK_FILE, Gradebook

ROOT = Path(__file__).parents[2]
CANARY = "canary-7f3a9c51"
ATTACKS = (*FORGING, *MODELS, *STEALING, *BREAKING, *POISONING)
# Small, so that each attack ends in seconds; the defaults are in `autograder.observe.task.Limits`.
LIMITS = (
    "limits = { cell_seconds = 6, total_seconds = 40, grace_seconds = 2, memory_mb = 1024, processes = 160, "
    "disk_mb = 64, output_kb = 64, total_output_kb = 256 }"
)
pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(900)]


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


def assignment(folder: Path) -> Path:
    """cnn2 with tight limits, and answers in it that nobody may find."""
    own = folder / "course" / "assignments" / "cnn2"
    shutil.copytree(ROOT / "assignments" / "cnn2", own)
    shutil.copytree(ROOT / "solutions" / "cnn2", own.parents[1] / "solutions" / "cnn2")
    toml = own / "assignment.toml"
    text = toml.read_text(encoding="utf-8")
    lines = [LIMITS if line.startswith("limits") else line for line in text.splitlines()]
    toml.write_text("\n".join([f"# {CANARY}", *lines]) + "\n", encoding="utf-8")
    return own


def grade(
    course: Path, members: tuple[Attack, ...], folder: Path, *before: str, variables: dict[str, str] | None = None
) -> Graded:
    """Grade them with the real command, which `before` stands before, with further environment variables."""
    submissions, temporary = folder / "submissions", folder / "tmp"
    for made in (submissions, temporary):
        made.mkdir(parents=True)
        made.chmod(0o777)
    for member in members:
        member.write(submissions)
    report = folder / "report"
    with (folder / "said").open("w+", encoding="utf-8") as said:
        grader = subprocess.Popen(
            [*before, sys.executable, "-m", "autograder", "grade", course, submissions, "--output", report],
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


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def course(place: Path) -> Path:
    return assignment(place)


@pytest.fixture(scope="module")
def listener(place: Path) -> Iterator[Listener]:
    listening = Listener(place)
    yield listening
    listening.close()


@pytest.fixture(scope="module")
def traces() -> tuple[set[str], set[str]]:
    return left_behind()


@pytest.fixture(scope="module")
def graded(place: Path, course: Path, listener: Listener, traces: object) -> Graded:
    """All attacks and the honest ones, in one class."""
    members = [aimed(attack, listener, course) if attack in STEALING else attack for attack in ATTACKS]
    return grade(course, (*HONEST, *members), place / "all")


@pytest.fixture(scope="module")
def alone(place: Path, course: Path) -> Graded:
    """The honest ones by themselves."""
    return grade(course, HONEST, place / "honest")


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


def test_the_class_is_large_and_every_name_is_its_own():
    names = [attack.name for attack in (*HONEST, *ATTACKS)]
    assert len(set(names)) == len(names) > 50


@pytest.mark.parametrize("attack", [*HONEST, *ATTACKS], ids=lambda attack: attack.name)
def test_each_earns_what_its_network_honestly_earns(graded: Graded, attack: Attack):
    result = graded.results[attack.name]
    assert result["score"] == attack.earns, [(one["id"], one["score"], one["findings"]) for one in result["questions"]]
    assert result["status"] in ("graded", "incomplete")
    if attack.status:
        assert result["status"] == attack.status
    if attack.note:
        said = " ".join(note["message"] for note in result["notes"])
        assert attack.note in said


def test_nobody_elses_result_changes_by_a_byte(graded: Graded, alone: Graded):
    for honest in HONEST:
        assert without_seconds(graded.results[honest.name]) == without_seconds(alone.results[honest.name])
        assert without_durations(graded.page(honest.name)) == without_durations(alone.page(honest.name))


def test_nothing_secret_came_back(graded: Graded, listener: Listener):
    assert CANARY not in graded.everything()
    for attack in STEALING:
        printed = graded.printed(attack.name)
        assert printed, attack.name
        assert not {"FOUND", "REACHED", "WROTE", "MEMORY"} & set(printed.split()), (attack.name, printed)
    assert listener.reached == []


def test_no_table_holds_a_formula(graded: Graded):
    tables = list(graded.folder.rglob("*.csv"))
    assert tables
    for table in tables:
        with table.open(newline="", encoding="utf-8") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert any("cmd|" in cell for cell in cells)
        assert [cell for cell in cells if cell.startswith(("=", "+", "@", "-"))] == []


@pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no chromium on this machine")
def test_no_page_acts_in_a_browser(graded: Graded):
    """Every page of the class, with everything that is folded in it unfolded."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    pages = sorted(graded.folder.rglob("*.html"))
    assert len(pages) > len(ATTACKS)
    noise: list[str] = []
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        page.on("dialog", lambda dialog: (noise.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: noise.append(request.url))
        page.on("popup", lambda popup: noise.append("popup"))
        page.on("pageerror", lambda error: noise.append(str(error)))
        for path in pages:
            noise.clear()
            page.goto(path.as_uri())
            page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
            page.wait_for_timeout(50)
            assert [one for one in noise if not one.startswith("data:image/png;base64,")] == [path.as_uri()]
            assert (page.url, len(page.frames)) == (path.as_uri(), 1)
            assert page.title() != "run"
        browser.close()


def test_nothing_is_left_behind(graded: Graded, traces: tuple[set[str], set[str]]):
    assert left_behind() == traces
    assert list((graded.folder.parent / "tmp").iterdir()) == []


def test_the_grader_itself_took_no_more_memory_than_a_class_takes(graded: Graded, alone: Graded):
    # What each may send to it at a time is bounded; no attack has it hold a message that grows.
    assert graded.peak_mb < alone.peak_mb + 200


def test_each_ended_within_its_time(graded: Graded):
    # What its own limits allow, and the start of the sandbox.
    late = {name: result["seconds"] for name, result in graded.results.items() if result["seconds"] > 150}
    assert not late


ORDINARY = ("setpriv", "--reuid=61234", "--regid=61234", "--clear-groups", "--inh-caps=-all")
# In a mount namespace of its own: an empty folder in the place of a private one, and in it Python where it was.
OPENED = """
set -e
mkdir -p "$HELD" && mount --bind "$PYTHON" "$HELD"
mount -t tmpfs -o mode=755 tmpfs "$PRIVATE"
mkdir -p "$PYTHON" && mount --move "$HELD" "$PYTHON"
exec "$@"
"""
FEW = ("fork-bomb", "kill-everybody", "rights", "named-places", "host-proc", "patched-config", "disk")


def ordinary(folder: Path) -> tuple[str, ...]:
    """What stands before a command that another user is to run, also where Python lies in root's own folder."""
    python = Path(sys.base_prefix).resolve()
    private = next((one for one in reversed(python.parents) if not one.stat().st_mode & 0o001), None)
    if private is None or shutil.which("unshare") is None:
        return ORDINARY
    places = (f"HELD={folder / 'python'}", f"PYTHON={python}", f"PRIVATE={private}")
    return ("env", *places, "unshare", "--mount", "sh", "-c", OPENED, "sh", *ORDINARY)


def test_an_ordinary_user_grades_as_safely(course: Path, listener: Listener, tmp_path_factory: pytest.TempPathFactory):
    """Where the suite itself runs as an ordinary user, all the tests above have shown it."""
    if os.getuid():
        pytest.skip("the whole suite runs as an ordinary user already")
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv (util-linux) is not installed")
    usable = "from autograder.observe.sandbox.isolation import choose; choose('bubblewrap')"
    folder = Path(tempfile.mkdtemp(prefix="ordinary-", dir="/tmp"))
    folder.chmod(0o755)
    before = ordinary(folder)
    try:
        tried = subprocess.run(
            [*before, sys.executable, "-c", usable], cwd=ROOT, capture_output=True, text=True, check=False
        )
        if tried.returncode:
            said = tried.stderr.strip().splitlines()[-1:]
            pytest.skip(f"no other user can use this Python in a sandbox: {said}")
        own = assignment(folder)
        chosen = [attack for attack in ATTACKS if attack.name in FEW]
        members = [aimed(attack, listener, own) if attack in STEALING else attack for attack in chosen]
        (folder / "run").mkdir()
        subprocess.run(["chown", "-R", "61234:61234", folder], check=True)
        done = grade(own, (HONEST[0], *members), folder / "run", *before, variables={"HOME": str(folder)})
        for attack in (HONEST[0], *chosen):
            assert done.results[attack.name]["score"] == attack.earns, attack.name
            assert done.results[attack.name]["isolation"] == "bubblewrap"
        assert CANARY not in done.everything()
    finally:
        shutil.rmtree(folder)
