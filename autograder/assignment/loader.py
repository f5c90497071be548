"""`assignment.toml` read and checked: all problems in it are reported at once.

```toml
name = "cnn2"                       # as `autograder grade` is given it; small letters, digits, - and _
title = "Add the missing layers"
language = "en"                     # optional: the language of all texts for students (docs/languages.md)
notebook = "cnn2.ipynb"             # what students get; paths are relative to this file's folder
solution = "../../solutions/cnn2/cnn2.ipynb"
tests = "autograder.zip"            # optional: otter's or nbgrader's tests, for the questions that have no table below

[networks.model]                    # one table for each network, by the variable that holds it in the notebook
table = "cnn2.summary.txt"          # optional: the summary that the handout prints, with its START and END lines
training = { epochs = 5 }           # optional: what differs from [training] for this network

[training]                          # how networks are trained to judge them: a `Recipe`
dataset = "mnist"
train = 2400
validation = 600
epochs = 2
batch_size = 16
validations = 4

[observe]                           # optional: how notebooks are run
training = "short"                  # "short" cuts the student's own fit to a few steps, "full" runs it whole
keras = "any"                       # "any" understands names of Keras 1 and 2, "3" does not (docs/compatibility.md)
datasets = ["mnist"]                # optional: what the notebook may load, by default what [training] names
limits = { cell_seconds = 60 }      # optional: a `Limits`

[environment]                       # optional: packages for notebooks besides the autograder's own libraries
packages = ["plotly", "tqdm>=4.66"] # `autograder setup cnn2` installs them

[[questions]]                       # one table for each question, in the order of the page
kind = "architecture"               # any installed kind; the other keys depend on the kind
id = "missing_layers"               # the column in grades.csv
title = "The missing layers"
points = 5
network = "model"

[[questions]]
kind = "accuracy"
id = "accuracy"
title = "The accuracy"
points = 3
network = "model"
depends = { question = "missing_layers", share = 0.5 }   # an earlier question, and what share of its points is needed
```
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from autograder.assignment.declared_datasets import (
    declared_base_models,
    declared_datasets,
    recipe_on,
    unknown_dataset,
)
from autograder.assignment.external_tests import (
    chosen,
    external_assignment,
    further_tables,
    identity,
    is_external,
    question_table,
    read_suites,
    two_sources,
)
from autograder.assignment.model import (
    Assignment,
    DeclaredBaseModel,
    DeclaredDataset,
    EnvironmentTable,
    NetworkSpec,
    ObserveTable,
)
from autograder.assignment.question_problems import dependency_problems, hidden_problems, network_problems
from autograder.assignment.validation import AssignmentError, did_you_mean, language_problem, question_place, validated
from autograder.checks.base import Question
from autograder.checks.registry import UnknownKind, UnusableKind, find_kind, known_kinds
from autograder.core.data import Data
from autograder.core.errors import UserError
from autograder.core.package_files import PACKAGE, SAMPLES
from autograder.network.table import SummaryTable, TableError, parse_table
from autograder.records.external_tests.model import Suite
from autograder.records.training import Recipe

ASSIGNMENT_FILE = "assignment.toml"


class _File(Data):
    """The keys of the file itself; its tables are read one by one, so that one mistake does not hide the others."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")
    title: str = Field(min_length=1, max_length=200)
    language: str = Field(default="en", pattern=r"^[a-z]{2}$")
    frameworks: tuple[Literal["keras", "torch"], ...] = ()
    notebook: str = Field(min_length=1)
    solution: str = Field(min_length=1)
    tests: str | None = Field(default=None, min_length=1)
    datasets: dict[str, dict[str, Any]] = {}
    base_models: dict[str, dict[str, Any]] = {}
    networks: dict[str, dict[str, Any]] = {}
    observe: dict[str, Any] = {}
    environment: dict[str, Any] = {}
    training: dict[str, Any] | None = None
    questions: tuple[dict[str, Any], ...] = Field(min_length=1)


class _FileOfTests(_File):
    """A file whose questions may all come from external tests."""

    questions: tuple[dict[str, Any], ...] = ()


