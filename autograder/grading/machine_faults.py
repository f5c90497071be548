"""Failures caused by the machine, not the student: a missing package, device, network or file, or a resource limit.

They are recognised by what is known outside the student's kernel: the statement that failed, what is installed here,
what the sandbox provides and why it ended a cell. The type and text of an exception, which a student could raise, can
only tell that a failure is the student's. A machine's fault costs no points by itself: a question that leaves nothing
to judge needs review.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

from autograder.checks.base import NotebookCell, Question
from autograder.core.language import gettext_noop
from autograder.core.messages import NOTHING, Message, message
from autograder.grading.imports import imported_modules, is_missing, modules_of_line
from autograder.grading.statements import failing_statement, paths_of
from autograder.records.evidence import CellRun, Evidence, Failure
from autograder.records.machine import GPU, KNOWN_PACKAGES, OF_TORCH, TORCH
from autograder.records.result import Finding, Verdict

_NETWORK = re.compile(
    r"urlretrieve|urlopen|requests\.get|\bget_file\(|kagglehub|gdown|tfds\.load|load_dataset\(|hub\.load|https?://|"
    r"weights\s*=\s*['\"]imagenet|\bfetch_(?:openml|mldata|olivetti_faces|lfw_\w+|california_housing|20newsgroups)\("
)
_DATA_SET = re.compile(
    r"\b(mnist|fashion_mnist|cifar10|cifar100|imdb|reuters|boston_housing|california_housing)"
    r"\.(?:load_data|get_word_index)\("
)
_READ = re.compile(r"read_\w+\(|open\(|load\w*\(|imread\(|loadtxt\(|genfromtxt\(|flow_from_directory\(|listdir\(")
_WRITE = re.compile(
    r"\bto_\w+\(|\bsave\w*\(|\bdump\w*\(|\.write\w*\(|['\"][wax]b?\+?['\"]|imwrite\(|Checkpoint\(|%%writefile"
)
_FILE = re.compile(
    r"['\"]([^'\"\n]{0,200}?([^'\"/\\\n]{1,80}(\.(?:csv|tsv|txt|json|npy|npz|h5|hdf5|keras|png|jpe?g|zip|xlsx?|pkl|mat))))"
    r"['\"]"
)
_FOLDER = re.compile(
    r"(?:listdir|scandir|\w+_from_directory|ImageFolder)\((?:\w+=)?['\"]([^'\"\n]{1,200})['\"]|"
    r"['\"]([^'\"\n]{1,200})['\"]\.iterdir\("
)
_FOLDER_ALONE = re.compile(r"['\"]([^'\"\n]{1,200})['\"]")
_MAKES = re.compile(r"mkdir|makedirs|extractall|unpack_archive|copytree|unzip")
_IS_THERE = re.compile(r"(?:exists|isfile|isdir|is_file|is_dir)\(")
# Failures of the code itself, whatever the machine has.
_OWN_FAILURES = frozenset(
    {"NameError", "UnboundLocalError", "SyntaxError", "IndentationError", "TabError", "ZeroDivisionError"}
)
# What the packages that use Graphviz call to run its program.
_DRAWS = re.compile(r"\.(?:render|pipe|view|create\w*|write\w*)\(")
_GRAPHVIZ = frozenset({"graphviz", "pydot", "pydotplus"})
# What tells whether there is a GPU, and the variable that holds the answer.
_ASKS_FOR_GPU = re.compile(
    r"gpu_device_name|is_gpu_available|cuda\.is_available|list_(?:physical|logical)_devices\(\s*['\"]GPU", re.IGNORECASE
)
_ASSIGNED = re.compile(r"\s*(\w+)\s*=(?!=)")
# Verdicts of these codes say that no training was seen, which a fault of the machine explains as well.
_UNTRAINED = frozenset(
    {
        "number.nothing_trained",
        "number.no_such_run",
        "figure.nothing_trained",
        "figure.not_trained",
        "figure.no_curve",
        "array.nothing_trained",
        "array.few_trained",
    }
)
_TRAINING = re.compile(r"\.(?:fit|fit_generator|evaluate|predict)\(")
_LOOP = re.compile(r"(?m)^\s*while\b")

# How to fix it, for the lecturer, by the code of a fault.
_REMEDIES: Mapping[str, tuple[str, str]] = {
    "machine.package": (
        "remedy.package",
        gettext_noop(
            'Name it under [environment] in assignment.toml, `packages = ["{distribution}"]`, run `autograder setup`, '
            "and grade again."
        ),
    ),
    "machine.torch": (
        "remedy.torch",
        gettext_noop("Install {build} where notebooks are run (`make torch`), then grade again."),
    ),
    "machine.graphviz": (
        "remedy.graphviz",
        gettext_noop("Install Graphviz where notebooks are run (the system's package graphviz), then grade again."),
    ),
    "machine.gpu": (
        "remedy.gpu",
        gettext_noop("Notebooks see no GPU here, so nothing can be installed: decide in `autograder review`."),
    ),
    "machine.network": (
        "remedy.network",
        gettext_noop(
            "Notebooks have no network here: decide in `autograder review`, or have the data read from Keras."
        ),
    ),
    "machine.file": (
        "remedy.file",
        gettext_noop("Ask for the file, or look at the notebook in `autograder review`."),
    ),
    "machine.folder": (
        "remedy.folder",
        gettext_noop("Ask for the folder, or look at the notebook in `autograder review`."),
    ),
    "machine.memory": (
        "remedy.memory",
        gettext_noop("Allow more under [observe] in assignment.toml: `limits = {{ memory_mb = {more} }}`"),
    ),
    "machine.busy": (
        "remedy.busy",
        gettext_noop("Grade again when the machine is less busy, or with fewer --workers."),
    ),
    "machine.time": (
        "remedy.time",
        gettext_noop("Allow more under [observe] in assignment.toml: `limits = {{ cell_seconds = {more} }}`"),
    ),
}


@dataclass(frozen=True)
class _Notebook:
    """The code cells of a notebook, and what it has been given."""

    sources: Sequence[str]
    provided: frozenset[str]
    given: frozenset[str]

    @cached_property
    def paths(self) -> dict[str, str]:
        return paths_of(self.sources)

    @cached_property
    def writes(self) -> str:
        """The lines that write files or make folders, with the paths that their names stand for."""
        lines = [
            line
            for source in self.sources
            for line in source.splitlines()
            if _WRITE.search(line) or _MAKES.search(line)
        ]
        named = {word for line in lines for word in re.findall(r"\w+", line)} & self.paths.keys()
        return "\n".join([*lines, *(f"'{self.paths[name]}'" for name in sorted(named))])


def machine_faults(
    evidence: Evidence,
    sources: Sequence[str],
    provided: frozenset[str] = frozenset(),
    given: frozenset[str] = frozenset(),
) -> dict[int, Message]:
    """What the machine lacked, by the index of the code cell that failed because of it.

    `sources` are the code cells, `provided` the top-level names of the assignment's packages, and `given` the names of
    its data sets, files and folders, which notebooks have.
    """
    faults, notebook = {}, _Notebook(sources, provided, given)
    for cell in evidence.cells:
        if cell.index < len(sources) and (fault := _fault(cell, evidence, notebook)):
            faults[cell.index] = fault
    return faults


def was_busy(evidence: Evidence, cell: int | None = None) -> bool:
    """Whether other load kept the code cell with this index (None: any cell) from finishing."""
    noted = [note.values.get("cell") for note in evidence.notes if note.code == "cell.machine_busy"]
    return bool(noted) if cell is None else cell + 1 in noted


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
    return note.code in _REMEDIES


def remedy(fault: Message) -> Message:
    """What a lecturer can do about it."""
    return message(*_REMEDIES[fault.code], **fault.values)


def cut_short(evidence: Evidence, cells: Sequence[NotebookCell], faults: Mapping[int, Message]) -> frozenset[str]:
    """The names assigned in cells that failed because the machine did; `cells` are the code cells."""
    first = min(faults, default=len(cells))
    runs = [run for run in evidence.cells if first <= run.index < len(cells) and run.status != "ok"]
    return frozenset(name for run in runs for name in cells[run.index].makes())


def pending_for(
    verdicts: Sequence[Verdict], questions: Sequence[Question], faults: Mapping[int, Message], cut: frozenset[str]
) -> tuple[Verdict, ...]:
    """The verdicts; those for which a fault of the machine may have left nothing to judge need review.

    For a question that asks for variables, that is so if a cell that was `cut_short` assigns one of them; and for any
    that found no training, which may have been cut short as well.
    """
    if not faults:
        return tuple(verdicts)
    hit = {one.id for one in questions if not one.variables() or cut & {*one.variables()}}
    hit = {one.id for one in verdicts if one.status == "not_reached" and one.id in hit}
    hit |= {one.id for one in verdicts if not one.score and _UNTRAINED & {finding.code for finding in one.findings}}
    reason = Finding(
        message=message(
            "machine.pending",
            "A person looks at this question, because of the machine: {reason}",
            reason=next(iter(faults.values())),
        )
    )
    return tuple(_pending(verdict, reason) if verdict.id in hit else verdict for verdict in verdicts)


def _pending(verdict: Verdict, reason: Finding) -> Verdict:
    """The verdict as one that waits for a person; its findings stay without hints, as the student did nothing wrong."""
    found = [one.model_copy(update={"hint": NOTHING}) for one in verdict.findings]
    return verdict.model_copy(update={"status": "needs_review", "score": 0.0, "findings": (reason, *found)})


def was_training(cell: CellRun, source: str) -> bool:
    """Whether a cell was training or evaluating a network, outside a `while` loop, when it reached the time limit.

    The line that was running decides; if it is unknown, the text of the cell.
    """
    lines = source.splitlines()
    number = cell.failure.line if cell.failure is not None else None
    if number is None or not 0 < number <= len(lines):
        return bool(_TRAINING.search(source)) and not _LOOP.search(source)
    return bool(_TRAINING.search(lines[number - 1])) and not _in_while(lines[:number])


def _in_while(lines: Sequence[str]) -> bool:
    """Whether the last of these lines is in a `while` loop."""
    indent = len(lines[-1]) - len(lines[-1].lstrip())
    for line in reversed(lines):
        text = line.lstrip()
        if text and len(line) - len(text) < indent:
            indent = len(line) - len(text)
            if _LOOP.match(line):
                return True
    return False


def _fault(cell: CellRun, evidence: Evidence, notebook: _Notebook) -> Message:
    source = notebook.sources[cell.index]
    if cell.status == "error" and cell.failure is not None:
        lines = source.splitlines()
        number = cell.failure.line or 0
        condition = _condition(lines[:number])
        if condition and _is_about_gpu(condition, notebook.sources):
            return message("machine.gpu", "The grading machine has no GPU for notebooks.")
        if _is_their_own(cell.failure):
            return NOTHING
        if condition and _IS_THERE.search(condition):
            at = max(place for place, line in enumerate(lines[:number], 1) if line == condition)
            return _of_missing(failing_statement(source, at, notebook.paths), notebook, is_condition=True)
        return _of_statement(failing_statement(source, number, notebook.paths), evidence, notebook)
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
    if cell.status == "timeout" and was_busy(evidence, cell.index):
        return message(
            "machine.busy",
            "The cell was stopped after {seconds:.0f} seconds, while the grading machine was busy with other work.",
            seconds=cell.seconds,
        )
    if cell.status == "timeout" and was_training(cell, source):
        return message(
            "machine.time",
            "Training or evaluating took longer than the {seconds:.0f} seconds that the cell had.",
            seconds=cell.seconds,
            more=max(120, 60 * round(4 * cell.seconds / 60)),
        )
    return NOTHING


def _is_their_own(failure: Failure) -> bool:
    """Whether the failure can only be the student's: the code could not be read, or has a wrong name."""
    return failure.name in _OWN_FAILURES or (failure.name == "AttributeError" and failure.message.startswith("module "))


