"""`autograder validate`."""

from __future__ import annotations

from typing import Annotated

import typer

from autograder.cli.base import app, echo, err, out, sentences


@app.command()
def validate(
    assignment: Annotated[str, typer.Argument(help="A name under assignments/, or a folder with assignment.toml.")],
    train: Annotated[bool, typer.Option("--train", help="Train every mutant too; this takes long.")] = False,
    details: Annotated[bool, typer.Option("--details", help="List everything that was tried.")] = False,
) -> None:
    """Try an assignment out: the solution earns everything, the untouched notebook nothing, each mistake is caught."""
    with sentences():
        from autograder.assignment import load
        from autograder.authoring import commands

        found = load(assignment)
        with out.status("running the solution, the untouched notebook and the mutants …"):
            done = commands.validate_assignment(found, train_mutants=train)
        for title, result in (("solution", done.solution), ("untouched notebook", done.untouched)):
            waits = f", {result.pending:g} need review" if result.pending else ""
            echo(f"{title}: {result.score:g} of {result.points:g} points{waits}")
        for network in dict.fromkeys(one.network for one in done.tried):
            outcomes = [one.outcome for one in done.tried if one.network == network]
            wrong = [outcome for outcome in outcomes if outcome not in ("fair", "punished")]
            counts = ", ".join(
                f"{wrong.count(outcome)} {word}"
                for outcome, word in (
                    ("caught", "cost points"),
                    ("noticed", "are noticed without costing points"),
                    ("not asked", "are not asked for"),
                    ("missed", "pass unnoticed"),
                )
                if outcome in wrong
            )
            fair = outcomes.count("fair")
            echo(f"{network}: {len(wrong)} mutants: {counts}; {fair} of {len(outcomes) - len(wrong)} rewrites keep all")
        if details:
            for one in done.tried:
                by = f" ({', '.join(one.questions)})" if one.questions else ""
                echo(f"  {one.outcome:9}  {one.network}: {one.what}{by}")
        if not train and any(question.requires_training for question in found.questions):
            echo("Mutants were not trained: their accuracy counts as reached (--train trains them).")
        for problem in done.problems:
            err.print(problem, markup=False, soft_wrap=True)
        if done.problems:
            raise typer.Exit(1)
        echo("The assignment grades what it asks.")
