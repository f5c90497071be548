"""What the commands share: the application, the two consoles, and errors as sentences."""

from __future__ import annotations

import os
import sys
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
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


class IsolationChoice(StrEnum):
    """How notebooks are kept from the machine."""

    auto = "auto"
    bubblewrap = "bubblewrap"
    user = "user"
    none = "none"


class Backend(StrEnum):
    """The libraries that can train under Keras."""

    tensorflow = "tensorflow"
    jax = "jax"


def _show_version(asked: bool) -> None:
    if asked:
        from autograder import __version__

        typer.echo(f"autograder {__version__}")
        raise typer.Exit


@app.callback()
def settings(
    data: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="A folder with mnist.npz, fashion_mnist.npz or cifar10.npz [what AUTOGRADER_DATA names].",
        ),
    ] = None,
    download: Annotated[
        bool, typer.Option("--download", help="Download data sets that are not on this machine. [AUTOGRADER_DOWNLOAD]")
    ] = False,
    backend: Annotated[
        Backend | None,
        typer.Option(
            help="What trains the networks under Keras; jax needs keras-autograder[jax]. [AUTOGRADER_BACKEND]"
        ),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Settings for every command."""
    if data is not None:
        os.environ["AUTOGRADER_DATA"] = str(data.resolve())
    if download:
        from autograder.datasets.places import allow_download

        allow_download()
    if backend is not None:
        os.environ["AUTOGRADER_BACKEND"] = backend.value


@contextmanager
def sentences() -> Iterator[None]:
    """Turn the errors that the user can fix into one sentence and exit status 2, and Ctrl-C into a short message."""
    from autograder.core.errors import UserError

    try:
        yield
    except UserError as error:
        stop(str(error), 2)
    except KeyboardInterrupt:
        stop("Stopped. What was finished is stored; the same command continues from here.", 130)


def need_linux() -> None:
    """Exit with a sentence where notebooks cannot be run: kernels are forked and bounded by means of Linux."""
    if not sys.platform.startswith("linux"):
        stop(
            "Notebooks are run on Linux only (on Windows in WSL). Elsewhere use the notebook that `autograder release` "
            "made for your course: its checks run in your own Jupyter.",
            2,
        )


def stop(message: str, status: int) -> NoReturn:
    """Exit with this status and a sentence on standard error."""
    err.print(message, markup=False, soft_wrap=True)
    raise typer.Exit(status) from None


def echo(text: str) -> None:
    """Print a line as it is: names may hold brackets."""
    out.print(text, markup=False, soft_wrap=True)
