"""Guesses what a data file holds, for a new assignment: the table for `[datasets]`, and sentences that explain it."""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.core.errors import UserError
from autograder.datasets import DatasetSource, Declaration, public_files, resolve
from autograder.datasets.readers.packages import PAIRS
from autograder.datasets.readers.tables import DataTable, read_data_table

_TABLES = (".csv", ".tsv", ".txt")
_PACKAGES = ("sklearn", "keras")
# A column with more distinct texts than this identifies its rows, unless it holds the texts to learn from.
_MOST_VALUES = 20
_LONG_TEXT = 20


class CannotGuess(UserError):
    """It is unclear how the data is to be used; one sentence that says what to add."""


@dataclass(frozen=True)
class Guess:
    """How the data is declared, read, and found next to the notebook; `said` explains each guess in a sentence."""

    table: dict[str, Any]
    source: DatasetSource
    files: dict[str, Path]
    said: tuple[str, ...]
    separator: str = ","
    arrays: tuple[str, str] = ("", "")

    @property
    def toml(self) -> str:
        """The lines of the table; texts and lists of texts are written as JSON, which is valid TOML."""
        return "\n".join(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in self.table.items())


def guess(data: str, target: str | None) -> Guess:
    """Guess how to declare the data at a path, or a data set of a package, as `sklearn:iris` or `keras:imdb`.

    Args:
        data: a CSV file, an `.npz` file, a folder with a folder of images for each class, or a package's data set.
        target: the column to predict; by default the last one.

    Raises:
        CannotGuess, DatasetUnusable, DatasetMissing: one sentence that says what to do.
    """
    package, _, name = data.partition(":")
    path = Path(data)
    said: list[str] = []
    separator, arrays = ",", ("", "")
    if package in _PACKAGES and name:
        table: dict[str, Any] = {package: name}
    elif path.is_dir():
        table = {"images": path.name}
        said.append(f"{path.name} is taken for a folder with a folder of images for each class.")
    elif path.suffix.lower() == ".npz":
        table = {"npz": path.name} | ({"target": target} if target else {})
        arrays = _arrays(path, target)
    elif path.suffix.lower() in _TABLES and path.is_file():
        read = read_data_table(path, path.name)
        separator = read.separator
        table = _guess_table(read, path.name, target, said)
    else:
        raise CannotGuess(
            f"{data} is no data that a new assignment can use: name a .csv or .npz file, a folder of images, or "
            "sklearn:NAME or keras:NAME."
        )
    declared = Declaration.model_validate(table)
    folder = path.parent
    source = resolve(name or path.stem, declared, folder, download=True)
    said.append(_summary(source, declared))
    return Guess(table, source, public_files(declared, folder), tuple(said), separator, arrays)


def _arrays(path: Path, target: str | None) -> tuple[str, str]:
    """The names of inputs and targets in an `.npz`; the arrays are not loaded."""
    try:
        with zipfile.ZipFile(path) as archive:
            held = {name.removesuffix(".npy") for name in archive.namelist()}
    except (OSError, zipfile.BadZipFile):
        return "", ""  # the reader reports what is wrong with it
    found = (pair for pair in PAIRS if pair[0] in held and (target or pair[1]) in held)
    first, second = next(found, ("", ""))
    return first, target or second


def _guess_table(table: DataTable, name: str, target: str | None, said: list[str]) -> dict[str, Any]:
    *others, last = table.columns
    if not others:
        raise CannotGuess(f'{name} has one column, "{last}"; a target and a column to predict it from are needed.')
    chosen = target or last
    table.column(chosen)
    if target is None:
        said.append(f'"{chosen}" is taken for the target, because it is the last column; --target names another.')
    numbers, categories, texts = [], [], []
    for column in (one for one in table.columns if one != chosen):
        values = [str(value).strip() for value in table.column(column).tolist()]
        if sum(map(_is_number, values)) >= len(values) / 2:
            numbers.append(column)
        elif len(set(values)) <= _MOST_VALUES:
            categories.append(column)
        else:
            texts.append((column, sum(map(len, values)) / len(values)))
    long = [column for column, length in texts if length >= _LONG_TEXT]
    if len(long) == 1 and not categories:
        said.append(f'The texts in "{long[0]}" are learned from, and nothing else.')
        return {"text": name, "columns": long, "target": chosen}
    left_out = [column for column, _ in texts]
    if left_out:
        listed = ", ".join(f'"{column}"' for column in left_out)
        said.append(f"Left out, because almost every line has another text there: {listed}.")
    if categories:
        listed = ", ".join(f'"{column}"' for column in categories)
        said.append(f"Taken for categories, with a column of zeros and ones for each value: {listed}.")
    found: dict[str, Any] = {"csv": name, "target": chosen}
    if left_out:
        found["columns"] = [column for column in table.columns if column in numbers or column in categories]
    return found | ({"categories": categories} if categories else {})


def _summary(source: DatasetSource, declared: Declaration) -> str:
    rows = f"{source.rows:,} examples"
    if source.target_kind == "classes":
        names = ", ".join(source.classes[:6]) + (", …" if len(source.classes) > 6 else "")
        return f"{os.path.basename(declared.place)} has {rows} in {len(source.classes)} classes ({names})."
    what = {"values": "numbers", "multilabel": "labels of 0 and 1", "tokens": "sequences", "input": "the input itself"}
    return f"{os.path.basename(declared.place)} has {rows}; what is predicted are {what[source.target_kind]}."


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True
