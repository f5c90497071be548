"""Reads CSV files: every column as text, then converted to numbers if it must be numeric."""

from __future__ import annotations

import csv
import itertools
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.datasets.readers.examples import MAX_DATASET_BYTES, DatasetUnusable, Examples, refuse_large
from autograder.datasets.source import Declaration

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SEPARATORS = ",;\t"
_NUMBER = re.compile(r"[+-]?[\d.,]+(e[+-]?\d+)?", re.I)
_MISSING = ("", "na", "nan", "n/a", "null", "none", "?")
# One-hot encoding adds a column per value; a text column with more values than this is not a category.
_MOST_VALUES = 50


# What files begin with that are no text, and what they are.
_NO_TEXTS = {
    b"PAR1": "a Parquet file",
    b"PK\x03\x04": "an archive, such as a table of Excel",
    b"\xd0\xcf\x11\xe0": "an old table of Excel",
    b"\x1f\x8b": "a compressed file",
    b"\xff\xfe": "in UTF-16",
    b"\xfe\xff": "in UTF-16",
}
_NO_LINES: tuple[tuple[int, list[str]], ...] = ((1, []), (2, []))


@dataclass(frozen=True)
class DataTable:
    """A CSV file as texts: `columns` by name, all of the same length. `unnamed` is the first column without a name
    (1-based), such as the row numbers that pandas writes; 0 if there is none."""

    path: Path
    name: str
    separator: str
    columns: dict[str, NDArray[Any]]
    unnamed: int = 0

    @property
    def rows(self) -> int:
        return len(next(iter(self.columns.values())))

    def where(self, row: int) -> str:
        """The file, and the line in which the row ends."""
        line, _ = self._written(row)
        return f"{self.name}, line {line}"

    def _written(self, row: int) -> tuple[int, list[str]]:
        """The line in which a row ends, and its cells."""
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            return next(itertools.islice(_numbered(file, self.separator), row + 1, None), (row + 2, []))

    def _refused(self, row: int, said: str) -> DatasetUnusable:
        """The error for a cell: where it is, and what is said of it; of a row with too few cells, that."""
        line, cells = self._written(row)
        if cells and len(cells) < len(self.columns):
            said = f"it has {len(cells)} values, and the header names {len(self.columns)} columns."
        return DatasetUnusable(f"{self.name}, line {line}: {said}")

    def column(self, name: str) -> NDArray[Any]:
        """A column as texts.

        Raises:
            DatasetUnusable: there is no column with this name.
        """
        if name not in self.columns:
            parted = "" if len(self.columns) > 1 else " Cells are parted by commas, semicolons or tabs."
            raise DatasetUnusable(f'{self.name} has no column "{name}"; it has {_listed(list(self.columns))}.{parted}')
        return self.columns[name]

    def numbers(self, name: str) -> NDArray[Any]:
        """A column as float64.

        Raises:
            DatasetUnusable: a value is not a number, or missing.
        """
        import numpy as np
        import pandas as pd

        texts = pd.Series(self.column(name)).str.strip()
        values = pd.to_numeric(texts, errors="coerce").to_numpy(np.float64)
        if self.separator == ";" and not np.isfinite(values).all():
            values = pd.to_numeric(texts.str.replace(",", ".", regex=False), errors="coerce").to_numpy(np.float64)
        with np.errstate(over="ignore"):
            bad = np.flatnonzero(~np.isfinite(values.astype(np.float32)))
        if len(bad):
            row = int(bad[0])
            raise self._refused(row, f'column "{name}" {self._wrong(str(texts.iloc[row]), name)}')
        return values

    def filled(self, name: str) -> NDArray[Any]:
        """A column as texts, stripped.

        Raises:
            DatasetUnusable: a value is missing.
        """
        import numpy as np

        texts = np.char.strip(self.column(name).astype(str))
        empty = np.flatnonzero(texts == "")
        if len(empty):
            raise self._refused(int(empty[0]), f'column "{name}" is empty; fill it, or leave the line out.')
        return texts

    def target(self, name: str) -> NDArray[Any]:
        """A target column as texts; numbers get a decimal point.

        Raises:
            DatasetUnusable: a value is missing.
        """
        import numpy as np

        texts = self.filled(name)
        missing = np.flatnonzero(np.isin(np.char.lower(texts), _MISSING))
        if len(missing):
            others = np.delete(texts, missing)
            row = int(missing[0])
            # A class may be called "none"; where the others are numbers, or it is "nan", a value is missing.
            if texts[row].lower() == "nan" or all(map(_NUMBER.fullmatch, others.tolist())):
                raise self._refused(row, f'column "{name}" {self._wrong(str(texts[row]), name)}')
        decimal = re.compile(r"[+-]?\d+(,\d+)?")
        if self.separator == ";" and all(map(decimal.fullmatch, texts.tolist())):
            return np.char.replace(texts, ",", ".")
        return texts

    def _wrong(self, text: str, name: str) -> str:
        if text.casefold() in _MISSING:
            return (
                f'has no value ("{text}"); fill it, or leave the line out.'
                if text
                else "is empty; fill it, or leave the line out."
            )
        if text.casefold().lstrip("+-") in ("inf", "infinity"):
            return f'is "{text}", which is no finite number.'
        if "," in text and _NUMBER.fullmatch(text):
            return f'is "{text[:40]}"; write numbers with a decimal point and without other separators.'
        if _NUMBER.fullmatch(text):
            return f'is "{text[:40]}", too large for the 32-bit numbers that networks compute with.'
        return (
            f'is "{text[:40]}", which is no number; correct it, name "{name}" in categories if it holds texts, or '
            "leave it out of columns."
        )


