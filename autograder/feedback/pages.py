"""The two pages: one student's feedback, and the class at a glance. Each is one file that loads nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.feedback import plots
from autograder.feedback.notebook import PageCell, anchors, page_cells, render_cells
from autograder.feedback.summary import STATUSES, summarize
from autograder.feedback.templating import environment, frame
from autograder.feedback.views import at_a_glance, dependencies, question_view
from autograder.files import replacing
from autograder.result import Result

if TYPE_CHECKING:
    from autograder.checks.base import Dependency

__all__ = ["PageCell", "page_cells", "write_class_page", "write_student_page"]


def write_student_page(
    path: Path,
    *,
    result: Result,
    assignment_title: str,
    cells: Sequence[PageCell] = (),
    depends: Mapping[str, Dependency] | None = None,
) -> None:
    """Write the feedback of one submission, all of it or nothing.

    Args:
        path: the file; folders on the way are created.
        result: what was concluded.
        assignment_title: as the student knows the exercise.
        cells: the notebook as it ran (`page_cells`); none where it could not be read.
        depends: by the id of a question, the question it depends on.

    Raises:
        OSError: the file cannot be written.
    """
    needed = dependencies(result, depends or {})
    chunks = (
        environment()
        .get_template("student.html")
        .generate(
            **frame("student.css"),
            result=result,
            assignment_title=assignment_title,
            glance=at_a_glance(result),
            questions=[question_view(verdict, needed.get(verdict.id, "")) for verdict in result.questions],
            ruler=plots.ruler(result.questions),
            cells=render_cells(cells),
            anchors=anchors(cells),
        )
    )
    _write(path, chunks)


def write_class_page(
    path: Path,
    *,
    results: Iterable[Result],
    assignment_title: str,
    page_of: Callable[[str], str],
) -> None:
    """Write the page of a class, all of it or nothing.

    Args:
        path: the file; folders on the way are created. It links to `students/<page_of(student)>` beside it.
        results: read once, one at a time, in the order in which the table shows them.
        assignment_title: as on the students' pages.
        page_of: the file name of a student's page.

    Raises:
        OSError: the file cannot be written.
    """
    summary = summarize(results, page_of)
    chunks = (
        environment()
        .get_template("class.html")
        .generate(
            **frame("class.css", script="class.js"),
            assignment_title=assignment_title,
            summary=summary,
            statuses=STATUSES,
            bars=plots.histogram(summary.shares),
            stacks=[plots.stacked(question.shares()) for question in summary.questions],
        )
    )
    _write(path, chunks)


def _write(path: Path, chunks: Iterator[str]) -> None:
    with replacing(path) as file:
        for chunk in chunks:
            # No file name or output holds half a character after `visible`; this is for what comes by another way.
            file.write(chunk.encode("utf-8", "backslashreplace"))
