"""The task that *observe* runs, and the key of its evidence."""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
import platform
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from autograder import datasets
from autograder.core.data import Data, OmitsNewDefaults, digest
from autograder.datasets import BaseModel, DatasetSource
from autograder.observe.limits import Limits
from autograder.observe.sandbox.bounds import Isolation
from autograder.records.external_tests.model import NbgraderCell, OtterTest
from autograder.records.external_tests.nbgrader import placed
from autograder.records.machine import KNOWN_PACKAGES
from autograder.records.predictions import PredictionRequest

if TYPE_CHECKING:
    from nbformat import NotebookNode

# Incremented whenever the same notebook would give other evidence.
REVISION = 13
_PACKAGES = ("tensorflow", "keras", "numpy", "pandas", "matplotlib", "scikit-learn", "ipykernel", "ipython")


class ObserveTask(OmitsNewDefaults):
    """What to capture from a notebook, what to provide to it, and its limits.

    variables: names of the variables to capture.
    datasets: names of the public datasets that `keras.datasets` serves.
    training: "short" shortens every call of `fit` to one small batch; "full" does not change it.
    keras: "any" supports names of Keras 1 and 2, "3" only those of the installed Keras.
    tests: external tests that are run in the same kernel as the student's code.
    sources: the declared data sets whose files are next to the notebook.
    base_models: the declared files with trained weights, which are next to the notebook.
    packages: the digest of the `PackageLock` whose packages can be imported; "" for none.
    predictions: what is predicted on hidden rows, after everything else.
    """

    variables: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    training: Literal["short", "full"] = "short"
    limits: Limits = Limits()
    keras: Literal["any", "3"] = "any"
    tests: tuple[Annotated[OtterTest | NbgraderCell, Field(discriminator="kind")], ...] = ()
    packages: str = ""
    sources: tuple[DatasetSource, ...] = ()
    base_models: tuple[BaseModel, ...] = ()
    predictions: tuple[PredictionRequest, ...] = ()

    added_later: ClassVar[tuple[str, ...]] = ("tests", "keras", "packages", "sources", "base_models", "predictions")

    @property
    def without_tests(self) -> ObserveTask:
        """This task without external tests."""
        return self.model_copy(update={"tests": ()})

    def placed(self, notebook: NotebookNode) -> ObserveTask:
        """The task for this notebook: each nbgrader cell gets its position in it."""
        cells = [test for test in self.tests if isinstance(test, NbgraderCell)]
        if not cells:
            return self
        others = [test for test in self.tests if not isinstance(test, NbgraderCell)]
        return self.model_copy(update={"tests": (*placed(cells, notebook.cells), *others)})


class ObserveEnvironment(Data):
    """What determines the evidence besides notebook and task.

    `data` has the digests of the public datasets that are on the machine.
    """

    revision: int = REVISION
    isolation: str
    versions: dict[str, str]
    data: dict[str, str]

    @classmethod
    def here(cls, isolation: Isolation, names: Sequence[str] | None = None) -> ObserveEnvironment:
        """This machine, with notebooks isolated by `isolation`, and the datasets `names` or all that are available.

        Raises:
            autograder.datasets.DatasetMissing: one of `names` is not on this machine.
        """
        data = datasets.digests() if names is None else {name: datasets.find(name).digest for name in names}
        return cls(isolation=isolation.name, versions=observing_versions(), data=data)

    def key(self, code_cells: Sequence[str], task: ObserveTask) -> str:
        """The key of the evidence of these code cells: equal keys give equal evidence.

        Raises:
            autograder.datasets.DatasetMissing: a dataset of the task is not in `data`.
        """
        for name in task.datasets:
            if name not in self.data:
                raise datasets.DatasetMissing(name, f"The dataset {name} is missing where notebooks are run.")
        data = {name: self.data[name] for name in task.datasets}
        return digest("observe", self.revision, list(code_cells), task, self.isolation, self.versions, data)


@functools.cache
def observing_versions() -> dict[str, str]:
    """The versions of Python and of the libraries that affect a notebook, including installed ones that courses use."""
    installed = {name: importlib.metadata.version(name) for name in _PACKAGES}
    for name in sorted({*KNOWN_PACKAGES.values()} - installed.keys()):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            installed[name] = importlib.metadata.version(name)
    return {"python": platform.python_version(), **installed}
