"""`autograder forget`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.base import app, echo, sentences


@app.command()
def forget(
    folder: Annotated[Path, typer.Argument(help="A report folder that `grade` wrote.")],
    student: Annotated[
        str | None, typer.Argument(help="A student, by name, id or address as in the report [everyone].")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Delete; without it only a list is printed.")] = False,
) -> None:
    """Delete what is stored about a student or the class: pulled files, gradebook rows, pages, tables and caches."""
    with sentences():
        from autograder.report.forget import forget as forget_stored

        done = forget_stored(folder, student, really=yes)
        word = "deleted" if yes else "would be deleted"
        echo(f"{word}: {len(done.students)} students' results, notebooks and decisions in the gradebook")
        for path in done.paths:
            echo(f"{word}: {path}")
        for change in done.changes:
            echo(f"{'changed' if yes else 'would be changed'}: {change}")
        if done.rows is not None:
            echo(
                f"gradebook: {done.rows.results} results, {done.rows.submissions} notebooks, {done.rows.overrides} "
                f"decisions; {done.rows.evidence} runs and {done.rows.training_runs} trainings that nobody needs now"
            )
        for one in done.stays:
            echo(f"stays: {one}")
        if not yes:
            echo("Nothing was deleted: --yes deletes it.")
