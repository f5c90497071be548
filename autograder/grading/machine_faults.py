"""Failures caused by the machine, not the student: a missing package, device, network or file, or a resource limit.

They are recognised by what is known outside the student's kernel: the text of the cell, what is installed here, what
the sandbox provides and why it ended a cell. The text of an exception, which a student could raise, is not used. A
machine's fault costs no points by itself: a question that leaves nothing to judge needs review.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping, Sequence

from autograder.checks.base import NotebookCell, Question
from autograder.core.language import gettext_noop
from autograder.core.messages import NOTHING, Message, message
from autograder.records.evidence import CellRun, Evidence
from autograder.records.machine import GPU, KNOWN_PACKAGES
from autograder.records.result import Finding, Verdict

_IMPORT = re.compile(r"\s*(?:from\s+([\w.]+)\s+import\b|import\s+(.+))")
_NETWORK = re.compile(
    r"urlretrieve|urlopen|requests\.get|\bget_file\(|kagglehub|gdown|tfds\.load|load_dataset\(|hub\.load|https?://|"
    r"weights\s*=\s*['\"]imagenet"
)
_READ = re.compile(r"read_\w+\(|open\(|load\w*\(|imread\(|loadtxt\(|genfromtxt\(|flow_from_directory\(|listdir\(")
_FILE = re.compile(
    r"['\"]([^'\"\n]{0,200}?([^'\"/\\\n]{1,80}(\.(?:csv|tsv|txt|json|npy|npz|h5|hdf5|keras|png|jpe?g|zip|xlsx?|pkl|mat))))"
    r"['\"]"
)
_TRAINING = re.compile(r"\.(?:fit|fit_generator|evaluate|predict)\(")
_LOOP = re.compile(r"(?m)^\s*while\b")

# How to fix it, for the lecturer, by the code of a fault.
_MENDS: Mapping[str, tuple[str, str]] = {
    "machine.package": (
        "mend.package",
        gettext_noop("Install it where notebooks are run, then grade again: `pip install {distribution}`"),
    ),
    "machine.gpu": (
        "mend.gpu",
        gettext_noop("Notebooks see no GPU here, so nothing can be installed: decide in `autograder review`."),
    ),
    "machine.network": (
        "mend.network",
        gettext_noop(
            "Notebooks have no network here: decide in `autograder review`, or have the data read from Keras."
        ),
    ),
    "machine.file": (
        "mend.file",
        gettext_noop("Ask for the file, or look at the notebook in `autograder review`."),
    ),
    "machine.memory": (
        "mend.memory",
        gettext_noop("Allow more under [observe] in assignment.toml: `limits = {{ memory_mb = {more} }}`"),
    ),
    "machine.time": (
        "mend.time",
        gettext_noop("Allow more under [observe] in assignment.toml: `limits = {{ cell_seconds = {more} }}`"),
    ),
}


def machine_faults(evidence: Evidence, sources: Sequence[str]) -> dict[int, Message]:
    """What the machine lacked, by the index of the code cell that failed for it; `sources` are the code cells."""
    faults = {}
    for cell in evidence.cells:
        if cell.index < len(sources) and (fault := _fault(cell, evidence, sources)):
            faults[cell.index] = fault
    return faults


def fault_note(fault: Message, where: Message) -> Finding:
    """The note that a student reads about it."""
    hint = message(
        "hint.machine",
        "That costs no points by itself: what your notebook left is judged, and where nothing is left a person looks "
        "at your code.",
    )
    return Finding(message=fault, where=where, hint=hint)


def is_fault(note: Finding) -> bool:
    """Whether a note on a submission reports a machine fault."""
    return note.code in _MENDS


def mended_by(fault: Message) -> Message:
    """What a lecturer can do about it."""
    return message(*_MENDS[fault.code], **fault.values)


def cut_short(evidence: Evidence, cells: Sequence[NotebookCell], faults: Mapping[int, Message]) -> frozenset[str]:
    """The names assigned in cells that failed because the machine did; `cells` are the code cells."""
    first = min(faults, default=len(cells))
    runs = [run for run in evidence.cells if first <= run.index < len(cells) and run.status != "ok"]
    return frozenset(name for run in runs for name in cells[run.index].makes())


def pending_for(
    verdicts: Sequence[Verdict], questions: Sequence[Question], faults: Mapping[int, Message], cut: frozenset[str]
) -> tuple[Verdict, ...]:
    """The verdicts, with those marked as needing review for which the machine may have left nothing to judge.

    For a question that asks for variables, that is so if a cell that was `cut_short` assigns one of them.
    """
    if not faults:
        return tuple(verdicts)
    hit = {one.id for one in questions if not one.variables() or cut & {*one.variables()}}
    reason = Finding(
        message=message(
            "machine.pending",
            "A person looks at this question, because of the machine: {reason}",
            reason=next(iter(faults.values())),
        )
    )
    return tuple(
        verdict.model_copy(update={"status": "needs_review", "score": 0.0, "findings": (reason, *verdict.findings)})
        if verdict.status == "not_reached" and verdict.id in hit
        else verdict
        for verdict in verdicts
    )


def _fault(cell: CellRun, evidence: Evidence, sources: Sequence[str]) -> Message:
    source = sources[cell.index]
    if cell.status == "error" and cell.failure is not None:
        lines = source.splitlines()
        number = cell.failure.line or 0
        line = lines[number - 1] if 0 < number <= len(lines) else ""
        return _of_line(line, evidence, sources)
    if cell.status == "died":
        for note in evidence.notes:
            if note.code == "cell.memory" and note.values.get("cell") == cell.index + 1:
                megabytes = note.values.get("megabytes")
                more = 2 * megabytes if isinstance(megabytes, int) else 4096
                return message(
                    "machine.memory",
                    "The cell needed more memory than the {megabytes} MB that it had.",
                    megabytes=megabytes,
                    more=more,
                )
    if cell.status == "timeout" and _TRAINING.search(source) and not _LOOP.search(source):
        return message(
            "machine.time",
            "Training or evaluating took longer than the {seconds:.0f} seconds that the cell had.",
            seconds=cell.seconds,
            more=max(120, 60 * round(4 * cell.seconds / 60)),
        )
    return NOTHING


def _of_line(line: str, evidence: Evidence, sources: Sequence[str]) -> Message:
    for name in _imported(line):
        if name in KNOWN_PACKAGES and _missing(name):
            return message(
                "machine.package",
                "The package {package} is not on the grading machine.",
                package=name,
                distribution=KNOWN_PACKAGES[name],
            )
    if GPU.search(line):
        return message("machine.gpu", "The grading machine has no GPU for notebooks.")
    if _NETWORK.search(line) and evidence.isolation != "none":
        return message("machine.network", "Notebooks are graded without a network, so nothing can be downloaded.")
    if _READ.search(line) and (match := _FILE.search(line)):
        _, name, ending = match.groups()
        # If the notebook names other files of the kind, it may have written this one itself, under another name.
        named = {found[1] for source in sources for found in _FILE.findall(source) if found[2] == ending}
        if named == {name}:
            return message("machine.file", "The file {name} was not handed in with the notebook.", name=name)
    return NOTHING


def _imported(line: str) -> list[str]:
    match = _IMPORT.match(line)
    if match is None:
        return []
    names = [match[1]] if match[1] else re.split(r"\s*,\s*", match[2])
    return [part.split()[0].partition(".")[0] for part in names if part and part.split()]


def _missing(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is None
    except (ImportError, ValueError):
        return True
