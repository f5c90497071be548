"""`autograder review`."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.base import app, echo, sentences, stop


@app.command()
def review(
    folder: Annotated[Path, typer.Argument(help="A report folder that `grade` wrote.")],
    name: Annotated[
        str | None, typer.Option("--as", help="Your name, as students see it with your decisions [your login].")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to use [any free one].")] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in your browser.")] = True,
) -> None:
    """Read written answers and override scores, in your browser. Only this machine can reach the page."""
    with sentences():
        from autograder.grading.gradebook_location import opened

        try:
            from autograder.report.review.serve import reviewing
        except ModuleNotFoundError as error:
            stop(f"This command needs {error.name}: pip install 'keras-autograder[review]'.", 2)
        with opened(folder) as (assignment, gradebook):
            reader = (name or "").strip()[:200] or _login()
            review_of = reviewing(folder, assignment, gradebook, reader=reader, port=port)
            with _port_named(port), review_of as (address, service, reporter):
                echo(address)
                echo("Ctrl-C ends it; every decision is stored at once.")
                signal.signal(signal.SIGTERM, signal.default_int_handler)  # a service manager stops it like Ctrl-C
                try:
                    if browser:
                        _show(folder, address)
                    service.run()
                except KeyboardInterrupt:
                    pass  # the normal end
                finally:
                    (folder / _DOOR).unlink(missing_ok=True)
        if reporter.problem:
            stop(reporter.problem, 1)
        echo(f"report: {folder / 'index.html'}")


# The browser gets this file, not the address: other users of the machine can see the arguments of programs.
_DOOR = ".review.html"


@contextmanager
def _port_named(port: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        stop(f"The page cannot be served on port {port} ({error.strerror}); name another with --port.", 2)


def _show(folder: Path, address: str) -> None:
    import webbrowser

    door = folder / _DOOR
    door.unlink(missing_ok=True)
    descriptor = os.open(door, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f'<!DOCTYPE html><meta http-equiv="refresh" content="0;url={address}"><title>review</title>\n')
    webbrowser.open(door.resolve().as_uri())


def _login() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
