"""What every command has: help, a version, completion."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

import autograder
import autograder.cli
from autograder.cli import base
from autograder.cli.base import app
from autograder.observe.sandbox import isolation

ROOT = Path(__file__).parents[2]


def said(*arguments: str) -> str:
    return subprocess.check_output([sys.executable, "-m", "autograder", *arguments], text=True, timeout=60)


def test_the_version_is_the_one_of_pyproject():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert autograder.__version__ == version
    assert said("--version") == f"autograder {version}\n"


def test_h_is_help_everywhere():
    assert said("-h") == said("--help")
    assert said("grade", "-h") == said("grade", "--help")


def test_a_shell_completes_the_commands():
    command = Path(sys.executable).with_name("autograder")
    typed = {"COMP_WORDS": "autograder cal", "COMP_CWORD": "1", "_AUTOGRADER_COMPLETE": "complete_bash"}
    assert subprocess.check_output([command], env=os.environ | typed, text=True, timeout=60).split() == ["calibrate"]
    assert "--install-completion" in said("--help")


@pytest.mark.parametrize("arguments", [["check", "cnn2.ipynb"], ["grade", "cnn2", "submissions"]])
def test_elsewhere_than_on_linux_a_sentence_says_what_to_use(arguments: list[str], monkeypatch) -> None:
    monkeypatch.setattr(base, "sys", SimpleNamespace(platform="darwin"))
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2
    assert "its checks run in your own Jupyter" in done.output


def test_what_students_import_in_their_own_notebook_needs_no_linux():
    """Nothing of it that only Linux has, and no room that runs notebooks."""
    script = (
        "import sys, pkgutil, importlib, autograder.selfcheck as s\n"
        "for module in pkgutil.iter_modules(s.__path__): importlib.import_module(f'{s.__name__}.{module.name}')\n"
        "ours = {'autograder.observe.sandbox', 'autograder.train', 'autograder.observe.observer'}\n"
        "print(sorted(ours & set(sys.modules)), [m for m in ('fcntl', 'resource') if m in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", script], text=True, timeout=120) == "[] []\n"


@pytest.mark.slow
def test_without_bubblewrap_a_check_runs_without_the_sandbox_and_says_so(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(isolation, "_programs", lambda: [])
    done = CliRunner().invoke(app, ["check", str(ROOT / "solutions" / "cnn2" / "cnn2.ipynb"), "--assignment", "cnn2"])
    assert done.exit_code == 0, done.output
    assert "Run without the sandbox, with your own rights" in done.output
