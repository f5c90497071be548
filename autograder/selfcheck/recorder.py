"""Captures the state after each of the student's cells, as grading does, so that a check uses the same evidence.

When a cell runs again, the capture of its earlier run is discarded.
"""

from __future__ import annotations

import contextlib
import functools
import sys
from typing import Any

from autograder.checks.base import NotebookCell
from autograder.observe.capture_log import CaptureLog
from autograder.records.evidence import Capture, CapturedFigure, CapturedFit, CellRun, Evidence, Failure

# The number of cells that are remembered.
_MOST_CELLS = 1000

Events = tuple[tuple[CapturedFit, ...], tuple[CapturedFigure, ...]]


class Watch:
    """Everything captured from one kernel, or from `variables`. It never makes a student's cell fail.

    Keras is not imported before the notebook itself has done so: until then the student may choose its backend.
    """

    def __init__(self, variables: dict[str, Any]) -> None:
        self.variables = variables
        self._names: list[str] = []
        self._describer: Any = None
        self._log = CaptureLog()
        self._events: dict[str, Events] = {}
        self._cells: dict[str, tuple[str, CellRun]] = {}

    def begin(self, info: Any) -> None:
        """Before a cell: IPython's event `pre_run_cell`."""
        with contextlib.suppress(Exception):
            self._forget(_key(info))

    def end(self, result: Any) -> None:
        """After a cell: IPython's event `post_run_cell`."""
        with contextlib.suppress(Exception):
            number = result.execution_count or len(self._cells) + 1
            self.note(_key(result.info), number - 1, str(result.info.raw_cell), _failure(result))

    def note(self, key: str, index: int, source: str, failure: Failure | None) -> None:
        """Capture the state after a cell; `index` is the number that Jupyter shows next to it, minus one."""
        self._forget(key)
        self._cells[key] = source, CellRun(index=index, status="error" if failure else "ok", failure=failure)
        while len(self._cells) > _MOST_CELLS:
            self._forget(next(iter(self._cells)))
        self._capture(key, index)

    def evidence(self, names: list[str]) -> tuple[Evidence, tuple[NotebookCell, ...]]:
        """The current evidence, with the values of the variables `names`, and the cells that produced it, in order.

        A cell is at the position of its number: positions of cells that were run again are empty.
        """
        self._names[:] = names
        cells = {run.index: (source, run) for source, run in self._cells.values()}
        places = max(cells, default=-1) + 1
        self._capture("", places)
        events = self._events.values()
        evidence = Evidence(
            key="live",
            cells=tuple(run for _, run in cells.values()),
            networks=self._log.networks,
            values=self._log.values,
            fits=tuple(fit for fits, _ in events for fit in fits),
            figures=tuple(figure for _, figures in events for figure in figures),
            files=self._log.files,
            isolation="none",
            versions={},
        )
        return evidence, tuple(
            NotebookCell(index=at, kind="code", source=cells[at][0] if at in cells else "") for at in range(places)
        )

    def _capture(self, key: str, index: int) -> None:
        if self._describer is None and "keras" in sys.modules:
            self._describer = _describer(self.variables, self._names)
        if self._describer is None:
            return
        capture = Capture.parse(self._describer.describe(index))
        if capture.fits or capture.figures:
            self._events[key] = capture.fits, capture.figures
        self._log.add(capture.model_copy(update={"fits": (), "figures": ()}))

    def _forget(self, key: str) -> None:
        self._cells.pop(key, None)
        self._events.pop(key, None)


def watch() -> None:
    """Start to watch the calling notebook; does nothing outside a notebook."""
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None or (_current is not None and _current.variables is shell.user_ns):
        return
    watching = _begin(shell.user_ns)
    shell.events.register("pre_run_cell", watching.begin)
    shell.events.register("post_run_cell", watching.end)


def watch_of(variables: dict[str, Any]) -> Watch:
    """The captures of these variables: since `watch` was called, else from now on."""
    return _current if _current is not None and _current.variables is variables else _begin(variables)


_current: Watch | None = None


def _begin(variables: dict[str, Any]) -> Watch:
    global _current
    _current = Watch(variables)
    return _current


def _describer(variables: dict[str, Any], names: list[str]) -> Any:
    from autograder.observe.capture import Describer

    return Describer(variables, names, _recorder())


@functools.cache
def _recorder() -> Any:
    """Wraps Keras' own `fit`, once, without changing what it does."""
    from autograder.observe.fit_recorder import FitRecorder

    return FitRecorder(shorten=False)


def _key(info: Any) -> str:
    """An identifier of a cell that does not change when it is run again."""
    return str(getattr(info, "cell_id", None) or info.raw_cell)


def _failure(result: Any) -> Failure | None:
    error = result.error_before_exec or result.error_in_exec
    return None if error is None else Failure(name=type(error).__name__[:200], message=str(error)[:4000])
