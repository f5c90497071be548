"""`autograder doctor`: what holds notebooks here, what is missing, and what to do."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from autograder.cli import app
from autograder.observe.sandbox import examination, isolation, landlock
from autograder.observe.sandbox.examination import examine
from autograder.observe.sandbox.isolation import IsolationUnavailable, choose_isolation


def test_the_doctor_says_the_same_as_the_grader_does() -> None:
    try:
        chosen = choose_isolation("bubblewrap")
    except IsolationUnavailable as missing:
        pytest.skip(str(missing))
    said = CliRunner().invoke(app, ["doctor"])
    assert said.exit_code == 0
    assert f"yes  bubblewrap: {chosen.version}" in said.output
    assert said.output.splitlines()[-1] == f"Notebooks run under bubblewrap. {chosen.protects}"


def test_a_machine_that_holds_nothing_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "_programs", lambda: [])
    monkeypatch.setattr(isolation, "_probe_user", lambda: "only root can become another user")
    said = CliRunner().invoke(app, ["doctor"])
    assert said.exit_code == 1
    assert "no   bubblewrap: " in said.output
    assert "install `bubblewrap`" in said.output
    assert "Nothing isolates a notebook here" in said.output


def test_what_forbids_user_namespaces_is_named(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    setting = tmp_path / "apparmor_restrict_unprivileged_userns"
    setting.write_text("1\n")
    monkeypatch.setattr(isolation, "_programs", lambda: [])
    monkeypatch.setattr(examination, "_RESTRICTIONS", {str(setting): ("1", "a profile for bwrap")})
    assert examine()[0].advice == "allow user namespaces: a profile for bwrap"


def test_where_no_control_groups_are_delegated_the_doctor_says_who_keeps_the_limits() -> None:
    (found,) = (one for one in examine() if one.name == "control groups")
    if found.works:
        assert "memory, pids" in found.found
    else:
        assert "Delegate=yes" in found.advice


def test_a_kernel_without_landlock_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landlock, "version", lambda: 0)
    (found,) = (one for one in examine() if one.name == "Landlock")
    assert not found.works
    assert "5.13" in found.advice
