"""Landlock: restricts a process and its descendants to the files below given paths, independent of file modes.

It needs no privileges and no namespaces, so it also works in containers. Linux has it since 5.13, if enabled; access
rights that a kernel's version does not know are not restricted.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import stat
import struct
from collections.abc import Iterable

# The system call numbers are the same on every architecture.
_CREATE, _ADD, _RESTRICT = 444, 445, 446
_VERSION, _PATH_BENEATH = 1, 1
# LANDLOCK_ACCESS_FS_*, as many as each version knows: all rights, those that apply to files, and those for reading.
_EVERYTHING = {1: 0x1FFF, 2: 0x3FFF, 3: 0x7FFF, 4: 0x7FFF, 5: 0xFFFF}
_OF_A_FILE = 0x1 | 0x2 | 0x4 | 0x4000 | 0x8000  # execute, write, read, truncate, control a device
_READ = 0x1 | 0x4 | 0x8  # execute, read, list
_SCOPED = 0x1 | 0x2  # since version 6: no abstract sockets and no signals to processes outside
_libc = ctypes.CDLL(None, use_errno=True)


def version() -> int:
    """The version of Landlock in this kernel; 0 if it has none."""
    return max(int(_libc.syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint(_VERSION))), 0)


def restrict(readable: Iterable[str], writable: Iterable[str]) -> None:
    """Restrict this process to these paths and everything below them. `no_new_privs` must be set.

    Raises:
        OSError: the kernel has no Landlock, or refuses.
    """
    known = version()
    everything = _EVERYTHING[min(known, 5)] if known else 0
    attributes = struct.pack("<QQQ", everything, 0, _SCOPED if known >= 6 else 0)[: 24 if known >= 6 else 8]
    rules = _called(_CREATE, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint(0))
    try:
        for paths, access in ((readable, _READ), (writable, everything)):
            for path in paths:
                _leave(rules, path, access)
        _called(_RESTRICT, ctypes.c_int(rules), ctypes.c_uint(0))
    finally:
        os.close(rules)


def _leave(rules: int, path: str, access: int) -> None:
    with contextlib.suppress(FileNotFoundError, PermissionError):  # it does not exist for this user
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
                access &= _OF_A_FILE
            rule = struct.pack("<Qi", access, descriptor)
            _called(_ADD, ctypes.c_int(rules), ctypes.c_int(_PATH_BENEATH), rule, ctypes.c_uint(0))
        finally:
            os.close(descriptor)


def _called(number: int, *arguments: object) -> int:
    outcome = int(_libc.syscall(ctypes.c_long(number), *arguments))
    if outcome < 0:
        raise OSError(ctypes.get_errno(), f"{os.strerror(ctypes.get_errno())} (landlock, {number})")
    return outcome
