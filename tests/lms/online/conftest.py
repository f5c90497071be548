"""The platforms that are tested over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from platforms import OnCanvas, OnMoodle, Platform
from stub import serving

from autograder.lms.online import web


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A platform that is silent, and one that is asked again, keep the tests waiting for a moment only."""
    monkeypatch.setattr(web, "READ_SECONDS", 1.0)
    monkeypatch.setattr(web, "FIRST_PAUSE", 0.02)


@pytest.fixture(params=[OnCanvas, OnMoodle], ids=["canvas", "moodle"])
def platform(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Platform]:
    """Canvas, then Moodle, on this machine; the environment has its address and a token."""
    one: Platform = request.param()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    with ExitStack() as stack:
        for server in one.servers:
            stack.enter_context(serving(server))
        monkeypatch.setenv(f"AUTOGRADER_{one.name.upper()}_URL", one.stub.address)
        monkeypatch.setenv(f"AUTOGRADER_{one.name.upper()}_TOKEN", one.token)
        yield one
