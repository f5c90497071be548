"""Kills a grader at random moments and checks that no finished work is lost or changed.

    python -m benchmarks.kills                   # 60 kills, about seven minutes on two cores
    python -m benchmarks.kills --kills 10 --seed 2

A class of sample notebooks is graded once undisturbed. Then graders of the same class are started, one after the other
in the same folder, and each is killed (SIGKILL, to it alone) at a moment drawn from the whole length of a run: while it
starts, observes, trains, judges, stores, writes pages. After each kill the gradebook must open and hold every result
that a grader had reported as finished, equal to the undisturbed one, and no process of the killed grader may live on. A
grader that runs to the end must give the whole class, with every file the same; the next one starts in a fresh folder.
The exit status is 1 where any of that failed.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from autograder.records.store import GRADEBOOK_FILE, Gradebook

ROOT = Path(__file__).parents[1]
STUDENTS = ("Emil Fischer", "Kwame Mensah", "Bob Untermeyer", "Oskar Nowak")
# How long the processes that a killed grader had started may take to notice that it is gone.
GRACE_SECONDS = 20.0


@dataclass
class Outcome:
    """How many graders were killed and how many finished first, and every broken promise in words."""

    kills: int = 0
    completed: int = 0
    faults: list[str] = field(default_factory=list)


def campaign(kills: int, seed: int, folder: Path, students: Sequence[str] = STUDENTS) -> Outcome:
    """Kill `kills` graders at moments drawn with `seed`; `folder` is empty and belongs to the campaign."""
    submissions, whole = folder / "class", folder / "whole"
    submissions.mkdir()
    for student in students:
        shutil.copy(ROOT / "tests" / "samples" / "cnn2" / f"{student}.ipynb", submissions)
    started = time.monotonic()
    subprocess.run(command(submissions, whole), check=True, capture_output=True, timeout=600)
    length = time.monotonic() - started
    expected, kept = results(whole), stored(whole, students)
    moments, outcome, trial = random.Random(seed), Outcome(), 0
    report, told = folder / "broken-0", set[str]()
    while outcome.kills < kills:
        after = moments.uniform(0, length)
        ended, said, survivors = killed(command(submissions, report), after)
        where = f"grader {outcome.kills + outcome.completed}, killed after {after:.2f} s"
        finished = {one for one in students if any(f"  {one}: " in line for line in said)}
        outcome.faults += [f"{where}: {process} lives on" for process in survivors]
        told |= finished
        outcome.faults += [f"{where}: {fault}" for fault in lost(report, told, kept)]
        if ended is None:
            outcome.kills += 1
            continue
        outcome.completed += 1
        unchanged = {one for one in students if any(f"  {one}: " in line and "(unchanged)" in line for line in said)}
        if ended != 0 or results(report) != expected:
            outcome.faults.append(f"{where}: it came to its end ({ended}), and the class is another one")
        if not told - finished <= unchanged:
            outcome.faults.append(f"{where}: {sorted(told - finished - unchanged)} were made a second time")
        trial += 1
        report, told = folder / f"broken-{trial}", set()
    last = subprocess.run(command(submissions, report), check=False, capture_output=True, text=True, timeout=600)
    if last.returncode or results(report) != expected:
        outcome.faults.append(f"the run after the last kill did not complete the class: {last.stdout[-500:]}")
    again = {
        one
        for one in told
        if not any(f"  {one}: " in line and "unchanged" in line for line in last.stdout.splitlines())
    }
    outcome.faults += [f"{one} was finished before the last kill, and made a second time" for one in sorted(again)]
    return outcome


def command(submissions: Path, report: Path) -> list[str]:
    return [sys.executable, "-m", "autograder", "grade", "cnn2", str(submissions), "--output", str(report)]


def killed(arguments: list[str], after: float) -> tuple[int | None, list[str], list[str]]:
    """Start a grader and kill it after this many seconds.

    Returns: its exit status if it ended before (None if it was killed), the lines it had written, and the processes
    it had started and left alive.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        grader = subprocess.Popen(arguments, cwd=ROOT, stdout=said, stderr=subprocess.DEVNULL)
        with suppress(subprocess.TimeoutExpired):
            grader.wait(timeout=after)
        started = []
        with suppress(psutil.Error):
            started = psutil.Process(grader.pid).children(recursive=True)
        ended = grader.poll()
        grader.kill()
        grader.wait()
        _, alive = psutil.wait_procs(started, timeout=GRACE_SECONDS)
        said.seek(0)
        lines = said.read().splitlines()
    return ended, lines, [str(process) for process in alive if _runs(process)]


def _runs(process: psutil.Process) -> bool:
    """Whether the process still runs, rather than being a zombie."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def lost(report: Path, told: set[str], expected: dict[str, dict[str, object] | None]) -> list[str]:
    """What is missing from the gradebook or differs from the expected, for the students in `told`."""
    if not told:
        return []
    found = stored(report, told)
    return [
        f"the result of {student} is {'another one' if found[student] else 'lost'}"
        for student in sorted(told)
        if found[student] != expected[student]
    ]


def stored(report: Path, students: Iterable[str]) -> dict[str, dict[str, object] | None]:
    """What the gradebook holds for each of the students, without durations."""
    with Gradebook(report / GRADEBOOK_FILE) as gradebook:
        found = {student: gradebook.result(student) for student in students}
    return {name: undated(one.result.model_dump()) if one else None for name, one in found.items()}


def results(report: Path) -> dict[str, dict[str, object]]:
    """The results by student, without durations."""
    lines = map(json.loads, (report / "results.jsonl").read_text(encoding="utf-8").splitlines())
    return {line["student"]: undated(line) for line in lines}


def undated(result: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in result.items() if key != "seconds"}


def main() -> int:
    parser = argparse.ArgumentParser(description="Kill graders at random moments; nothing finished may be lost.")
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kills-", ignore_cleanup_errors=True) as folder:
        outcome = campaign(arguments.kills, arguments.seed, Path(folder))
    print(f"{outcome.kills} graders killed, {outcome.completed} came to their end first; {len(outcome.faults)} faults")
    for fault in outcome.faults:
        print(fault)
    return 1 if outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main())
