"""Confinement of a forked process before it runs untrusted code.

This happens inside bubblewrap, which already hides the machine's files and network but is shared by all forks of one
zygote. These steps isolate the forks from each other and remove the privileges that could undo the isolation.
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

# The working folder of a confined process, and the only file system that it may write to; bubblewrap creates both.
HOME = Path("/notebook")
WRITABLE = Path("/run/notebook")
STUDENT = 1000
_TERMINALS = 32
_HIDDEN_FLAGS = linux.MS_NOSUID | linux.MS_NODEV
_PACKAGE = Path(__file__).parents[2]
# The machine's files that stay visible without namespaces.
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
    """Enter new namespaces and a new file tree. The next forked process is the first of the new process namespace."""
    # Right after a fork there is one thread, so the kernel allows this. A new network namespace has neither a loopback
    # interface nor the abstract sockets of others.
    linux.unshare(linux.CLONE_NEWNS | linux.CLONE_NEWPID | linux.CLONE_NEWIPC | linux.CLONE_NEWUTS | linux.CLONE_NEWNET)
    # From here on, mounts are invisible to other processes.
    linux.mount("none", "/", "", linux.MS_REC | linux.MS_PRIVATE)
    # Everything writable is in one size-limited file system, which ends with its last process; the rest is read-only.
    # Siblings could communicate through /tmp, /dev/shm and pseudo-terminals, so each has its own.
    size = f"size={bounds.disk_mb}m,nr_inodes=65536,mode=0755,uid={uid},gid={uid}"
    linux.mount("tmpfs", str(WRITABLE), "tmpfs", _HIDDEN_FLAGS, size)
    for target in (HOME, Path("/tmp"), Path("/dev/shm")):
        _replace(target, WRITABLE / target.name, uid)
    # The machine has only a few thousand in total.
    terminals = f"newinstance,ptmxmode=0666,mode=620,max={_TERMINALS}"
    linux.mount("devpts", "/dev/pts", "devpts", linux.MS_NOSUID | linux.MS_NOEXEC, terminals)
    # A shared mapping of /dev/zero is memory that is not accounted for; /dev/full reads the same and cannot be mapped.
    linux.mount("/dev/full", "/dev/zero", "", linux.MS_BIND)
    socket.sethostname("notebook")


def _replace(target: Path, folder: Path, uid: int) -> None:
    """Mount the new `folder` over `target`, keeping the mounts below `target`: libraries may be there."""
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
    """Mount a /proc that shows only this namespace's processes, with kernel settings read-only. For the first process.

    Returns:
        A descriptor of the original, writable settings, for `become_nobody`.
    """
    linux.mount("proc", "/proc", "proc", _HIDDEN_FLAGS | linux.MS_NOEXEC)
    settings = os.open("/proc/sys", os.O_PATH | os.O_DIRECTORY)
    # As root in a container without user namespaces, file permissions alone would leave the settings writable.
    read_only = _HIDDEN_FLAGS | linux.MS_NOEXEC | linux.MS_BIND | linux.MS_REMOUNT | linux.MS_RDONLY
    for path in _KERNEL_SETTINGS:
        if os.path.exists(path):
            linux.mount(path, path, "", linux.MS_BIND)
            linux.mount("none", path, "", read_only)
    return settings


def become_nobody(uid: int, settings: int) -> None:
    """Drop all privileges: the identity, the capabilities, ways to regain them, and the system calls that hold
    memory which is not accounted for.

    Args:
        uid: the user to become if this process is the machine's root; 0 if it already is an ordinary user.
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
        # For root this is an additional barrier; for an ordinary user it is what limits the number of processes.
        if not uid:
            raise
    finally:
        os.close(settings)
    linux.drop_capabilities()
    linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
    linux.filter_system_calls(syscalls.program())


def become_user(uid: int) -> None:
    """Become the unprivileged user `uid` permanently, where new namespaces are not available.

    The process is already in its home folder. Landlock, if the kernel has it, blocks access to the machine's
    world-readable files; system calls are filtered as elsewhere.
    """
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    linux.prctl(linux.PR_SET_DUMPABLE, 1)  # or /proc/self would belong to root
    linux.drop_capabilities()
    linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)  # with it, set-user-id programs cannot restore privileges
    os.umask(0o077)
    if landlock.version():
        landlock.restrict((*_READABLE, *library_folders(), str(_PACKAGE)), (".", *_DEVICES))
    linux.filter_system_calls(syscalls.program(shared_network=True))


def give_home(home: str, uid: int) -> None:
    """Give the folder `home` to the user; its parent can be traversed but not listed."""
    os.chmod(os.path.dirname(home), 0o711)
    os.chown(home, uid, uid)
    os.chmod(home, 0o700)


def _own_user_namespace(settings: int) -> None:
    """A user namespace for this process alone, so that its processes are counted separately."""
    user, group = os.geteuid(), os.getegid()
    linux.unshare(linux.CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{STUDENT} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{STUDENT} {group} 1")
    # No further user namespaces: inside one a process would regain capabilities, and with them access to the parts of
    # the kernel with the most vulnerabilities. The setting applies to this namespace only.
    limit = os.open("user/max_user_namespaces", os.O_WRONLY, dir_fd=settings)
    try:
        os.write(limit, b"0")
    finally:
        os.close(limit)


def limit_resources(bounds: Bounds, *, count_processes: bool) -> None:
    """Set the resource limits that the kernel enforces by itself."""
    data = _data_bytes() + bounds.memory_mb * 2**20
    disk = bounds.disk_mb * 2**20
    limits = {
        resource.RLIMIT_DATA: data,  # an array too large raises an ordinary MemoryError in the student's cell
        resource.RLIMIT_FSIZE: disk,
        resource.RLIMIT_NOFILE: 1024,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 2**20,
        resource.RLIMIT_MSGQUEUE: 2**16,
        resource.RLIMIT_SIGPENDING: 4096,
    }
    # Older kernels count a user's processes on the whole machine; there only the watchdog counts them.
    if count_processes and tuple(int(part) for part in platform.release().split("-")[0].split(".")[:2]) >= (5, 14):
        limits[resource.RLIMIT_NPROC] = bounds.processes
    for limit, value in limits.items():
        hard = resource.getrlimit(limit)[1]
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        resource.setrlimit(limit, (value, value))
    # If the machine still runs out of memory, the kernel should kill this process first.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _data_bytes() -> int:
    """What RLIMIT_DATA already counts: the memory that the fork shares with the zygote."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmData:"):
            return int(line.split()[1]) * 1024
    return 0
