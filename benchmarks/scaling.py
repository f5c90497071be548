"""What judging, reporting and exporting cost per notebook as a class grows, and how much memory they take.

    .venv/bin/autograder grade cnn2 tests/samples/cnn2 --output reports/demo     # or any graded class
    .venv/bin/python benchmarks/scaling.py reports/demo                          # 10, 100, 1,000 and 10,000 students

The class is synthesised from the graded one: the evidence of each of its notebooks is stored again under new names,
with a unique comment in the last code cell, so that no two notebooks are the same. Nothing is executed.
Each command runs in a separate process, whose largest resident memory is the kernel's figure (`ru_maxrss`).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from autograder.records.store import GRADEBOOK_FILE, Gradebook, StoredResult, StoredSubmission

AUTOGRADER = Path(sys.executable).parent / "autograder"


def synthesise(report: Path, folder: Path, count: int) -> None:
    """A report folder with `count` students, made from those of `report`."""
    folder.mkdir(parents=True)
    with Gradebook(report / GRADEBOOK_FILE) as graded:
        originals = [
            (stored, handed_in)
            for stored in graded.results()
            if stored.result.status != "unreadable" and (handed_in := graded.submission(stored.result.student))
        ]
        evidence = {stored.result.keys["evidence"]: None for stored, _ in originals}
        found = {key: graded.evidence(key) for key in evidence}
        runs = {key for stored, _ in originals for key in stored.result.keys["training"].split(",") if key}
        trained = [run for key in sorted(runs) if (run := graded.training_run(key)) is not None]
        where = graded.fact("assignment_folder")
    assert where is not None
    with Gradebook(folder / GRADEBOOK_FILE) as made:
        made.store_fact("assignment_folder", where)
        for run in trained:
            made.store_training_run(run)
        for number in range(count):
            stored, handed_in = originals[number % len(originals)]
            left = found[stored.result.keys["evidence"]]
            assert left is not None
            key = f"{number:064}"
            made.store_evidence(left.model_copy(update={"key": key}))
            add(made, stored, handed_in, f"student {number:05}", key)


def add(made: Gradebook, stored: StoredResult, handed_in: StoredSubmission, student: str, key: str) -> None:
    notebook = json.loads(handed_in.content or b"{}")
    *_, last = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    last["source"] = ["".join(last["source"]), f"\n# {student}"]
    slug = student.replace(" ", "-")
    made.store_submission(student, slug, f"{student}.ipynb", json.dumps(notebook).encode())
    keys = {**stored.result.keys, "evidence": key}
    result = stored.result.model_copy(update={"student": student, "submission": f"{student}.ipynb", "keys": keys})
    made.store_result(result, result_key=keys["result"], slug=slug)


def measured(*arguments: object) -> tuple[float, float]:
    """Seconds and MB of one command of ours.

    Raises:
        SystemExit: it failed; its output is passed on.
    """
    start = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen([AUTOGRADER, *map(str, arguments)], stdout=said, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            said.seek(0)
            raise SystemExit(said.read().decode()[-2000:])
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", type=Path, help="the report folder of a graded class")
    parser.add_argument("--students", type=int, nargs="+", default=[10, 100, 1000, 10_000])
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="scaling-"))
    print(f"{'students':>8}  {'judge and report':>32}  {'export':>18}  {'index.html':>10}  {'gradebook':>9}")
    try:
        for count in chosen.students:
            made = folder / str(count)
            synthesise(chosen.report, made, count)
            seconds, memory = measured("regrade", made, "--yes")
            exported, export_memory = measured(
                "export", made, "--to", "csv", "--output", made / "out.csv", "--pending", "zero"
            )
            page, book = (made / "index.html").stat().st_size, (made / GRADEBOOK_FILE).stat().st_size
            print(
                f"{count:8,}  {seconds:8.1f} s {1000 * seconds / count:6.1f} ms each {memory:6.0f} MB"
                f"  {exported:7.1f} s {export_memory:5.0f} MB  {page / 1e6:7.2f} MB  {book / 1e6:6.0f} MB",
                flush=True,
            )
            shutil.rmtree(made)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
