"""`autograder release`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.base import app, echo, out, sentences


@app.command()
def release(
    assignment: Annotated[str, typer.Argument(help="A name under assignments/, or a folder with assignment.toml.")],
    output: Annotated[Path | None, typer.Option(help="The folder to write [dist/NAME].")] = None,
    run_tests: Annotated[
        bool, typer.Option(help="Let otter run all checks on the solution before anything is written.")
    ] = True,
) -> None:
    """Make what students receive, with otter's `assign`: the notebook, and checks that they run in it."""
    with sentences():
        from autograder.assignment import load
        from autograder.authoring.commands import release_assignment

        found = load(assignment)
        with out.status("making what students receive …"):
            made = release_assignment(found, output or Path("dist") / found.name, run_tests=run_tests)
        echo(f"{made.folder}: {', '.join(made.files)}")
        echo(f"{made.archive} ({made.archive.stat().st_size / 2**20:.1f} MB): the same, to hand out")
        for what, questions in (
            ("checked by students", made.judged),
            ("only read by the check, judged when graded", made.read),
            ("without a check", made.unchecked),
        ):
            if questions:
                echo(f"{what}: {', '.join(questions)}")
        if made.tried:
            echo(f"The solution passes all {len(made.judged) + len(made.read)} checks under otter.")
