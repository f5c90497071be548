"""`autograder calibrate`."""

from __future__ import annotations

from typing import Annotated

import typer

from autograder.cli.base import app, echo, sentences


@app.command()
def calibrate(
    assignment: Annotated[str, typer.Argument(help="A name under assignments/, or a folder with assignment.toml.")],
    seeds: Annotated[
        int,
        typer.Option(min=1, max=1000, help="How many runs of the reference solution; a threshold needs at least 20."),
    ] = 20,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; check whether the solution passes on this machine.")
    ] = False,
    workers: Annotated[int | None, typer.Option(min=1, help="How many runs at a time [one per core].")] = None,
) -> None:
    """Compute the thresholds of score and accuracy questions from the reference solution's own short runs."""
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
                    f"{one.question}: {score_text(low)} to {score_text(high)}; {one.minimum} is needed: "
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
                f"{question}: {score_text(low)} to {score_text(high)} over {len(threshold.seeds)} seeds → "
                f"{'at least' if threshold.minimum <= low else 'at most'} {threshold.minimum}"
            )
        echo(f"written: {path}")


def _progress(question: str, seed: int, score: float) -> None:
    echo(f"{question}: seed {seed}: {score_text(score)}")


def score_text(score: float) -> str:
    """An accuracy to four decimals; larger numbers to six digits."""
    return f"{score:.4f}" if 0.01 <= abs(score) < 10 or score == 0 else f"{score:.6g}"
