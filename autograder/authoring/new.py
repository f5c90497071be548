"""Starts an assignment from the summary table of the network that students build."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path

import nbformat
from jinja2 import Environment, PackageLoader, StrictUndefined

from autograder.authoring.data_guess import Guess, guess
from autograder.authoring.keras_code import LayerCode, NotWritable, layer_codes
from autograder.core.errors import UserError
from autograder.core.files import write_atomically
from autograder.datasets import DATASETS
from autograder.network.architecture import Architecture
from autograder.network.inference import architecture_from_table
from autograder.network.measure import rows, totals
from autograder.network.table import SummaryTable, TableError, TableRow, parse_table

BEGIN, END = "# here is your code coming:", "# end of your code"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
# The usual datasets by input size: a network that reads this many values is assumed to use the first entry.
_USUAL = ("mnist", "cifar10", "fashion_mnist")


# For declared data: the number of steps of a run and the batch size, which take seconds on a table.
_STEPS, _BATCH = 1500, 16


# The activation of the last layer, which most tables do not show.
_LAST = {"classification": "softmax", "binary": "sigmoid", "multilabel": "sigmoid"} | dict.fromkeys(
    ("regression", "autoencoder"), "linear"
)


class CannotStart(UserError):
    """No assignment can be created from this input; one sentence that says why and what to do."""


@dataclass(frozen=True)
class Started:
    """What was written: the assignment's folder, its files in reading order, and the dataset; `guessed` has a sentence
    for each guess."""

    folder: Path
    files: tuple[Path, ...]
    dataset: str
    guessed: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Data:
    """What the network is trained with: a built-in data set, or one that was guessed from a file."""

    name: str
    title: str
    task: str
    train: int
    validation: int
    guess: Guess | None = None


@dataclass(frozen=True)
class _Network:
    """What the files say about the network; `asked` are the layers that the student writes."""

    table: SummaryTable
    architecture: Architecture
    input_shape: tuple[int | None, ...]
    before: tuple[LayerCode, ...]
    asked: tuple[LayerCode, ...]
    after: tuple[LayerCode, ...]


def start_assignment(
    name: str,
    summary: Path,
    *,
    where: Path,
    dataset: str | None = None,
    title: str | None = None,
    data: str | None = None,
    target: str | None = None,
) -> Started:
    """Write `assignments/<name>/` and `solutions/<name>/` below the folder `where`.

    Args:
        name: the new assignment's name: lowercase letters, digits, - and _.
        summary: a text file with a table as `model.summary()` prints it. Rows between a line that says START and one
            that says END are what the student writes; without such lines it is the whole network.
        dataset: what the network is trained with; by default, the usual one for this many input values.
        title: the title of the pages; made from the name by default.
        data: the author's own data instead of `dataset`: what `data_guess.guess` takes.
        target: the column of `data` to predict.

    Raises:
        CannotStart: the name is taken or invalid, or the table does not determine a network that can be trained.
        CannotGuess, DatasetUnusable, DatasetMissing: the data cannot be used.
    """
    if not _NAME.fullmatch(name):
        raise CannotStart(f'"{name}" cannot name an assignment: use small letters, digits, - and _ only.')
    folders = where / "assignments" / name, where / "solutions" / name
    for folder in folders:
        if folder.exists():
            raise CannotStart(f"{folder} is there already; choose another name, or move it away.")
    text = _read(summary)
    found = None if data is None else guess(data, target)
    network = _network(summary, text, found)
    chosen = _built_in(network, dataset, summary) if found is None else _own(network, found, summary)
    facts = _facts(name, title or name.replace("-", " ").replace("_", " "), network, chosen, text)
    templates = Environment(
        loader=PackageLoader("autograder.authoring"), undefined=StrictUndefined, trim_blocks=True, autoescape=False
    )
    toml = templates.get_template("assignment.toml").render(facts)
    cells = templates.get_template("notebook.md")
    assignment, solution = (folder / f"{name}.ipynb" for folder in folders)
    table = folders[0] / f"{name}.summary.txt"
    handout, solved = (_notebook(cells.render(facts, solved=solved), name) for solved in (False, True))
    write_atomically(table, text)
    write_atomically(assignment, handout)
    write_atomically(solution, solved)
    write_atomically(folders[0] / "assignment.toml", toml)
    for file, path in (chosen.guess.files if chosen.guess else {}).items():
        write_atomically(folders[0] / file, path.read_bytes())
    written = (folders[0] / "assignment.toml", assignment, table, solution)
    return Started(folders[0], written, chosen.name, chosen.guess.said if chosen.guess else ())


def _read(summary: Path) -> str:
    try:
        return summary.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise CannotStart(f"{summary} is no text file in UTF-8; paste the table into one.") from None
    except OSError as error:
        raise CannotStart(f"{summary} cannot be read: {error.strerror}.") from None


def _network(summary: Path, text: str, found: Guess | None) -> _Network:
    try:
        table = parse_table(text)
        architecture = _architecture(table, found)
        shape, codes = layer_codes(architecture)
    except TableError as error:
        raise CannotStart(f"{summary}: {error}") from None
    except NotWritable as error:
        raise CannotStart(
            f"{summary}: no code can be written for this network, because {error}; write the assignment by hand, as "
            "docs/kinds.md describes."
        ) from None
    marked = {table.rows[index].name for index in table.marked}
    asked = [at for at, code in enumerate(codes) if not marked or code.label in marked]
    first, last = asked[0], asked[-1] + 1
    return _Network(table, architecture, shape, tuple(codes[:first]), tuple(codes[first:last]), tuple(codes[last:]))


def _architecture(table: SummaryTable, found: Guess | None) -> Architecture:
    """The network of a table, for the data's shape and task.

    Raises:
        TableError: the table does not determine the network, or contradicts itself.
    """
    if found is None:
        return architecture_from_table(table)
    if found.source.has_names:
        raise TableError(
            f"{found.source.title} has named inputs or outputs: write the assignment by hand, as docs/assignment.md "
            "shows."
        )
    first, last = table.rows[0], _LAST[_task(found, table.rows[-1].shape[1:])[0]]
    shape = found.source.inputs[""]
    if found.source.source == "text":
        embedding = _embedding(table)
        return architecture_from_table(table, (None, embedding.shape[1]), last_activation=last)
    if first.kind == "Input" or (first.kind == "Dense" and len(first.shape) == 2):
        return architecture_from_table(table, last_activation=last)
    channels = (1,) if len(shape) == 2 and len(first.shape) == 4 else ()
    return architecture_from_table(table, (None, *shape, *channels), last_activation=last)


def _embedding(table: SummaryTable) -> TableRow:
    """The Embedding row that reads word indices.

    Raises:
        TableError: there is none, or its sequences have no length.
    """
    row = next((row for row in table.rows if row.kind != "Input"), table.rows[0])
    if row.kind != "Embedding" or len(row.shape) != 3 or None in row.shape[1:]:
        raise TableError("Texts are read by an Embedding as the first layer, with a length: (None, 50, 16).")
    return row


def _built_in(network: _Network, dataset: str | None, summary: Path) -> _Data:
    outputs = rows(network.architecture)[network.architecture.outputs[0]].shape[1:]
    classes = len(DATASETS[dataset or _USUAL[0]].classes)
    if outputs != (classes,):
        raise CannotStart(
            f"{summary}: the last row gives {'×'.join(map(str, outputs))} values; the known datasets have {classes} "
            "classes, so it must give as many. For data of your own, name its file with --data."
        )
    if None in network.input_shape:
        raise CannotStart(f"{summary}: the input has an axis of unknown size; give it a number in the table.")
    values = prod(size or 0 for size in network.input_shape)
    fitting = [one for one in _USUAL if prod(DATASETS[one].image) == values]
    if dataset is None and fitting:
        return _Data(fitting[0], DATASETS[fitting[0]].title, "classification", 2400, 600)
    if dataset is not None and dataset in fitting:
        return _Data(dataset, DATASETS[dataset].title, "classification", 2400, 600)
    wanted = dataset or "any known dataset"
    sizes = ", ".join(f"{prod(DATASETS[one].image):,} in {one}" for one in _USUAL)
    raise CannotStart(
        f"{summary}: the network reads {values:,} values for an image, which is not what {wanted} has ({sizes}). For "
        "data of your own, name its file with --data."
    )


def _own(network: _Network, found: Guess, summary: Path) -> _Data:
    source = found.source
    outputs = rows(network.architecture)[network.architecture.outputs[0]].shape[1:]
    task, wanted = _task(found, outputs)
    if outputs not in wanted:
        need = " or ".join("×".join(map(str, shape)) for shape in wanted)
        raise CannotStart(
            f"{summary}: the last row gives {'×'.join(map(str, outputs))} values, and {source.title} needs {need} "
            f"for {task}. {' '.join(found.said)}"
        )
    shape = tuple(source.inputs[""])
    if source.source != "text" and prod(shape) != prod(size or 0 for size in network.input_shape):
        columns = f" ({', '.join(source.features[:12])})" if source.features else ""
        raise CannotStart(
            f"{summary}: the network reads {prod(size or 0 for size in network.input_shape):,} values for an example, "
            f"and {source.title} has {prod(shape):,}{columns}. {' '.join(found.said)}"
        )
    validation = max(1, round(source.rows / 5))
    said = (*found.said, f"The task is taken for {task}.")
    found = replace(found, said=said)
    own_name = re.sub(r"\W", "_", source.title, flags=re.ASCII)
    own_name = f"own_{own_name}" if own_name in DATASETS else own_name
    return _Data(own_name, source.title, task, source.rows - validation, validation, found)


def _task(found: Guess, outputs: tuple[int | None, ...]) -> tuple[str, tuple[tuple[int, ...], ...]]:
    """The task that the target and the network suggest, and the shapes of outputs that fit it."""
    source = found.source
    if source.target_kind == "classes":
        if len(source.classes) == 2 and outputs == (1,):
            return "binary", ((1,),)
        return "classification", ((len(source.classes),),)
    if source.target_kind == "input":
        return "autoencoder", (source.inputs[""],)
    task = "multilabel" if source.target_kind == "multilabel" else "regression"
    return task, (source.outputs[""] or (1,),)


def _facts(name: str, title: str, network: _Network, data: _Data, text: str) -> dict[str, object]:
    sums = totals(network.architecture)
    last = network.architecture.operations[-1]
    final = "softmax" if data.task == "classification" else "sigmoid"
    from_logits = last.kind != "Activation" or last.settings.get("activation") != final
    return {
        "name": name,
        "title": title,
        "network": network,
        "whole": not network.table.marked,
        "totals": sums,
        "dataset": data.name,
        "images": data.title,
        "data": data,
        "source": data.guess.source if data.guess else None,
        "words": _words(network.table) if data.guess and data.guess.source.source == "text" else None,
        "epochs": min(60, max(3, round(_STEPS * _BATCH / data.train))),
        "batch_size": _BATCH,
        "loss": _loss(data.task, from_logits=from_logits),
        "from_logits": from_logits,
        "text": text.strip("\n"),
        "shape": network.input_shape,
        "begin": BEGIN,
        "end": END,
    }


def _words(table: SummaryTable) -> dict[str, int]:
    """The vocabulary size of an Embedding, and the number of words it reads of a text."""
    row = _embedding(table)
    length, size = row.shape[1] or 1, row.shape[2] or 1
    return {"vocabulary": row.parameters // size, "pad": length}


def _loss(task: str, *, from_logits: bool) -> str:
    """The code of the usual loss for a task."""
    if task == "classification":
        return "keras.losses.CategoricalCrossentropy(from_logits=True)" if from_logits else '"categorical_crossentropy"'
    if task in ("binary", "multilabel"):
        return "keras.losses.BinaryCrossentropy(from_logits=True)" if from_logits else '"binary_crossentropy"'
    return '"mean_squared_error"'


def _notebook(text: str, name: str) -> str:
    """The notebook for a text in which a line `%% markdown` or `%% code` begins a cell."""
    notebook = nbformat.v4.new_notebook()
    notebook.metadata.update(
        {
            "autograder": {"assignment": name},
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    make = {"markdown": nbformat.v4.new_markdown_cell, "code": nbformat.v4.new_code_cell}
    for number, part in enumerate(re.split(r"^%% ", text, flags=re.M)[1:]):
        head, _, source = part.partition("\n")
        kind, _, question = head.strip().partition(" ")
        # Fixed ids, so that the same table makes the same notebook.
        cell = make[kind](source.strip("\n"), id=f"cell-{number:02}")
        if question:
            cell.metadata["autograder"] = {"question": question}
        notebook.cells.append(cell)
    nbformat.validate(notebook)
    written: str = nbformat.writes(notebook)
    return written
