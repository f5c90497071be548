"""The training interface for grading: takes a task, returns a training run. TensorFlow runs in another process."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from functools import cached_property
from pathlib import Path
from signal import SIGKILL, Signals
from typing import Any

from autograder import datasets
from autograder.core.closing import Closing
from autograder.core.errors import UserError
from autograder.datasets import DatasetFile, DatasetMissing
from autograder.datasets.cache import own_folder
from autograder.records.training import TrainingRun, TrainingTask
from autograder.records.training_messages import ENDED_EARLY, problem
from autograder.train.backend_setting import chosen_backend
from autograder.train.device import device_kind
from autograder.train.environment import TrainEnvironment, computing_versions
from autograder.train.prepared import last_score_only, on_prepared_data, prepared_data

# Time limits in seconds: for the worker to import TensorFlow, and to answer beyond the duration of the run itself.
_START_SECONDS = 180.0
_SLACK_SECONDS = 30.0
_CLOSE_SECONDS = 5.0
# A run that hit its time limit and had a processor for less than this share of the time was slowed by other work.
_SHARE_OF_A_CORE = 0.25
# The environment variables passed to the worker: none that change how TensorFlow or Keras compute.
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "SYSTEMROOT")
_KEPT_PREFIXES = ("CUDA_", "NVIDIA_")


class TrainerError(UserError):
    """Training failed for a reason that is not the student's; the message says what to do."""


class RunSlowed(TrainerError):
    """A run hit its time limit twice because this machine was busy with other work."""


class _WorkerDied(Exception):
    """The worker died before it answered."""


class Trainer(Closing):
    """Runs training tasks in a worker process, at most `workers` at a time (one at a time on a GPU).

    If `slots` (cores shared with others) are given, each run takes one of those instead.

    The worker starts with the first task, or earlier with `warm()`, and is replaced when it dies. All methods are
    thread-safe. `close()`, or leaving the `with` block, ends it.
    """

    def __init__(self, workers: int = 1, *, slots: threading.Semaphore | None = None) -> None:
        on_cores = device_kind() == "cpu"
        self._slots = slots if slots is not None and on_cores else threading.Semaphore(workers if on_cores else 1)
        self._places: dict[str, TrainEnvironment] = {}
        self._worker: _Worker | None = None
        self._lock = threading.Lock()
        self._closed = False

    def key(self, task: TrainingTask) -> str:
        """The key of the task's run: a digest of its canonical form, its data, the versions and the kind of device.

        Raises:
            TrainerError: the task's dataset is missing.
        """
        dataset = _dataset(task)
        place = self._places.get(dataset.digest)
        if place is None:
            built_in = () if task.recipe.source is not None else (task.recipe.dataset,)
            place = self._places[dataset.digest] = TrainEnvironment.here(built_in)
        return place.key(task)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of everything besides the task that affects a run: data, versions, method and device."""
        return TrainEnvironment.here().fingerprint

    def warm(self) -> None:
        """Start the worker in the background, ahead of the first run."""
        self._ready_worker()

    def run(self, task: TrainingTask) -> TrainingRun:
        """Train and wait for the result.

        Raises:
            RunSlowed: it hit its time limit twice because of other work on this machine.
            TrainerError: the run failed for another reason that is not the network's.
        """
        return self._run(self.key(task), task)

    def close(self) -> None:
        """End the worker and all its runs."""
        with self._lock:
            self._closed = True
            worker, self._worker = self._worker, None
        if worker is not None:
            worker.close()

    def _run(self, key: str, task: TrainingTask) -> TrainingRun:
        dataset, task = _dataset(task), on_prepared_data(task)
        base_models = [str(_base_model(one)) for one in task.recipe.base_models]
        source = task.recipe.source
        wanted = task.recipe.train + (0 if source is not None and source.held_out else task.recipe.validation)
        if wanted > dataset.images:
            raise TrainerError(
                f"The recipe asks for {wanted:,} training images, but {dataset.path} holds {dataset.images:,}: "
                "ask for fewer, or name a folder with the whole dataset in the environment variable AUTOGRADER_DATA."
            )
        slowed = False
        with self._slots:
            for _ in range(2):
                try:
                    answer = self._ready_worker().ask(task, dataset, base_models)
                except _WorkerDied:
                    continue
                except TrainerError:
                    if self._closed:  # while it was starting
                        raise TrainerError("The trainer is closed.") from None
                    raise
                if answer.get("signal") == SIGKILL:
                    continue
                slowed = _was_slowed(task, answer)
                if slowed:
                    continue
                run = _as_run(key, task, answer)
                return last_score_only(run) if task.prepared else run
        if slowed:
            raise RunSlowed(
                f"A training run had {task.recipe.seconds:g} seconds and a processor for less than a quarter of them: "
                "grade again when this machine is less busy, or with fewer workers."
            )
        raise TrainerError(
            "The training process was ended from outside twice (perhaps this machine is out of memory): "
            "start the autograder again with fewer workers."
        )

    def _ready_worker(self) -> _Worker:
        with self._lock:
            if self._closed:
                raise TrainerError("The trainer is closed.")
            if self._worker is not None and not self._worker.alive:
                self._worker.close()
                self._worker = None
            if self._worker is None:
                self._worker = _Worker()
            return self._worker


class _Worker:
    """The client side of the worker process: requests are futures, answered in any order."""

    def __init__(self) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  closed with the process, in close()
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-m", "autograder.train.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=_environment(),
            start_new_session=True,
        )
        self._ready: Future[None] = Future()
        self._answers: dict[int, Future[dict[str, Any]]] = {}
        self._count = 0
        self._lock = threading.Lock()
        self._reader = threading.Thread(target=self._read, name="training answers", daemon=True)
        self._reader.start()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None and self._reader.is_alive()

    def ask(self, task: TrainingTask, dataset: DatasetFile, base_models: list[str]) -> dict[str, Any]:
        """Send a task and wait for its answer; `base_models` are the paths of the declared files.

        Raises:
            _WorkerDied: the worker died first.
            TrainerError: the worker could not start, or does not answer.
        """
        try:
            self._ready.result(_START_SECONDS)
        except FutureTimeoutError:
            self.close()
            raise TrainerError(f"Keras did not start within {_START_SECONDS:.0f} seconds.") from None
        future: Future[dict[str, Any]] = Future()
        with self._lock:
            self._count += 1
            number = self._count
            self._answers[number] = future
            request = {
                "id": number,
                "task": task.model_dump(mode="json"),
                "dataset": str(dataset.path),
                "base_models": base_models,
            }
            self._send(request)
        try:
            answer = future.result(task.recipe.seconds + _SLACK_SECONDS)
        except FutureTimeoutError:
            self.close()
            raise TrainerError("The training process does not answer any more.") from None
        if "error" in answer:
            raise TrainerError(answer["error"])
        return answer

    def close(self) -> None:
        """End the process and its children."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        if self._ready.done():
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_CLOSE_SECONDS)
        self._process.kill()
        self._process.wait()
        self._reader.join(_CLOSE_SECONDS)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._errors.close()

    def _send(self, request: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        except (OSError, ValueError):
            raise _WorkerDied from None

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            answer = json.loads(line)
            if "ready" in answer:
                self._ready.set_result(None)
                continue
            with self._lock:
                future = self._answers.pop(answer["id"])
            future.set_result(answer)
        if not self._ready.done():
            self._ready.set_exception(TrainerError(f"Keras could not be started: {self._last_words()}"))
        with self._lock:
            left, self._answers = self._answers, {}
        for future in left.values():
            future.set_exception(_WorkerDied())

    def _last_words(self) -> str:
        self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:500] if lines else f"exit status {self._process.returncode}"


