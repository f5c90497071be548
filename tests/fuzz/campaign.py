"""Runs the cases of a target one by one in a process of its own, and holds each to its bounds in time and memory.

A case is known by the seed, its target's name and its number; nothing else decides what it does, so each can be run
again alone.
"""

from __future__ import annotations

import multiprocessing
import resource
import signal
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Any

SECONDS = 2.0
# What one case may add to the most memory that its process ever held, and the process to its addresses in all.
GROWTH_MB = 300
MEMORY = "memory grew by"
ADDRESSES = 6 * 2**30
# A case that does not even come back to its own alarm is ended after so many seconds.
STUCK = 30.0

Case = Callable[[Random], bool]


@dataclass(frozen=True)
class Target:
    """`prepare` makes the function that runs one case: True where the input was accepted, False where it was refused
    with an error that is declared. Every other exception is a fault. `share` is its part of a campaign."""

    name: str
    prepare: Callable[[], Case]
    share: int


@dataclass(frozen=True)
class Fault:
    """Something that must not happen: in which case, and what."""

    target: str
    number: int
    what: str


@dataclass
class Outcome:
    """What came of the cases of one target."""

    target: str
    cases: int = 0
    accepted: int = 0
    refused: int = 0
    slowest: float = 0.0
    slowest_case: int = -1
    seconds: float = 0.0
    faults: list[Fault] = field(default_factory=list)


class TooLong(BaseException):
    """The alarm of a case; nothing that catches `Exception` catches it."""


class Wrong(AssertionError):
    """What was accepted breaks a promise."""


def run(target: Target, seed: int, numbers: range) -> Outcome:
    """The cases of these numbers, in child processes: after one that dies the next goes on."""
    outcome = Outcome(target.name)
    fork = multiprocessing.get_context("fork")
    start = time.monotonic()
    while numbers:
        here, there = fork.Pipe(duplex=False)
        current = fork.RawValue("q", numbers[0])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            child = fork.Process(target=_work, args=(target, seed, numbers, there, current), daemon=True)
            child.start()
        there.close()
        why = _wait(child, here, current, outcome)
        child.join()
        if why is None:
            break
        outcome.cases += 1
        outcome.faults.append(Fault(target.name, current.value, why))
        numbers = range(current.value + 1, numbers.stop)
    outcome.seconds = time.monotonic() - start
    return outcome


def _wait(child: Any, here: Connection, current: Any, outcome: Outcome) -> str | None:
    """Take in what the child reports; why it ended before its time, None where it did not."""
    seen, since = -1, time.monotonic()
    while True:
        if here.poll(0.5):
            try:
                done = here.recv()
            except EOFError:
                child.join()
                return f"the process died (exit status {child.exitcode})"
            if done is None:
                return None
            _add(outcome, *done)
        if current.value != seen:
            seen, since = current.value, time.monotonic()
        elif time.monotonic() - since > STUCK:
            child.kill()
            return f"stuck for more than {STUCK:.0f} s"


def _add(outcome: Outcome, number: int, seconds: float, result: bool | str) -> None:
    outcome.cases += 1
    if isinstance(result, str):
        outcome.faults.append(Fault(outcome.target, number, result))
    elif result:
        outcome.accepted += 1
    else:
        outcome.refused += 1
    if seconds > outcome.slowest:
        outcome.slowest, outcome.slowest_case = seconds, number


def _work(target: Target, seed: int, numbers: range, report: Connection, current: Any) -> None:
    addresses = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() + ADDRESSES
    resource.setrlimit(resource.RLIMIT_AS, (addresses, addresses))
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, _alarm)
    case = target.prepare()
    for number in numbers:
        current.value = number
        report.send((number, *one(target.name, case, seed, number)))
    report.send(None)


def _alarm(_signal: int, _frame: object) -> None:
    raise TooLong


def one(name: str, case: Case, seed: int, number: int) -> tuple[float, bool | str]:
    """One case: its seconds, and whether its input was accepted, or what went wrong."""
    seconds, result = _timed(name, case, seed, number)
    if seconds > SECONDS and not (isinstance(result, str) and result.startswith(MEMORY)):
        # Another process may have had the core: what is slow by itself is so again. Memory would not grow again.
        seconds, result = _timed(name, case, seed, number)
    return seconds, f"{result}; took {seconds:.1f} s" if seconds > SECONDS else result


def _timed(name: str, case: Case, seed: int, number: int) -> tuple[float, bool | str]:
    random = Random(f"{seed} {name} {number}")
    memory = _peak()
    start = time.perf_counter()
    result: bool | str
    try:
        try:
            # Where the first alarm is lost (in a destructor, say), the next one comes.
            signal.setitimer(signal.ITIMER_REAL, SECONDS, 0.25)
            result = case(random)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except TooLong as late:
        result = _where(late)
    except BaseException as error:
        result = _where(error)
    seconds = time.perf_counter() - start
    grown = _peak() - memory
    if grown > GROWTH_MB:
        result = f"{MEMORY} {grown} MB; {result}"
    return seconds, result


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _where(error: BaseException) -> str:
    """The error and the last places it came through."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    places = " < ".join(f"{frame.name} ({frame.filename.rpartition('/')[2]}:{frame.lineno})" for frame in frames[::-1])
    said = str(error)[:200].encode("ascii", "backslashreplace").decode()
    return f"{type(error).__name__}: {said} in {places}"
