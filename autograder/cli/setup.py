"""`autograder setup`."""

from __future__ import annotations

from typing import Annotated

import typer

from autograder.cli.base import app, echo, out, sentences


@app.command()
def setup(
    assignment: Annotated[str, typer.Argument(help="A name under assignments/, or a folder with assignment.toml.")],
    upgrade: Annotated[
        bool, typer.Option("--upgrade", help="Choose the newest versions again, and write another lock file.")
    ] = False,
) -> None:
    """Download the data sets that an assignment needs, and install the packages of [environment] for its notebooks."""
    with sentences():
        from autograder import datasets
        from autograder.assignment import load
        from autograder.assignment.images import needed_images, provide_images
        from autograder.authoring.setup import set_up

        datasets.allow_download()
        found = load(assignment)
        provide_images(found)
        for name in needed_images(found):
            echo(f"{name}: {datasets.find(name).path}")
        if not found.environment.packages and needed_images(found):
            return
        with out.status("installing packages …"):
            done = set_up(found, upgrade=upgrade)
        if done.present:
            echo(f"installed beside the autograder anyway: {', '.join(done.present)}")
        if done.folder is not None:
            echo(f"installed for notebooks: {', '.join(done.packages)}")
            echo(f"folder: {done.folder}")
        echo(f"pinned in {done.lock_file}")
