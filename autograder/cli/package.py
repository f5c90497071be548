"""`autograder package`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.base import app, echo, sentences


@app.command()
def package(
    assignment: Annotated[str, typer.Argument(help="A name under assignments/, or a folder with assignment.toml.")],
    output: Annotated[Path, typer.Option(help="The folder to write autograder.zip into.")] = Path(),
) -> None:
    """Pack autograder.zip for Gradescope, which `otter run -a autograder.zip NOTEBOOK` grades with as well."""
    with sentences():
        from autograder.assignment import load
        from autograder.lms.bundle import package as package_assignment

        packed = package_assignment(load(assignment), output)
        echo(f"{packed.path} ({packed.path.stat().st_size / 2**20:.1f} MB)")
        for left in packed.left_out:
            echo(f"not packed: {left}")
        echo(f"Gradescope: set the autograder points to {packed.points:g}.")
        if packed.pending:
            echo(f"{packed.pending:g} more points need review: give them a manually graded question there.")
