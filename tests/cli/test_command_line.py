"""What every command has: help, a version, completion."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import autograder

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
