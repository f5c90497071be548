"""What the search for causes costs a class in which every network is right: processor time with it and without it.

    python -m benchmarks.right_class wine --students 6 --rounds 2

Grades copies of an assignment's solution, which differ in a comment, each time without stored results: once as the
assignment says, and once with `substitutions = 0`, in turns. Prints the seconds of processor time of all processes,
least of the rounds, and their ratio.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


def without_search(table: str) -> str:
    """An assignment's table in which no question looks for causes."""
    plain = re.sub(r"^substitutions *=.*\n", "", table, flags=re.M)
    return re.sub(r'^kind = "(?:accuracy|score)"\n', r"\g<0>substitutions = 0\n", plain, flags=re.M)


def hand_in(name: str, students: int, folder: Path) -> None:
    """The solution, once for each student."""
    notebook = json.loads((ROOT / "solutions" / name / f"{name}.ipynb").read_text(encoding="utf-8"))
    for student in range(students):
        own = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": f"# {student}"}
        if notebook["nbformat_minor"] >= 5:
            own["id"] = f"own-{student}"
        changed = notebook | {"cells": [*notebook["cells"], own]}
        (folder / f"student-{student:03}.ipynb").write_text(json.dumps(changed), encoding="utf-8")


def graded(assignment: Path, handed_in: Path) -> float:
    """Seconds of processor time that grading took in all processes.

    Raises:
        SystemExit: not every accuracy was right.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as report:
        command = [sys.executable, "-m", "autograder", "grade", assignment, handed_in, "--output", report]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        lines = (Path(report) / "results.jsonl").read_text(encoding="utf-8").splitlines()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    for one in (question for line in lines for question in json.loads(line)["questions"]):
        if one["id"] == "accuracy" and one["status"] != "correct":
            raise SystemExit(f"not right: {one['findings']}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("assignment", nargs="?", default="wine")
    parser.add_argument("--students", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=2)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        handed_in = Path(scratch) / "class"
        handed_in.mkdir()
        hand_in(asked.assignment, asked.students, handed_in)
        folders = {}
        for way in ("with", "without"):
            for kind in ("assignments", "solutions"):
                shutil.copytree(ROOT / kind / asked.assignment, Path(scratch) / way / kind / asked.assignment)
            folders[way] = Path(scratch) / way / "assignments" / asked.assignment
        table = folders["without"] / "assignment.toml"
        table.write_text(without_search(table.read_text(encoding="utf-8")), encoding="utf-8")
        seconds: dict[str, list[float]] = {way: [] for way in folders}
        for turn in range(asked.rounds):
            for way in list(folders)[:: -1 if turn % 2 else 1]:
                seconds[way].append(graded(folders[way], handed_in))
    least = {way: min(each) for way, each in seconds.items()}
    print(f"{asked.students} right notebooks of {asked.assignment}, {asked.rounds} rounds, seconds of processor time:")
    print(f"with the search {least['with']:.1f}, without it {least['without']:.1f}, ratio "
          f"{least['with'] / least['without']:.3f}")  # fmt: skip


if __name__ == "__main__":
    main()
