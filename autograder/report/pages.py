"""The two pages: one student's feedback, and the class overview. Each is one file that loads nothing."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from autograder.core.files import replacing
from autograder.records.result import Result
from autograder.records.run_statistics import RunStatistics, TrainingStatistics
from autograder.report import plots
from autograder.report.class_table import NETWORKS_SHOWN, ROWS_AT_ONCE, table_data
from autograder.report.executed_notebook import PageCell, anchors, page_cells, render_cells
from autograder.report.item_analysis import discrimination_in_words
from autograder.report.similarity import Likeness
from autograder.report.summary import STATUSES, ClassSummary
from autograder.report.templating import environment, frame
from autograder.report.views import at_a_glance, dependencies, question_view

if TYPE_CHECKING:
    from autograder.checks.base import Dependency

__all__ = ["PageCell", "page_cells", "write_class_page", "write_student_page"]

_TORCH = re.compile(r"^\s*(?:import|from)\s+torch\b", re.MULTILINE)


def write_student_page(
    path: Path,
    *,
    result: Result,
    assignment_title: str,
    cells: Sequence[PageCell] = (),
    depends: Mapping[str, Dependency] | None = None,
    parts: Mapping[str, str] | None = None,
) -> None:
    """Write the feedback of one submission, all of it or nothing.

    Args:
        path: the file; folders on the way are created.
        result: the submission's result.
        assignment_title: as the student knows the exercise.
        cells: the notebook as it ran (`page_cells`); empty if it could not be read.
        depends: by the id of a question, the question it depends on.
        parts: by the id of a question, the heading of the part of the exercise that it is about.

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
            parts=parts or {},
            ruler=plots.ruler(result.questions),
            cells=render_cells(cells),
            cell_count=len(cells),
            anchors=anchors(cells),
            # Nobody who writes PyTorch reads on in the Keras documentation.
            in_torch=any(_TORCH.search(cell.source) for cell in cells),
        )
    )
    _write(path, chunks)


def write_class_page(
    path: Path,
    *,
    summary: ClassSummary,
    assignment_title: str,
    run: RunStatistics | None = None,
    training: TrainingStatistics | None = None,
    alike: Sequence[Likeness] = (),
) -> None:
    """Write the page of a class, all of it or nothing.

    Args:
        path: the file; folders on the way are created. It links to the folder `students` next to it.
        summary: the results of the class, summarized.
        assignment_title: as on the students' pages.
        run: what the last run of `grade` took, if known.
        training: what the trusted runs took.
        alike: near-duplicates, the most alike first.

    Raises:
        OSError: the file cannot be written.
    """
    data = table_data(summary, alike)
    chunks = (
        environment()
        .get_template("class.html")
        .generate(
            **frame("class.css", script="class.js"),
            assignment_title=assignment_title,
            summary=summary,
            run=run,
            training=training or TrainingStatistics(),
            alike=alike,
            statuses=STATUSES,
            data=Markup(data.text),
            filters=data.filters,
            href={row.student: row.href for row in summary.rows},
            shown_rows=ROWS_AT_ONCE,
            shown_networks=NETWORKS_SHOWN,
            review_command=shlex.join(["autograder", "review", str(path.parent.resolve())]),
            in_words=discrimination_in_words,
            bars=plots.histogram(summary.shares),
            stacks=[plots.stacked(question.shares()) for question in summary.questions],
        )
    )
    _write(path, chunks)


def _write(path: Path, chunks: Iterator[str]) -> None:
    with replacing(path) as file:
        for chunk in chunks:
            # After `visible` no file name or output holds half a character; this is for text that comes another way.
            file.write(chunk.encode("utf-8", "backslashreplace"))
