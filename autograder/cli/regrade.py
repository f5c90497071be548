"""`autograder regrade`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.base import app, err, say, sentences


@app.command()
def regrade(
    folder: Annotated[Path, typer.Argument(help="A report folder that `grade` wrote.")],
    language: Annotated[
        str | None, typer.Option(help="Say everything in this language [the one that was asked for last].")
    ] = None,
) -> None:
    """Judge again from stored evidence, after you changed points, thresholds or checks. Executes nothing."""
    with sentences():
        from autograder import jobs
        from autograder.regrading import Regraded

        index, outcomes = jobs.regrade_folder(folder, language)
        regraded = [outcome for outcome in outcomes if isinstance(outcome, Regraded)]
        for one in regraded:
            if one.before.score != one.after.score or one.before.points != one.after.points:
                before = f"{one.before.score:g}/{one.before.points:g}"
                say(f"{one.after.student}: {before} → {one.after.score:g}/{one.after.points:g}")
        problems = [outcome for outcome in outcomes if isinstance(outcome, str)]
        for problem in problems:
            err.print(f"not judged again: {problem}", markup=False, soft_wrap=True)
        say(f"{len(regraded)} judged again, nothing executed")
        say(f"report: {index}")
        if problems:
            raise typer.Exit(1)
