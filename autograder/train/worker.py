"""The training worker: imports TensorFlow and Keras once and forks one child for every training run.

Run as `python -I -m autograder.train.worker`. It reads requests from stdin and writes answers to stdout, one JSON
object per line. It computes nothing itself: TensorFlow survives a fork as long as no operation ran before it. Student
code never reaches it; requests hold our own canonical data.

When stdin closes, it ends together with its children.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import resource
import selectors
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.datasets import DatasetMissing, load_arrays
from autograder.datasets.base_models import weights_in
from autograder.records.training import Recipe, TrainingTask
from autograder.train.device import device_kind

if TYPE_CHECKING:
    from autograder.datasets import Arrays

_PR_SET_PDEATHSIG = 1
_MOST_DESCRIPTORS = 2**20
# Optional imports of Keras and TensorFlow that training does not need: a third of their start-up time. None in
# `sys.modules` makes them look uninstalled.
_LEFT_OUT = ("jax", "pandas", "scipy", "sklearn")


@dataclass
class _Child:
    """A run in progress: its request, its process, and its reports so far."""

    request: int
    process: int
    deadline: float
    received: bytes = b""
    facts: dict[str, Any] = field(default_factory=dict)
    reached: list[list[float]] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    late: bool = False


class TrainingServer:
    """Reads requests, forks and watches children, and answers."""

    def __init__(self, requests: int, answers: int) -> None:
        self._process = os.getpid()
        self._requests = requests
        self._answers = answers
        self._received = b""
        self._selector = selectors.DefaultSelector()
        self._selector.register(requests, selectors.EVENT_READ)
        self._children: dict[int, _Child] = {}
        self._data: dict[tuple[str, str], Arrays] = {}
        self._weights: dict[str, Arrays] = {}

    def serve(self) -> None:
        """Answer requests until stdin closes, then kill the children."""
        self._answer({"ready": os.getpid()})
        try:
            while True:
                for key, _ in self._selector.select(self._patience()):
                    if key.fd == self._requests:
                        if not self._read_requests():
                            return
                    else:
                        self._read_child(key.fd)
                self._end_late_children()
        finally:
            for child in self._children.values():
                os.kill(child.process, signal.SIGKILL)
                os.waitpid(child.process, 0)

    def _patience(self) -> float | None:
        deadlines = [child.deadline for child in self._children.values() if not child.late]
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None

    def _read_requests(self) -> bool:
        block = os.read(self._requests, 2**16)
        self._received += block
        *lines, self._received = self._received.split(b"\n")
        for line in lines:
            self._start(json.loads(line))
        return bool(block)

    def _start(self, request: dict[str, Any]) -> None:
        task = TrainingTask.model_validate(request["task"])
        try:
            # What one student's function prepared is not kept: it serves the runs of one network.
            kept = not task.prepared
            arrays = self._arrays(task.recipe, request["dataset"], kept=kept)
            base_weights = self._base_weights(request["base_models"])
        except DatasetMissing as missing:
            self._answer({"id": request["id"], "error": str(missing)})
            return
        reading, writing = os.pipe()
        process = os.fork()
        if process == 0:
            _be_child(task, arrays, base_weights, writing, self._process)
        os.close(writing)
        os.set_blocking(reading, False)
        self._children[reading] = _Child(request["id"], process, time.monotonic() + task.recipe.seconds)
        self._selector.register(reading, selectors.EVENT_READ)

    def _arrays(self, recipe: Recipe, path: str, *, kept: bool) -> Arrays:
        place = recipe.dataset, path
        if not kept:
            return load_arrays(recipe.dataset, Path(path), recipe.source)
        if place not in self._data:
            self._data[place] = load_arrays(recipe.dataset, Path(path), recipe.source)
        return self._data[place]

    def _base_weights(self, paths: list[str]) -> Arrays:
        """The weights in the declared base models, by their fingerprints."""
        for path in paths:
            if path not in self._weights:
                self._weights[path] = weights_in(Path(path))
        return {key: array for path in paths for key, array in self._weights[path].items()}

    def _read_child(self, pipe: int) -> None:
        child = self._children[pipe]
        block = os.read(pipe, 2**16)
        child.received += block
        *lines, child.received = child.received.split(b"\n")
        for line in lines:
            report = json.loads(line)
            if "reached" in report:
                child.reached.append(report["reached"])
            else:
                child.facts.update(report)
        if not block:
            self._conclude(pipe, child)

    def _conclude(self, pipe: int, child: _Child) -> None:
        self._selector.unregister(pipe)
        os.close(pipe)
        del self._children[pipe]
        _, status, used = os.wait4(child.process, 0)
        answer = {
            "id": child.request,
            "reached": child.reached,
            "seconds": time.monotonic() - child.started,
            "processor_seconds": used.ru_utime + used.ru_stime,
        }
        if "outcome" not in child.facts:
            ended_by = -os.waitstatus_to_exitcode(status)
            answer |= {"outcome": "late"} if child.late else {"outcome": "died", "signal": ended_by}
        self._answer(answer | child.facts)

    def _end_late_children(self) -> None:
        now = time.monotonic()
        for child in self._children.values():
            if child.deadline <= now and not child.late:
                child.late = True
                os.kill(child.process, signal.SIGKILL)

    def _answer(self, answer: dict[str, Any]) -> None:
        line = json.dumps(answer).encode() + b"\n"
        while line:
            line = line[os.write(self._answers, line) :]


def _be_child(task: TrainingTask, arrays: Arrays, base_weights: Arrays, pipe: int, worker: int) -> None:
    """Train, report through `pipe`, and exit: the child never returns to the worker's loop."""
    try:
        _end_with_parent()
        if os.getppid() != worker:
            os._exit(1)
        pipe = _keep_only(pipe)
        _limit_memory(task.recipe.memory_mb * 2**20)
        from autograder.train.execute import execute

        execute(task, arrays, lambda report: _write_line(pipe, report), base_weights)
    except Exception as error:
        _write_line(pipe, {"outcome": "failed", "error": f"Training broke off: {type(error).__name__}: {error}"})
    finally:
        os._exit(0)


