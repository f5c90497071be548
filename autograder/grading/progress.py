"""What grading reports while it works on a class."""

from __future__ import annotations

from typing import Protocol


class Watcher(Protocol):
    """Receives what happens to each submission; called from several threads."""

    def started(self, student: str) -> None:
        """Work on this student's submission has begun."""

    def finished(self, student: str, summary: str, *, reused: bool) -> None:
        """The submission has its result; `reused` means that an earlier run made it."""

    def failed(self, student: str, reason: str) -> None:
        """The autograder itself failed on this submission."""


class NoProgress:
    """A `Watcher` that does nothing."""

    def started(self, student: str) -> None: ...

    def finished(self, student: str, summary: str, *, reused: bool) -> None: ...

    def failed(self, student: str, reason: str) -> None: ...
