"""A token from the system's keyring: a module `keyring` as the library has it, imported from a folder on the path."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from samples.sums_course import autograder, notebook
from stub import serving
from stub_canvas import ASSIGNMENT, COURSE, TOKEN, StubCanvas

from autograder.lms.online import web

LIBRARY = """
import json
import pathlib

class NoKeyringError(RuntimeError):
    pass

def get_password(service, username):
    store = pathlib.Path(__file__).with_name("store.json")
    if not store.exists():
        raise NoKeyringError("no recommended backend was available")
    return json.loads(store.read_text()).get(service + " " + username)
"""


@pytest.fixture
def canvas(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[StubCanvas]:
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "keyring.py").write_text(LIBRARY)
    monkeypatch.syspath_prepend(str(tmp_path / "library"))
    monkeypatch.delitem(sys.modules, "keyring", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("AUTOGRADER_CANVAS_TOKEN", raising=False)
    monkeypatch.chdir(tmp_path)
    stub = StubCanvas()
    with serving(stub) as address, serving(stub.files):
        monkeypatch.setenv("AUTOGRADER_CANVAS_URL", address)
        stub.enrol(11, "Ada Lovelace")
        stub.hand_in(11, notebook(8, 9), "2026-11-19T10:00:00Z")
        yield stub
    sys.modules.pop("keyring", None)


def test_the_keyrings_token_for_this_host_is_used(canvas: StubCanvas, tmp_path: Path) -> None:
    host = web.host_of(canvas.address)
    status, said = autograder("pull", "canvas", COURSE, ASSIGNMENT)
    # A machine without a keyring.
    assert (status, f"There is no token for {host}" in said) == (2, True), said
    store = tmp_path / "library" / "store.json"
    store.write_text(f'{{"autograder canvas.example.edu": "{TOKEN}"}}')
    assert f"There is no token for {host}" in autograder("pull", "canvas", COURSE, ASSIGNMENT)[1]
    assert not canvas.requests
    store.write_text(f'{{"autograder {host}": "{TOKEN}"}}')
    status, said = autograder("pull", "canvas", COURSE, ASSIGNMENT)
    assert (status, "1 new (1 files)" in said, TOKEN in said) == (0, True, False), said
