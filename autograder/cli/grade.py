"""`autograder grade`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.base import IsolationChoice, app, echo, err, need_linux, out, sentences, stop


@app.command()
def grade(
    assignment: Annotated[
        str,
        typer.Argument(
            help="A name under assignments/, or a folder with assignment.toml; or otter's autograder.zip or tests "
            "folder, or an nbgrader source (see docs/moving.md)."
        ),
    ],
    submissions: Annotated[
        Path,
        typer.Argument(
            help="A folder of notebooks or of students' folders, one notebook, a zip, or what Canvas, Moodle, "
            "Gradescope or nbgrader let you download."
        ),
    ],
    output: Annotated[Path | None, typer.Option(help="The report folder [reports/ASSIGNMENT].")] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, help="How many notebooks and training runs at a time [one per core, as the memory allows]."
        ),
    ] = None,
    isolation: Annotated[
        IsolationChoice,
        typer.Option(help="auto and bubblewrap need the sandbox; user is for containers; none protects nothing."),
    ] = IsolationChoice.auto,
    scheduler: Annotated[
        str | None, typer.Option(help="A Dask scheduler whose workers grade: tls://HOST:8786, or tcp://HOST:8786.")
    ] = None,
    cluster: Annotated[
        Path | None, typer.Option(help="A file that says which machines grade (see docs/cluster.md).")
    ] = None,
    gradebook: Annotated[
        str | None,
        typer.Option(
            help="A database that stores everything instead of OUTPUT/gradebook.db: "
            "postgresql+psycopg://USER@HOST/DATABASE (the password in PGPASSWORD or ~/.pgpass) or sqlite:///FILE."
        ),
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="The language of the pages and feedback [the assignment's].")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget what is stored and grade everything again.")] = False,
) -> None:
    """Grade a class: run every notebook, judge its networks, write feedback pages and grades."""
    need_linux()
    with sentences():
        from autograder import api
        from autograder.assignment import load
        from autograder.cli.imports import print_summary
        from autograder.cli.progress import watching
        from autograder.core.messages import in_plain_text
        from autograder.grading.engine import read_cluster_file, running_scheduler
        from autograder.grading.machine_faults import remedy

        if scheduler and cluster:
            stop("Name a scheduler or a cluster file, not both.", 2)
        machines = running_scheduler(scheduler) if scheduler else read_cluster_file(cluster) if cluster else None
        loaded = load(assignment)
        done = api.grade(
            loaded,
            submissions,
            output,
            workers=workers,
            isolation=isolation.value,
            fresh=fresh,
            watch=lambda total: watching(out, total),
            machines=machines,
            gradebook_url=gradebook,
            language=language,
            imports=lambda report: print_summary(report, loaded),
        )
        for ignored in done.intake.ignored:
            echo(f"passed over: {ignored.path}: {ignored.reason}")
        for student, reason in done.outcome.failures.items():
            err.print(f"The autograder itself failed on {student}: {reason}", markup=False, soft_wrap=True)
        for fault, count in done.faults.most_common():
            advice = in_plain_text(remedy(fault).english)
            echo(f"not the students' fault, in {count} of them: {fault.english} {advice}")
        made, reused = len(done.outcome.changed), done.outcome.reused
        echo(f"{made} graded, {reused} unchanged since an earlier run" if reused else f"{made} graded")
        if done.kept:
            echo(
                f"{len(done.kept)} earlier results of students who are not in {submissions} were kept "
                "(--fresh drops them)"
            )
        echo(f"report: {done.index}")
        if done.outcome.failures:
            raise typer.Exit(1)
