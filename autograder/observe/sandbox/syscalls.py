"""System calls that a confined process may not make: they hold memory or reach parts of the kernel that nobody counts.

A process keeps as much as it likes in files without a name, segments of shared memory and shared mappings it has let
go of; none of that is in RLIMIT_DATA, in what the watchdog reads, or in the bounded file system. The rest are the parts
of the kernel where most holes were found, and which no notebook needs.
"""

from __future__ import annotations

import errno
import platform
import struct
import sys

# Numbers from the kernel's tables: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
_REFUSED = {
    "x86_64": {
        "memory": (29, 319, 447),  # shmget, memfd_create, memfd_secret
        "queues": (64, 68),  # semget, msgget
        "keys": (248, 249, 250),  # add_key, request_key, keyctl
        "kernel": (298, 304, 321, 323, 425, 426, 427),  # perf_event_open, open_by_handle_at, bpf, userfaultfd, io_uring
    },
    "aarch64": {
        "memory": (194, 279, 447),
        "queues": (186, 190),
        "keys": (217, 218, 219),
        "kernel": (241, 265, 280, 282, 425, 426, 427),
    },
}
_MMAP = {"x86_64": 9, "aarch64": 222}
_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # AUDIT_ARCH_*
_X32 = 0x40000000  # further numbers for the same calls, on x86_64
_SHARED_ANONYMOUS = 0x21  # MAP_SHARED | MAP_ANONYMOUS

# Classic BPF (linux/bpf_common.h) over struct seccomp_data: the number at 0, the architecture at 4, arguments from 16.
_LOAD, _EQUAL, _AT_LEAST, _AND, _RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
_NUMBER, _ARCH, _MMAP_FLAGS = 0, 4, 16 + 3 * 8
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000


def program(machine: str | None = None) -> bytes:
    """The filter, as an array of `struct sock_filter`, for `machine` (this one where it is None).

    Raises:
        OSError: the numbers of this machine's system calls are not known here.
    """
    machine = machine or platform.machine()
    if machine not in _REFUSED or sys.byteorder != "little":
        raise OSError(errno.ENOSYS, f"the system calls of a machine of the type {machine} are not known")
    refused = [number for numbers in _REFUSED[machine].values() for number in numbers]
    # Each step jumps so many steps ahead where it is true, and where it is false. The last three: mmap, allow, refuse.
    tests: list[tuple[int, int]] = [*([(_AT_LEAST, _X32)] if machine == "x86_64" else [])]
    tests += [(_EQUAL, number) for number in refused]
    to_refuse = len(tests) + 5
    steps = [(_LOAD, 0, 0, _ARCH), (_EQUAL, 0, to_refuse + 1, _ARCHITECTURE[machine]), (_LOAD, 0, 0, _NUMBER)]
    steps += [(code, to_refuse - 1 - at, 0, value) for at, (code, value) in enumerate(tests)]
    steps += [
        (_EQUAL, 0, 3, _MMAP[machine]),
        (_LOAD, 0, 0, _MMAP_FLAGS),
        (_AND, 0, 0, _SHARED_ANONYMOUS),
        (_EQUAL, 1, 0, _SHARED_ANONYMOUS),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERROR | errno.EPERM),
    ]
    return b"".join(struct.pack("<HBBI", *step) for step in steps)
