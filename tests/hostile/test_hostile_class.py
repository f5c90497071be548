"""Every hostile notebook in one class beside honest ones, through the real sandbox and the real command."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from attack import HONEST, Attack
from harming import HARMING
from hostile_class import (
    ATTACKS,
    CANARY,
    ROOT,
    Graded,
    Listener,
    aimed,
    assignment,
    grade,
    left_behind,
    without_durations,
    without_seconds,
)
from stealing import STEALING

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(900)]


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


def test_nothing_was_taken_or_changed_that_the_machine_has_for_all(graded: Graded):
    for attack in HARMING:
        done = {"HELD", "CHANGED", "OPENED", "DONE"} & set(graded.printed(attack.name).split())
        assert not done, (attack.name, graded.printed(attack.name))


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


ON_WORKERS = ("forked-memory", "kill-everybody", "supervisor", "cluster-keys", "named-places", "corrupt-replies")


def test_no_worker_of_a_cluster_is_touched(course: Path, listener: Listener, alone: Graded, place: Path):
    """Two workers that talk over TLS: neither they, their keys, nor what else they have in hand."""
    before = left_behind()
    chosen = [attack for attack in ATTACKS if attack.name in ON_WORKERS]
    members = [aimed(attack, listener, course) if attack in STEALING else attack for attack in chosen]
    done = grade(course, (*HONEST, *members), place / "cluster", cluster=ROOT / "docs" / "clusters" / "local.toml")
    for honest in HONEST:
        assert without_seconds(done.results[honest.name]) == without_seconds(alone.results[honest.name])
    for attack in chosen:
        assert done.results[attack.name]["score"] == attack.earns, attack.name
        assert not {"FOUND", "REACHED", "CHANGED"} & set(done.printed(attack.name).split()), attack.name
    assert CANARY not in done.everything()
    said = (place / "cluster" / "said").read_text(encoding="utf-8")
    assert "restart" not in said.lower(), said
    assert left_behind() == before


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
    usable = "from autograder.observe.sandbox.isolation import choose_isolation; choose_isolation('bubblewrap')"
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
