"""Results put into a file of the report."""

from collections.abc import Iterable
from contextlib import AbstractContextManager

from autograder.records.result import Result
from autograder.report.grades_files import Add


def added(opened: AbstractContextManager[Add], results: Iterable[Result]) -> None:
    """Write the file with these results."""
    with opened as add:
        for result in results:
            add(result)
