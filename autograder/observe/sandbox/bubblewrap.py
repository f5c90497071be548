"""The command line of bubblewrap, which lists everything that exists inside the sandbox."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from autograder.core.package_files import PACKAGE, SAMPLES
from autograder.observe.sandbox.bounds import Isolation
from autograder.observe.sandbox.confine import HOME, WRITABLE
from autograder.observe.sandbox.machine_paths import SYSTEM_FOLDERS, SYSTEM_SETTINGS, library_folders

# Where an assignment's packages are inside.
PACKAGES = "/packages"


def command(
    isolation: Isolation,
    program: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    packages: Path | None = None,
) -> list[str]:
    """The command that runs `program` inside, with `environment` as its complete environment, and the folder `packages`
    at `PACKAGES`."""
    # A user namespace gives the privileges to create all the others; root has them, and can then become another user.
    # They are needed to confine each fork further; the forks drop them before they run student code.
    names = (
        ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
        if isolation.as_root
        else ["--unshare-all", "--uid", "0", "--gid", "0"]
    )
    # Notebooks must not see the name of this machine, and libraries look it up before a fork has its own.
    line = [
        isolation.program,
        *names,
        "--hostname",
        "notebook",
        "--cap-add",
        "ALL",
        "--die-with-parent",
        "--new-session",
        "--clearenv",
    ]
    for name, value in (environment or {}).items():
        line += ["--setenv", name, value]
    # A /tmp for the zygote while it imports; its forks get their own. It comes first, as later paths may be below it.
    line += ["--tmpfs", "/tmp", "--dir", str(HOME), "--dir", str(WRITABLE)]
    for path in SYSTEM_FOLDERS:
        if os.path.islink(path):
            line += ["--symlink", os.readlink(path), path]
        else:
            line += ["--ro-bind-try", path, path]
    for path in [*SYSTEM_SETTINGS, *library_folders(), str(PACKAGE)]:
        # Parent folders get bubblewrap's default mode: it would copy that of a home folder closed to others.
        line += ["--dir", os.path.dirname(path), "--ro-bind-try", path, path]
    # An installed wheel has the sample assignments' solutions among the libraries.
    for path in {str(SAMPLES), os.path.realpath(SAMPLES)} if SAMPLES.is_dir() else ():
        line += ["--tmpfs", path, "--remount-ro", path]
    if packages is not None:
        line += ["--ro-bind", str(packages), PACKAGES]
    line += ["--proc", "/proc", "--dev", "/dev"]
    # The forks share these two, so they must be read-only.
    line += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/", "--", *program]
    return line
