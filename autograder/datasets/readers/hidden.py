"""Reads the hidden examples of a declared data set: the arrays of `hidden.npz`, and what the record says of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.datasets.formats import Arrays
from autograder.datasets.readers.examples import DatasetUnusable
from autograder.datasets.readers.reading import examples_of
from autograder.datasets.readers.tables import read_data_table
from autograder.datasets.readers.targets import target_arrays
from autograder.datasets.source import DatasetSource, Declaration

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
        "x", "y" (as `arrays`), and for a table of numbers each of its columns but the target, "column.NAME", with the
        types that pandas gives the same columns of the public file; those are "public.NAME".

    Raises:
        DatasetUnusable: they do not have the form of the public examples, or are too few.
    """
    import numpy as np

    name = str(declared.hidden)
    if source.has_names:
        raise DatasetUnusable("hidden is for data with one input and one target, without names.")
    if source.target_kind not in ("classes", "values", "multilabel"):
        raise DatasetUnusable(
            f"hidden is for data whose target is classes, labels or values, not {source.target_kind}."
        )
    classes = source.classes if source.target_kind == "classes" else ()
    known = declared.model_copy(update={"target_kind": source.target_kind, "classes": classes})
    table = None if declared.table is None else files["hidden"] / Path(declared.table).name
    examples = examples_of(known, files["hidden"], name, table)
    x_public = np.asarray(arrays["x_train"])
    if examples.features != source.features or examples.x.shape[1:] != x_public.shape[1:]:
        raise DatasetUnusable(f"{name} does not have the columns or the size of {declared.place}.")
    if len(examples.x) < LEAST_ROWS:
        raise DatasetUnusable(f"{name} has {len(examples.x)} examples; at least {LEAST_ROWS} are needed for a score.")
    y, _ = target_arrays(examples, known, source.target_kind, name, few=True)
    found: Arrays = {"x": examples.x, "y": y.astype(np.asarray(arrays["y_train"]).dtype)}
    if declared.source == "csv":
        found |= _columns(declared, files["main"], files["hidden"], name)
    public = [x_public, *([np.asarray(arrays["x_test"])] if "x_test" in arrays else [])]
    doubled = _doubled(examples.x, public)
    return found, source.model_copy(update={"hidden": len(examples.x), "hidden_in_public": doubled})


def _columns(declared: Declaration, main: Path, hidden: Path, name: str) -> Arrays:
    """The columns of the hidden table as a student's notebook would read them."""
    import pandas as pd

    public, table = read_data_table(main, declared.place), read_data_table(hidden, name)
    chosen = declared.columns or tuple(one for one in public.columns if one not in declared.targets)
    found: Arrays = {}
    for one in chosen:
        if one in declared.categories:
            found |= {f"column.{one}": table.filled(one).astype(str), f"public.{one}": public.filled(one).astype(str)}
            continue
        parts = {f"column.{one}": table.numbers(one), f"public.{one}": public.numbers(one)}
        whole = pd.api.types.is_integer_dtype(pd.to_numeric(pd.Series(public.column(one)), errors="coerce"))
        whole = whole and all((numbers == numbers.round()).all() for numbers in parts.values())
        found |= {key: numbers.astype("int64") if whole else numbers for key, numbers in parts.items()}
    return found


def _doubled(hidden: NDArray[Any], public: list[NDArray[Any]]) -> int:
    """How many hidden inputs are also public ones."""
    known = {row.tobytes() for part in public for row in part.astype(hidden.dtype)}
    return sum(row.tobytes() in known for row in hidden)