class _Network(Data):
    table: str | None = None
    training: dict[str, Any] | None = None
    counts: Literal["best", "last"] = "best"


def search_path() -> tuple[Path, ...]:
    """The folders whose subfolders are assignments: here, in the checkout that the package runs from, in its wheel."""
    ours = (PACKAGE.parent / "assignments", SAMPLES / "assignments")
    return (Path.cwd() / "assignments", *(folder for folder in ours if folder.is_dir()))


def load(path_or_name: str, *, search: Sequence[Path] | None = None) -> Assignment:
    """The assignment of this name under one of the folders `search`, or in this folder, or in this file.

    Args:
        path_or_name: "cnn2", a folder that holds an `assignment.toml`, or the file itself; or otter's
            `autograder.zip` or `tests` folder, or an nbgrader source, which are an assignment by themselves.
        search: where names are looked up, first match first; `search_path()` by default.

    Raises:
        AssignmentError: there is no such assignment, or it has problems: one sentence for each.
    """
    folders = search_path() if search is None else search
    given = Path(path_or_name)
    named = given.name == path_or_name and any(
        (folder / path_or_name / ASSIGNMENT_FILE).is_file() for folder in folders
    )
    if not named and not (given / ASSIGNMENT_FILE).is_file() and is_external(given):
        return external_assignment(given)
    return _Reader(_find(path_or_name, folders)).read()


def _find(path_or_name: str, search: Sequence[Path]) -> Path:
    given = Path(path_or_name)
    if given.name == path_or_name:
        for folder in search:
            if (folder / path_or_name / ASSIGNMENT_FILE).is_file():
                return folder / path_or_name / ASSIGNMENT_FILE
    if given.is_dir():
        if (given / ASSIGNMENT_FILE).is_file():
            return given / ASSIGNMENT_FILE
        raise AssignmentError([f"{given} holds no {ASSIGNMENT_FILE}; name the folder that does, or an assignment."])
    if given.is_file():
        if given.suffix == ".toml":
            return given
        raise AssignmentError([f"{given} is not an assignment; name its folder, or its {ASSIGNMENT_FILE}."])
    known = sorted({file.parent.name for folder in search for file in folder.glob(f"*/{ASSIGNMENT_FILE}")})
    near = did_you_mean(path_or_name, known, "the known ones are") if known else "none was found."
    places = " or ".join(str(folder) for folder in dict.fromkeys(search))
    raise AssignmentError([f'There is no assignment "{path_or_name}", neither as a path nor in {places}; {near}'])


