"""System calls that are forbidden to a confined process: they hold uncounted memory or reach risky parts of the kernel.

A process can keep any amount of data in unnamed files, shared memory segments, pages lent to a pipe and unmapped shared
mappings; none of that counts in RLIMIT_DATA, in the supervisor's readings, or in the size-limited file system. Other
calls affect how the kernel schedules the supervisor. The rest belong to the parts of the kernel with the most
vulnerabilities, which no notebook needs.
"""

from __future__ import annotations

import errno
import platform
import struct
import sys
from dataclasses import dataclass

# Numbers from the kernel's tables: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
_REFUSED = {
    "x86_64": {
        "memory": (29, 278, 319, 447),  # shmget, vmsplice, memfd_create, memfd_secret
        "queues": (64, 68, 240, 206, 253, 294, 300),  # semget, msgget, mq_open, io_setup, inotify_*, fanotify_init
        "keys": (248, 249, 250),  # add_key, request_key, keyctl
        "kernel": (298, 304, 321, 323, 425, 426, 427),  # perf_event_open, open_by_handle_at, bpf, userfaultfd, io_uring
        "namespaces": (155, 165, 166, 272, 308, 428, 429, 430, 433, 442),  # unshare, setns, mount and its successors
        "scheduling": (251,),  # ioprio_set
    },
    "aarch64": {
        "memory": (194, 75, 279, 447),
        "queues": (186, 190, 180, 0, 26, 262),
        "keys": (217, 218, 219),
        "kernel": (241, 265, 280, 282, 425, 426, 427),
        "namespaces": (39, 40, 41, 97, 268, 428, 429, 430, 433, 442),
        "scheduling": (30,),
    },
}
# The calls that are filtered by their arguments.
_NUMBERS = {
    "x86_64": {
        "clone": 56,
        "clone3": 435,
        "fcntl": 72,
        "mmap": 9,
        "prlimit64": 302,
        "sched_setaffinity": 203,
        "sched_setattr": 314,
        "sched_setparam": 142,
        "sched_setscheduler": 144,
        "setpriority": 141,
        "socket": 41,
        "socketpair": 53,
    },
    "aarch64": {
        "clone": 220,
        "clone3": 435,
        "fcntl": 25,
        "mmap": 222,
        "prlimit64": 261,
        "sched_setaffinity": 122,
        "sched_setattr": 274,
        "sched_setparam": 118,
        "sched_setscheduler": 119,
        "setpriority": 140,
        "socket": 198,
        "socketpair": 199,
    },
}
_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # AUDIT_ARCH_*
_X32 = 0x40000000  # further numbers for the same calls, on x86_64
_SHARED_ANONYMOUS, _HUGE = 0x21, 0x40000  # MAP_SHARED | MAP_ANONYMOUS, MAP_HUGETLB
_NEW_NAMESPACES = 0x7E020000  # CLONE_NEW*
_SUPERVISOR = 1  # the first process of its namespace
_PRIO_USER = 2
_F_OFD_SETLK, _F_OFD_SETLKW = 37, 38  # locks of open files have no owner to charge them to
_AF_UNIX, _AF_INET, _AF_INET6, _AF_NETLINK, _NETLINK_ROUTE = 1, 2, 10, 16, 0

# Classic BPF (linux/bpf_common.h) over struct seccomp_data: the number at 0, the architecture at 4, arguments from 16,
# of which the lower half is read: the kernel treats all of these as an int, or ignores the upper bits.
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000


@dataclass(frozen=True)
class _Step:
    """One instruction. For a test, the labels are the jump targets; "" is the next step."""

    code: int
    value: int
    true: str = ""
    false: str = ""
    label: str = ""


def program(machine: str | None = None, *, shared_network: bool = False) -> bytes:
    """The filter, as an array of `struct sock_filter`, for `machine` (this one where it is None).

    `shared_network` says that the process keeps this machine's network, with IPv6.

    Raises:
        OSError: the system call numbers of this machine are not known here.
    """
    machine = machine or platform.machine()
    if machine not in _REFUSED or sys.byteorder != "little":
        raise OSError(errno.ENOSYS, f"the system calls of a machine of the type {machine} are not known")
    steps = [_Step(_LOAD, _ARCH), _Step(_EQUAL, _ARCHITECTURE[machine], false="refuse"), _Step(_LOAD, _NUMBER)]
    steps += [_Step(_AT_LEAST, _X32, true="refuse")] if machine == "x86_64" else []
    steps += [_Step(_EQUAL, number, true="refuse") for numbers in _REFUSED[machine].values() for number in numbers]
    steps += [_Step(_EQUAL, number, true=_rule_of(name)) for name, number in _NUMBERS[machine].items()]
    steps += [_Step(_RETURN, _ALLOW), *_rules(shared_network)]
    return _assembled(steps)


def _rule_of(name: str) -> str:
    if name in ("prlimit64", "sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler"):
        return "of a process"
    return "socket" if name == "socketpair" else name


def _rules(shared_network: bool) -> list[_Step]:
    """The tests of the calls that are filtered by their arguments, and the four return instructions."""
    families = (_AF_UNIX, _AF_INET, *([_AF_INET6] if shared_network else []))
    return [
        _Step(_LOAD, _argument(0), label="of a process"),
        _Step(_EQUAL, _SUPERVISOR, true="refuse", false="allow"),
        _Step(_LOAD, _argument(0), label="setpriority"),
        _Step(_EQUAL, _PRIO_USER, true="refuse"),
        _Step(_LOAD, _argument(1)),
        _Step(_EQUAL, _SUPERVISOR, true="refuse", false="allow"),
        _Step(_LOAD, _argument(3), label="mmap"),
        _Step(_ANY_BIT, _HUGE, true="refuse"),
        _Step(_AND, _SHARED_ANONYMOUS),
        _Step(_EQUAL, _SHARED_ANONYMOUS, true="refuse", false="allow"),
        _Step(_LOAD, _argument(0), label="clone"),
        _Step(_ANY_BIT, _NEW_NAMESPACES, true="refuse", false="allow"),
        _Step(_LOAD, _argument(1), label="fcntl"),
        _Step(_EQUAL, _F_OFD_SETLK, true="refuse"),
        _Step(_EQUAL, _F_OFD_SETLKW, true="refuse", false="allow"),
        _Step(_LOAD, _argument(0), label="socket"),
        *(_Step(_EQUAL, family, true="allow") for family in families),
        # The one that lists a machine's addresses cannot carry messages between programs.
        _Step(_EQUAL, _AF_NETLINK, false="no such family"),
        _Step(_LOAD, _argument(2)),
        _Step(_EQUAL, _NETLINK_ROUTE, true="allow"),
        _Step(_RETURN, _ERROR | errno.EAFNOSUPPORT, label="no such family"),
        # Its arguments are in memory, which a filter cannot read; without it the C library uses `clone`.
        _Step(_RETURN, _ERROR | errno.ENOSYS, label="clone3"),
        _Step(_RETURN, _ALLOW, label="allow"),
        _Step(_RETURN, _ERROR | errno.EPERM, label="refuse"),
    ]


def _argument(number: int) -> int:
    return _ARGUMENTS + 8 * number


def _assembled(steps: list[_Step]) -> bytes:
    places = {step.label: at for at, step in enumerate(steps) if step.label}
    packed = b""
    for at, step in enumerate(steps):
        jumps = [places[label] - at - 1 if label else 0 for label in (step.true, step.false)]
        packed += struct.pack("<HBBI", step.code, *jumps, step.value)
    return packed
