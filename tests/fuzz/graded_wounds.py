"""Grades wounded copies of the samples and solutions beside the unwounded ones, and counts who keeps the grade.

    python -m tests.fuzz.graded_wounds FOLDER                          # the 1,000 copies, about an hour on two cores
    python -m tests.fuzz.graded_wounds FOLDER --number 160 --seed 7
    python -m tests.fuzz.graded_wounds FOLDER --only cnn1 --only wine  # the copies of these assignments among them

Each assignment is one class below FOLDER, graded by `autograder grade`; one that was graded there before is not graded
again. Exit status 1: a class run failed, or fewer than 99 % of the copies earned in every question what their original
did.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fuzz.wounds import Wounded, sound_samples, wounded_class

KEPT = 0.99


@dataclass
class Graded:
    """What came of the copies of one assignment: of how many, whose grade changed and how, and the run's status."""

    assignment: str
    copies: int = 0
    changed: list[str] = field(default_factory=list)
    status: int = 0
    seconds: float = 0.0


def classes(number: int, seed: int) -> dict[str, list[tuple[str, Path, Wounded]]]:
    """By assignment: the name of each copy, its original and what became of it."""
    found: dict[str, list[tuple[str, Path, Wounded]]] = defaultdict(list)
    for index, (path, made) in enumerate(wounded_class(sound_samples(), number, seed)):
        found[path.parent.name.removesuffix("_correct")].append((f"copy {index:04d}", path, made))
    return found


def grade(folder: Path, assignment: str, copies: list[tuple[str, Path, Wounded]]) -> Graded:
    """Grade the copies and their originals as one class."""
    outcome, start = Graded(assignment, len(copies)), time.monotonic()
    submissions, report = folder / assignment / "class", folder / assignment / "report"
    originals = {path: f"original {path.parent.name} {path.stem}" for _, path, _ in copies}
    for path, name in originals.items():
        _put(submissions / name / f"{assignment}.ipynb", path.read_bytes())
    for name, _, made in copies:
        _put(submissions / name / f"{assignment}{made.suffix}", made.content)
    if not (report / "results.jsonl").exists():
        command = [sys.executable, "-m", "autograder", "grade", assignment, str(submissions), "--output", str(report)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        outcome.status = done.returncode
        if done.returncode:
            outcome.changed = [f"{assignment}: {done.stderr.strip()[-500:]}"]
            return outcome
    lines = (report / "results.jsonl").read_text(encoding="utf-8").splitlines()
    earned = {result["student"]: _earned(result) for result in map(json.loads, lines)}
    for name, path, made in copies:
        before, after = earned[originals[path]], earned.get(name, {})
        differs = sorted(one for one in before | after if before.get(one) != after.get(one))
        if differs:
            what = ", ".join(f"{one} {before.get(one)} -> {after.get(one)}" for one in differs)
            outcome.changed.append(f"{name} of {path.stem} ({', '.join(made.wounds)}): {what}")
    outcome.seconds = time.monotonic() - start
    return outcome


def _put(place: Path, content: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)


def _earned(result: dict[str, Any]) -> dict[str, Any]:
    """What decides a grade: the status, and of each question its score and whether it needs review."""
    questions = {one["id"]: (one["score"], one["status"]) for one in result["questions"]}
    return {"status": result["status"], **questions}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.graded_wounds", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--number", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=18)
    parser.add_argument("--only", action="append", help="an assignment; may be given several times")
    asked = parser.parse_args(arguments)
    outcomes = []
    for assignment, copies in sorted(classes(asked.number, asked.seed).items()):
        if asked.only and assignment not in asked.only:
            continue
        outcomes.append(grade(asked.folder, assignment, copies))
        one = outcomes[-1]
        print(f"{assignment:18}{one.copies:5} copies{len(one.changed):4} changed{one.seconds:7.0f} s", flush=True)
        for line in one.changed:
            print(f"  {line}", flush=True)
    copies, changed = sum(one.copies for one in outcomes), sum(len(one.changed) for one in outcomes)
    print(f"seed {asked.seed}: {copies - changed} of {copies} wounded copies keep their grade")
    failed = any(one.status for one in outcomes)
    return 1 if failed or copies - changed < KEPT * copies else 0


if __name__ == "__main__":
    sys.exit(main())
