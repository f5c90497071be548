"""The whole of `autograder review`: a server on this machine only, and a report that keeps up with the decisions."""

from __future__ import annotations

import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from autograder.assignment import Assignment
from autograder.records.store import Gradebook
from autograder.report.report_folder import bring_up_to_date, write_report
from autograder.report.review.queues import ReviewQueues
from autograder.report.review.web import TokenMiddleware, review_app

# The report is written again after this many seconds without a decision.
_QUIET = 2.0


class Reporter:
    """Writes the report again, in the background, after a moment without decisions; and at the end.

    `problem` is why the last writing failed, "" if it did not. A page that could not be written is written by the
    next command that makes a report.
    """

    def __init__(self, folder: Path, assignment: Assignment, gradebook: Gradebook) -> None:
        self._folder, self._assignment, self._gradebook = folder, assignment, gradebook
        self._changed: set[str] = set()
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._timer: threading.Timer | None = None
        self.problem = ""

    def changed(self, student: str) -> None:
        """Something was decided about this student."""
        with self._lock:
            self._changed.add(student)
            if self._timer is not None:
                self._timer.cancel()
            self._timer = threading.Timer(_QUIET, self.write)
            self._timer.daemon = True
            self._timer.start()

    def write(self) -> None:
        """Write the report if something was decided since it was last written."""
        with self._writing:
            with self._lock:
                changed, self._changed = self._changed, set()
            if not changed:
                return
            try:
                write_report(self._folder, self._assignment, self._gradebook, changed=changed)
                self.problem = ""
            except Exception as error:
                self.problem = f"The report could not be written: {error}"
                with self._lock:
                    self._changed |= changed

    def page(self, student: str | None) -> Path:
        """The page of a student, or of the class, as of now."""
        if student is None:
            self.write()
            return self._folder / "index.html"
        return bring_up_to_date(self._folder, self._assignment, self._gradebook, student)

    def close(self) -> None:
        """Write what has not been written yet."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
        self.write()


class Service:
    """The server, already bound to its port: a request that comes before it runs is answered as soon as it does."""

    def __init__(self, app: ASGIApp, listening: socket.socket) -> None:
        config = uvicorn.Config(app, log_level="error", access_log=False, server_header=False)
        self._server, self._listening = uvicorn.Server(config), listening

    def run(self) -> None:
        """Serve until interrupted or stopped."""
        self._server.run(sockets=[self._listening])

    def stop(self) -> None:
        """End `run` soon, from another thread."""
        self._server.should_exit = True


@contextmanager
def reviewing(
    folder: Path, assignment: Assignment, gradebook: Gradebook, *, reader: str, port: int = 0
) -> Iterator[tuple[str, Service, Reporter]]:
    """A review ready to be served: its address, its server, and its reporter.

    Raises:
        OSError: the port is taken.
        GradebookError: the gradebook cannot be used.
    """
    token = secrets.token_urlsafe(24)
    desk = ReviewQueues(folder, gradebook, assignment, reader)
    reporter = Reporter(folder, assignment, gradebook)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen()
        number = listening.getsockname()[1]
        hosts = frozenset({f"127.0.0.1:{number}", f"localhost:{number}"})
        app = TokenMiddleware(review_app(desk, reporter.changed, reporter.page), token, hosts)
        try:
            yield f"http://127.0.0.1:{number}/{token}/", Service(app, listening), reporter
        finally:
            reporter.close()
