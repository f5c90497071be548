"""Runs of `execute` in processes of their own, forked from one that has imported Keras and computed nothing.

TensorFlow's threads and determinism can be set only before its first operation, as in the training worker.
"""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection
from typing import Any

from autograder.records.training import TrainingTask

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["autograder.train.execute"])


def reports_of(task: TrainingTask, arrays: dict[str, Any]) -> list[dict[str, Any]]:
    """What `execute` reports, in order."""
    receiving, sending = _CONTEXT.Pipe(duplex=False)
    child = _CONTEXT.Process(target=_execute, args=(task.model_dump(mode="json"), arrays, sending))
    child.start()
    sending.close()
    reports = []
    try:
        while True:
            reports.append(receiving.recv())
    except EOFError:
        return reports
    finally:
        child.join()
        receiving.close()


def _execute(task: dict[str, Any], arrays: dict[str, Any], sending: Connection) -> None:
    from autograder.train.execute import execute

    execute(TrainingTask.model_validate(task), arrays, sending.send)
