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
        from autograder.core.total import total

        found = load(assignment)
        with out.status("running the solution, the untouched notebook, mutants and plants …"):
            done = commands.validate_assignment(found, train_mutants=train)
        for title, result in (("solution", done.solution), ("untouched notebook", done.untouched)):
            echo(f"{title}: {total(result.score, result.points, result.pending)}")
        for network in dict.fromkeys(one.network for one in done.tried):
            outcomes = [one.outcome for one in done.tried if one.network == network and one.outcome != "not tried"]
            wrong = [outcome for outcome in outcomes if outcome not in ("fair", "punished")]
            counts = ", ".join(
                f"{wrong.count(outcome)} {word}"
                for outcome, word in (
                    ("caught", "cost points"),
                    ("overcharged", "cost too much"),
                    ("noticed", "are noticed without costing points"),
                    ("not asked", "are not asked for"),
                    ("missed", "pass unnoticed"),
                )
                if outcome in wrong
            )
            fair, right = outcomes.count("fair"), len(outcomes) - len(wrong)
            if network:
                echo(f"{network}: {len(wrong)} mutants: {counts}; {fair} of {right} rewrites keep all")
            else:
                echo(f"whole notebook: {len(wrong)} mistakes: {counts}; {fair} of {right} right ones keep all")
        if details:
            for one in done.tried:
                by = f" ({', '.join(one.questions)})" if one.questions else ""
                echo(f"  {one.outcome:11}  {one.network or 'notebook'}: {one.what}{by}")
        if not train and any(question.requires_training for question in found.questions):
            echo("Mutants were not trained: their accuracy counts as reached (--train trains them).")
        for warning in done.warnings:
            err.print(f"warning: {warning}", markup=False, soft_wrap=True)
        for problem in done.problems:
            err.print(problem, markup=False, soft_wrap=True)
        if done.problems:
            raise typer.Exit(1)
        echo("The assignment grades what it asks.")
