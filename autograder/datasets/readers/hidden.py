"""Reads the hidden examples of a declared data set: the arrays of `hidden.npz`, and what the record says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.datasets.formats import Arrays
from autograder.datasets.readers.examples import DatasetUnusable
from autograder.datasets.readers.named_parts import NamedParts, columns_of, examples_for, grouped, parts_of
from autograder.datasets.readers.read_declared import examples_of
from autograder.datasets.readers.tables import read_data_table
from autograder.datasets.readers.targets import target_arrays
from autograder.datasets.source import DatasetSource, Declaration, array_key

if TYPE_CHECKING:
    from numpy.typing import NDArray

# With fewer rows, a score would say much about single rows.
LEAST_ROWS = 20


def read_hidden(
    declared: Declaration, files: Mapping[str, Path], arrays: Arrays, source: DatasetSource
) -> tuple[Arrays, DatasetSource]:
    """The hidden examples, and the record with their number.

    Args:
        declared: the table of the data set in the assignment; it names a hidden file.
        files: "main" and "hidden", and "table" and "held_out" if they exist.
        arrays: those of the public part, and of `held_out`.
        source: the record of the public part.

    Returns:
        "x" (for inputs by name "x.NAME"), "y" (as `arrays`), and for a CSV file each of its columns but the target,
        "column.NAME", with the types that pandas gives the same columns of the public file; those are "public.NAME".

    Raises:
        DatasetUnusable: they do not have the form of the public examples, or are too few.
    """
    import numpy as np

    name = str(declared.hidden)
    if len(source.outputs) > 1:
        raise DatasetUnusable("hidden is for data with one target, not for several outputs.")
    if source.target_kind not in ("classes", "values", "multilabel"):
        raise DatasetUnusable(
            f"hidden is for data whose target is classes, labels or values, not {source.target_kind}."
        )
    classes = source.classes if source.target_kind == "classes" else ()
    known = {"target_kind": source.target_kind, "classes": classes}
    named = grouped(declared, files["main"])
    parts = (
        _unnamed(declared.model_copy(update=known), files["hidden"], name)
        if named is None
        else parts_of(named, files["hidden"], name)
    )
    ((output, _),) = parts.outputs.items()
    public = {one: np.asarray(arrays[array_key("x", "train", one)]) for one in parts.inputs}
    same = all(x.shape[1:] == public[one].shape[1:] for one, x in parts.inputs.items())
    if parts.features != source.features or not same:
        raise DatasetUnusable(f"{name} does not have the columns or the size of {declared.place}.")
    rows = len(next(iter(parts.inputs.values())))
    if rows < LEAST_ROWS:
        raise DatasetUnusable(f"{name} has {rows} examples; at least {LEAST_ROWS} are needed for a score.")
    examples = examples_for(parts, output)
    y, _ = target_arrays(examples, declared.model_copy(update=known), source.target_kind, name, few=True)
    found: Arrays = {f"x.{one}" if one else "x": x for one, x in parts.inputs.items()}
    found["y"] = y.astype(np.asarray(arrays[array_key("y", "train", output)]).dtype)
    if declared.source == "csv":
        found |= _columns(named or declared, files["main"], files["hidden"], name)
    known_rows = [public]
    if array_key("x", "test", next(iter(parts.inputs))) in arrays:
        known_rows.append({one: np.asarray(arrays[array_key("x", "test", one)]) for one in parts.inputs})
    doubled = _doubled(parts.inputs, known_rows)
    return found, source.model_copy(update={"hidden": rows, "hidden_in_public": doubled})


def _unnamed(declared: Declaration, path: Path, name: str) -> NamedParts:
    table = None if declared.table is None else path / Path(declared.table).name
    examples = examples_of(declared, path, name, table)
    return NamedParts(
        {"": examples.x}, {"": examples.targets}, lambda _, row: examples.where(row), examples.features, examples.names
    )


def _columns(declared: Declaration, main: Path, hidden: Path, name: str) -> Arrays:
    """The columns of the hidden table as a student's notebook would read them."""
    import pandas as pd

    public, table = read_data_table(main, declared.place), read_data_table(hidden, name)
    targets = (*declared.targets, *(one for group in declared.outputs.values() for one in columns_of(group)))
    named = [one for group in declared.inputs.values() for one in columns_of(group)]
    rest = declared.columns or tuple(one for one in public.columns if one not in targets)
    found: Arrays = {}
    for one in dict.fromkeys(named or rest):
        if one in declared.categories:
            found |= {f"column.{one}": table.filled(one).astype(str), f"public.{one}": public.filled(one).astype(str)}
            continue
        parts = {f"column.{one}": table.numbers(one), f"public.{one}": public.numbers(one)}
        whole = pd.api.types.is_integer_dtype(pd.to_numeric(pd.Series(public.column(one)), errors="coerce"))
        whole = whole and all((numbers == numbers.round()).all() for numbers in parts.values())
        found |= {key: numbers.astype("int64") if whole else numbers for key, numbers in parts.items()}
    return found


def _doubled(hidden: Mapping[str, NDArray[Any]], public: Sequence[Mapping[str, NDArray[Any]]]) -> int:
    """How many hidden inputs are also public ones."""

    def keys(rows: Mapping[str, NDArray[Any]]) -> list[tuple[object, ...]]:
        return list(zip(*(_row_keys(x, hidden[one].dtype) for one, x in rows.items()), strict=True))

    known = {key for part in public for key in keys(part)}
    return sum(key in known for key in keys(hidden))


def _row_keys(x: NDArray[Any], dtype: Any) -> list[object]:
    # A text itself: as an array's bytes it depends on the longest text of the array.
    return x.tolist() if x.dtype.kind == "U" else [row.tobytes() for row in x.astype(dtype)]