def _end_with_parent() -> None:
    """Have the kernel end this process when its parent ends (Linux; elsewhere the worker does so before it exits)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _keep_only(pipe: int) -> int:
    """Close every descriptor but `pipe`, which becomes number 3; the standard streams go to /dev/null."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    if pipe != 3:
        os.dup2(pipe, 3)
    os.closerange(4, _MOST_DESCRIPTORS)
    return 3


def _limit_memory(size: int) -> None:
    """Limit this process's memory to `size` bytes; not with a GPU, whose driver maps far more than it uses."""
    if device_kind() == "cpu":
        most = resource.getrlimit(resource.RLIMIT_DATA)[1]
        limit = size if most == resource.RLIM_INFINITY else min(size, most)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, most))


def _write_line(pipe: int, report: dict[str, Any]) -> None:
    line = json.dumps(report).encode() + b"\n"
    while line:
        line = line[os.write(pipe, line) :]


def main() -> None:
    """Import TensorFlow, then serve."""
    answers = os.dup(1)
    os.dup2(2, 1)
    if os.environ.get("KERAS_BACKEND") == "tensorflow":
        sys.modules.update(dict.fromkeys(_LEFT_OUT))  # type: ignore[arg-type]
    import keras

    import autograder.train.execute  # noqa: F401  imported here once, for all children

    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_image_data_format("channels_last")
    # The garbage collector never writes to frozen objects, so children share their memory.
    gc.collect()
    gc.freeze()
    with contextlib.suppress(BrokenPipeError):
        TrainingServer(0, answers).serve()


if __name__ == "__main__":
    main()
