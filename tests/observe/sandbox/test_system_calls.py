"""What the filter of system calls refuses, on every machine it has numbers for, and what it leaves alone here."""

from __future__ import annotations

import struct

import pytest

from autograder.observe.sandbox import syscalls

ALLOW, ERROR = 0x7FFF0000, 0x00050000
EPERM, ENOSYS, EAFNOSUPPORT = 1, 38, 97


def judged(program: bytes, architecture: int, number: int, *arguments: int) -> int:
    """What the kernel answers, by the rules of classic BPF."""
    data = struct.pack("<IIQ6Q", number, architecture, 0, *(arguments + (0,) * 6)[:6])
    steps = list(struct.iter_unpack("<HBBI", program))
    at = value = 0
    while True:
        code, true, false, operand = steps[at]
        at += 1
        if code == 0x20:
            (value,) = struct.unpack_from("<I", data, operand)
        elif code == 0x54:
            value &= operand
        elif code == 0x06:
            return operand
        else:
            holds = {0x15: value == operand, 0x35: value >= operand, 0x45: bool(value & operand)}[code]
            at += true if holds else false


MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
CASES = {
    "vmsplice": ((278, 75), (), EPERM),
    "io_setup": ((206, 0), (), EPERM),
    "io_uring_setup": ((425, 425), (), EPERM),
    "io_uring_enter": ((426, 426), (), EPERM),
    "shmget": ((29, 194), (), EPERM),
    "semget": ((64, 190), (), EPERM),
    "msgget": ((68, 186), (), EPERM),
    "memfd_create": ((319, 279), (), EPERM),
    "memfd_secret": ((447, 447), (), EPERM),
    "add_key": ((248, 217), (), EPERM),
    "request_key": ((249, 218), (), EPERM),
    "inotify_init": ((253, 26), (), EPERM),
    "fanotify_init": ((300, 262), (), EPERM),
    "userfaultfd": ((323, 282), (), EPERM),
    "keyctl": ((250, 219), (), EPERM),
    "mq_open": ((240, 180), (), EPERM),
    "inotify_init1": ((294, 26), (), EPERM),
    "unshare": ((272, 97), (0x20000,), EPERM),
    "clone a thread": ((56, 220), (0x3D0F00,), 0),
    "clone a namespace": ((56, 220), (0x10000000,), EPERM),
    "clone3": ((435, 435), (), ENOSYS),
    "AF_UNIX": ((41, 198), (1, 1, 0), 0),
    "AF_INET": ((41, 198), (2, 1, 0), 0),
    "AF_INET6": ((41, 198), (10, 1, 0), EAFNOSUPPORT),
    "AF_PACKET": ((41, 198), (17, 3, 0), EAFNOSUPPORT),
    "AF_ALG": ((41, 198), (38, 5, 0), EAFNOSUPPORT),
    "AF_VSOCK": ((41, 198), (40, 1, 0), EAFNOSUPPORT),
    "a list of addresses": ((41, 198), (16, 3, 0), 0),
    "messages of users": ((41, 198), (16, 3, 2), EAFNOSUPPORT),
    "a pair of sockets": ((53, 199), (1, 1, 0), 0),
    "own affinity": ((203, 122), (0,), 0),
    "a thread's affinity": ((203, 122), (77,), 0),
    "the supervisor's affinity": ((203, 122), (1,), EPERM),
    "the supervisor's class": ((144, 119), (1,), EPERM),
    "the supervisor's niceness": ((141, 140), (0, 1, 19), EPERM),
    "everybody's niceness": ((141, 140), (2, 0, 19), EPERM),
    "own niceness": ((141, 140), (0, 0, 5), 0),
    "the supervisor's limits": ((302, 261), (1,), EPERM),
    "own limits": ((302, 261), (0,), 0),
    "private memory": ((9, 222), (0, 4096, 3, 0x22), 0),
    "shared memory": ((9, 222), (0, 4096, 3, 0x21), EPERM),
    "reserved huge pages": ((9, 222), (0, 4096, 3, 0x40022), EPERM),
    "a lock": ((72, 25), (3, 6), 0),
    "a lock without an owner": ((72, 25), (3, 37), EPERM),
}


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("name", CASES)
def test_the_filter_judges(machine: str, name: str) -> None:
    numbers, arguments, error = CASES[name]
    number = numbers[list(MACHINES).index(machine)]
    answer = judged(syscalls.program(machine), MACHINES[machine], number, *arguments)
    assert answer == (ERROR | error if error else ALLOW)


def test_calls_of_another_architecture_are_refused() -> None:
    assert judged(syscalls.program("x86_64"), 0x40000003, 1) == ERROR | EPERM
    assert judged(syscalls.program("x86_64"), MACHINES["x86_64"], 0x40000001) == ERROR | EPERM


def test_a_shared_network_keeps_its_second_protocol() -> None:
    program = syscalls.program("x86_64", shared_network=True)
    assert judged(program, MACHINES["x86_64"], 41, 10, 1, 0) == ALLOW
    assert judged(program, MACHINES["x86_64"], 41, 17, 3, 0) == ERROR | EAFNOSUPPORT


def test_an_unknown_machine_gets_no_filter_that_would_not_hold() -> None:
    with pytest.raises(OSError, match="riscv64"):
        syscalls.program("riscv64")
