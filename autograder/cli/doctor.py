"""`autograder doctor`."""

from __future__ import annotations

import typer

from autograder.cli.base import app, echo, sentences


@app.command()
def doctor() -> None:
    """Show how notebooks are isolated from this machine, what is missing for that, and what to install.

    Exit status 1 if no isolation works.
    """
    with sentences():
        from autograder.observe.sandbox.examination import examine
        from autograder.observe.sandbox.isolation import meaning

        checks = examine()
        for check in checks:
            echo(f"{'yes' if check.works else 'no ':3}  {check.name}: {check.found}")
            if check.advice:
                echo(f"     {check.advice}")
        working = [check.name for check in checks if check.works and meaning(check.name)]
        if not working:
            echo("Nothing isolates a notebook here: grade only the work of people you trust.")
            raise typer.Exit(1)
        echo(f"Notebooks run under {working[0]}. {meaning(working[0])}")
