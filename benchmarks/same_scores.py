"""Whether two versions of autograder give every sample of every assignment the same scores and statuses.

    .venv/bin/python -m benchmarks.same_scores grade before.json --tree ../before
    .venv/bin/python -m benchmarks.same_scores grade after.json
    .venv/bin/python -m benchmarks.same_scores compare before.json after.json

`grade` grades the samples of this checkout with the autograder of a checkout that has its .venv (this one by
default): for each assignment its solution, the notebook that students receive, every notebook under
tests/samples/<name>*, and the variants of tests/assignments/test_assignments_graded.py. `compare` takes what `grade`
wrote, or report folders; it prints each difference and ends with status 1 where there is one. The images are those that
`autograder grade` finds (AUTOGRADER_DATA).
"""

import argparse
import importlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
# The key says what is compared, in words: "3 layers: score", for one student.
Facts = dict[str, Any]


def hand_in(name: str, folder: Path) -> None:
    """Every sample of an assignment, as a class of students."""
    place = ROOT / "assignments" / name
    shutil.copyfile(place / f"{name}.ipynb", folder / "untouched.ipynb")
    shutil.copyfile(ROOT / "solutions" / name / f"{name}.ipynb", folder / "solution.ipynb")
    for sample in (ROOT / "tests" / "samples").glob(f"{name}*/*.ipynb"):
        shutil.copyfile(sample, folder / f"{sample.stem} ({sample.parent.name}).ipynb")
    sys.path.insert(0, str(ROOT / "tests" / "assignments"))
    importlib.import_module("test_assignments_graded").hand_in(folder, name)


def facts_of(report: Path) -> dict[str, Facts]:
    """What is compared of a report folder, by student."""
    lines = (report / "results.jsonl").read_text(encoding="utf-8").splitlines()
    return {result["student"]: _of_result(result) for result in map(json.loads, lines)}


def _of_result(result: dict[str, Any]) -> Facts:
    whole = {name: result[name] for name in ("status", "score", "pending", "points")}
    for question in result["questions"]:
        for name in ("status", "score", "points"):
            whole[f"{question['id']}: {name}"] = question[name]
    return whole


def grade(output: Path, tree: Path, assignments: list[str]) -> None:
    graded = {}
    for name in assignments:
        with tempfile.TemporaryDirectory() as scratch:
            handed_in, report = Path(scratch) / "class", Path(scratch) / "report"
            handed_in.mkdir()
            hand_in(name, handed_in)
            command = [tree / ".venv" / "bin" / "autograder", "grade", name, handed_in, "--output", report]
            subprocess.run(command, cwd=tree, check=True, stdout=subprocess.DEVNULL)
            graded[name] = facts_of(report)
        print(f"{name}: {len(graded[name])} graded", flush=True)
        output.write_text(json.dumps(graded, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")


def read(path: Path) -> dict[str, dict[str, Facts]]:
    return {"": facts_of(path)} if path.is_dir() else json.loads(path.read_text(encoding="utf-8"))


def differences(before: dict[str, dict[str, Facts]], after: dict[str, dict[str, Facts]]) -> list[str]:
    """A line for each fact that is not the same in both, and for each that only one of them has."""
    one, other = _flat(before), _flat(after)
    missing = "nothing"
    return [
        f"{' / '.join(filter(None, place))}: {one.get(place, missing)} before, {other.get(place, missing)} after"
        for place in sorted({*one, *other})
        if one.get(place, missing) != other.get(place, missing)
    ]


def _flat(graded: dict[str, dict[str, Facts]]) -> dict[tuple[str, str, str], Any]:
    return {
        (assignment, student, name): value
        for assignment, students in graded.items()
        for student, facts in students.items()
        for name, value in facts.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    grading = commands.add_parser("grade")
    grading.add_argument("output", type=Path)
    grading.add_argument("--tree", type=Path, default=ROOT, help="the checkout whose autograder grades [this one]")
    grading.add_argument(
        "--assignments", nargs="+", default=sorted(path.name for path in (ROOT / "solutions").iterdir())
    )
    comparing = commands.add_parser("compare")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    asked = parser.parse_args()
    if asked.command == "grade":
        grade(asked.output.resolve(), asked.tree.resolve(), asked.assignments)
        return
    before, after = read(asked.before), read(asked.after)
    found = differences(before, after)
    print("\n".join(found) or f"{sum(map(len, after.values()))} notebooks, every score and status the same")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
