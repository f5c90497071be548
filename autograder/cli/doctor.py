"""`autograder doctor`."""

from __future__ import annotations

import typer

from autograder.cli.base import app, echo, sentences


@app.command()
def doctor() -> None:
    """Say how notebooks are kept from this machine, what is missing for it, and what to install.

    Exit status 1 where nothing holds a notebook.
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
            echo("Nothing holds a notebook here: grade the work of people whom you trust, or none.")
            raise typer.Exit(1)
        echo(f"Notebooks run under {working[0]}. {meaning(working[0])}")
