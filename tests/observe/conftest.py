from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest

from autograder.observe.limits import Limits
from autograder.observe.observer import Observer
from autograder.observe.sandbox.bounds import Bounds, Isolation
from autograder.observe.sandbox.isolation import IsolationUnavailable, choose_isolation
from autograder.observe.sandbox.process import ConfinedProcess, Zygote
from autograder.observe.task import ObserveTask
from autograder.records.evidence import Evidence

QUICK = Limits(cell_seconds=20, total_seconds=60, grace_seconds=2)

Observe = Callable[..., Evidence]
Run = Callable[..., ConfinedProcess]


@pytest.fixture(scope="session")
def observer() -> Iterator[Observer]:
    try:
        isolation = choose_isolation("bubblewrap")
    except IsolationUnavailable as missing:
        pytest.skip(str(missing))
    with Observer(isolation, workers=2) as observer:
        yield observer


@pytest.fixture
def observe(observer: Observer) -> Observe:
    """Observe a notebook of these code cells: `observe("x = 1", "x", variables=("x",))`."""

    def run(*cells: str, limits: Limits = QUICK, **task: object) -> Evidence:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
        return observer.observe(notebook, ObserveTask.model_validate({"limits": limits, **task}))

    return run


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
def run(warm: Zygote, tmp_path: Path) -> Iterator[Run]:
    """Start a confined process with this script, files and bounds: `run("sys.exit(7)", memory_mb=200)`."""
    home = tmp_path / "home"
    home.mkdir()
    started: list[ConfinedProcess] = []

    def start(script: str, *descriptors: int, **bounds: float) -> ConfinedProcess:
        process = warm.fork("scripts:run", script, descriptors, Bounds(**bounds), str(home))  # type: ignore[arg-type]
        started.append(process)
        return process

    yield start
    for process in started:
        if process.fileno() >= 0:
            process.close()
