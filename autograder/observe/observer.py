"""Runs notebooks in the sandbox, several in parallel, and returns the evidence of each."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import re
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import nbformat

from autograder.core.closing import Closing
from autograder.datasets import load_arrays, locate_dataset
from autograder.datasets.base_models import fingerprints
from autograder.datasets.catalogue import DATASETS
from autograder.intake.notebook import code_cells
from autograder.observe.compatibility.keras_generation import is_keras_1
from autograder.observe.dataset_memory import ServedData
from autograder.observe.hidden_rows import AskedRows, HiddenRows
from autograder.observe.kernel_requests import KernelLost
from autograder.observe.notebook_run import NotebookRun
from autograder.observe.packages import PackagesMissing, package_versions, packages_folder, readable_copy
from autograder.observe.prepared_rows import PreparedRows
from autograder.observe.provisioner import manager
from autograder.observe.sandbox.bounds import Isolation
from autograder.observe.sandbox.isolation import IsolationUnavailable
from autograder.observe.sandbox.process import SandboxError, Zygote
from autograder.observe.task import ObserveEnvironment, ObserveTask, observing_versions
from autograder.records.evidence import Evidence
from autograder.records.predictions import PredictionRequest

_IMPORTS_TORCH = re.compile(r"^\s*(?:import|from)\s[^#\n]*\btorch(?:vision|info|summary|metrics)?\b", re.MULTILINE)
_SHARED_ATTEMPTS = 2
_PRELOAD = ("autograder.observe.preload",)
_TORCH_PRELOAD = (*_PRELOAD, "autograder.observe.torch.preload")
# PyTorch: one thread is fastest for a few rows, and a fork has none of the threads of a pool.
_TORCH = {"OMP_NUM_THREADS": "1"}
# Environment variables of TensorFlow, read when it is imported. oneDNN compiles code for every shape of a convolution,
# which pays off in a long training; if `fit` gets one small batch it is a third of the time of network and `fit`.
_TRAINING = {"short": {"TF_ENABLE_ONEDNN_OPTS": "0"}, "full": {}}


class ObserverError(RuntimeError):
    """The autograder or this machine failed; this says nothing about the notebook."""


class Observer(Closing):
    """Owns the zygotes. Use as a context manager; `observe` may be called from several threads.

    Args:
        isolation: the result of `sandbox.isolation.choose`.
        workers: how many notebooks run in parallel; further calls wait.
        slots: cores shared with others; if given, each notebook takes one of them instead.
    """

    def __init__(self, isolation: Isolation, *, workers: int = 1, slots: threading.Semaphore | None = None) -> None:
        self.isolation = isolation
        # Inside bubblewrap the zygote has a private /tmp; without it, libraries need a folder for their settings.
        self._settings = tempfile.TemporaryDirectory(prefix="ag-", ignore_cleanup_errors=True)
        self._readable = tempfile.TemporaryDirectory(prefix="ag-packages-", ignore_cleanup_errors=True)
        folder = "/tmp" if isolation.name == "bubblewrap" else self._settings.name
        self._environment = _environment(folder)
        # Each starts on first use: usually a class needs only one of them.
        self._warm: dict[tuple[str, str, bool], Zygote] = {}
        self._warm_lock = threading.Lock()
        self._data = ServedData()
        self._slots = slots or threading.Semaphore(workers)

    def close(self) -> None:
        """End the zygotes and every kernel."""
        with self._warm_lock:
            for warm in self._warm.values():
                warm.close()
            self._warm.clear()
        self._data.close()
        self._settings.cleanup()
        self._readable.cleanup()

    def key(self, sources: Sequence[str], task: ObserveTask) -> str:
        """The key of the evidence of these code cells: equal keys give equal evidence.

        Raises:
            autograder.datasets.DatasetMissing: a dataset of the task is not on this machine.
        """
        return ObserveEnvironment.here(self.isolation, task.datasets).key(sources, task)

    def observe(self, notebook: nbformat.NotebookNode, task: ObserveTask) -> Evidence:
        """Run the notebook's code cells once and return the evidence.

        Raises:
            ObserverError: it could not be run, for a reason that is not the notebook's.
            IsolationUnavailable: it has hidden examples, and there is no sandbox.
            autograder.datasets.DatasetMissing: a dataset of the task is not on this machine.
            PackagesMissing: the packages of the task are not on this machine.
        """
        return self.observe_code(code_cells(notebook), task)

    def observe_code(self, sources: Sequence[str], task: ObserveTask) -> Evidence:
        """`observe` for the sources of a notebook's code cells, the only part of it that is run."""
        self._require_sandbox(task)
        key = self.key(sources, task)
        with self._slots:
            started = time.monotonic()
            run = self._run(list(sources), task, key)
            if run.slowed:
                run = self._run(list(sources), task, key)
                if run.slowed:
                    run.note_slowed()
            cells = run.cells
        return Evidence(
            key=key,
            cells=cells,
            networks=run.log.networks,
            values=run.log.values,
            fits=run.log.fits,
            figures=run.log.figures,
            files=run.log.files,
            records=run.log.records,
            records_dropped=run.log.records_dropped,
            failures=run.log.failures,
            notes=run.log.notes,
            tests=run.tests,
            predictions=run.predictions,
            asked=task.variables,
            isolation=self.isolation.name,
            bounded_by=run.bounded_by,
            versions=package_versions(task.packages) | observing_versions(),
            seconds=round(time.monotonic() - started, 3),
        )

    def _run(self, sources: list[str], task: ObserveTask, key: str) -> NotebookRun:
        torch = needs_torch(sources)
        warm = self._zygote(task, torch=torch)
        for _ in range(_SHARED_ATTEMPTS):
            # Another notebook may have killed the zygote; the second attempt uses a new one.
            with contextlib.suppress(SandboxError, KernelLost):
                return asyncio.run(self._run_once(warm, sources, task, key, torch=torch))
        # The last attempt has a zygote for this notebook only, so that no other notebook can make it fail.
        own = self._new_zygote(task, torch=torch)
        try:
            return asyncio.run(self._run_once(own, sources, task, key, torch=torch))
        except (SandboxError, KernelLost) as problem:
            raise ObserverError(f"The notebook could not be run: {problem}") from problem
        finally:
            own.close()

    def _zygote(self, task: ObserveTask, *, torch: bool) -> Zygote:
        key = (task.training, task.packages, torch)
        with self._warm_lock:
            if key not in self._warm:
                self._warm[key] = self._new_zygote(task, torch=torch)
            return self._warm[key]

    def _new_zygote(self, task: ObserveTask, *, torch: bool) -> Zygote:
        packages = self._packages(task.packages) if task.packages else None
        preload, extra = (_TORCH_PRELOAD, _TORCH) if torch else (_PRELOAD, {})
        return Zygote(self.isolation, preload, self._environment | _TRAINING[task.training] | extra, packages)

    def _packages(self, digest: str) -> Path:
        folder = packages_folder(digest)
        if not folder.is_dir():
            raise PackagesMissing(
                "The packages of this assignment are not installed where notebooks are run: run `autograder setup` "
                "for it there."
            )
        # The notebook's user may have no access to the cache folder of the grading user.
        return readable_copy(digest, Path(self._readable.name)) if self.isolation.name == "user" else folder

    def _require_sandbox(self, task: ObserveTask) -> None:
        if task.predictions and self.isolation.name == "none":
            raise IsolationUnavailable(
                "This assignment has hidden examples, which a notebook without a sandbox could read: run it where "
                "`autograder doctor` names another isolation than none."
            )

    def _asked_rows(self, request: PredictionRequest, key: str, sources: list[str]) -> AskedRows:
        examples = self._data.hidden(request)
        if request.purpose == "predict":
            return HiddenRows(request, examples, key, sources)
        public = load_arrays(request.dataset, locate_dataset(request.dataset, request.source).path, request.source)
        return PreparedRows(request, public, examples, key, sources)

    async def _run_once(
        self, warm: Zygote, sources: list[str], task: ObserveTask, key: str, *, torch: bool
    ) -> NotebookRun:
        served = [self._data.get(name) for name in task.datasets]
        files = self._data.get_files(task.sources, task.base_models)
        weights = (fingerprints(model.digest, model.file) for model in task.base_models)
        arguments = {
            "names": task.variables,
            "shorten": task.training == "short",
            # Equal code gives equal evidence, and different submissions get different random numbers.
            "seed": int(key[:8], 16),
            "output_kb": task.limits.output_kb,
            "old_names": task.keras == "any",
            "keras_1": is_keras_1(sources),
            "torch": torch,
            "datasets": [dataset.layout for dataset in served],
            "base_weights": sorted(frozenset().union(*weights)),
            "examples": [[list(DATASETS[name].image)] for name in task.datasets]
            + [[list(shape) for shape in source.inputs.values()] for source in task.sources],
        }
        descriptors = [*(dataset.descriptor for dataset in served), *files]
        kernel = manager(warm, task.limits.bounds(), arguments, descriptors)
        hidden = [self._asked_rows(one, key, sources) for one in task.predictions]
        run = NotebookRun(kernel, sources, task.limits, task.tests, hidden)
        await run.run()
        return run


def needs_torch(sources: Sequence[str]) -> bool:
    """Whether code cells import PyTorch, and it is installed here."""
    return any(_IMPORTS_TORCH.search(source) for source in sources) and importlib.util.find_spec("torch") is not None


def _environment(folder: str) -> dict[str, str]:
    """The environment variables of all kernels, without those for the folder of each."""
    return {
        "PATH": os.pathsep.join([os.path.join(sys.prefix, "bin"), "/usr/local/bin", "/usr/bin", "/bin"]),
        "LANG": "C.UTF-8",
        "HOME": folder,
        "KERAS_HOME": f"{folder}/.keras",
        "MPLCONFIGDIR": f"{folder}/.config/matplotlib",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        # Figures as data only; by default plotly adds 5 MB of JavaScript to the first one.
        "PLOTLY_RENDERER": "plotly_mimetype",
        # Student kernels see no GPU.
        "CUDA_VISIBLE_DEVICES": "-1",
        # Threads do not survive a fork, so the zygote must not have any.
        "OPENBLAS_NUM_THREADS": "1",
        # The iteration order of sets is the same in every run.
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
