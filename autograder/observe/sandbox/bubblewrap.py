"""The command line of bubblewrap: what exists inside the sandbox. Whatever is not named here does not."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from autograder.core.package_files import PACKAGE, SAMPLES
from autograder.observe.sandbox.bounds import Isolation
from autograder.observe.sandbox.confine import HOME, WRITABLE
from autograder.observe.sandbox.machine_paths import SYSTEM_FOLDERS, SYSTEM_SETTINGS, library_folders


def command(
    isolation: Isolation,
    program: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
) -> list[str]:
    """The command that runs `program` inside, with nothing of the caller's environment but `environment`."""
    # A user namespace gives the rights to make all the others; root has them, and can then become another user.
    # The rights are needed to confine each fork further; the forks lose them before they run anything.
    names = (
        ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
        if isolation.as_root
        else ["--unshare-all", "--uid", "0", "--gid", "0"]
    )
    # The name of this machine is none of a notebook's business, and libraries look it up before a fork has its own.
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
    # A /tmp for the zygote while it imports; its forks get their own. Before the rest, which may lie in there.
    line += ["--tmpfs", "/tmp", "--dir", str(HOME), "--dir", str(WRITABLE)]
    for path in SYSTEM_FOLDERS:
        if os.path.islink(path):
            line += ["--symlink", os.readlink(path), path]
        else:
            line += ["--ro-bind-try", path, path]
    for path in [*SYSTEM_SETTINGS, *library_folders(), str(PACKAGE)]:
        # The folders above get bubblewrap's usual mode, where it would copy that of a home folder closed to others.
        line += ["--dir", os.path.dirname(path), "--ro-bind-try", path, path]
    # A wheel carries the sample assignments' solutions among the libraries.
    for path in {str(SAMPLES), os.path.realpath(SAMPLES)} if SAMPLES.is_dir() else ():
        line += ["--tmpfs", path, "--remount-ro", path]
    line += ["--proc", "/proc", "--dev", "/dev"]
    # The forks share these two; nothing written here by one may reach another.
    line += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/", "--", *program]
    return line
