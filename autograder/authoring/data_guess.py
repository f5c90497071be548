"""Guesses what a data file holds, for a new assignment: the table for `[datasets]`, and sentences that explain it."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.core.errors import UserError
from autograder.datasets import DatasetSource, Declaration, public_files, resolve
from autograder.datasets.readers.keras_sets import KERAS_SETS
from autograder.datasets.readers.named_parts import grouped
from autograder.datasets.readers.sklearn_and_npz import PAIRS
from autograder.datasets.readers.tables import DataTable, read_data_table
from autograder.datasets.source import TargetKind

_TABLES = (".csv", ".tsv", ".txt")
_PACKAGES = ("sklearn", "keras")
# A column with more distinct texts than this identifies its rows, unless it holds the texts to learn from.
_MOST_VALUES = 20
_LONG_TEXT = 20


class CannotGuess(UserError):
    """It is unclear how the data is to be used; one sentence that says what to add."""


@dataclass(frozen=True)
class Guess:
    """How the data is declared, read, and found next to the notebook.

    Attributes:
        table: `[datasets.<name>]`.
        said: a sentence for each guess.
        separator: of a table.
        arrays: the inputs and the targets in an `.npz`.
        parts: for data with names, the columns (or the one array) of each input and output; the name is "" for the only
            one without a name.
    """

    table: dict[str, Any]
    source: DatasetSource
    files: dict[str, Path]
    said: tuple[str, ...]
    separator: str = ","
    arrays: tuple[str, str] = ("", "")
    parts: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    @property
    def toml(self) -> str:
        """The lines of the table."""
        return "\n".join(f"{key} = {_toml(value)}" for key, value in self.table.items())


def _toml(value: Any) -> str:
    """Texts and lists of texts are written as JSON, which is valid TOML; a mapping is an inline table."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)


def named_groups(given: Sequence[str], option: str) -> dict[str, list[str]]:
    """The columns of each input (or output) by its name, from options like "size=rooms,area".

    Raises:
        CannotGuess: one is not written like that, or a name is used twice.
    """
    groups: dict[str, list[str]] = {}
    for one in given:
        name, equals, columns = one.partition("=")
        listed = [column.strip() for column in columns.split(",")]
        if not (name and equals and all(listed)):
            raise CannotGuess(f'{option} "{one}" is not written as NAME=COLUMN,COLUMN, such as size=rooms,area.')
        if name in groups:
            raise CannotGuess(f'{option} names "{name}" twice; list all columns of it after one "=".')
        groups[name] = listed
    return groups


