"""`autograder new`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.base import app, echo, sentences
from autograder.core.errors import UsageError


class DatasetChoice(StrEnum):
    """The datasets whose images a network can be trained with."""

    mnist = "mnist"
    fashion_mnist = "fashion_mnist"
    cifar10 = "cifar10"


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="The new assignment's name: small letters, digits, - and _.")],
    summary: Annotated[
        Path,
        typer.Option(
            help="A text file with the network's table as model.summary() prints it. Lines that say START and END "
            "enclose the layers that students write."
        ),
    ],
    dataset: Annotated[DatasetChoice | None, typer.Option(help="The images [the usual ones of that size].")] = None,
    data: Annotated[
        str | None,
        typer.Option(
            help="Data of your own in their place: a .csv or .npz file, a folder with a folder of images for each "
            "class, or sklearn:NAME or keras:NAME."
        ),
    ] = None,
    target: Annotated[
        str | None, typer.Option(help="The column of it to be predicted, or several with commas [the last one].")
    ] = None,
    inputs: Annotated[
        list[str] | None,
        typer.Option(help="An input of a network with several: NAME=COLUMN,COLUMN; one option for each of them."),
    ] = None,
    outputs: Annotated[
        list[str] | None, typer.Option(help="An output of a network with several, likewise, in place of --target.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="The title of the pages [made from the name].")] = None,
    where: Annotated[Path, typer.Option(help="The folder that holds assignments/ and solutions/.")] = Path("."),
) -> None:
    """Start an assignment from a summary table: notebook, reference solution and assignment.toml."""
    with sentences():
        from autograder.authoring.data_guess import named_groups
        from autograder.authoring.new import start_assignment

        if (inputs or outputs) and data is None:
            raise UsageError("--inputs and --outputs are about the columns of --data, which is missing.")
        if data is not None and dataset is not None:
            raise UsageError("--data is in the place of --dataset; give one of them.")
        images = dataset.value if dataset else None
        made = start_assignment(
            name,
            summary,
            where=where,
            dataset=images,
            title=title,
            data=data,
            target=target,
            inputs=named_groups(inputs or [], "--inputs"),
            outputs=named_groups(outputs or [], "--outputs"),
        )
        for path in made.files:
            echo(f"written: {path}")
        for guessed in made.guessed:
            echo(f"guessed: {guessed}")
        echo(f"The network is trained with {made.dataset}. Check the files and adapt them; then:")
        echo(f"  autograder calibrate {made.folder}    # sets the required accuracy, from the solution's own runs")
        echo(f"  autograder validate {made.folder}     # shows what the questions catch")
