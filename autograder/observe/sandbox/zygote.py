"""The zygote: imports the libraries once, then forks a confined process for every request.

Started as `python -m autograder.observe.sandbox.zygote SOCKET PRELOADED...`. A request is one packet on the inherited
socket: JSON with descriptors, the first of which is the socket of the new process's supervisor, and the last those of
its control group's files, which "group" in the request names. Student code never runs in this process, so every fork
starts from the same clean state.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import socket
import sys
import tempfile
import threading
from typing import Any

from autograder.observe.sandbox import confine, linux
from autograder.observe.sandbox.bounds import Bounds
from autograder.observe.sandbox.control_groups import JoinedGroup
from autograder.observe.sandbox.supervisor import Supervisor

MAX_REQUEST = 2**16
MAX_DESCRIPTORS = 32


def main() -> None:
    """Import the shared modules, report readiness, and serve until the grader closes the socket."""
    control = socket.socket(fileno=int(sys.argv[1]))
    for name in sys.argv[2:]:
        importlib.import_module(name)
    # Last, so that it shadows nothing, and only for the forks: what is imported above does not come from it.
    if packages := os.environ.pop("AUTOGRADER_PACKAGES", ""):
        sys.path.append(packages)
    # Existing objects are never collected: a collection would write to every object, and so copy every page.
    gc.collect()
    gc.freeze()
    control.send(json.dumps({"ready": os.getpid(), "threads": threading.active_count()}).encode())
    while True:
        packet, descriptors, _, _ = socket.recv_fds(control, MAX_REQUEST, MAX_DESCRIPTORS)
        if not packet:
            return
        try:
            child = os.fork()
        except OSError as error:  # this machine is out of resources: only this notebook fails
            _decline(descriptors, error)
            continue
        if child == 0:
            try:
                control.close()
                _become_supervisor(json.loads(packet), descriptors)
            finally:
                os._exit(1)
        for descriptor in descriptors:
            os.close(descriptor)
        os.waitpid(child, 0)


def _decline(descriptors: list[int], error: OSError) -> None:
    with contextlib.suppress(OSError), socket.socket(fileno=descriptors[0]) as status:
        status.send(json.dumps({"failed": str(error)}).encode())
    for descriptor in descriptors[1:]:
        os.close(descriptor)


def _become_supervisor(request: dict[str, Any], descriptors: list[int]) -> None:
    """In the fork: separate from the zygote and its other forks, then supervise the requested process."""
    status = socket.socket(fileno=descriptors[0])
    bounds = Bounds(**request["bounds"])
    uid, confined, files = request["uid"], request["confined"], request["group"]
    passed = descriptors[1 : len(descriptors) - len(files)]
    group = JoinedGroup(dict(zip(files, descriptors[1 + len(passed) :], strict=True))) if files else None
    try:
        if confined:
            confine.part_from_siblings(bounds, uid)
        if os.fork():
            return  # the zygote only waits for this process
        _close_all_but(descriptors)
        home = str(confine.HOME) if confined else request["home"]
        if uid and not confined:
            confine.give_home(home, uid)
        if confined:
            settings = confine.see_only_itself()
            confine.become_nobody(uid, settings)
            linux.prctl(linux.PR_SET_DUMPABLE, 0)  # no confined process may read or trace the supervisor
    except Exception as error:
        with contextlib.suppress(OSError):
            status.send(json.dumps({"failed": f"{type(error).__name__}: {error}"}).encode())
        return

    def start() -> None:
        if confined:
            linux.prctl(linux.PR_SET_DUMPABLE, 1)
        confine.limit_resources(bounds, count_processes=bool(confined or uid))
        _settle_at_home(home, shared_tmp=not confined)
        if uid and not confined:
            confine.become_user(uid)
        module, function = request["entry"].split(":")
        getattr(importlib.import_module(module), function)(request["arguments"], passed)

    Supervisor(status, bounds, own_namespace=confined, group=group).run(start)


def _close_all_but(descriptors: list[int]) -> None:
    """Redirect the standard streams to /dev/null and close every descriptor but those passed."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    first = 3
    for kept in sorted(descriptors):
        os.closerange(first, kept)
        first = kept + 1
    os.closerange(first, os.sysconf("SC_OPEN_MAX") if first < 4096 else first + 4096)


def _settle_at_home(home: str, *, shared_tmp: bool) -> None:
    os.chdir(home)
    tempfile.tempdir = None  # imports in the zygote may have cached it
    os.environ.update(
        HOME=home,
        IPYTHONDIR=f"{home}/.ipython",
        KERAS_HOME=f"{home}/.keras",
        MPLCONFIGDIR=f"{home}/.config/matplotlib",
        TMPDIR=home if shared_tmp else "/tmp",
        USER="student",
    )


if __name__ == "__main__":
    main()
