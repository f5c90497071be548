"""The campaign of `benchmarks/fuzz`, in short; and that it sees a fault, whatever kind of fault it is."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from tests.fuzz import campaign, networks
from tests.fuzz.__main__ import MAKERS, TARGETS, main
from tests.fuzz.campaign import Target, run

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


def test_two_thousand_cases_are_read_or_refused_in_words():
    command = [sys.executable, "-m", "tests.fuzz", "--cases", "2000", "--seed", "7"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^2,\d\d\d cases, 0 faults", done.stdout, re.M)
    for target in TARGETS:
        _, cases, accepted, refused, *_ = re.search(rf"^{target.name} .*$", done.stdout, re.M)[0].split()
        assert int(cases) == int(accepted) + int(refused)
        assert int(accepted) > 0, "a campaign in which nothing is accepted says little"
        assert int(refused) > 0, "and so does one in which nothing is refused"


def planted(what, cases=6, bad=3):
    """The outcome of a target whose case number `bad` does `what`, and whose other cases are refused."""
    drawn = Random(f"1 planted {bad}").random()

    def case(random):
        if random.random() == drawn:
            what()
        return False

    return run(Target("planted", lambda: case, 1), 1, range(cases))


def test_a_parser_that_raises_what_it_does_not_declare_is_reported(monkeypatch, capsys):
    read = networks.read_compilation

    def broken(config):
        return {}["loss"] if isinstance(config, dict) and not isinstance(config.get("loss"), str) else read(config)

    monkeypatch.setattr(networks, "read_compilation", broken)
    assert main(["--cases", "60", "--only", "compilation"]) == 1
    said = capsys.readouterr().out
    number = re.search(r"--seed 1 --only compilation --replay (\d+): KeyError: 'loss' in broken", said)[1]
    assert main(["--only", "compilation", "--replay", number]) == 1
    assert "1 cases, 1 faults" in capsys.readouterr().out
    monkeypatch.undo()
    assert main(["--only", "compilation", "--replay", number]) == 0


def forever():
    while True:
        try:
            time.sleep(10)
        except Exception:
            continue


def deaf():
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    time.sleep(60)


FAULTS = {
    "raises": (lambda: [][1], "IndexError"),
    "asks to end": (sys.exit, "SystemExit"),
    "hangs": (forever, "TooLong: .*; took "),
    "is deaf to its alarm": (deaf, "stuck for more than"),
    "dies": (lambda: os.kill(os.getpid(), signal.SIGKILL), r"the process died \(exit status -9\)"),
    "eats memory": (lambda: len(b"x" * (400 * 2**20)), r"memory grew by \d+ MB"),
    "asks for all memory": (lambda: bytearray(2**36), "MemoryError"),
}


@pytest.mark.parametrize("what", FAULTS)
def test_every_kind_of_fault_is_seen_and_the_campaign_goes_on(what, monkeypatch):
    monkeypatch.setattr(campaign, "SECONDS", 0.3)
    monkeypatch.setattr(campaign, "STUCK", 1.5)
    does, words = FAULTS[what]
    outcome = planted(does)
    assert (outcome.cases, outcome.accepted) == (6, 0)
    (fault,) = {one.number: one for one in outcome.faults}.values()
    assert fault.number == 3
    assert re.match(words, fault.what)


def test_a_case_depends_on_seed_target_and_number_alone():
    def drawn(seed, numbers):
        seen = []
        target = Target("planted", lambda: lambda random: random.random() < 0.5, 1)
        for number in numbers:
            outcome = run(target, seed, range(number, number + 1))
            seen.append(outcome.accepted)
        return seen

    assert drawn(1, range(8)) == drawn(1, range(8))
    assert drawn(1, range(4, 8)) == drawn(1, range(8))[4:]
    assert {target.name for target in TARGETS} == MAKERS.keys()
