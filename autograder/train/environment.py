"""What affects a training run besides the task, and so is part of the run's key."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import version

from pydantic import Field

from autograder import datasets
from autograder.core.data import Data, digest
from autograder.core.versions import versions
from autograder.records.training import TrainingTask
from autograder.train.backend_setting import chosen_backend
from autograder.train.device import device_kind

# Incremented whenever the same task would give a different run: threads, batch order, normalization, optimizer tables.
METHOD = 4
_COMPUTING = ("autograder", "keras", "numpy", "python")
_OF_BACKEND = {"jax": ("jax", "jaxlib")}


class TrainEnvironment(Data):
    """The parts of a machine that affect training. `device` is "cpu", or "gpu:" and the model; `data` the digests of
    the datasets; `backend` the Keras backend."""

    versions: dict[str, str]
    method: int = METHOD
    backend: str = Field(default_factory=chosen_backend)
    device: str
    data: dict[str, str]

    @classmethod
    def here(cls, names: Iterable[str] = tuple(datasets.DATASETS)) -> TrainEnvironment:
        """This machine, with those of the datasets that are available."""
        return cls(versions=computing_versions(), device=device_kind(), data=datasets.digests(names))

    @property
    def fingerprint(self) -> str:
        """A digest of everything besides the task that affects a run."""
        return digest("trainer", self._circumstances, {name: self.data.get(name) for name in datasets.DATASETS})

    def key(self, task: TrainingTask) -> str:
        """The key of the task's run: a digest of its canonical form, its data, and this environment.

        Raises:
            autograder.datasets.DatasetMissing: the task's dataset is missing.
        """
        name, source = task.recipe.dataset, task.recipe.source
        if source is not None:
            return digest("training run", task.canonical.key, source.digest, self._circumstances)
        if name not in self.data:
            raise datasets.DatasetMissing(name, f"The dataset {name} is missing where networks are trained.")
        return digest("training run", task.canonical.key, self.data[name], self._circumstances)

    @property
    def _circumstances(self) -> dict[str, object]:
        return {"versions": self.versions, "method": self.method, "backend": self.backend, "device": self.device}


def computing_versions() -> dict[str, str]:
    """The versions of the libraries that a training run uses."""
    chosen = chosen_backend()
    found = {name: known for name, known in versions().items() if name in (*_COMPUTING, chosen)}
    return found | {name: version(name) for name in _OF_BACKEND.get(chosen, ())}
