"""The resource limits of one notebook."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from autograder.core.data import Data
from autograder.datasets import DATASETS, BaseModel, DatasetSource
from autograder.observe.sandbox.bounds import Bounds

# A GiB for the network.
_BASE_MB, _BASE_DISK_MB = 1024, 256


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
        needed = max([_BASE_MB + 4 * arrays + files, *(DATASETS[name].memory_mb for name in names if name in DATASETS)])
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
