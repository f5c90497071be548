"""Whether `autograder grade`, `autograder check` and `otter run` with the zip agree on every score.

    .venv/bin/python -m benchmarks.parity [ASSIGNMENT...] [--limit N]

For each assignment: its solution, the notebook that students receive, and every notebook under tests/samples/<name>*.
Prints a line for each notebook and ends with status 1 where two of the three differ. `autograder grade` takes them as
one class, the other two one by one, as students and Gradescope do: some 40 seconds a notebook on two idle cores.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from autograder import api
from autograder.assignment import load
from autograder.intake.notebook import UnreadableNotebook, parse_notebook

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
Scores = dict[str, float | None]


def notebooks(name: str) -> dict[str, Path]:
    """The notebooks, each under a unique name."""
    samples = sorted(
        path for folder in (ROOT / "tests" / "samples").glob(f"{name}*") for path in folder.glob("*.ipynb")
    )
    found = {"the solution": ROOT / "solutions" / name / f"{name}.ipynb", "untouched": load(name).notebook_path}
    return found | {f"{path.stem} ({path.parent.name})": path for path in samples}


def scores(questions: list[dict]) -> Scores:
    return {each["id"]: None if each["status"] == "needs_review" else each["score"] for each in questions}


def by_grade(name: str, found: dict[str, Path], folder: Path) -> dict[str, Scores]:
    (folder / "class").mkdir()
    for student, path in found.items():
        shutil.copyfile(path, folder / "class" / f"{student}.ipynb")
    command = [BIN / "autograder", "grade", name, folder / "class", "--output", folder / "report"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    lines = (folder / "report" / "results.jsonl").read_text(encoding="utf-8").splitlines()
    return {result["student"]: scores(result["questions"]) for result in map(json.loads, lines)}


def by_check(name: str, notebook: Path) -> Scores:
    return scores(api.check(notebook, name).result.line()["questions"])


def by_otter(package: Path, notebook: Path, folder: Path) -> Scores:
    command = [BIN / "otter", "run", "-a", package, notebook, "-o", folder, "--no-logo"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    tests = json.loads((folder / "results.json").read_text())["tests"]
    return {test["extra_data"]["question"]: test.get("score") for test in tests}


def readable(notebook: Path) -> bool:
    try:
        parse_notebook(notebook.read_bytes())
    except UnreadableNotebook:
        return False
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("assignments", nargs="*", default=sorted(path.name for path in (ROOT / "solutions").iterdir()))
    parser.add_argument("--limit", type=int, help="at most so many notebooks of each assignment")
    asked = parser.parse_args()
    differing = agreeing = 0
    for name in asked.assignments:
        found = dict(list(notebooks(name).items())[: asked.limit])
        for student in [student for student, path in found.items() if not readable(path)]:
            del found[student]
            print(f"skipped   {name}: {student} (no notebook: neither otter nor check opens it)", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            package = api.package(load(name), Path(folder)).path
            graded = by_grade(name, found, Path(folder))
            for number, (student, path) in enumerate(found.items()):
                place = Path(folder) / str(number)
                place.mkdir()
                others = {"check": by_check(name, path), "otter": by_otter(package, path, place)}
                differ = {way: given for way, given in others.items() if given != graded[student]}
                differing, agreeing = differing + bool(differ), agreeing + (not differ)
                print(f"{'DIFFER' if differ else 'agree':9} {name}: {student} {graded[student]}", flush=True)
                for way, given in differ.items():
                    print(f"          {way}: {given}", flush=True)
    print(f"{agreeing} agree, {differing} differ")
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()
