"""Starts an assignment from the summary table of the network that students build."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path

import nbformat
from jinja2 import Environment, PackageLoader, StrictUndefined

from autograder.authoring.data_guess import Guess, guess
from autograder.authoring.new_network import (
    CannotStart,
    ExampleShape,
    Network,
    inputs_looked_up,
    network_from_table,
    other_kind,
    read_by_embedding,
    reads_sequences,
    words_read,
)
from autograder.core.files import write_atomically
from autograder.datasets import DATASETS
from autograder.records.metrics import Task

BEGIN, END = "# here is your code coming:", "# end of your code"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
# The usual datasets by input size: a network that reads this many values is assumed to use the first entry.
_USUAL = ("mnist", "cifar10", "fashion_mnist")


# For declared data: the number of steps of a run and the batch size, which take seconds on a table.
_STEPS, _BATCH = 1500, 16
# What the notebook measures, where it is not the accuracy.
_METRICS: dict[Task, str] = {"multilabel": "binary_accuracy", "regression": "mae", "autoencoder": "mae"}


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
    task: Task
    train: int
    validation: int
    guess: Guess | None = None


def start_assignment(
    name: str,
    summary: Path,
    *,
    where: Path,
    dataset: str | None = None,
    title: str | None = None,
    data: str | None = None,
    target: str | None = None,
    inputs: Mapping[str, list[str]] | None = None,
    outputs: Mapping[str, list[str]] | None = None,
) -> Started:
    """Write `assignments/<name>/` and `solutions/<name>/` below the folder `where`.

    Args:
        name: the new assignment's name: lowercase letters, digits, - and _.
        summary: a text file with a table as `model.summary()` prints it. Rows between a line that says START and one
            that says END are what the student writes; without such lines it is the whole network.
        dataset: what the network is trained with; by default, the usual one for this many input values.
        title: the title of the pages; made from the name by default.
        data: the author's own data instead of `dataset`: what `data_guess.guess` takes.
        target: the column of `data` to predict, or several with commas between them.
        inputs: the columns of `data` (or the array) for each input of the network, by its name in the table.
        outputs: likewise for each output, in place of `target`.

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
    classes = len(DATASETS[dataset or _USUAL[0]].classes)
    found = None if data is None else guess(data, target, inputs, outputs, words=words_read(text))
    kind = None if found is None else other_kind(text, found)
    if data is not None and (kind == "tokens" or (kind == "input" and target is None)):
        found = guess(data, target, kind=kind)
    network = network_from_table(summary, text, found, classes)
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


def _built_in(network: Network, dataset: str | None, summary: Path) -> _Data:
    (output,) = network.outputs
    (shape,) = network.inputs.values()
    if not output.fits:
        raise CannotStart(
            f"{summary}: the last row gives {_sizes(output.shape)} values; the known datasets have {output.classes} "
            "classes, so it must give as many. For data of your own, name its file with --data."
        )
    if None in shape:
        raise CannotStart(f"{summary}: the input has an axis of unknown size; give it a number in the table.")
    values = prod(size or 0 for size in shape)
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


def _own(network: Network, found: Guess, summary: Path) -> _Data:
    source = found.source
    for output in network.outputs:
        if not output.fits:
            row = f"the output {output.name}" if output.name else "the last row"
            raise CannotStart(
                f"{summary}: {row} gives {_sizes(output.shape)} values, and {source.title} needs "
                f"{' or '.join(map(_sizes, output.wanted))} for {output.task}. {' '.join(found.said)}"
            )
    for name, shape in network.inputs.items():
        values, there = prod(size or 0 for size in shape), prod(source.inputs[name])
        if there != values and not (source.source == "text" and not source.inputs[name]):
            columns = f" ({', '.join(source.features[:12])})" if source.features and not name else ""
            reads = f'the input "{name}"' if name else "the network"
            raise CannotStart(
                f"{summary}: {reads} reads {values:,} values for an example, and {source.title} has {there:,}"
                f"{columns}. {' '.join(found.said)}"
            )
    validation = max(1, round(source.rows / 5))
    tasks = [f"{one.task} for {one.name}" if one.name else one.task for one in network.outputs]
    found = replace(found, said=(*found.said, f"The task is taken for {' and '.join(tasks)}."))
    own_name = re.sub(r"\W", "_", source.title, flags=re.ASCII)
    own_name = f"own_{own_name}" if own_name in DATASETS else own_name
    first = network.outputs[0].task
    return _Data(own_name, source.title, first, source.rows - validation, validation, found)


def _sizes(shape: ExampleShape) -> str:
    return "×".join("any number" if size is None else str(size) for size in shape)


def _facts(name: str, title: str, network: Network, data: _Data, text: str) -> dict[str, object]:
    source = data.guess.source if data.guess else None
    outputs = [
        {
            "name": one.name,
            "task": one.task,
            "loss": _loss(one.task, from_logits=one.name in network.logits),
            "metric": _METRICS.get(one.task, "accuracy"),
            "classes": one.classes,
        }
        for one in network.outputs
    ]
    shapes = {one: shape for one, shape in network.inputs.items() if not source or source.inputs[one] != shape}
    texts = [one for one in network.inputs if source and source.source == "text" and not source.inputs[one]]
    words = dict(zip(("vocabulary", "pad"), read_by_embedding(network.table), strict=True)) if texts else {}
    names = source.has_names if source else False
    looked_up = inputs_looked_up(network.table) - set(texts) if names else set()
    # The step `standardize` would change the numbers that an Embedding reads; without steps only others are changed.
    values = [one.name for one in network.outputs if one.task == "regression" and not looked_up]
    steps = [f"{key} = {value}" for key, value in words.items()]
    sequences = not names and not words and reads_sequences(network.table)
    steps += ["standardize = true"] if (names and not looked_up) or (values and not words and not sequences) else []
    steps += ["standardize_target = true"] if values else []
    return {
        "name": name,
        "title": title,
        "network": network,
        "whole": not network.table.marked,
        "dataset": data.name,
        "images": data.title,
        "data": data,
        "source": source,
        "names": names,
        "words": words,
        "prepare": steps,
        "sequences": sequences,
        "texts": texts,
        "epochs": min(60, max(3, round(_STEPS * _BATCH / data.train))),
        "batch_size": _BATCH,
        "outputs": outputs,
        "loss": outputs[0]["loss"],
        "metric": outputs[0]["metric"],
        "from_logits": network.outputs[0].name in network.logits,
        "values": values,
        "text": text.strip("\n"),
        "shape": next(iter(network.inputs.values())),
        "shapes": shapes,
        "encoded": data.guess.table.get("categories", []) if data.guess else [],
        "numeric": [one for one in network.inputs if one not in {*texts, *looked_up}],
        "begin": BEGIN,
        "end": END,
    }


def _loss(task: Task, *, from_logits: bool) -> str:
    """The code of the usual loss for a task."""
    if task == "sequence":
        return (
            "keras.losses.SparseCategoricalCrossentropy(from_logits=True)"
            if from_logits
            else '"sparse_categorical_crossentropy"'
        )
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
