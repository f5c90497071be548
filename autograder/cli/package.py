"""`autograder package`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.base import app, echo, sentences


class ContainerChoice(StrEnum):
    """The platforms that run a grader in a container."""

    gradescope = "gradescope"
    prairielearn = "prairielearn"
    coursera = "coursera"


@app.command()
def package(
    assignment: Annotated[str, typer.Argument(help="A name under assignments/, or a folder with assignment.toml.")],
    output: Annotated[Path, typer.Option(help="The folder to write autograder.zip into.")] = Path(),
    target: Annotated[
        ContainerChoice, typer.Option("--for", help="The platform; others than gradescope get a Dockerfile as well.")
    ] = ContainerChoice.gradescope,
) -> None:
    """Pack autograder.zip for Gradescope, which `otter run -a autograder.zip NOTEBOOK` grades with as well.

    For PrairieLearn and Coursera it is autograder-PLATFORM.zip, from which their image is built.
    """
    with sentences():
        from autograder.assignment import load
        from autograder.lms.bundle import package as package_assignment

        container = None if target is ContainerChoice.gradescope else target.value
        packed = package_assignment(load(assignment), output, container)
        echo(f"{packed.path} ({packed.path.stat().st_size / 2**20:.1f} MB)")
        for left in packed.left_out:
            echo(f"not packed: {left}")
        if container:
            echo(f"Unpack it and build the image: docker build -t {container}-grader . (docs/containers.md)")
            if packed.pending:
                echo(f"{packed.pending:g} more points need review and do not count there.")
            return
        echo(f"Gradescope: set the autograder points to {packed.points:g}.")
        if packed.pending:
            echo(f"{packed.pending:g} more points need review: give them a manually graded question there.")
