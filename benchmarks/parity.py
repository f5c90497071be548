"""Whether `autograder grade`, `autograder check` and `otter run` with the zip agree on every score.

    .venv/bin/python -m benchmarks.parity [ASSIGNMENT...] [--limit N]

For each assignment: its solution, the notebook that students receive, and every notebook under tests/samples/<name>*.
Prints a line for each notebook and ends with status 1 where two of the three differ. Some 40 seconds a notebook.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from autograder import jobs
from autograder.assignment import load
from autograder.intake.notebook import UnreadableNotebook, parse_notebook

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
Scores = dict[str, float | None]


def notebooks(name: str) -> list[Path]:
    samples = sorted(
        path for folder in (ROOT / "tests" / "samples").glob(f"{name}*") for path in folder.glob("*.ipynb")
    )
    return [ROOT / "solutions" / name / f"{name}.ipynb", load(name).notebook_path, *samples]


def scores(questions: list[dict]) -> Scores:
    return {each["id"]: None if each["status"] == "needs_review" else each["score"] for each in questions}


def by_grade(name: str, notebook: Path, folder: Path) -> Scores:
    command = [BIN / "autograder", "grade", name, notebook, "--output", folder / "report"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return scores(json.loads((folder / "report" / "results.jsonl").read_text())["questions"])


def by_check(name: str, notebook: Path) -> Scores:
    return scores(jobs.check(notebook, name)[1].line()["questions"])


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
    differing = 0
    for name in asked.assignments:
        with tempfile.TemporaryDirectory() as packed:
            package = jobs.package(load(name), Path(packed)).path
            for notebook in notebooks(name)[: asked.limit]:
                if not readable(notebook):
                    print(
                        f"skipped   {name}: {notebook.name} (no notebook: neither otter nor check opens it)", flush=True
                    )
                    continue
                with tempfile.TemporaryDirectory() as folder:
                    graded = by_grade(name, notebook, Path(folder))
                    same = graded == by_check(name, notebook) == by_otter(package, notebook, Path(folder))
                differing += not same
                print(f"{'agree' if same else 'DIFFER':9} {name}: {notebook.name} {graded}", flush=True)
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()