def guess(
    data: str,
    target: str | None,
    inputs: Mapping[str, list[str]] | None = None,
    outputs: Mapping[str, list[str]] | None = None,
    kind: TargetKind | None = None,
    words: tuple[int, int] | None = None,
) -> Guess:
    """Guess how to declare the data at a path, or a data set of a package, as `sklearn:iris` or `keras:imdb`.

    Args:
        data: a CSV file, an `.npz` file, a folder with a folder of images for each class, or a package's data set.
        target: the column to predict, or several with commas between them; by default the last one.
        inputs: the columns (or the array) of each input, for a network with several; by default those that are no
            target, as one input.
        outputs: the columns (or the array) of each output, in place of `target`.
        kind: what the target is if not what the data suggests; for "input", `target` is a column like any other.
        words: the size of the vocabulary and the length of the sequences that the network reads, if it reads such.

    Raises:
        CannotGuess, DatasetUnusable, DatasetMissing: one sentence that says what to do.
    """
    package, _, name = data.partition(":")
    path = Path(data)
    said: list[str] = []
    separator, arrays = ",", ("", "")
    groups = {key: dict(named) for key, named in (("inputs", inputs), ("outputs", outputs)) if named}
    if "outputs" in groups and target:
        raise CannotGuess("--outputs is in the place of --target; give one of the two.")
    if groups and path.suffix.lower() not in (*_TABLES, ".npz"):
        raise CannotGuess(f"{data}: --inputs and --outputs are for .csv and .npz files.")
    if package in _PACKAGES and name:
        table: dict[str, Any] = {package: name}
        if package == "keras" and name in KERAS_SETS and KERAS_SETS[name].sequences and words is not None:
            table |= {"num_words": words[0], "maxlen": words[1]}
    elif path.is_dir():
        table = {"images": path.name}
        said.append(f"{path.name} is taken for a folder with a folder of images for each class.")
    elif path.suffix.lower() == ".npz":
        table = {"npz": path.name} | ({"target": target} if target else {}) | _single(groups)
        arrays = _arrays(path, target)
        kind = kind or ("input" if arrays[0] and not arrays[1] else None)
    elif path.suffix.lower() in _TABLES and path.is_file():
        read = read_data_table(path, path.name)
        separator = read.separator
        table = _guess_table(read, path.name, target, said, groups, alone=kind == "input")
    else:
        raise CannotGuess(
            f"{data} is no data that a new assignment can use: name a .csv or .npz file, a folder of images, or "
            "sklearn:NAME or keras:NAME."
        )
    if kind is not None:
        table["target_kind"] = kind
    declared = Declaration.model_validate(table)
    folder = path.parent
    source = resolve(name or path.stem, declared, folder, download=True)
    said.append(_summary(source, declared))
    parts = _parts(declared, path, source, arrays) if source.has_names else {}
    return Guess(table, source, public_files(declared, folder), tuple(said), separator, arrays, parts)


def _parts(
    declared: Declaration, path: Path, source: DatasetSource, arrays: tuple[str, str]
) -> dict[str, dict[str, list[str]]]:
    """`Guess.parts` of data with names."""
    named = grouped(declared, path) or declared
    inputs = dict(named.inputs) or {"": (arrays[0] or "x_train",) if named.npz else named.columns or source.features}
    outputs = dict(named.outputs) or {"": (arrays[1] or "y_train",) if named.npz else named.targets}
    return {
        key: {name: [group] if isinstance(group, str) else list(group) for name, group in groups.items()}
        for key, groups in (("inputs", inputs), ("outputs", outputs))
    }


def _arrays(path: Path, target: str | None) -> tuple[str, str]:
    """The names of inputs and targets in an `.npz`; the arrays are not loaded."""
    try:
        with zipfile.ZipFile(path) as archive:
            held = {name.removesuffix(".npy") for name in archive.namelist()}
    except (OSError, zipfile.BadZipFile):
        return "", ""  # the reader reports what is wrong with it
    found = (pair for pair in PAIRS if pair[0] in held and (target or pair[1]) in held)
    first, second = next(found, ("", ""))
    if not first and not target and len(held) == 1:
        return next(iter(held)), ""
    return first, target or second


def _single(groups: Mapping[str, Mapping[str, list[str]]]) -> dict[str, Any]:
    """Groups as they are declared: one column is a name, not a list."""
    return {
        key: {name: columns[0] if len(columns) == 1 else columns for name, columns in named.items()}
        for key, named in groups.items()
    }


