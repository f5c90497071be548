"""`autograder lti`: what LTI 1.3 needs before `push lti`. No connection is opened here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.base import app, echo, sentences

lti = typer.Typer(help="Prepare `push lti`: LTI 1.3 without a launch.", no_args_is_help=True)
app.add_typer(lti, name="lti")


@lti.callback()
def commands() -> None:
    """Prepare `push lti`: LTI 1.3 without a launch."""


@lti.command()
def keys(
    output: Annotated[Path | None, typer.Option(help="The folder to write into [where `push lti` looks].")] = None,
) -> None:
    """Make a key pair, and print what the platform's administrator enters."""
    with sentences():
        from autograder.lms.lti_keys import KEY_FILE, SETTINGS_FILE, default_folder, for_the_administrator, make_keys

        made = make_keys(output or default_folder())
        echo(f"private key, for you only: {made.folder / KEY_FILE}")
        echo(f"settings, to be filled in with the administrator's answer: {made.folder / SETTINGS_FILE}")
        echo("\nFor the administrator:")
        for line in for_the_administrator(made):
            echo(line)
