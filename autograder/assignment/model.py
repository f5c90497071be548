"""An assignment in memory: the networks it is about, how it is run and trained, and its questions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from autograder.assignment.validation import REQUIREMENT, AssignmentError, language_problem
from autograder.checks.base import ExpectedNetwork, Question
from autograder.core.data import Data, digest
from autograder.datasets import (
    DATASETS,
    BaseModel,
    BaseModelDeclaration,
    DatasetSource,
    Declaration,
    public_files,
    withheld,
)
from autograder.network.architecture import Architecture
from autograder.network.covering import disagreements
from autograder.network.table import SummaryTable
from autograder.observe.limits import Limits
from autograder.observe.packages import LOCK_FILE, PackageLock, PackagesMissing
from autograder.observe.task import ObserveTask
from autograder.records.predictions import PredictionRequest
from autograder.records.training import Recipe


class ObserveTable(Data):
    """`[observe]`: how a notebook is run.

    `training` "short" cuts the student's own calls of `fit` to a few steps, "full" leaves them as they are.
    `keras` "any" supports names of Keras 1 and 2 (docs/compatibility.md), "3" only those of the installed Keras.
    `datasets` are those that the notebook may load; by default, all that the file declares, and those that the networks
    are trained with.
    """

    training: Literal["short", "full"] = "short"
    keras: Literal["any", "3"] = "any"
    datasets: tuple[str, ...] = ()
    limits: Limits = Limits()


class EnvironmentTable(Data):
    """`[environment]`: additional packages for notebooks, besides the libraries that the autograder itself needs.

    `packages` are installed by `autograder setup`; only notebooks import them.
    """

    packages: tuple[Annotated[str, Field(pattern=REQUIREMENT)], ...] = ()


@dataclass(frozen=True)
class NetworkSpec:
    """`[networks.<name>]`: a network by the variable that holds it in the notebook.

    `table` is the summary that the handout prints, read from `table_file`; `recipe` is how it is trained for grading.
    `counts` says which of several networks with this name is judged.
    """

    name: str
    table: SummaryTable | None = None
    table_file: Path | None = None
    recipe: Recipe | None = None
    counts: Literal["best", "last"] = "best"


@dataclass(frozen=True)
class DeclaredDataset:
    """`[datasets.<name>]`: the table, and the record of what it names."""

    declaration: Declaration
    source: DatasetSource


@dataclass(frozen=True)
class DeclaredBaseModel:
    """`[base_models.<name>]`: the table, and the record of its file."""

    declaration: BaseModelDeclaration
    model: BaseModel


@dataclass(frozen=True)
class Assignment:
    """An assignment as its author wrote it, complete and without contradictions; made by `load`.

    `frameworks` are those that students may use; () for that of the solution alone.

    If it consists of external tests, `file` is those, and there is no solution. `tests_paths` are the files and
    folders of external tests that its questions name.
    """

    file: Path
    name: str
    title: str
    language: str
    notebook_path: Path
    solution_path: Path | None
    networks: Mapping[str, NetworkSpec]
    observe: ObserveTable
    questions: tuple[Question, ...]
    tests_paths: tuple[Path, ...] = ()
    declared: Mapping[str, DeclaredDataset] = field(default_factory=dict)
    environment: EnvironmentTable = field(default_factory=EnvironmentTable)
    base_models: Mapping[str, DeclaredBaseModel] = field(default_factory=dict)
    frameworks: tuple[Literal["keras", "torch"], ...] = ()

    @property
    def folder(self) -> Path:
        return self.file.parent

    @property
    def place(self) -> Path:
        """The path with which `load` reads it again."""
        return (self.folder if self.solution_path is not None else self.file).resolve()

    @property
    def solution(self) -> Path:
        """The solution's path.

        Raises:
            AssignmentError: it has none.
        """
        if self.solution_path is None:
            raise AssignmentError(
                [f"{self.file} has no solution, only tests: `autograder new` starts an assignment that has one."]
            )
        return self.solution_path

    @property
    def points(self) -> float:
        return sum(question.points for question in self.questions)

    @property
    def digest(self) -> str:
        """The digest of everything that judging reads: not the limits, the student's notebook or the language."""
        return digest(
            "assignment",
            [self.name, self.title],
            {
                name: [network.table, network.recipe, *(["last"] if network.counts == "last" else [])]
                for name, network in self.networks.items()
            },
            list(self.questions),
            self.solution_path.read_bytes() if self.solution_path is not None else b"",
        )

    def in_language(self, language: str | None) -> Assignment:
        """This assignment with another language for everything shown; unchanged if none is named.

        Raises:
            AssignmentError: there is no catalogue for that language.
        """
        if not language:
            return self
        if problem := language_problem(language):
            raise AssignmentError([problem])
        return replace(self, language=language)

    def variables(self) -> tuple[str, ...]:
        """The names of the variables, other than networks, to capture; each once, in order."""
        return tuple(dict.fromkeys(name for question in self.questions for name in question.variables()))

    def tables(self) -> dict[str, SummaryTable]:
        """The handout's tables, by network."""
        return {name: network.table for name, network in self.networks.items() if network.table is not None}

    def datasets(self) -> tuple[str, ...]:
        """The built-in data sets that the notebook may load."""
        names = (self._built_in(name) for name in self._loadable())
        return tuple(dict.fromkeys(name for name in names if name is not None))

    def sources(self) -> dict[str, DatasetSource]:
        """The declared data sets that the notebook may load, by name."""
        return {name: self.declared[name].source for name in self._loadable() if name in self.declared}

    def data_files(self) -> dict[str, Path]:
        """The files of data sets and base models that students receive, by their path next to the notebook."""
        tables = (one.declaration for one in self.declared.values())
        found = {name: path for table in tables for name, path in public_files(table, self.folder).items()}
        return found | {one.model.file: self.folder / one.declaration.file for one in self.base_models.values()}

    def held_out_paths(self) -> tuple[Path, ...]:
        """The files and folders with held-out and hidden examples, which students never receive."""
        return tuple(path for one in self.declared.values() for path in withheld(one.declaration, self.folder))

    def trained_on(self) -> tuple[str, ...]:
        """The built-in data sets that networks are trained with."""
        recipes = (network.recipe for network in self.networks.values())
        return tuple(dict.fromkeys(one.dataset for one in recipes if one and one.source is None))

    def _loadable(self) -> tuple[str, ...]:
        recipes = (network.recipe for network in self.networks.values())
        used = [*self.declared, *(recipe.dataset for recipe in recipes if recipe)]
        return self.observe.datasets or tuple(dict.fromkeys(used))

    def _built_in(self, name: str) -> str | None:
        """The built-in data set behind a name; None if it is another."""
        if name in self.declared:
            name = self.declared[name].declaration.keras or ""
        return name if name in DATASETS else None

    @property
    def lock_file(self) -> Path:
        """Where `autograder setup` pins the packages of `[environment]`."""
        return self.folder / LOCK_FILE

    def package_lock(self) -> PackageLock | None:
        """The packages pinned by `autograder setup`; None if the assignment names no packages.

        Raises:
            PackagesMissing: it names other packages than were pinned, or none were.
            InvalidLock: the lock file cannot be read.
        """
        if not self.environment.packages:
            return None
        try:
            lock = PackageLock.read(self.lock_file)
        except OSError:
            lock = None
        if lock is None or lock.requested != self.environment.packages:
            raise PackagesMissing(
                f"{self.lock_file} does not pin the packages that {self.file.name} names "
                f"({', '.join(self.environment.packages)}): run `autograder setup {self.folder}`."
            )
        return lock

    def require_packages(self) -> None:
        """Check that the packages of `[environment]` are installed on this machine.

        Raises:
            PackagesMissing, InvalidLock: they are not; the sentence has the command.
        """
        lock = self.package_lock()
        if lock is not None and not lock.installed:
            raise PackagesMissing(
                f"The packages of {self.name} ({', '.join(self.environment.packages)}) are not installed on this "
                f"machine: run `autograder setup {self.folder}`."
            )

    def observe_task(self) -> ObserveTask:
        """How *observe* is to run a notebook of this assignment.

        Raises:
            PackagesMissing, InvalidLock: its packages are not pinned; the sentence has the command.
        """
        lock = self.package_lock()
        base_models = tuple(one.model for one in self.base_models.values())
        tests = tuple(dict.fromkeys(test for question in self.questions for test in question.tests()))
        return ObserveTask(
            variables=self.variables(),
            datasets=self.datasets(),
            training=self.observe.training,
            limits=self.observe.limits.fitting(self.datasets(), tuple(self.sources().values()), base_models),
            keras=self.observe.keras,
            tests=tests,
            sources=tuple(self.sources().values()),
            packages=lock.digest if lock is not None else "",
            base_models=base_models,
            predictions=tuple({one.key: one for one in self._predictions()}.values()),
        )

    def _predictions(self) -> Iterator[PredictionRequest]:
        """What is asked of the notebook: the preparation of data for its networks, then predictions."""
        recipes = (network.recipe for network in self.networks.values())
        asked = [one for recipe in recipes if recipe and (one := recipe.own_preparation)]
        for one in (*asked, *(one for question in self.questions for one in question.predictions())):
            yield one.model_copy(update={"source": self.declared[one.dataset].source})

    def expected(self, reference: Mapping[str, Architecture]) -> dict[str, ExpectedNetwork]:
        """What each network should be; `reference` holds the networks of the solution by their variable.

        Raises:
            AssignmentError: the solution has no such network, or the handout's table shows a different one.
        """
        problems: list[str] = []
        expected = {}
        for name, network in self.networks.items():
            place = f"{self.file}: [networks.{name}]"
            architecture = reference.get(name)
            if architecture is None:
                problems.append(
                    f'{place}: the solution {self.solution_path} leaves no Keras network in a variable "{name}"; '
                    "build it there under this name, or correct the name here."
                )
                continue
            if network.table is not None:
                problems += [
                    f"{place}: {network.table_file} and the solution {self.solution_path} disagree: {difference}"
                    for difference in disagreements(network.table, architecture)
                ]
            expected[name] = ExpectedNetwork(name, architecture, network.table, network.recipe, counts=network.counts)
        if problems:
            raise AssignmentError(problems)
        return expected
