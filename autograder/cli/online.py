"""`autograder pull` and `autograder push`: the only commands that open a connection to a platform."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autograder.cli.base import app, echo, err, sentences

if TYPE_CHECKING:
    from autograder.lms.online.site import Connection
    from autograder.records.pulled import Pulled


class PlatformChoice(StrEnum):
    """The platforms with a connection."""

    canvas = "canvas"
    moodle = "moodle"


class PushChoice(StrEnum):
    """Where scores go; LTI is any platform with its services."""

    canvas = "canvas"
    moodle = "moodle"
    lti = "lti"


class AttemptsChoice(StrEnum):
    """Which attempts are fetched."""

    latest = "latest"
    all = "all"


class PagesChoice(StrEnum):
    """When students' pages are returned."""

    deadline = "deadline"
    now = "now"
    never = "never"


_URL = typer.Option("--url", help="The platform's address, https://… [AUTOGRADER_CANVAS_URL, AUTOGRADER_MOODLE_URL].")


@app.command()
def pull(
    platform: Annotated[PlatformChoice, typer.Argument(help="Where the submissions are.")],
    course: Annotated[str, typer.Argument(help="The course: its number, sis_course_id:… or Moodle's short name.")],
    assignment: Annotated[str, typer.Argument(help="The assignment: the number in its address, or its exact title.")],
    output: Annotated[Path | None, typer.Option(help="The folder to fill [pulled/PLATFORM-ASSIGNMENT].")] = None,
    attempts: Annotated[AttemptsChoice, typer.Option(help="The latest attempt of each student, or all.")] = (
        AttemptsChoice.latest
    ),
    url: Annotated[str | None, _URL] = None,
) -> None:
    """Fetch the submissions of an assignment from Canvas or Moodle, and only what is new; `grade` reads the folder.

    The token comes from AUTOGRADER_CANVAS_TOKEN or AUTOGRADER_MOODLE_TOKEN, the keyring or a file (docs/canvas.md).
    """
    with sentences():
        from autograder.lms.online import pull as pulling
        from autograder.lms.online.tokens import site_address

        address = site_address(platform.value, url)
        done = pulling.pull(
            _connected(platform, address, url), address, course, assignment, output, attempts=attempts.value, say=echo
        )
        for note in done.notes:
            echo(note)
        echo(
            f"{len(done.fetched)} new ({done.files} files), {done.kept} unchanged, {done.late} late, "
            f"{done.without} handed in nothing"
        )
        echo(f"submissions: {done.folder}")


@app.command()
def push(
    platform: Annotated[PushChoice, typer.Argument(help="Where the submissions came from, or lti (docs/lti.md).")],
    folder: Annotated[Path, typer.Argument(help="A report folder that `grade` wrote from a pulled folder.")],
    yes: Annotated[bool, typer.Option("--yes", help="Send. Without it, only what would be sent is listed.")] = False,
    allow_lower: Annotated[bool, typer.Option("--allow-lower", help="Also send grades that are lowered.")] = False,
    replaced: Annotated[
        list[str] | None,
        typer.Option("--replace", help="A student, by name or id, whose grade by somebody else is replaced."),
    ] = None,
    pages: Annotated[
        PagesChoice, typer.Option(help="Return pages after everybody's deadline, now, or never.")
    ] = PagesChoice.deadline,
    scale: Annotated[bool, typer.Option("--scale", help="Scale scores to the maximum there if it differs.")] = False,
    url: Annotated[str | None, _URL] = None,
    settings: Annotated[
        Path | None, typer.Option(help="LTI: the file lti.toml [the one that `autograder lti keys` writes].")
    ] = None,
    resource_id: Annotated[str, typer.Option(help="LTI: the line item's resourceId [the assignment's name].")] = "",
) -> None:
    """Return scores, comments and pages to Canvas or Moodle, or scores by LTI. Lists first; --yes sends."""
    with sentences():
        from autograder.lms.online.push import in_lines, pushing
        from autograder.lms.online.push_plan import Choices, replaceable
        from autograder.lms.online.tokens import site_address

        choices = Choices(allow_lower=allow_lower, replace=replaceable(replaced or ()))
        if platform is PushChoice.lti:
            from autograder.lms.lti_keys import SETTINGS_FILE, default_folder
            from autograder.lms.online.push_lti import pushing_lti

            file = settings or default_folder() / SETTINGS_FILE
            opened = pushing_lti(folder, file, resource=resource_id, choices=choices, scale=scale)
        else:
            pulled_from = PlatformChoice(platform.value)

            def connect(pulled: Pulled) -> Connection:
                return _connected(pulled_from, site_address(pulled_from.value, url, pulled.url), url)

            opened = pushing(folder, pulled_from.value, connect, choices=choices, pages=pages.value, scale=scale)
        with opened as ready:
            listing = ready.listing
            echo(f'"{listing.site.title}" on {platform.value}, {listing.site.maximum:g} points')
            for line in (*in_lines(listing.steps), *listing.notes):
                echo(line)
            going = sum(step.sends for step in listing.steps)
            if not going:
                echo("nothing to send")
                return
            if not yes:
                echo(f"Nothing was sent: --yes sends this to {going} students.")
                return
            done = ready.send()
            for problem in done.problems:
                err.print(problem, markup=False, soft_wrap=True)
            for step in done.failed:
                err.print(f"not there: {step.name}", markup=False, soft_wrap=True)
            echo(f"sent and read back: {len(done.done)} of {going}")
            if done.failed:
                raise typer.Exit(1)


def _connected(platform: PlatformChoice, address: str, given: str | None) -> Connection:
    from autograder.lms.online.tokens import token_for

    token = token_for(platform.value, address, given)
    if platform is PlatformChoice.canvas:
        from autograder.lms.online.canvas import Canvas

        return Canvas(address, token)
    from autograder.lms.online.moodle import Moodle

    return Moodle(address, token)
