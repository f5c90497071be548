"""A zygote that runs scripts, under each isolation that works here."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autograder.observe.sandbox.bounds import Bounds, Isolation
from autograder.observe.sandbox.isolation import IsolationUnavailable, choose_isolation
from autograder.observe.sandbox.process import ConfinedProcess, Zygote

Run = Callable[..., ConfinedProcess]


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of libraries with one module, whose function executes a script."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    (folder / "scripts.py").write_text(
        "import mmap, os, sys, time\ndef run(script, out):\n    exec(script, {**globals(), 'out': out})\n"
    )
    monkeypatch.syspath_prepend(str(folder))
    return folder


@pytest.fixture(params=["bubblewrap", "without root's rights", "user", "none"])
def isolation(request: pytest.FixtureRequest) -> Isolation:
    if request.param == "user":
        if os.geteuid() != 0:
            pytest.skip("only root can become another user")
        return Isolation("user", "")  # without the question whether that user could read all libraries
    try:
        chosen = choose_isolation("none" if request.param == "none" else "bubblewrap")
    except IsolationUnavailable as missing:
        pytest.skip(str(missing))
    if request.param == "without root's rights":
        if not chosen.as_root:
            pytest.skip("this is what bubblewrap is here anyway")
        return Isolation("bubblewrap", chosen.protects, chosen.version, chosen.program, as_root=False)
    return chosen


@pytest.fixture
def warm(library: Path, isolation: Isolation) -> Iterator[Zygote]:
    process = Zygote(isolation, ["scripts"], {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(library)})
    yield process
    process.close()


@pytest.fixture
def run(warm: Zygote, tmp_path: Path) -> Run:
    home = tmp_path / "home"
    home.mkdir()

    def start(script: str, *descriptors: int, **bounds: float) -> ConfinedProcess:
        return warm.fork("scripts:run", script, descriptors, Bounds(**bounds), str(home))  # type: ignore[arg-type]

    return start
