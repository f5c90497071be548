"""`autograder imports`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autograder.cli.base import app, echo, out, sentences

if TYPE_CHECKING:
    from autograder.assignment import Assignment
    from autograder.grading.imports import ImportedPackage, ImportReport

_MOST_ROWS = 40
_MOST_NAMED = 12
_LONGEST_NAME = 40


@app.command()
def imports(
    submissions: Annotated[Path, typer.Argument(help="What `autograder grade` takes: a folder, a zip, a download.")],
    assignment: Annotated[
        str | None, typer.Argument(help="A name under assignments/, or a folder with assignment.toml.")
    ] = None,
) -> None:
    """Show which packages submissions import, and which are missing here. Nothing is executed."""
    with sentences():
        from rich.table import Table

        from autograder.assignment import load
        from autograder.grading.imports import PLACE_NAMES, import_report
        from autograder.intake import read_submissions
        from autograder.observe.packages import PackagesMissing

        found = load(assignment) if assignment is not None else None
        intake = read_submissions(submissions, found.notebook_path.name if found is not None else None)
        report = import_report(intake.submissions, found)
        table = Table("package", "submissions", "where", "!pip install")
        for one in report.packages[:_MOST_ROWS]:
            where = PLACE_NAMES[one.place]
            table.add_row(_shown(one), str(one.submissions), where, str(one.with_pip or ""))
        out.print(table)
        if len(report.packages) > _MOST_ROWS:
            echo(f"and {len(report.packages) - _MOST_ROWS} more")
        unread = len(intake.submissions) - report.total
        echo(f"{report.total} notebooks read" + (f", {unread} could not be read" if unread else ""))
        print_missing(report, found)
        try:
            if found is not None:
                found.require_packages()
        except PackagesMissing as missing:
            echo(str(missing))


def print_summary(report: ImportReport, assignment: Assignment) -> None:
    """What a class imports, in a line, and what is missing here."""
    named = ", ".join(f"{_shown(one)} ({one.submissions})" for one in report.packages[:_MOST_NAMED])
    more = len(report.packages) - _MOST_NAMED
    if named:
        echo(f"imported: {named}" + (f" and {more} more" if more > 0 else ""))
    print_missing(report, assignment)


def print_missing(report: ImportReport, assignment: Assignment | None) -> None:
    """What is missing here, in how many submissions, and the line that makes it available."""
    from autograder.grading.imports import packages_line

    if not report.missing:
        return
    for one in report.missing:
        echo(f"missing on this machine: {one.module}, imported in {one.submissions} of {report.total} submissions")
    name = assignment.folder if assignment is not None else "NAME"
    echo(f"to have it: under [environment] in assignment.toml {packages_line(assignment, report.missing)}")
    echo(f"then: autograder setup {name}")


def _shown(one: ImportedPackage) -> str:
    name = one.module if one.module.isprintable() else repr(one.module)
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"
