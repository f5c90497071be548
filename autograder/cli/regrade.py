"""`autograder regrade`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.base import app, echo, err, sentences

# One reason often holds for a whole class.
_MOST_NAMED = 8


@app.command()
def regrade(
    folder: Annotated[Path, typer.Argument(help="A report folder that `grade` wrote.")],
    language: Annotated[
        str | None, typer.Option(help="Say everything in this language [the one that was asked for last].")
    ] = None,
) -> None:
    """Judge again from stored evidence, after you changed points, thresholds or checks. Executes nothing."""
    with sentences():
        from autograder import api
        from autograder.grading.regrade import NotRegraded, Regraded

        index, outcomes = api.regrade_folder(folder, language)
        regraded = [outcome for outcome in outcomes if isinstance(outcome, Regraded)]
        for one in regraded:
            if one.before.score != one.after.score or one.before.points != one.after.points:
                before = f"{one.before.score:g}/{one.before.points:g}"
                echo(f"{one.after.student}: {before} → {one.after.score:g}/{one.after.points:g}")
        left: dict[str, list[str]] = {}
        for outcome in outcomes:
            if isinstance(outcome, NotRegraded):
                left.setdefault(outcome.why, []).append(outcome.student)
        for why, students in left.items():
            err.print(f"not judged again ({_named(students)}): {why}", markup=False, soft_wrap=True)
        echo(f"{len(regraded)} judged again, nothing executed")
        echo(f"report: {index}")
        if left:
            raise typer.Exit(1)


def _named(students: Sequence[str]) -> str:
    further = len(students) - _MOST_NAMED
    return ", ".join(students[:_MOST_NAMED]) + (f" and {further} more" if further > 0 else "")
