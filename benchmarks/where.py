"""Where the time of a graded class went, from the durations of every stage in the gradebook."""

from __future__ import annotations

from pathlib import Path

from autograder.records.store import GRADEBOOK_FILE, Gradebook


def phases(report: Path) -> None:
    """Print how many seconds each stage took, over all cores."""
    with Gradebook(report / GRADEBOOK_FILE) as gradebook:
        evidence, runs = {}, {}
        for stored in gradebook.results():
            keys = stored.result.keys
            found = gradebook.evidence(keys["evidence"])
            if found is not None:
                evidence[found.key] = found.seconds
            for key in filter(None, keys["training"].split(",")):
                run = gradebook.training_run(key)
                if run is not None:
                    runs[key] = run.seconds
    print("\nwhere the time went (seconds of one core):")
    print(f"  observe  {sum(evidence.values()):7.1f}  {len(evidence)} notebooks, {mean(evidence):.2f} each")
    print(f"  train    {sum(runs.values()):7.1f}  {len(runs)} networks, {mean(runs):.2f} each")


def mean(seconds: dict[str, float]) -> float:
    return sum(seconds.values()) / max(len(seconds), 1)
