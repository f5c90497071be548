"""What the terminal shows while a class is graded."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from autograder.grading.progress import Watcher


class ProgressLines:
    """One plain line for each submission: for logs and pipes."""

    def __init__(self, console: Console, total: int) -> None:
        self._console, self._total, self._done = console, total, 0
        self._lock = threading.Lock()
        self._start = time.monotonic()

    def started(self, student: str) -> None:
        pass

    def finished(self, student: str, summary: str, *, reused: bool) -> None:
        self._line(student, summary + (" (unchanged)" if reused else ""))

    def failed(self, student: str, reason: str) -> None:
        self._line(student, f"FAILED: {reason}")

    def _line(self, student: str, text: str) -> None:
        with self._lock:
            self._done += 1
            seconds = time.monotonic() - self._start
            line = f"[{self._done}/{self._total}] {seconds:5.0f} s  {student}: {text}"
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)


class ProgressBar:
    """A progress bar that names the submissions in progress, how many are done and the time left."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._task = progress.add_task("grading", total=total, who="")
        self._running: dict[str, None] = {}
        self._lock = threading.Lock()

    def started(self, student: str) -> None:
        with self._lock:
            self._running[student] = None
            self._show()

    def finished(self, student: str, summary: str, *, reused: bool) -> None:
        self._end(student)

    def failed(self, student: str, reason: str) -> None:
        self._end(student)
        self._progress.console.print(f"[red]{escape(student)}: {escape(reason)}[/red]")

    def _end(self, student: str) -> None:
        with self._lock:
            self._running.pop(student, None)
            self._progress.advance(self._task)
            self._show()

    def _show(self) -> None:
        names = ", ".join(list(self._running)[:3]) + (" …" if len(self._running) > 3 else "")
        self._progress.update(self._task, who=escape(names))


@contextmanager
def watching(console: Console, total: int) -> Iterator[Watcher]:
    """A bar on a terminal, plain lines anywhere else."""
    if not console.is_terminal:
        yield ProgressLines(console, total)
        return
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[who]}"),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield ProgressBar(progress, total)
