"""`autograder check`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.base import app, need_linux, out, sentences


@app.command()
def check(
    notebook: Annotated[Path, typer.Argument(help="Your notebook.")],
    assignment: Annotated[
        str | None, typer.Option(help="The assignment, if the notebook itself does not name it.")
    ] = None,
    language: Annotated[str | None, typer.Option(help="The language of the result [the assignment's].")] = None,
) -> None:
    """Check your own notebook before you hand it in: the same judgements as when it is graded."""
    need_linux()
    with sentences():
        from autograder import api
        from autograder.cli.result_view import print_result

        with out.status("running your notebook …"):
            checked = api.check(notebook, assignment, language=language)
        print_result(out, checked.assignment, checked.result, checked.warnings)
