"""`autograder export`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from autograder.cli.base import app, echo, err, sentences, stop

if TYPE_CHECKING:
    from autograder.lms.gradebooks import Target


class TargetChoice(StrEnum):
    """Whose file the scores go into."""

    canvas = "canvas"
    moodle = "moodle"
    gradescope = "gradescope"
    csv = "csv"
    nbgrader = "nbgrader"


class PendingChoice(StrEnum):
    """What happens to a student whose points are not all decided."""

    refuse = "refuse"
    leave = "leave"
    zero = "zero"
    decided = "decided"


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="A report folder that `grade` wrote.")],
    to: Annotated[TargetChoice, typer.Option("--to", help="Whose file the scores go into.")],
    roster: Annotated[
        Path | None,
        typer.Option(
            help="Your own file: Canvas's gradebook export, Moodle's grading worksheet, Gradescope's grades, any CSV; "
            "or nbgrader's course folder.",
        ),
    ] = None,
    column: Annotated[str | None, typer.Option(help="The column to fill [the one called like the assignment].")] = None,
    output: Annotated[Path | None, typer.Option(help="The file to write [in the report folder].")] = None,
    pending: Annotated[
        PendingChoice,
        typer.Option(
            help="Students with pending points: refuse to export, leave their cells, count zero or only the decided."
        ),
    ] = PendingChoice.refuse,
    scale: Annotated[
        bool, typer.Option("--scale", help="Scale scores to the platform's maximum if it differs.")
    ] = False,
) -> None:
    """Put the scores into your platform's own file. Your file is not changed; a filled copy is written.

    For nbgrader they go into the course itself, with the pages: gradebook.db and feedback/.
    """
    with sentences():
        if to is TargetChoice.nbgrader:
            from autograder.lms.nbgrader_course import export_to_course

            if column or output or scale:
                stop("--column, --output and --scale are for files, not for an nbgrader course.", 2)
            done = export_to_course(folder, roster or Path(), pending=pending.value)
        else:
            from autograder.lms.export import export_grades

            done = export_grades(
                folder,
                cast("Target", to.value),
                roster=roster,
                column=column,
                output=output,
                pending=pending.value,
                scale=scale,
            )
        for note in done.notes:
            echo(note)
        for problem in done.problems:
            err.print(problem, markup=False, soft_wrap=True)
        for path in done.written:
            echo(f"written: {path}")
        if done.problems:
            raise typer.Exit(1)
