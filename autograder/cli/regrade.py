"""`autograder regrade`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autograder.cli.base import app, echo, err, sentences
from autograder.core.errors import UsageError

if TYPE_CHECKING:
    from autograder.grading.grade_change import GradeChange

# The same reason often applies to a whole class.
_MOST_NAMED = 8
_DIRECTIONS = {"raised": "is raised", "lowered": "is lowered", "other": "keeps its share of the points"}


@app.command()
def regrade(
    folder: Annotated[Path, typer.Argument(help="A report folder that `grade` wrote.")],
    language: Annotated[str | None, typer.Option(help="The language of the report [the one last asked for].")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Store changed grades without asking.")] = False,
) -> None:
    """Judge again from stored evidence, after you changed points, thresholds or checks. Executes nothing.

    Lists whose grade is raised and whose is lowered, and asks before anything is stored.
    """
    with sentences():
        from autograder import api
        from autograder.grading.regrade import NotRegraded

        done = api.regrade(folder, language=language, confirm=_confirmation(yes))
        left: dict[str, list[str]] = {}
        for outcome in done.outcomes:
            if isinstance(outcome, NotRegraded):
                left.setdefault(outcome.why, []).append(outcome.student)
        for why, students in left.items():
            err.print(f"not judged again ({_named(students)}): {why}", markup=False, soft_wrap=True)
        echo(f"{len(done.outcomes) - sum(map(len, left.values()))} judged again, nothing executed")
        echo(f"report: {done.index}")
        if left:
            raise typer.Exit(1)


def _confirmation(yes: bool) -> Callable[[Sequence[GradeChange]], None]:
    """A callback that lists the changes, and continues only if there are none or the user agrees."""

    def confirm(changes: Sequence[GradeChange]) -> None:
        _list(changes)
        if not changes:
            echo("nobody's grade changes")
        elif yes:
            return
        elif not sys.stdin.isatty():
            raise UsageError(
                "Nothing was stored, because there is no terminal to ask in: run the same command with --yes to let "
                "these grades count."
            )
        elif not typer.confirm("Let these grades count?"):
            echo("Nothing was stored.")
            raise typer.Exit(1)

    return confirm


def _list(changes: Sequence[GradeChange]) -> None:
    for direction, words in _DIRECTIONS.items():
        some = [change for change in changes if change.direction == direction]
        if some:
            echo(f"{len(some)} whose grade {words}:")
        for change in some:
            echo(f"  {change.student}: {change.before} → {change.after}")
            for question in change.questions:
                echo(f"    {question}")


def _named(students: Sequence[str]) -> str:
    further = len(students) - _MOST_NAMED
    return ", ".join(students[:_MOST_NAMED]) + (f" and {further} more" if further > 0 else "")
