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
from autograder.observe.sandbox.bounds import Bounds, Isolation
from autograder.records.external_tests.model import NbgraderCell, OtterTest
from autograder.records.external_tests.nbgrader import placed
from autograder.records.machine import KNOWN_PACKAGES
from autograder.records.predictions import PredictionRequest

if TYPE_CHECKING:
    from nbformat import NotebookNode

# Incremented whenever the same notebook would give other evidence.
REVISION = 11
_PACKAGES = ("tensorflow", "keras", "numpy", "pandas", "matplotlib", "scikit-learn", "ipykernel", "ipython")
# A GiB for the network, and two copies of the published images as 64-bit numbers: x = x / 255.
_BASE_MB, _BASE_DISK_MB = 1024, 256
_MEMORY_MB = {"mnist": 2048, "fashion_mnist": 2048, "cifar10": 4096}


class Limits(Data):
    """The resource limits of one notebook, for all its processes together.

    cell_seconds: wall-clock seconds for one cell; it is then interrupted, and the next cells run.
    total_seconds: wall-clock seconds for the whole notebook.
    grace_seconds: how long an interrupted cell may take to stop; then it is killed, and no further cell runs.
    memory_mb: private memory in MiB, in addition to the preloaded libraries; see `fitting`.
    cpu_seconds: processor time in seconds of one core; code on several cores uses more than the wall-clock time.
    processes: the number of simultaneous processes and threads.
    disk_mb: MiB of files; they are kept in memory and deleted afterwards.
    output_kb: KiB of output kept per cell; the rest is cut.
    total_output_kb: KiB of output kept per notebook.
    """

    cell_seconds: float = Field(default=60.0, gt=0, le=86_400)
    total_seconds: float = Field(default=300.0, gt=0, le=86_400)
    grace_seconds: float = Field(default=5.0, gt=0, le=600)
    memory_mb: int = Field(default=2048, ge=64)
    cpu_seconds: float = Field(default=3600.0, gt=0, le=864_000)
    processes: int = Field(default=256, ge=32)
    disk_mb: int = Field(default=256, ge=1)
    output_kb: int = Field(default=1024, ge=1, le=8192)
    total_output_kb: int = Field(default=8192, ge=1, le=65_536)

    def fitting(
        self, names: Sequence[str], sources: Sequence[DatasetSource] = (), base_models: Sequence[BaseModel] = ()
    ) -> Limits:
        """These limits, with memory and disk for what a notebook may load, unless set explicitly.

        Files count as disk; arrays need four times their bytes (`x` and `x.astype("float32") / 255` together).
        """
        arrays = sum(source.array_mb for source in sources) + sum(model.megabytes for model in base_models)
        files = sum(source.file_mb for source in sources) + sum(model.megabytes for model in base_models)
        needed = max([_BASE_MB + 4 * arrays + files, *(_MEMORY_MB.get(name, 0) for name in names)])
        wanted = {"memory_mb": max(self.memory_mb, needed), "disk_mb": max(self.disk_mb, _BASE_DISK_MB + files)}
        update = {key: value for key, value in wanted.items() if key not in self.model_fields_set}
        return self.model_copy(update=update) if update.items() - self.model_dump().items() else self

    def bounds(self) -> Bounds:
        """The limits that the sandbox enforces. Its time limit is longer: it is only the fallback for our own timer."""
        return Bounds(
            memory_mb=self.memory_mb,
            processes=self.processes,
            disk_mb=self.disk_mb,
            cpu_seconds=self.cpu_seconds,
            seconds=self.total_seconds + 2 * self.grace_seconds + 60,
        )


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
