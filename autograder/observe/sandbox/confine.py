"""What a forked process gives up before it runs anything that must not be trusted.

Everything here happens inside bubblewrap, which already hides the machine's files and network, but which all forks of
one zygote share. These steps part the forks from each other, and take from each what it could use to come back.
"""

from __future__ import annotations

import contextlib
import os
import platform
import resource
import socket
from pathlib import Path

from autograder.observe.sandbox import landlock, linux, syscalls
from autograder.observe.sandbox.bounds import Bounds
from autograder.observe.sandbox.machine_paths import SYSTEM_FOLDERS, SYSTEM_SETTINGS, library_folders

# Where a confined process works, and where the one file system lies that it may write to; bubblewrap makes both.
HOME = Path("/notebook")
WRITABLE = Path("/run/notebook")
STUDENT = 1000
_TERMINALS = 32
_HIDDEN_FLAGS = linux.MS_NOSUID | linux.MS_NODEV
_PACKAGE = Path(__file__).parents[2]
# What is left of the machine's files where there are no namespaces.
_READABLE = (
    *SYSTEM_FOLDERS,
    *SYSTEM_SETTINGS,
    *("/etc/hosts", "/etc/nsswitch.conf", "/etc/passwd", "/etc/group", "/etc/resolv.conf", "/etc/ssl", "/proc", "/sys"),
)
_DEVICES = (
    *("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/ptmx"),
    *("/dev/pts", "/dev/shm"),
)
_KERNEL_SETTINGS = ("/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus")


def part_from_siblings(bounds: Bounds, uid: int) -> None:
    """Namespaces and a file tree of its own. The process forked next is the first of the new process namespace."""
    # Just after a fork there is one thread, so the kernel allows this. A network namespace of its own has not even a
    # loopback, and no abstract sockets of others.
    linux.unshare(linux.CLONE_NEWNS | linux.CLONE_NEWPID | linux.CLONE_NEWIPC | linux.CLONE_NEWUTS | linux.CLONE_NEWNET)
    # What is mounted from here on is seen by nobody else.
    linux.mount("none", "/", "", linux.MS_REC | linux.MS_PRIVATE)
    # All that it may write lies in one bounded file system, which ends with its last process; the rest is read-only.
    # Through /tmp, /dev/shm and pseudo-terminals the siblings could meet, so each has its own.
    size = f"size={bounds.disk_mb}m,nr_inodes=65536,mode=0755,uid={uid},gid={uid}"
    linux.mount("tmpfs", str(WRITABLE), "tmpfs", _HIDDEN_FLAGS, size)
    for target in (HOME, Path("/tmp"), Path("/dev/shm")):
        _replace(target, WRITABLE / target.name, uid)
    # The machine has a few thousand for all.
    terminals = f"newinstance,ptmxmode=0666,mode=620,max={_TERMINALS}"
    linux.mount("devpts", "/dev/pts", "devpts", linux.MS_NOSUID | linux.MS_NOEXEC, terminals)
    # A shared mapping of /dev/zero is memory that nobody counts; /dev/full reads alike and cannot be mapped.
    linux.mount("/dev/full", "/dev/zero", "", linux.MS_BIND)
    socket.sethostname("notebook")


def _replace(target: Path, folder: Path, uid: int) -> None:
    """Put the new `folder` where `target` was, with all that is mounted below `target`: libraries may lie there."""
    folder.mkdir(mode=0o700)
    os.chown(folder, uid, uid)
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        mounted = Path(line.split()[4])
        if target in mounted.parents:
            below = folder / mounted.relative_to(target)
            below.mkdir(parents=True, exist_ok=True)
            linux.mount(str(mounted), str(below), "", linux.MS_BIND | linux.MS_REC)
    linux.mount(str(folder), str(target), "", linux.MS_BIND | linux.MS_REC)


