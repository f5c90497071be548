"""What a student should know about the execution itself, apart from the questions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from autograder.checks.base import NotebookCell
from autograder.checks.diagnosis.shape_errors import Cause, explain
from autograder.core.messages import NOTHING, Message, in_turn, message, nmessage, phrase
from autograder.grading.error_hints import advice, missing_name
from autograder.grading.machine_faults import fault_note, was_training
from autograder.records.evidence import CellRun, Evidence, Failure
from autograder.records.execution_messages import failure_message
from autograder.records.result import Finding

_MOST_NAMED = 12
_INSTALLED = re.compile(r" \((?:/|[A-Za-z]:\\)[^()]{1,300}\)$")
_FILE = re.compile(r" \([\w-]{1,40}\.py, line \d+\)$")
# Notes on a cell that was stopped, which `run_notes` reports.
_REPORTED = frozenset({"cell.timeout", "cell.machine_busy"})


def run_notes(
    evidence: Evidence, cells: Sequence[NotebookCell] = (), faults: Mapping[int, Message] | None = None
) -> list[Finding]:
    """Which cells did not run to the end, and why, for the student.

    A cell that failed only because an earlier one did not define a name is reported with that one.

    Args:
        evidence: the evidence of the run.
        cells: the notebook.
        faults: what the machine lacked, by the index of the code cell.
    """
    notes = []
    sources = [cell.source for cell in cells if cell.kind == "code"]
    roots = _roots(evidence, [cell for cell in cells if cell.kind == "code"])
    followers = _followers(roots)
    for cell in evidence.cells:
        if cell.index in roots:
            continue
        where = message("where.code_cell", "code cell {number}", number=cell.index + 1)
        if faults and cell.index in faults:
            notes.append(fault_note(faults[cell.index], where))
        elif cell.status == "error" and cell.failure is not None:
            cause = _cause(evidence, cell)
            raised, look = _raised(cell.failure), advice(cell.failure)
            if cause is not None:
                # Keras ends most of its messages without a full stop.
                ended = raised if str(raised).endswith((".", "!", "?", "…")) else phrase("{said}.", said=raised)
                raised, look = in_turn(ended, cause.sentence(), code=raised.code), cause.hint
            after = followers.get(cell.index, NOTHING)
            notes.append(Finding(message=raised, where=where, hint=in_turn(look, after)))
        elif cell.status == "timeout":
            notes.append(
                Finding(
                    message=message(
                        "cell.stopped",
                        "This cell was still running after {seconds:.0f} seconds and was stopped.",
                        seconds=cell.seconds,
                    ),
                    where=where,
                    hint=_slow(cell, sources[cell.index] if cell.index < len(sources) else ""),
                )
            )
        elif cell.status == "died":
            notes.append(
                Finding(
                    message=message("cell.died", "The kernel died in this cell."),
                    where=where,
                    hint=message(
                        "hint.kept_before",
                        "What your notebook had built before still counts; what came after could not run.",
                    ),
                )
            )
    skipped = sum(cell.status == "not_run" for cell in evidence.cells)
    if skipped:
        sentence = nmessage(
            "cell.not_run",
            "{count} later code cell was not run.",
            "{count} later code cells were not run.",
            skipped,
            count=skipped,
        )
        notes.append(Finding(message=sentence))
    return notes


def _slow(cell: CellRun, source: str) -> Message:
    """What to look at in a cell that ran too long."""
    if was_training(cell, source):
        return message(
            "hint.long_training",
            "Training or evaluating took most of the time here. Give it a cell of its own; what your notebook had "
            "built before still counts.",
        )
    return message(
        "hint.endless_loop",
        "Look for a loop that never ends, or for work that is much larger than the exercise needs.",
    )


def _cause(evidence: Evidence, cell: CellRun) -> Cause | None:
    """Which shapes did not fit, if that is why a cell failed."""
    if cell.failure is None:
        return None
    found = (one for one in evidence.failures if one.cell == cell.index and one.error == cell.failure.name)
    failure = next(found, None)
    return None if failure is None else explain(failure)


def grader_notes(evidence: Evidence) -> list[Finding]:
    """What the grader noted besides what `run_notes` reports; a stopped cell is reported there."""
    return [Finding(message=note) for note in evidence.notes if note.code not in _REPORTED]


def _roots(evidence: Evidence, written: Sequence[NotebookCell]) -> dict[int, int]:
    """For each code cell that failed because a name was missing, the index of the cell that caused it."""
    roots: dict[int, int] = {}
    makers: dict[str, int] = {}
    for cell in evidence.cells:
        if cell.status != "error" or cell.failure is None or cell.index >= len(written):
            continue
        maker = makers.get(missing_name(cell.failure))
        if maker is not None:
            roots[cell.index] = roots.get(maker, maker)
        makers |= dict.fromkeys(written[cell.index].makes(), cell.index)
    return roots


def _followers(roots: Mapping[int, int]) -> dict[int, Message]:
    """For each cell that caused others to fail, what to say about those."""
    numbers: dict[int, list[str]] = {}
    for cell, root in roots.items():
        numbers.setdefault(root, []).append(str(cell + 1))
    return {root: _failed_too(cells) for root, cells in numbers.items()}


def _failed_too(cells: Sequence[str]) -> Message:
    if len(cells) == 1:
        return message("cell.failed_too", "Code cell {cell} failed only because this one did.", cell=cells[0])
    if len(cells) > _MOST_NAMED:
        return message(
            "cell.many_failed_too",
            "{count:,} later code cells, from {cell} on, failed only because this one did.",
            count=len(cells),
            cell=cells[0],
        )
    return message(
        "cell.several_failed_too", "Code cells {cells} failed only because this one did.", cells=tuple(cells)
    )


def _raised(failure: Failure) -> Message:
    if failure.name == "StdinNotImplementedError":
        return message("cell.input", "Here input() waits for a keyboard, and nobody types while a notebook is graded.")
    what = failure_message(failure.model_copy(update={"message": _first_line(failure.message)})) or phrase("no message")
    if not failure.line:
        return message("cell.error", "{error}: {message}", error=failure.name, message=what)
    return message(
        "cell.error_in_line", "{error} in line {line}: {message}", error=failure.name, line=failure.line, message=what
    )


def _first_line(text: str) -> str:
    first = text.strip().splitlines()[0] if text.strip() else ""
    # The path of an installed module, or of IPython's temporary file with the cell, does not help the reader.
    first = _FILE.sub("", _INSTALLED.sub("", first))
    return first if len(first) <= 300 else first[:299] + "…"