class _Reader:
    """Reads one file and collects its problems."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._problems: list[str] = []
        self._suites: dict[str, tuple[Suite, ...]] = {}
        self._declared: dict[str, DeclaredDataset] = {}
        self._names: tuple[str, ...] = ()
        self._base_models: dict[str, DeclaredBaseModel] = {}

    def read(self) -> Assignment:
        table = self._toml()
        top = validated(_FileOfTests if "tests" in table else _File, table, "", self._problems)
        if top is not None and (problem := language_problem(top.language)):
            self._problems.append(problem)
        given = _table(table, "datasets")
        self._declared, self._names = declared_datasets(
            given, self._file, table.get("solution"), self._problems, table.get("tests")
        )
        bases = _table(table, "base_models")
        self._base_models = declared_base_models(bases, self._declared, self._file.parent, self._problems)
        networks = self._networks(table)
        observe = validated(ObserveTable, _table(table, "observe"), "[observe]", self._problems)
        for number, name in enumerate(observe.datasets if observe else (), 1):
            if problem := unknown_dataset(name, self._names):
                self._problems.append(f"[observe]: datasets, entry {number} {problem}")
        environment = validated(EnvironmentTable, _table(table, "environment"), "[environment]", self._problems)
        questions = self._questions(table, networks)
        notebook = self._existing(table, "notebook")
        solution = self._existing(table, "solution")
        if self._problems or not (top and observe and environment and notebook and solution):
            raise AssignmentError(f"{self._file}: {problem}" for problem in self._problems)
        return Assignment(
            file=self._file,
            name=top.name,
            title=top.title,
            language=top.language,
            frameworks=top.frameworks,
            notebook_path=notebook,
            solution_path=solution,
            networks=networks,
            observe=observe,
            questions=questions,
            tests_paths=tuple(self._file.parent / name for name in self._suites),
            declared=self._declared,
            environment=environment,
            base_models=self._base_models,
        )

    def _toml(self) -> dict[str, Any]:
        try:
            return tomllib.loads(self._file.read_text(encoding="utf-8-sig"))
        except tomllib.TOMLDecodeError as error:
            what = re.sub(r" \(at (.*)\)$", r" at \1", str(error))
            if twice := re.match(r"Cannot declare \((.*)\) twice at line (\d+)", what):
                table = ".".join(re.findall(r"'([^']+)'", twice[1]))
                raise AssignmentError(
                    [f"{self._file}, line {twice[2]}: [{table}] is there twice; give one of them another name."]
                ) from None
            raise AssignmentError(
                [f"{self._file}: this is not valid TOML: {what}. Texts stand in quotes, lists in [ ]."]
            ) from None
        except UnicodeDecodeError:
            raise AssignmentError([f"{self._file}: this is not text in UTF-8; save it as UTF-8."]) from None
        except OSError as error:
            raise AssignmentError([f"{self._file}: this file cannot be read: {error.strerror}."]) from None

    def _existing(self, table: Mapping[str, Any], key: str) -> Path | None:
        name = table.get(key)
        if not isinstance(name, str) or not name:
            return None  # already reported
        path = (self._file.parent / name).resolve()
        if path.is_file():
            return path
        self._problems.append(f'{key} is "{name}", and there is no such file in {self._file.parent}.')
        return None

    def _networks(self, table: Mapping[str, Any]) -> dict[str, NetworkSpec]:
        default = _table(table, "training")
        if default:
            self._trained(default, "[training]", self._problems)
        specs = {}
        for name, given in _table(table, "networks").items():
            if not isinstance(given, dict):
                continue  # already reported
            place = f"[networks.{name}]"
            network = validated(_Network, given, place, self._problems)
            if not name.isidentifier():
                self._problems.append(f"{place}: this is not a variable name of Python, by which networks are found.")
            if network is None:
                specs[name] = NetworkSpec(name)
                continue
            specs[name] = NetworkSpec(
                name,
                table=self._summary(network.table, place),
                table_file=self._file.parent / network.table if network.table else None,
                recipe=self._recipe(default, network.training, place),
                counts=network.counts,
            )
        return specs

    def _summary(self, name: str | None, place: str) -> SummaryTable | None:
        if name is None:
            return None
        try:
            return parse_table((self._file.parent / name).read_text(encoding="utf-8-sig"))
        except TableError as error:
            self._problems.append(f'{place}: table "{name}" cannot be read: {error}')
        except UnicodeDecodeError:
            self._problems.append(f'{place}: table "{name}" is not text in UTF-8; save it as UTF-8.')
        except OSError:
            self._problems.append(f'{place}: table is "{name}", and there is no such file in {self._file.parent}.')
        return None

    def _recipe(self, default: dict[str, Any], own: dict[str, Any] | None, place: str) -> Recipe | None:
        """The default recipe with the network's own keys; problems in the default are reported there, once."""
        if own:
            return self._trained(default | own, f"{place}, training", self._problems)
        return self._trained(default, "", []) if default else None

    def _trained(self, table: dict[str, Any], place: str, problems: list[str]) -> Recipe | None:
        bases = tuple(one.model.digest for one in self._base_models.values())
        return recipe_on(table, self._declared, self._names, place, problems, bases)

    def _questions(self, table: Mapping[str, Any], networks: Mapping[str, NetworkSpec]) -> tuple[Question, ...]:
        given = table.get("questions")
        tables = [entry for entry in given if isinstance(entry, dict)] if isinstance(given, list) else []
        tables = self._with_tests(table.get("tests"), tables)
        places = [question_place(number, entry) for number, entry in enumerate(tables, 1)]
        ids = [entry.get("id") for entry in tables]
        own = _table(table, "networks")
        untrained = {name for name in networks if not _table(table, "training") and not _table(own[name], "training")}
        questions = []
        for number, (entry, place) in enumerate(zip(tables, places, strict=True)):
            if isinstance(entry.get("id"), str) and entry["id"] in ids[:number]:
                first = ids.index(entry["id"]) + 1
                self._problems.append(f'{place}: question {first} has the id "{entry["id"]}" too; choose another.')
            question = self._question(entry, place)
            if question is None:
                continue
            self._problems += dependency_problems(question, place, ids, number)
            self._problems += network_problems(question, place, networks, untrained)
            training = _table(table, "observe").get("training", "short")
            self._problems += hidden_problems(question, self._declared, self._names, training, place)
            questions.append(question)
        if not self._problems and not questions:
            self._problems.append("no test in tests is worth points, and there is no [[questions]] table.")
        if two_sources(suite for suites in self._suites.values() for suite in suites):
            self._problems.append("two sources of nbgrader's have different cells of one name; name one source only.")
        return tuple(questions)

    def _with_tests(self, file: Any, tables: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The questions' tables with the external tests they name, and a table for each test in `file` without one."""
        completed = []
        for number, entry in enumerate(tables, 1):
            completed.append(
                self._with_suite(entry, question_place(number, entry)) if entry.get("kind") == "tests" else entry
            )
        if isinstance(file, str) and file and (suites := self._read_suites(file, "tests")):
            taken = [str(entry.get("id")) for entry in tables]
            for entry in tables:
                names = entry.get("name", ()) if entry.get("kind") == "tests" else ()
                taken += [identity(str(name)) for name in ([names] if isinstance(names, str) else names)]
            completed += further_tables(suites, file, taken)
        return completed

    def _with_suite(self, entry: dict[str, Any], place: str) -> dict[str, Any]:
        if "suite" in entry:
            self._problems.append(f"{place}: suite is filled in when the tests are read; leave it out.")
        file, name = entry.get("file"), entry.get("name") or entry.get("id")
        names: list[Any] = name if isinstance(name, list) else [name]
        suites = self._read_suites(file, place) if isinstance(file, str) and file else ()
        if not suites or not all(isinstance(one, str) for one in names):
            return entry
        # A test file holds the tests of one question, under any name.
        only = len(suites) == 1 and "name" not in entry
        try:
            suite = suites[0] if only else chosen(suites, names, place)
        except UserError as error:
            self._problems.append(str(error))
            return entry
        table = question_table(suite, str(file))
        return {**table, **entry, "suite": table["suite"]}

    def _read_suites(self, file: str, place: str) -> tuple[Suite, ...]:
        if file not in self._suites:
            self._suites[file] = ()
            path = self._file.parent / file
            try:
                if not path.exists():
                    self._problems.append(f'{place}: "{file}" is not in {self._file.parent}.')
                else:
                    self._suites[file] = read_suites(path)
            except UserError as error:
                self._problems.append(f"{place}: {error}")
        return self._suites[file]

    def _question(self, entry: dict[str, Any], place: str) -> Question | None:
        kind = entry.get("kind")
        if not isinstance(kind, str):
            kinds = ", ".join(known_kinds())
            self._problems.append(f"{place}: kind is missing; it must be one of {kinds}, as a text in quotes.")
            return None
        try:
            model = find_kind(kind)
        except UnknownKind as unknown:
            near = difflib.get_close_matches(kind, unknown.known, n=1)
            meant = f' (did you mean "{near[0]}"?)' if near else ""
            kinds = ", ".join(unknown.known)
            self._problems.append(f'{place}: there is no kind "{kind}"{meant}; the installed kinds are {kinds}.')
            return None
        except UnusableKind as unusable:
            self._problems.append(f"{place}: {unusable}.")
            return None
        return validated(model, entry, place, self._problems)


def _table(table: Mapping[str, Any], key: str) -> dict[str, Any]:
    """A table of the file; empty if it is missing or not a table (the file's own validation reports that)."""
    return found if isinstance(found := table.get(key), dict) else {}
