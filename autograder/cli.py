"""The commands: parse, call, print. Everything heavy is imported inside a command, so that `--help` answers at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

app = typer.Typer(
    help="Grades Jupyter notebooks in which students build Keras networks.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


class IsolationChoice(StrEnum):
    """How notebooks are kept from the machine."""

    auto = "auto"
    bubblewrap = "bubblewrap"
    none = "none"


@app.command()
def grade(
    assignment: Annotated[str, typer.Argument(help="A name under assignments/, or a folder with assignment.toml.")],
    submissions: Annotated[
        Path,
        typer.Argument(help="A folder of notebooks, a folder with one folder per student, one notebook, or a zip."),
    ],
    output: Annotated[Path | None, typer.Option(help="The report folder [reports/ASSIGNMENT].")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="How many run at a time [one per core].")] = None,
    isolation: Annotated[
        IsolationChoice, typer.Option(help="auto and bubblewrap need the sandbox; none runs notebooks unprotected.")
    ] = IsolationChoice.auto,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget what is stored and grade everything again.")] = False,
) -> None:
    """Grade a class: run every notebook, judge its networks, write feedback pages and grades."""
    with sentences():
        from autograder import jobs
        from autograder.assignment import load
        from autograder.progress import watching

        found = load(assignment)
        done = jobs.grade(
            found,
            submissions,
            output or Path("reports") / found.name,
            workers=workers or jobs.available_cores(),
            isolation=isolation.value,
            fresh=fresh,
            watch=lambda total: watching(out, total),
        )
        for ignored in done.intake.ignored:
            _say(f"passed over: {ignored.path}: {ignored.reason}")
        for student, reason in done.outcome.failures.items():
            err.print(f"The autograder itself failed on {student}: {reason}", markup=False, soft_wrap=True)
        made, reused = len(done.outcome.changed), done.outcome.reused
        _say(f"{made} graded, {reused} unchanged since an earlier run" if reused else f"{made} graded")
        if done.kept:
            _say(
                f"{len(done.kept)} earlier results of students who are not in {submissions} were kept "
                "(--fresh drops them)"
            )
        _say(f"report: {done.index}")
        if done.outcome.failures:
            raise typer.Exit(1)


@app.command()
def check(
    notebook: Annotated[Path, typer.Argument(help="Your notebook.")],
    assignment: Annotated[
        str | None, typer.Option(help="The assignment, where the notebook itself does not name it.")
    ] = None,
) -> None:
    """Check your own notebook before you hand it in: the same judgements as when it is graded."""
    with sentences():
        from autograder import jobs
        from autograder.feedback.terminal import print_result

        with out.status("running your notebook …"):
            found, result = jobs.check(notebook, assignment)
        print_result(out, found, result)


@app.command()
def regrade(folder: Annotated[Path, typer.Argument(help="A report folder that `grade` wrote.")]) -> None:
    """Judge again from stored evidence, after you changed points, thresholds or checks. Executes nothing."""
    with sentences():
        from autograder import jobs
        from autograder.regrading import Regraded

        index, outcomes = jobs.regrade_folder(folder)
        regraded = [outcome for outcome in outcomes if isinstance(outcome, Regraded)]
        for one in regraded:
            if one.before.score != one.after.score or one.before.points != one.after.points:
                before = f"{one.before.score:g}/{one.before.points:g}"
                _say(f"{one.after.student}: {before} → {one.after.score:g}/{one.after.points:g}")
        problems = [outcome for outcome in outcomes if isinstance(outcome, str)]
        for problem in problems:
            err.print(f"not judged again: {problem}", markup=False, soft_wrap=True)
        _say(f"{len(regraded)} judged again, nothing executed")
        _say(f"report: {index}")
        if problems:
            raise typer.Exit(1)


@app.command()
def calibrate(
    assignment: Annotated[str, typer.Argument(help="A name under assignments/, or a folder with assignment.toml.")],
    seeds: Annotated[int, typer.Option(min=5, max=1000, help="How many runs of the reference solution.")] = 20,
    workers: Annotated[int | None, typer.Option(min=1, help="How many run at a time [one per core].")] = None,
) -> None:
    """Compute the thresholds of accuracy questions from the reference solution's own short runs."""
    with sentences():
        from autograder import jobs
        from autograder.assignment import load

        reference, path = jobs.calibrate_assignment(
            load(assignment),
            range(1, seeds + 1),
            workers=workers or jobs.available_cores(),
            progress=lambda question, seed, accuracy: _say(f"{question}: seed {seed}: {accuracy:.4f}"),
        )
        for question, threshold in reference.thresholds.items():
            low, high = min(threshold.accuracies), max(threshold.accuracies)
            _say(
                f"{question}: {low:.4f} to {high:.4f} over {len(threshold.seeds)} seeds → at least {threshold.minimum}"
            )
        _say(f"written: {path}")


@contextmanager
def sentences() -> Iterator[None]:
    """Turn the errors that a person can mend into one sentence and exit status 2, and Ctrl-C into a word."""
    from autograder.errors import Mendable

    try:
        yield
    except Mendable as error:
        _stop(str(error), 2)
    except KeyboardInterrupt:
        _stop("Stopped. What was finished is stored; the same command continues from here.", 130)


def _stop(message: str, status: int) -> NoReturn:
    err.print(message, markup=False, soft_wrap=True)
    raise typer.Exit(status) from None


def _say(text: str) -> None:
    out.print(text, markup=False, soft_wrap=True)


def main() -> None:
    """The entry point of the command `autograder`."""
    app()
