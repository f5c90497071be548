"""The distinct networks of a graded class, trained again on this machine's hardware; and the solution from 20 starts.

    .venv/bin/autograder grade cnn2 CLASS --output reports/class
    .venv/bin/python benchmarks/training.py --write tasks.json cnn2 reports/class   # where the class was graded
    .venv/bin/python benchmarks/training.py tasks.json                              # here, or on another machine
    AUTOGRADER_BACKEND=jax .venv/bin/python benchmarks/training.py tasks.json

Prints for each network how long its run took, and whether the verdict matches that of the machine that wrote the file;
then how many of the solution's starts reach the threshold calibrated there. Reading the file needs only the trainer of
the autograder. Writing it takes a class whose networks were all trained from one start.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from autograder.records.training import TrainingRun, TrainingTask
from autograder.train.trainer import Trainer

STARTS = 20


def write(path: Path, assignment: str, report: Path) -> None:
    """The tasks of a graded class, and what was decided there."""
    from autograder.assignment import load
    from autograder.grading.answer_key import AnswerKey, context_of
    from autograder.intake.notebook import parse_notebook
    from autograder.records.result import CurveExhibit
    from autograder.records.store import GRADEBOOK_FILE, Gradebook

    answer_key = AnswerKey.stored(load(assignment))
    (question,) = [question for question in answer_key.assignment.questions if question.needs_calibration]
    minimum = answer_key.calibrations[question.id].minimum
    found: dict[str, dict[str, Any]] = {}
    with Gradebook(report / GRADEBOOK_FILE) as gradebook:
        for stored in gradebook.results():
            handed_in = gradebook.submission(stored.result.student)
            evidence = gradebook.evidence(stored.result.keys.get("evidence", ""))
            if handed_in is None or handed_in.content is None or evidence is None:
                continue
            context = context_of(answer_key, evidence, parse_notebook(handed_in.content))
            for task in question.training(context):
                verdict = next(verdict for verdict in stored.result.questions if verdict.id == question.id)
                curves = [exhibit for exhibit in verdict.exhibits if isinstance(exhibit, CurveExhibit)]
                reached = any(max(curve.validation_accuracy, default=0) >= minimum for curve in curves)
                entry = found.setdefault(task.key, {"task": task.model_dump(mode="json"), "reached": reached})
                entry["students"] = entry.get("students", 0) + 1
    (reference,) = question.training(answer_key.reference_context())
    content = {"minimum": minimum, "reference": reference.model_dump(mode="json"), "networks": list(found.values())}
    path.write_text(json.dumps(content), encoding="utf-8")
    print(f"{path}: {len(found)} networks of {sum(entry['students'] for entry in found.values())} students")


def measure(path: Path, starts: int) -> int:
    """Train what the file asks for; 1 if a verdict differs."""
    content = json.loads(path.read_text(encoding="utf-8"))
    minimum = content["minimum"]
    same = True
    with Trainer(1) as trainer:
        begun = time.perf_counter()
        runs: list[TrainingRun] = []
        for entry in content["networks"]:
            run = trainer.run(TrainingTask.model_validate(entry["task"]))
            runs.append(run)
            agrees = (run.score >= minimum) == entry["reached"]
            same &= agrees
            print(
                f"  {told(run)}  of {entry['students']:3} students{'' if agrees else '  ANOTHER VERDICT'}", flush=True
            )
        wall = time.perf_counter() - begun
        print(
            f"{len(runs)} networks on {runs[0].device} with {runs[0].backend}: {wall:.1f} s in all, the start of the "
            f"worker among them; {statistics.median(run.seconds for run in runs):.2f} s a run (median)"
        )
        reference = TrainingTask.model_validate(content["reference"])
        again = [trainer.run(reference.with_seed(seed)) for seed in range(1, starts + 1)]
    passed = sum(run.score >= minimum for run in again)
    lowest, seconds = min(run.score for run in again), statistics.median(run.seconds for run in again)
    print(
        f"the solution from {starts} starts: {passed} reach {minimum:.3f}; the lowest {lowest:.3f}, "
        f"{seconds:.2f} s a run (median)"
    )
    return 0 if same and passed == starts else 1


def told(run: TrainingRun) -> str:
    steps = " ".join(f"{value:.3f}" for value in run.validation_accuracy)
    return f"{run.seconds:6.2f} s  {run.outcome}{': ' + run.problem if run.problem else ''}  {run.ended}  {steps}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the tasks of a graded class")
    parser.add_argument("--starts", type=int, default=STARTS)
    parser.add_argument("what", nargs="+", help="FILE to train; with --write an assignment and a report folder")
    chosen = parser.parse_args()
    if chosen.write:
        assignment, report = chosen.what
        write(chosen.write, assignment, Path(report))
        return 0
    (path,) = chosen.what
    return measure(Path(path), chosen.starts)


if __name__ == "__main__":
    sys.exit(main())
