"""Reads a declared data set: from a declaration and its files to arrays and a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from autograder.datasets.formats import Arrays
from autograder.datasets.readers.examples import DatasetUnusable, Examples
from autograder.datasets.readers.named_parts import grouped, read_named_parts
from autograder.datasets.readers.pictures import read_images
from autograder.datasets.readers.sklearn_and_npz import read_npz, read_sklearn
from autograder.datasets.readers.tables import read_csv, read_text
from autograder.datasets.readers.targets import kind_of, target_arrays
from autograder.datasets.source import DatasetSource, Declaration


def read(key: str, name: str, declared: Declaration, files: Mapping[str, Path]) -> tuple[Arrays, DatasetSource]:
    """The arrays and the record of a data set.

    Args:
        key: the digest that is its key in the cache.
        name: its name in the assignment.
        declared: its table in the assignment.
        files: "main", and "table", "held_out" and "hidden" if they exist.

    Raises:
        DatasetUnusable: the data cannot be used as declared; the message names file, column and line.
    """
    named = grouped(declared, files.get("main"))
    if named is not None:
        return read_named_parts(key, name, named, files)
    without = [files[key] for key in ("held_out", "hidden") if key in files]
    examples = examples_of(declared, files.get("main"), declared.place, files.get("table"), without)
    kind = kind_of(examples, declared)
    y, classes = target_arrays(examples, declared, kind, declared.place)
    arrays: Arrays = {"x_train": examples.x, "y_train": y}
    held_out = 0
    if declared.held_out is not None:
        known = declared.model_copy(update={"target_kind": kind, "classes": classes if kind == "classes" else ()})
        table = None if declared.table is None else files["held_out"] / Path(declared.table).name
        other = examples_of(known, files["held_out"], declared.held_out, table)
        if other.features != examples.features or other.x.shape[1:] != examples.x.shape[1:]:
            raise DatasetUnusable(f"{declared.held_out} does not have the columns or the size of {declared.place}.")
        held_y, _ = target_arrays(other, known, kind, declared.held_out, few=True)
        arrays |= {"x_test": other.x, "y_test": held_y.astype(y.dtype)}
        held_out = len(other.x)
    record = DatasetSource(
        source=declared.source,
        title=name,
        digest=key,
        target_kind=kind,
        classes=classes,
        rows=len(examples.x),
        held_out=held_out,
        inputs={"": tuple(int(size) for size in examples.x.shape[1:])},
        outputs={"": tuple(int(size) for size in y.shape[1:])},
        features=examples.features,
    )
    return arrays, record


def examples_of(
    declared: Declaration, path: Path | None, name: str, table: Path | None, without: Sequence[Path] = ()
) -> Examples:
    """The examples in one file or folder; images below one of `without` are left out.

    Raises:
        DatasetUnusable: as `read`.
    """
    if declared.source == "sklearn":
        return read_sklearn(declared.place)
    assert path is not None
    if declared.source == "keras":
        from autograder.datasets.readers.keras_sets import read_keras

        return read_keras(declared.place, path, declared)
    if declared.source == "images":
        if not path.is_dir():
            raise DatasetUnusable(f'"{name}" is no folder; images are in one.')
        return read_images(path, name.rstrip("/"), declared, table, without)
    if not path.is_file():
        raise DatasetUnusable(f'"{name}" is a folder; name the file in it.')
    readers = {"csv": read_csv, "text": read_text, "npz": read_npz}
    return readers[declared.source](path, name, declared)