def see_only_itself() -> int:
    """A /proc that shows its own processes only, with the kernel's settings read-only. For the first process.

    Returns:
        A descriptor of the settings as they were before, for `become_nobody`.
    """
    linux.mount("proc", "/proc", "proc", _HIDDEN_FLAGS | linux.MS_NOEXEC)
    settings = os.open("/proc/sys", os.O_PATH | os.O_DIRECTORY)
    # As root in a container without user namespaces the settings would be writable by mere file permission.
    read_only = _HIDDEN_FLAGS | linux.MS_NOEXEC | linux.MS_BIND | linux.MS_REMOUNT | linux.MS_RDONLY
    for path in _KERNEL_SETTINGS:
        if os.path.exists(path):
            linux.mount(path, path, "", linux.MS_BIND)
            linux.mount("none", path, "", read_only)
    return settings


def become_nobody(uid: int, settings: int) -> None:
    """Lose every privilege: the identity, the capabilities, the ways to new ones, and the calls
    that hold memory which nobody counts.

    Args:
        uid: the user to become where this process is the machine's root; 0 where it is an ordinary user already.
        settings: what `see_only_itself` returned; it is closed.
    """
    if uid:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        linux.prctl(linux.PR_SET_DUMPABLE, 1)  # or /proc/self would belong to root
    try:
        _own_user_namespace(settings)
    except OSError:
        # As root it is a further fence; for an ordinary user it is the one that bounds the number of processes.
        if not uid:
            raise
    finally:
        os.close(settings)
    linux.drop_capabilities()
    linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
    linux.filter_system_calls(syscalls.program())


def become_user(uid: int) -> None:
    """Become the unprivileged user `uid` for good, where namespaces of its own cannot be had.

    It works in its home already. What is open to all on this machine stays out of its reach where the kernel has
    Landlock; the system calls are filtered as elsewhere.
    """
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    linux.prctl(linux.PR_SET_DUMPABLE, 1)  # or /proc/self would belong to root
    linux.drop_capabilities()
    linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)  # with it, no set-user-id program gives any right back
    os.umask(0o077)
    if landlock.version():
        landlock.restrict((*_READABLE, *library_folders(), str(_PACKAGE)), (".", *_DEVICES))
    linux.filter_system_calls(syscalls.program(shared_network=True))


def give_home(home: str, uid: int) -> None:
    """Make the folder `home` the user's own; the folder above it can be passed through, not listed."""
    os.chmod(os.path.dirname(home), 0o711)
    os.chown(home, uid, uid)
    os.chmod(home, 0o700)


def _own_user_namespace(settings: int) -> None:
    """A user namespace for this process alone, so that its processes are counted apart from all others'."""
    user, group = os.geteuid(), os.getegid()
    linux.unshare(linux.CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{STUDENT} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{STUDENT} {group} 1")
    # No further user namespaces: in one of its own a process would have capabilities again, and with them the parts
    # of the kernel where most holes were found. The setting counts for this namespace only.
    limit = os.open("user/max_user_namespaces", os.O_WRONLY, dir_fd=settings)
    try:
        os.write(limit, b"0")
    finally:
        os.close(limit)


def limit_resources(bounds: Bounds, *, count_processes: bool) -> None:
    """Resource limits that the kernel keeps without help."""
    data = _data_bytes() + bounds.memory_mb * 2**20
    disk = bounds.disk_mb * 2**20
    limits = {
        resource.RLIMIT_DATA: data,  # an array too large is an ordinary MemoryError in the student's own cell
        resource.RLIMIT_FSIZE: disk,
        resource.RLIMIT_NOFILE: 1024,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 2**20,
        resource.RLIMIT_MSGQUEUE: 2**16,
        resource.RLIMIT_SIGPENDING: 4096,
    }
    # Older kernels count a user's processes on the whole machine; there the watchdog alone counts.
    if count_processes and tuple(int(part) for part in platform.release().split("-")[0].split(".")[:2]) >= (5, 14):
        limits[resource.RLIMIT_NPROC] = bounds.processes
    for limit, value in limits.items():
        hard = resource.getrlimit(limit)[1]
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        resource.setrlimit(limit, (value, value))
    # Where the machine runs out of memory all the same, this is what the kernel should end first.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _data_bytes() -> int:
    """What RLIMIT_DATA counts already: the memory that the fork shares with the zygote."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmData:"):
            return int(line.split()[1]) * 1024
    return 0
