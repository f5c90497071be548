"""What notebooks import, read from their code: nothing is executed; cells that do not parse are read line by line."""

from __future__ import annotations

import ast
import functools
import importlib.metadata
import importlib.util
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from autograder.core.messages import Message, message
from autograder.intake import Submission, UnreadableSubmission
from autograder.intake.notebook import code_cells, parse_notebook
from autograder.observe.packages import PackagesMissing, normal
from autograder.records.machine import KNOWN_PACKAGES, OF_TORCH, TORCH

if TYPE_CHECKING:
    from autograder.assignment import Assignment

ImportPlace = Literal["autograder", "packages", "machine", "missing", "unknown"]

PLACE_NAMES: dict[ImportPlace, str] = {
    "autograder": "here",
    "packages": "here, because the assignment names it",
    "machine": "on this machine only",
    "missing": "missing",
    "unknown": "not known: a file of their own, or a misspelling",
}
# Longer cells are read line by line.
_LONGEST_PARSED = 100_000
_MOST_NAMES = 500
_LINE = re.compile(r"\s*(?:from\s+([\w.]+)\s+import\b|import\s+(.+))")
_SHELL = re.compile(r"^[ \t]*[!%].*$", re.M)
_OTHER_LANGUAGE = re.compile(
    r"\s*%%\s*(?:bash|cython|html|HTML|javascript|js|latex|markdown|perl|ruby|script|sh|sql|svg|SVG)\b"
)
_PIP = re.compile(r"^[ \t]*[!%]\s*(?:sudo\s+)?(?:python3?\s+-m\s+|uv\s+)?pip3?\s+install\s+([^\n;&|>#]{1,1000})", re.M)
_OPTIONS_WITH_VALUE = frozenset(
    {"-r", "-c", "-e", "-f", "-i", "-t", "--index-url", "--extra-index-url", "--find-links"}
)
_WRITTEN = re.compile(r"^%%writefile\s+(?:-a\s+)?(?:\S{0,200}/)?(\w{1,80})\.py\s*$", re.M)
# The kernel provides stand-ins for these.
_STOOD_IN = frozenset(
    {"autograder", "google", "kaggle", "kaggle_datasets", "kaggle_secrets", "otter", "tensorflow_datasets"}
)


@dataclass(frozen=True)
class ImportedPackage:
    """A package by the name it is imported as.

    `installed_as` is the name to install, "" if unknown; `submissions` counts those that import it, and `with_pip`
    those that install it themselves, which has no effect during grading.
    """

    module: str
    place: ImportPlace
    installed_as: str
    submissions: int
    with_pip: int = 0


@dataclass(frozen=True)
class ImportReport:
    """What a class imports, the most frequent first, without Python's own modules; `total` notebooks were read."""

    total: int
    packages: tuple[ImportedPackage, ...]

    @property
    def missing(self) -> tuple[ImportedPackage, ...]:
        """The packages that a course may want to provide and that are not on this machine."""
        return tuple(one for one in self.packages if one.place == "missing")


def import_report(submissions: Iterable[Submission], assignment: Assignment | None = None) -> ImportReport:
    """What these submissions import; those that cannot be read are left out.

    Args:
        submissions: the submissions; each is read, none is executed.
        assignment: its packages count as installed, if `autograder setup` has pinned them.

    Raises:
        InvalidLock: the assignment's lock file cannot be read.
    """
    provided = _provided(assignment)
    total, counts, installs = 0, Counter[str](), Counter[str]()
    for submission in submissions:
        try:
            cells = code_cells(parse_notebook(submission.read()))
        except UnreadableSubmission:
            continue
        total += 1
        counts.update(imported_modules(cells))
        installs.update(_installed_with_pip(cells))
    found = [
        ImportedPackage(name, place, _installed_as(name), count, installs[normal(_installed_as(name) or name)])
        for name, count in counts.items()
        if (place := _place(name, provided)) is not None
    ]
    return ImportReport(total, tuple(sorted(found, key=lambda one: (-one.submissions, one.module))))


def _provided(assignment: Assignment | None) -> frozenset[str]:
    try:
        lock = assignment.package_lock() if assignment is not None else None
    except PackagesMissing:
        lock = None
    return lock.modules if lock is not None else frozenset()