def read_data_table(path: Path, name: str) -> DataTable:
    """The CSV file at `path`; `name` is its name in messages.

    Raises:
        DatasetUnusable: it is not a table.
    """
    import pandas as pd

    refuse_large(name, path.stat().st_size)
    with path.open("rb") as file:
        start = file.read(4)
    if kind := next((kind for magic, kind in _NO_TEXTS.items() if start.startswith(magic)), ""):
        raise DatasetUnusable(f"{name} is {kind}; save it as CSV in UTF-8.")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
        separator = max(_SEPARATORS, key=first.count)
        with path.open(encoding="utf-8-sig", newline="") as file:
            (_, header), (line, cells) = itertools.islice(itertools.chain(_numbered(file, separator), _NO_LINES), 2)
        doubled = next((one for one in header if header.count(one) > 1), None)
        if doubled is not None:
            raise DatasetUnusable(f'{name}, line 1: two columns are called "{doubled}"; rename one.')
        if any(cells[len(header) :]):
            raise DatasetUnusable(
                f"{name}, line {line}: it has {len(cells)} values, and the header names {len(header)} columns."
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pd.errors.ParserWarning)  # of empty cells behind the last column
            frame = pd.read_csv(
                path, sep=separator, dtype=str, keep_default_na=False, encoding="utf-8-sig", index_col=False
            )
    except UnicodeDecodeError:
        raise DatasetUnusable(f"{name}, line {_undecodable(path)}: it is not UTF-8; save it as UTF-8.") from None
    except (pd.errors.EmptyDataError, pd.errors.ParserError, csv.Error) as error:
        why = str(error).removeprefix("Error tokenizing data. C error: ").strip()
        if counted := re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", why):
            raise DatasetUnusable(
                f"{name}, line {counted[2]}: it has {counted[3]} values, and the header names {counted[1]} columns."
            ) from None
        if opened := re.search(r"EOF inside string starting at row (\d+)", why):
            raise DatasetUnusable(
                f"{name}, line {int(opened[1]) + 1}: a quotation mark is opened and not closed."
            ) from None
        if isinstance(error, pd.errors.EmptyDataError):
            raise DatasetUnusable(f"{name} is empty.") from None
        raise DatasetUnusable(f"{name} is no table with one header line: {why[:200]}.") from None
    if frame.empty:
        raise DatasetUnusable(f"{name} has a header and no rows.")
    columns = {str(column): frame[column].to_numpy(dtype=object) for column in frame.columns}
    unnamed = next((number for number, one in enumerate(header, start=1) if not one.strip()), 0)
    return DataTable(path, name, separator, columns, unnamed)


def _undecodable(path: Path) -> int:
    """The first line that is no UTF-8."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return 1


def _numbered(lines: Iterable[str], separator: str) -> Iterator[tuple[int, list[str]]]:
    """The cells of each row that has some, and the number of the line in which it ends."""
    csv.field_size_limit(MAX_DATASET_BYTES)  # a text may be longer than the module's usual bound
    reader = csv.reader(lines, delimiter=separator)
    return ((reader.line_num, cells) for cells in reader if cells)


def read_csv(path: Path, name: str, declared: Declaration) -> Examples:
    """The examples of a numeric table: float32, one row per line.

    Raises:
        DatasetUnusable: a column is missing, or has invalid values.
    """
    table = read_data_table(path, name)
    targets = {one: table.column(one) for one in declared.targets}
    chosen = declared.columns or tuple(column for column in table.columns if column not in targets)
    for one in (*declared.categories, *chosen):
        table.column(one)
    if not declared.columns and table.unnamed:
        raise DatasetUnusable(
            f"{name}, line 1: column {table.unnamed} has no name; give it one, or name the others in columns."
        )
    if both := next((one for one in chosen if one in targets), None):
        raise DatasetUnusable(f'{name}: column "{both}" is in columns and in target; the target is not an input.')
    x, features = features_of(table, chosen, declared.categories)
    raw = {one: table.target(one) for one in targets}
    return Examples(x, raw, table.where, features)


def features_of(
    table: DataTable, chosen: Sequence[str], categories: Sequence[str]
) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Columns as float32 features, one row per line, and the features' names; a category becomes several.

    Raises:
        DatasetUnusable: a column holds what it may not hold, or there is none.
    """
    import numpy as np

    name = table.name
    # In the order of `pandas.get_dummies`: numbers first, then a column for each value of each category.
    parts: list[Any] = [table.numbers(one) for one in chosen if one not in categories]
    features = [one for one in chosen if one not in categories]
    for one in (column for column in chosen if column in categories):
        texts = table.filled(one)
        values = sorted(set(texts.tolist()))
        if len(values) > _MOST_VALUES:
            raise DatasetUnusable(f'{name}: column "{one}" has {len(values)} values, too many for a category.')
        parts += [texts == value for value in values]
        features += [f"{one}_{value}" for value in values]
    if not parts:
        raise DatasetUnusable(f"{name} has no column besides the target; there is nothing to predict it from.")
    return np.stack([np.asarray(part, np.float32) for part in parts], axis=1), tuple(features)


def read_text(path: Path, name: str, declared: Declaration) -> Examples:
    """The examples of a table of texts: one text per line, from the single column in `columns`.

    Raises:
        DatasetUnusable: the text column is ambiguous, or a text is missing.
    """
    table = read_data_table(path, name)
    targets = {one: table.target(one) for one in declared.targets}
    chosen = declared.columns or tuple(column for column in table.columns if column not in targets)
    if len(chosen) != 1:
        raise DatasetUnusable(f"{name}: name the one column with the texts in columns; it has {_listed(list(chosen))}.")
    return Examples(table.filled(chosen[0]), targets, table.where, chosen)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f'"{name}"' for name in names[:12])
    return f"{shown} and {len(names) - 12} more" if len(names) > 12 else shown