def _was_slowed(task: TrainingTask, answer: dict[str, Any]) -> bool:
    """Whether a run hit its time limit because other work had the processor; unknown on a GPU."""
    late = answer.get("outcome") == "late" and device_kind() == "cpu"
    return late and answer["processor_seconds"] < _SHARE_OF_A_CORE * task.recipe.seconds


def _as_run(key: str, task: TrainingTask, answer: dict[str, Any]) -> TrainingRun:
    """The training run in a worker's answer."""
    outcome, why = answer["outcome"], answer.get("problem", "")
    if outcome == "late":
        outcome, why = "limit", problem("too_long", seconds=task.recipe.seconds)
    elif outcome == "limit":
        why = problem("too_large", megabytes=task.recipe.memory_mb)
    elif outcome == "died":
        outcome = "limit"
        how = Signals(answer["signal"]).name if answer["signal"] > 0 else ENDED_EARLY
        why = problem("broke_off", how=how, megabytes=task.recipe.memory_mb)
    columns = list(zip(*answer["reached"], strict=True)) or [(), (), (), ()]
    return TrainingRun(
        key=key,
        outcome=outcome,
        problem=why,
        ended=answer.get("ended", "complete"),
        training_accuracy=columns[0],
        validation_accuracy=columns[1],
        training_loss=columns[2],
        validation_loss=columns[3],
        predictions=answer.get("predictions"),
        signals=answer.get("signals", ()),
        metric=task.recipe.scored_by.name,
        baseline=answer.get("baseline"),
        residuals=answer.get("residuals"),
        roc=answer.get("roc"),
        reconstructions=answer.get("reconstructions", ()),
        device=answer.get("device", device_kind()),
        backend=chosen_backend(),
        versions=computing_versions(),
        seconds=round(answer["seconds"], 3),
    )


def _dataset(task: TrainingTask) -> DatasetFile:
    try:
        if task.prepared:
            return prepared_data(task)
        return datasets.locate_dataset(task.recipe.dataset, task.recipe.source)
    except DatasetMissing as missing:
        raise TrainerError(str(missing)) from None


def _base_model(digest: str) -> Path:
    try:
        return datasets.base_model_path(digest)
    except DatasetMissing as missing:
        raise TrainerError(str(missing)) from None


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith(_KEPT_PREFIXES)}
    return kept | {"KERAS_BACKEND": chosen_backend(), "TF_CPP_MIN_LOG_LEVEL": "3"} | _for_jax()


def _for_jax() -> dict[str, str]:
    """Settings for reproducible sums, on one core, and no more GPU memory than a run needs. Compilations are cached: on
    an H200 the first run of a network takes about 15 s, later runs of it 3 s."""
    return {
        "XLA_FLAGS": "--xla_gpu_deterministic_ops=true --xla_cpu_multi_thread_eigen=false",
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        "NPROC": "1",
        "JAX_COMPILATION_CACHE_DIR": str(own_folder().parent / "jax"),
        "JAX_COMPILATION_CACHE_MAX_SIZE": str(2**30),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }
