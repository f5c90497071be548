"""The two pages: one student's feedback, and the class at a glance. Each is one file that loads nothing."""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from autograder.feedback import plots, wording
from autograder.feedback.notebook import PageCell, anchors, page_cells, render_cells
from autograder.feedback.summary import STATUSES, summarize
from autograder.feedback.views import at_a_glance, comparison, dependencies, question_view
from autograder.files import replacing
from autograder.result import Result

if TYPE_CHECKING:
    from autograder.checks.base import Dependency

__all__ = ["PageCell", "page_cells", "write_class_page", "write_student_page"]

_NO_SOURCE = "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'"


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
        _environment()
        .get_template("student.html")
        .generate(
            **_frame("student.css"),
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
    script = _packaged("class.js")
    chunks = (
        _environment()
        .get_template("class.html")
        .generate(
            **_frame("class.css", script),
            script=Markup(script),
            assignment_title=assignment_title,
            summary=summary,
            statuses=STATUSES,
            bars=plots.histogram(summary.shares),
            stacks=[plots.stacked(question.shares()) for question in summary.questions],
        )
    )
    _write(path, chunks)


def _frame(stylesheet: str, script: str = "") -> dict[str, Any]:
    """The style of a page and the policy that allows this style, this script, and nothing else."""
    style = _packaged("base.css") + _packaged(stylesheet)
    policy = f"{_NO_SOURCE}; style-src '{_source_hash(style)}'"
    if script:
        policy += f"; script-src '{_source_hash(script)}'"
    # Both texts are ours, never a student's; escaping would change what the hash is of.
    return {"style": Markup(style), "policy": policy}


def _source_hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


@functools.cache
def _packaged(name: str) -> str:
    text = resources.files("autograder.feedback").joinpath("templates", name).read_text(encoding="utf-8")
    if "</" in text:
        raise ValueError(f"{name} would end its own element in the page")
    return text


@functools.cache
def _environment() -> Environment:
    """Templates that escape everything, miss nothing silently, and show no invisible character."""
    environment = Environment(
        loader=FileSystemLoader(str(resources.files("autograder.feedback").joinpath("templates"))),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.filters.update(
        points=wording.points,
        point_count=wording.point_count,
        integer=wording.integer,
        percent=wording.percent,
        accuracy=wording.accuracy,
        duration=wording.duration,
        day=wording.day,
    )
    environment.globals.update(
        counted=wording.counted,
        student_status=wording.STUDENT_STATUS,
        class_status=wording.CLASS_STATUS,
        row_state=wording.ROW_STATE,
        accuracy=wording.accuracy,
        anchor=wording.anchor,
        comparison=comparison,
        curve=plots.curve,
        plot=plots,
    )
    return environment


def _finalize(value: Any) -> Any:
    return wording.visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _write(path: Path, chunks: Iterator[str]) -> None:
    with replacing(path) as file:
        for chunk in chunks:
            # No file name or output holds half a character after `visible`; this is for what comes by another way.
            file.write(chunk.encode("utf-8", "backslashreplace"))
