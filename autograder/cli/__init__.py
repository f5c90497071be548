"""The commands: parse, call, print. Everything heavy is imported inside a command, so that `--help` answers at once.

One file each; the order of the imports below is the order in which `--help` lists them.
"""

# ruff: noqa: I001
from autograder.cli.base import app
from autograder.cli import grade
from autograder.cli import check
from autograder.cli import regrade
from autograder.cli import review
from autograder.cli import export
from autograder.cli import online
from autograder.cli import lti
from autograder.cli import forget
from autograder.cli import new
from autograder.cli import imports
from autograder.cli import setup
from autograder.cli import calibrate
from autograder.cli import validate
from autograder.cli import package
from autograder.cli import release
from autograder.cli import doctor
from autograder.cli import grade_one

__all__ = [
    "calibrate",
    "check",
    "doctor",
    "export",
    "forget",
    "grade",
    "grade_one",
    "imports",
    "lti",
    "main",
    "new",
    "online",
    "package",
    "regrade",
    "release",
    "review",
    "setup",
    "validate",
]


def main() -> None:
    """The entry point of the command `autograder`."""
    app()
