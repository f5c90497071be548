"""External tests that an instructor already has: otter's `autograder.zip`, `tests/` or notebook, nbgrader's source.

Nothing is unpacked or executed; everything that is read is bounded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from autograder import datasets
from autograder.assignment.model import Assignment, ObserveTable
from autograder.assignment.validation import AssignmentError
from autograder.checks.external_tests import Tests
from autograder.core.errors import UserError
from autograder.intake.archive import list_archive
from autograder.intake.notebook import parse_notebook
from autograder.intake.submission import UnreadableSubmission
from autograder.observe.limits import Limits
from autograder.records.external_tests.model import ExternalTestsError, NbgraderCell, Suite
from autograder.records.external_tests.nbgrader import joined_cells, read_source
from autograder.records.external_tests.otter import read_specification, read_test_file

MAX_TEST_FILE_BYTES = 20 * 2**20
MAX_TEST_FILES = 500
# Tests may check the results of the student's training, so it is not shortened and gets more time.
_OBSERVE = ObserveTable(training="full", limits=Limits(cell_seconds=180, total_seconds=900))


def is_external(path: Path) -> bool:
    """Whether a path looks like external tests, which are then an assignment on their own."""
    if path.is_dir():
        return any(True for folder in (path, path / "tests") for _ in folder.glob("*.py"))
    return path.is_file() and path.suffix.lower() in (".zip", ".py", ".ipynb")


def read_suites(path: Path) -> tuple[Suite, ...]:
    """The external tests at a path, one suite for each question, in the order of their names or of the notebook.

    Raises:
        ExternalTestsError: there are none, or they cannot be used.
    """
    if path.suffix.lower() == ".ipynb" and path.is_file():
        suites = _of_notebook(path)
    else:
        texts = _texts(path)
        if len(texts) > MAX_TEST_FILES:
            raise ExternalTestsError(f"{path} holds more than {MAX_TEST_FILES} test files.")
        suites = tuple(read_test_file(text, f"{path}: {name}") for name, text in texts.items())
    if not suites:
        raise ExternalTestsError(
            f"{path} holds no tests: name otter's autograder.zip or tests folder, a test file of otter's, or the "
            "source notebook of an nbgrader assignment."
        )
    return suites


def chosen(suites: Sequence[Suite], names: Sequence[str], where: str) -> Suite:
    """The suite with this name; several nbgrader cells make one suite.

    Raises:
        ExternalTestsError: none has that name.
    """
    found = []
    for name in names:
        one = next((suite for suite in suites if name in (suite.name, identity(suite.name))), None)
        if one is None:
            known = ", ".join(suite.name for suite in suites[:20])
            raise ExternalTestsError(f'{where}: there are no tests called "{name}"; there are {known}.')
        found.append(one)
    if len(found) == 1:
        return found[0]
    if not all(suite.platform == "nbgrader" and not suite.manual for suite in found):
        raise ExternalTestsError(f"{where}: only test cells of nbgrader's can be joined to one question.")
    return joined_cells(found)


def identity(name: str) -> str:
    """The question id for the name of a test: "q1.1" becomes q1_1."""
    plain = re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")
    return (plain if plain[:1].isalpha() else f"q{plain}")[:64]


def question_table(suite: Suite, file: str) -> dict[str, Any]:
    """The table of a question about these tests, as `assignment.toml` would have it."""
    return {
        "kind": "tests",
        "id": identity(suite.name),
        "title": suite.name,
        "points": suite.points,
        "file": file,
        "name": suite.name,
        "suite": suite.model_dump(mode="json"),
    }


def further_tables(suites: Iterable[Suite], file: str, taken: Iterable[str]) -> list[dict[str, Any]]:
    """A table for each suite that has no question yet; suites without points are left out."""
    ids = set(taken)
    tables = []
    for suite in suites:
        table = question_table(suite, file)
        if suite.points > 0 and table["id"] not in ids:
            ids.add(table["id"])
            tables.append(table)
    return tables


def external_assignment(path: Path) -> Assignment:
    """An assignment that consists of the external tests at a path.

    Raises:
        AssignmentError: there are none that earn points.
    """
    try:
        suites = read_suites(path)
        tables = further_tables(suites, path.name, ())
    except UserError as error:
        raise AssignmentError([str(error)]) from None
    if not tables:
        raise AssignmentError([f"{path}: its tests are worth no points; is it otter's or nbgrader's own file?"])
    name = _name(path)
    return Assignment(
        file=path,
        name=name,
        title=_title(path),
        language="en",
        notebook_path=path if path.suffix.lower() == ".ipynb" else path.with_name(f"{name}.ipynb"),
        solution_path=None,
        networks={},
        observe=_OBSERVE.model_copy(update={"datasets": tuple(sorted(datasets.digests()))}),
        questions=tuple(Tests.model_validate(table) for table in tables),
    )


def two_sources(suites: Iterable[Suite]) -> bool:
    """Whether nbgrader cells with one name have different content, so that no notebook can hold both."""
    known: dict[str, str] = {}
    cells = (test for suite in suites for test in suite.tests if isinstance(test, NbgraderCell))
    return any(known.setdefault(cell.name, cell.source) != cell.source for cell in cells)


def _texts(path: Path) -> dict[str, str]:
    """The texts of otter's test files by name: of a file, of the folder or its folder `tests`, or of a zip."""
    try:
        if path.is_dir():
            folder = path / "tests" if any((path / "tests").glob("*.py")) else path
            files = sorted(file for file in folder.glob("*.py") if file.is_file())[: MAX_TEST_FILES + 1]
            return {file.name: _text(_bounded(file), file.name) for file in files}
        if path.suffix.lower() == ".py":
            return {path.name: _text(_bounded(path), path.name)}
        listing = list_archive(path)
        entries = [entry for entry in listing.files if re.fullmatch(r"(?:[^/]+/)?tests/[^/]+\.py", entry.path)]
        return {
            entry.name: _text(entry.fetch(MAX_TEST_FILE_BYTES), entry.path) for entry in entries[: MAX_TEST_FILES + 1]
        }
    except OSError as error:
        raise ExternalTestsError(f"{path} cannot be read: {error.strerror}.") from None
    except (UnreadableSubmission, UserError) as error:
        raise ExternalTestsError(f"{path}: {error}") from None