def imported_modules(cells: Sequence[str]) -> frozenset[str]:
    """The top-level names that code cells import, without modules that the notebook writes itself.

    An import inside `try` may fail, so it is left out.
    """
    names: set[str] = set()
    written: set[str] = set()
    for cell in cells:
        written.update(_WRITTEN.findall(cell[:_LONGEST_PARSED]))
        if "import" in cell and not _OTHER_LANGUAGE.match(cell):
            names.update(_modules_of_cell(cell))
        if len(names) > _MOST_NAMES:
            break
    return frozenset(sorted(names - written)[:_MOST_NAMES])


def modules_of_line(line: str) -> list[str]:
    """The top-level names that a line imports, read as text."""
    match = _LINE.match(line)
    if match is None:
        return []
    names = [match[1]] if match[1] else re.split(r"\s*,\s*", match[2])
    return [part.split()[0].partition(".")[0] for part in names if part and part.split()]


def is_missing(name: str, provided: frozenset[str] = frozenset()) -> bool:
    """Whether a top-level name can be imported neither here nor from an assignment's packages, which are `provided`."""
    if name in provided:
        return False
    try:
        return importlib.util.find_spec(name) is None
    except (ImportError, ValueError):
        return True


def packages_line(assignment: Assignment | None, missing: Sequence[ImportedPackage]) -> str:
    """The line of `assignment.toml` that makes these available."""
    own = assignment.environment.packages if assignment is not None else ()
    named = dict.fromkeys([*own, *(one.installed_as for one in missing)])
    return "packages = [" + ", ".join(f'"{one}"' for one in named) + "]"


def student_warnings(report: ImportReport) -> list[Message]:
    """Warnings for a student before handing in: packages that may be missing when the notebook is graded."""
    said = []
    for one in report.packages:
        if one.place == "missing":
            said.append(
                message(
                    "imports.missing",
                    "The package {package} is not here, and the assignment does not name it. When your notebook is "
                    "graded, a cell that needs it stops as it does here; that costs no points by itself, and your "
                    "lecturer is told.",
                    package=one.module,
                )
            )
        elif one.place == "machine":
            said.append(
                message(
                    "imports.machine",
                    "The package {package} is on your machine, but the assignment does not name it: it may be missing "
                    "when your notebook is graded.",
                    package=one.module,
                )
            )
    return said


def _modules_of_cell(cell: str) -> Iterator[str]:
    lines = cell[: 10 * _LONGEST_PARSED]
    try:
        if len(cell) > _LONGEST_PARSED:
            raise ValueError
        yield from _modules_of_statements(ast.parse(_SHELL.sub("", cell)).body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        for line in lines.splitlines():
            yield from (name for name in modules_of_line(line[:1000]) if name.isidentifier())


def _modules_of_statements(statements: Sequence[ast.stmt]) -> Iterator[str]:
    waiting: list[ast.AST] = [*statements]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.module and not node.level:
                yield node.module.partition(".")[0]
        elif isinstance(node, ast.Try):
            waiting += [*node.orelse, *node.finalbody]
        elif isinstance(node, ast.stmt):
            waiting += [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]


def _installed_with_pip(cells: Sequence[str]) -> frozenset[str]:
    """The packages that `!pip install` and the like name."""
    names: set[str] = set()
    for cell in cells:
        for arguments in _PIP.findall(cell[:_LONGEST_PARSED]):
            words = arguments.split()
            for before, word in zip(["", *words], words, strict=False):
                if not word.startswith("-") and before not in _OPTIONS_WITH_VALUE and "/" not in word:
                    names.add(normal(word.strip("'\"")))
    return frozenset(names - {""})


def _installed_as(module: str) -> str:
    return TORCH if module in OF_TORCH else KNOWN_PACKAGES.get(module, "")


def _place(module: str, provided: frozenset[str]) -> ImportPlace | None:
    """Where a module is installed; None for Python's own and for those with a stand-in in the kernel."""
    if module in sys.stdlib_module_names or module in _STOOD_IN:
        return None
    if module == "torchvision" and is_missing(module) and not is_missing("torch"):
        return None
    if module in provided:
        return "packages"
    if not is_missing(module):
        return "autograder" if module in _own_modules() else "machine"
    return "missing" if module in KNOWN_PACKAGES else "unknown"


@functools.cache
def _own_modules() -> frozenset[str]:
    """The top-level names of the packages that are installed with the autograder."""
    needed: set[str] = set()
    waiting = ["keras-autograder"]
    while waiting:
        name = normal(waiting.pop())
        if name in needed:
            continue
        needed.add(name)
        try:
            required = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        waiting += [one for one in required if "extra ==" not in one]
    return frozenset(
        module
        for module, owners in importlib.metadata.packages_distributions().items()
        if any(normal(owner) in needed for owner in owners)
    )
