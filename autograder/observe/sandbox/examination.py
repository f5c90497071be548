"""What this machine offers for confining notebooks, and what it lacks: found by trying or by asking the kernel."""

from __future__ import annotations

import contextlib
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.observe.sandbox import landlock, syscalls
from autograder.observe.sandbox.bounds import Bounds
from autograder.observe.sandbox.control_groups import NotDelegated, delegated
from autograder.observe.sandbox.isolation import IsolationUnavailable, choose_isolation

_RESTRICTIONS = {
    "/proc/sys/user/max_user_namespaces": ("0", "sysctl user.max_user_namespaces=15000"),
    "/proc/sys/kernel/unprivileged_userns_clone": ("0", "sysctl kernel.unprivileged_userns_clone=1"),
    "/proc/sys/kernel/apparmor_restrict_unprivileged_userns": (
        "1",
        "an AppArmor profile for bwrap with `userns,`, or sysctl kernel.apparmor_restrict_unprivileged_userns=0",
    ),
}


@dataclass(frozen=True)
class Check:
    """One check: whether the feature is available, what was found, and what to do if it is not."""

    name: str
    works: bool
    found: str
    advice: str = ""


def examine() -> tuple[Check, ...]:
    """All checks of how notebooks are confined here, the isolations first."""
    return tuple(_checks())


def _checks() -> Iterator[Check]:
    try:
        chosen = choose_isolation("bubblewrap")
        rights = "with root's rights" if chosen.as_root else "in a user namespace"
        yield Check("bubblewrap", True, f"{chosen.version}, {rights}: {chosen.program}")
    except IsolationUnavailable as missing:
        yield Check("bubblewrap", False, str(missing), _userns_advice())
    try:
        choose_isolation("user")
        yield Check("user", True, "for containers that allow no namespaces: weaker, see docs/security.md")
    except IsolationUnavailable as missing:
        yield Check("user", False, str(missing))
    yield _filter()
    known = landlock.version()
    yield Check(
        "Landlock",
        known > 0,
        f"version {known}" if known else "this kernel has none, or it is switched off",
        "" if known else "Linux 5.13 or newer with `landlock` in its boot parameter lsm=; only `user` uses it",
    )
    counted = tuple(int(part) for part in platform.release().split("-")[0].split(".")[:2]) >= (5, 14)
    yield Check(
        "process counts",
        counted,
        f"Linux {platform.release()}",
        "" if counted else "Linux 5.14 or newer counts a notebook's processes itself; here the supervisor does",
    )
    yield _control_groups()


def _userns_advice() -> str:
    for path, (forbidden, advice) in _RESTRICTIONS.items():
        with contextlib.suppress(OSError):
            if Path(path).read_text().strip() == forbidden:
                return f"allow user namespaces: {advice}"
    return ""


def _filter() -> Check:
    try:
        size = len(syscalls.program()) // 8
    except OSError as unknown:
        return Check("system-call filter", False, str(unknown), "x86-64 and 64-bit ARM are known")
    modes = Path("/proc/sys/kernel/seccomp/actions_avail")
    works = sys.platform.startswith("linux") and modes.exists()
    return Check("system-call filter", works, f"{size} steps for {platform.machine()}")


def _control_groups() -> Check:
    """Whether each notebook gets a control group of its own, tried as grading does it."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    try:
        groups = delegated()
    except NotDelegated as reason:
        return Check(
            "control groups",
            False,
            str(reason),
            "the supervisor alone keeps the limits of memory and processes; with systemd, a scope of its own has them "
            f"kept by the kernel: systemd-run {'' if root else '--user '}--scope -p Delegate=yes autograder grade …",
        )
    group = groups.new(Bounds())
    if group is None:
        return Check("control groups", False, f"the kernel refuses a further group in {groups.folder}")
    group.remove()
    return Check("control groups", True, f"cgroup v2 in {groups.folder} bounds {', '.join(groups.controllers)}")