def _guess_table(
    table: DataTable,
    name: str,
    target: str | None,
    said: list[str],
    groups: dict[str, dict[str, list[str]]],
    *,
    alone: bool,
) -> dict[str, Any]:
    *others, last = table.columns
    if not others and not alone:
        raise CannotGuess(f'{name} has one column, "{last}"; a target and a column to predict it from are needed.')
    outputs, inputs = groups.get("outputs", {}), groups.get("inputs", {})
    targets = [column for columns in outputs.values() for column in columns]
    targets = targets or ([] if alone else _targets(table, target or last))
    for column in targets:
        table.column(column)
    if targets and not outputs and target is None:
        said.append(f'"{last}" is taken for the target, because it is the last column; --target names another.')
    chosen = [column for columns in inputs.values() for column in columns]
    chosen = chosen or [column for column in table.columns if column not in targets]
    numbers, categories, texts = [], [], []
    for column in chosen:
        values = [str(value).strip() for value in table.column(column).tolist()]
        if sum(map(_is_number, values)) >= len(values) / 2:
            numbers.append(column)
        elif len(set(values)) <= _MOST_VALUES:
            categories.append(column)
        else:
            texts.append((column, sum(map(len, values)) / len(values)))
    long = [column for column, length in texts if length >= _LONG_TEXT]
    aim: dict[str, Any] = {"target": _one_or_all(targets)} if targets else {}
    aim = _single({"outputs": outputs}) if outputs else aim
    encoded = {"categories": categories} if categories else {}
    if categories:
        listed = ", ".join(f'"{column}"' for column in categories)
        category = f"Taken for categories, with a column of zeros and ones for each value: {listed}."
    if inputs:
        said += [category] if categories else []
        words = {name: columns for name, columns in inputs.items() if any(one in long for one in columns)}
        if wrong := next((columns for columns in words.values() if len(columns) > 1), None):
            raise CannotGuess(f'"{wrong[0]}" and "{wrong[1]}": an input of texts is one column.')
        # In a table of texts, an input that is one name is texts; numbers are a list.
        named = {one: columns[0] if one in words else columns for one, columns in inputs.items()}
        return {"text" if words else "csv": name, "inputs": named, **aim, **encoded}
    if len(long) == 1 and not categories:
        said.append(f'The texts in "{long[0]}" are learned from, and nothing else.')
        return {"text": name, "columns": long, **aim}
    left_out = [column for column, _ in texts]
    if left_out:
        listed = ", ".join(f'"{column}"' for column in left_out)
        said.append(f"Left out, because almost every line has another text there: {listed}.")
    if categories:
        said.append(category)
    kept = {"columns": [column for column in chosen if column not in left_out]} if left_out or outputs else {}
    return {"csv": name, **aim, **kept, **encoded}


def _targets(table: DataTable, target: str) -> list[str]:
    """The columns that `--target` names; the name of one column may have a comma in it."""
    return [target] if target in table.columns else [column.strip() for column in target.split(",")]


def _one_or_all(columns: list[str]) -> str | list[str]:
    return columns[0] if len(columns) == 1 else columns


def _summary(source: DatasetSource, declared: Declaration) -> str:
    file, rows = os.path.basename(declared.place), f"{source.rows:,} examples"
    if source.has_names:
        inputs = [f"{name} {_shape(shape)}" for name, shape in source.inputs.items() if name]
        learned = {one: _learned(source, one).replace(" (", ": ").rstrip(")") for one in source.outputs}
        outputs = [f"{one} ({learned[one]})" for one in source.outputs if one]
        reads = f"the inputs are {' and '.join(inputs)}; " if inputs else ""
        predicted = f"the outputs are {' and '.join(outputs)}" if outputs else f"predicted are {_learned(source, '')}"
        return f"{file} has {rows}; {reads}{predicted}."
    if source.target_kind == "classes":
        return f"{file} has {rows} in {_learned(source, '')}."
    if source.target_kind == "input":
        return f"{file} has {rows}; what is predicted is the input itself."
    return f"{file} has {rows}; what is predicted are {_learned(source, '')}."


def _shape(shape: tuple[int, ...]) -> str:
    return "(texts)" if not shape else f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def _learned(source: DatasetSource, output: str) -> str:
    """What is predicted of one output, in words."""
    kind, classes = source.kind_of(output), source.classes_of(output)
    if kind == "classes":
        names = ", ".join(classes[:6]) + (", …" if len(classes) > 6 else "")
        return f"{len(classes)} classes ({names})"
    what = {"values": "numbers", "multilabel": "labels of 0 and 1", "tokens": "sequences", "input": "the input itself"}
    return what[kind]


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True