def _of_notebook(path: Path) -> tuple[Suite, ...]:
    try:
        notebook = parse_notebook(_bounded(path))
    except OSError as error:
        raise ExternalTestsError(f"{path} cannot be read: {error.strerror}.") from None
    except UnreadableSubmission as error:
        raise ExternalTestsError(f"{path}: {error}") from None
    otter = notebook.metadata.get("otter")
    tests = otter.get("tests") if isinstance(otter, Mapping) else None
    if isinstance(tests, Mapping):
        return tuple(
            read_test_file(test, f"{path}: {name}")
            if isinstance(test, str)
            else read_specification(test, f"{path}: {name}")
            for name, test in tests.items()
        )
    return read_source(notebook.cells, str(path))


def _bounded(path: Path) -> bytes:
    with path.open("rb") as stream:
        content = stream.read(MAX_TEST_FILE_BYTES + 1)
    if len(content) > MAX_TEST_FILE_BYTES:
        raise ExternalTestsError(f"{path} is larger than {MAX_TEST_FILE_BYTES // 2**20} MB.")
    return content


def _text(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ExternalTestsError(f"{name} is not text in UTF-8.") from None


def _title(path: Path) -> str:
    """The title in otter's own settings, else the name of the file, or of the folder around `tests`."""
    if path.suffix.lower() == ".zip":
        listing = list_archive(path)
        settings = next((entry for entry in listing.files if entry.path == "otter_config.json"), None)
        try:
            said = json.loads(settings.fetch(MAX_TEST_FILE_BYTES)) if settings else {}
        except (UnreadableSubmission, ValueError, RecursionError):
            said = {}
        name = said.get("assignment_name") if isinstance(said, dict) else None
        if isinstance(name, str) and name.strip():
            return name.strip()[:200]
    whole = path.resolve()
    return (whole.parent if whole.name == "tests" else whole).stem or "tests"


def _name(path: Path) -> str:
    plain = re.sub(r"[^a-z0-9]+", "-", _title(path).casefold()).strip("-")
    return plain[:64] or "tests"
