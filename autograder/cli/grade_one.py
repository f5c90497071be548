"""`autograder grade-one`: what the plugin for otter and the program for Gradescope run, in a separate process."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.base import app, sentences


@app.command(hidden=True)
def grade_one(
    assignment: Annotated[str, typer.Argument(help="A folder with assignment.toml.")],
    notebook: Annotated[Path, typer.Argument(help="The notebook, or the folder that was uploaded.")],
    output: Annotated[Path, typer.Option(help="Where to write the result, as JSON.")],
    student: Annotated[str, typer.Option(help="Whose it is.")] = "submission",
) -> None:
    """Grade one submission and write its result as JSON."""
    with sentences():
        from autograder import api
        from autograder.core.files import write_atomically

        write_atomically(output, api.grade_one(assignment, notebook, student).model_dump_json())
