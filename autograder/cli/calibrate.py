"""`autograder calibrate`."""

from __future__ import annotations

from typing import Annotated

import typer

from autograder.cli.base import app, say, sentences


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
            progress=lambda question, seed, accuracy: say(f"{question}: seed {seed}: {accuracy:.4f}"),
        )
        for question, threshold in reference.thresholds.items():
            low, high = min(threshold.accuracies), max(threshold.accuracies)
            say(f"{question}: {low:.4f} to {high:.4f} over {len(threshold.seeds)} seeds → at least {threshold.minimum}")
        say(f"written: {path}")