def _condition(lines: Sequence[str]) -> str:
    """The line with the condition under which the last of these lines is the notebook's own stop: an `assert`, or the
    `if` above a `raise`; "" if it is none."""
    if not lines or not re.match(r"\s*(?:assert|raise)\b", lines[-1]):
        return ""
    indent = len(lines[-1]) - len(lines[-1].lstrip())
    if lines[-1].lstrip().startswith("assert"):
        return lines[-1]
    above = (line for line in reversed(lines[:-1]) if line.strip() and len(line) - len(line.lstrip()) < indent)
    return next((line for line in above if re.match(r"\s*(?:if|elif)\b", line)), "")


def _is_about_gpu(condition: str, sources: Sequence[str]) -> bool:
    """Whether a condition is about what tells whether there is a GPU."""
    held = {
        match[1]
        for source in sources
        for line in source.splitlines()
        if _ASKS_FOR_GPU.search(line) and (match := _ASSIGNED.match(line))
    }
    return bool(_ASKS_FOR_GPU.search(condition) or held & set(re.findall(r"\w+", condition)))


def _of_statement(statement: str, evidence: Evidence, notebook: _Notebook) -> Message:
    for name in modules_of_line(statement):
        if name in OF_TORCH and is_missing("torch", notebook.provided):
            return message("machine.torch", "PyTorch is not on the grading machine.", build=TORCH)
        if name in KNOWN_PACKAGES and is_missing(name, notebook.provided):
            return message(
                "machine.package",
                "The package {package} is not on the grading machine.",
                package=name,
                distribution=KNOWN_PACKAGES[name],
            )
    if _DRAWS.search(statement) and _GRAPHVIZ & imported_modules(notebook.sources) and shutil.which("dot") is None:
        return message("machine.graphviz", "The program Graphviz is not on the grading machine.")
    if GPU.search(statement):
        return message("machine.gpu", "The grading machine has no GPU for notebooks.")
    loaded = _DATA_SET.search(statement)
    downloads = _NETWORK.search(statement) or (loaded and loaded[1] not in notebook.given)
    if downloads and evidence.isolation != "none":
        return message("machine.network", "Notebooks are graded without a network, so nothing can be downloaded.")
    return _of_missing(statement, notebook) if _READ.search(statement) or _FOLDER.search(statement) else NOTHING


def _of_missing(statement: str, notebook: _Notebook, *, is_condition: bool = False) -> Message:
    """The file or the folder that a statement reads, or a condition asks for, and that nobody gave to the notebook."""
    if match := _FILE.search(statement):
        _, name, ending = match.groups()
        # If the notebook writes a file with a similar name, this name may be a misspelling of it.
        written = {found[1] for found in _FILE.findall(notebook.writes) if found[2] == ending}
        if name not in notebook.given and not get_close_matches(name, written):
            return message("machine.file", "The file {name} was not handed in with the notebook.", name=name)
        return NOTHING
    match = _FOLDER.search(statement) or (_FOLDER_ALONE.search(statement) if is_condition else None)
    name = (match and (match[1] or match[match.re.groups])) or ""
    name = name.rstrip("/").rpartition("/")[2]
    if re.search(r"\w", name) and name not in notebook.given and name not in notebook.writes:
        return message("machine.folder", "The folder {name} was not handed in with the notebook.", name=name)
    return NOTHING
