"""`autograder package`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.base import app, echo, sentences


class PlaceChoice(StrEnum):
    """Where a packed grader runs."""

    gradescope = "gradescope"
    prairielearn = "prairielearn"
    coursera = "coursera"
    github = "github"


@app.command()
def package(
    assignment: Annotated[str, typer.Argument(help="A name under assignments/, or a folder with assignment.toml.")],
    output: Annotated[Path, typer.Option(help="The folder to write autograder.zip into.")] = Path(),
    target: Annotated[
        PlaceChoice,
        typer.Option("--for", help="Where it runs; prairielearn and coursera get a Dockerfile as well."),
    ] = PlaceChoice.gradescope,
) -> None:
    """Pack autograder.zip for Gradescope, which `otter run -a autograder.zip NOTEBOOK` grades with as well.

    For PrairieLearn and Coursera it is autograder-PLATFORM.zip, from which their image is built. For GitHub, OUTPUT is
    a clone of the course's own repository, which gets a workflow that grades students' repositories (docs/github.md).
    """
    with sentences():
        if target is PlaceChoice.github:
            _for_github(assignment, output)
            return
        from autograder.assignment import load
        from autograder.lms.bundle import package as package_assignment

        container = None if target is PlaceChoice.gradescope else target.value
        packed = package_assignment(load(assignment), output, container)
        echo(f"{packed.path} ({packed.path.stat().st_size / 2**20:.1f} MB)")
        for left in packed.left_out:
            echo(f"not packed: {left}")
        if container:
            if target is PlaceChoice.coursera:
                echo("Upload it to Coursera, which builds the image from it (docs/containers.md).")
            else:
                echo(f"Unpack it and build the image: docker build -t {container}-grader . (docs/containers.md)")
            if packed.pending:
                echo(f"{packed.pending:g} more points need review and do not count there.")
            return
        echo(f"Gradescope: set the autograder points to {packed.points:g}.")
        if packed.pending:
            echo(f"{packed.pending:g} more points need review: give them a manually graded question there.")


def _for_github(assignment: str, course: Path) -> None:
    from autograder.assignment import load
    from autograder.lms.github_workflow import write_workflow

    made = write_workflow(load(assignment), course)
    echo(f"the workflow: {made.workflow}")
    echo(f"the grader, with the solution: {made.packed.path} (commit it to a private repository only)")
    for left in made.packed.left_out:
        echo(f"not packed: {left}")
    echo(f"Now fill in {made.repositories}, one line for each student (docs/github.md).")
