"""`autograder calibrate`."""

from __future__ import annotations

from typing import Annotated

import typer

from autograder.cli.base import app, echo, sentences


@app.command()
def calibrate(
    assignment: Annotated[str, typer.Argument(help="A name under assignments/, or a folder with assignment.toml.")],
    seeds: Annotated[int, typer.Option(min=5, max=1000, help="How many runs of the reference solution.")] = 20,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; check whether the solution passes on this machine.")
    ] = False,
    workers: Annotated[int | None, typer.Option(min=1, help="How many runs at a time [one per core].")] = None,
) -> None:
    """Compute the thresholds of accuracy questions from the reference solution's own short runs."""
    with sentences():
        from autograder.assignment import load
        from autograder.authoring import commands
        from autograder.grading.engine.local import available_cores

        asked = range(1, seeds + 1)
        cores = workers or available_cores()
        if check:
            checked = commands.check_thresholds(load(assignment), asked, workers=cores, progress=_progress)
            for one in checked:
                low, high = min(one.accuracies), max(one.accuracies)
                echo(
                    f"{one.question}: {low:.4f} to {high:.4f}; {one.minimum} is needed: "
                    f"reached with {one.passed} of {len(one.accuracies)} seeds"
                )
            raise typer.Exit(any(one.passed < len(one.accuracies) for one in checked))
        reference, path = commands.calibrate_assignment(
            load(assignment),
            asked,
            workers=cores,
            progress=_progress,
        )
        for question, threshold in reference.thresholds.items():
            low, high = min(threshold.accuracies), max(threshold.accuracies)
            echo(
                f"{question}: {low:.4f} to {high:.4f} over {len(threshold.seeds)} seeds → at least {threshold.minimum}"
            )
        echo(f"written: {path}")


def _progress(question: str, seed: int, accuracy: float) -> None:
    echo(f"{question}: seed {seed}: {accuracy:.4f}")
