"""What a student should know of the execution itself, beside the questions."""

from __future__ import annotations

from autograder.evidence import Evidence
from autograder.result import Finding
from autograder.slips import advice


def run_notes(evidence: Evidence) -> list[Finding]:
    """Which cells did not run to their own end, and why, for the student."""
    notes = []
    for cell in evidence.cells:
        where = f"code cell {cell.index + 1}"
        if cell.status == "error" and cell.failure is not None:
            line = f" in line {cell.failure.line}" if cell.failure.line else ""
            notes.append(
                Finding(
                    message=f"{cell.failure.name}{line}: {_first_line(cell.failure.message)}",
                    where=where,
                    hint=advice(cell.failure),
                )
            )
        elif cell.status == "timeout":
            notes.append(
                Finding(
                    message=f"This cell was still running after {cell.seconds:.0f} seconds and was stopped.",
                    where=where,
                    hint="Look for a loop that never ends, or for work that is much larger than the exercise needs.",
                )
            )
        elif cell.status == "died":
            notes.append(
                Finding(
                    message="The kernel died in this cell.",
                    where=where,
                    hint="What your notebook had built before still counts; what came after could not run.",
                )
            )
    skipped = sum(cell.status == "not_run" for cell in evidence.cells)
    if skipped:
        were = "cell was" if skipped == 1 else "cells were"
        notes.append(Finding(message=f"{skipped} later code {were} not run."))
    return notes


def _first_line(message: str) -> str:
    first = message.strip().splitlines()[0] if message.strip() else "no message"
    return first if len(first) <= 300 else first[:299] + "…"
