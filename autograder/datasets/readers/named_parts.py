"""Data with several inputs or outputs by name: groups of a table's columns, or the arrays of an `.npz`."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from autograder.datasets.formats import Arrays
from autograder.datasets.readers.examples import DatasetUnusable, Examples
from autograder.datasets.readers.sklearn_and_npz import input_array, open_npz
from autograder.datasets.readers.tables import features_of, read_data_table
from autograder.datasets.readers.targets import kind_of, target_arrays
from autograder.datasets.source import DatasetSource, Declaration, Groups, TargetKind, array_key

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class NamedParts:
    """One file: an array for each input, and the raw targets of each output, by column.

    `where(name, row)` says for messages where a row of an output stands; `names` are those of the classes by label,
    where the source has them.
    """

    inputs: dict[str, NDArray[Any]]
    outputs: dict[str, dict[str, NDArray[Any]]]
    where: Callable[[str, int], str]
    features: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


def grouped(declared: Declaration, path: Path | None) -> Declaration | None:
    """The declaration with its inputs and outputs; None if the data has one of each, without a name.

    An `.npz` with arrays called `x_train.left`, `y_train.price` names them itself.
    """
    if declared.inputs or declared.outputs:
        return declared
    if declared.source != "npz" or path is None or declared.columns or declared.targets:
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            keys = [name.removesuffix(".npy") for name in archive.namelist()]
    except (OSError, zipfile.BadZipFile):
        return None  # the reader says what is wrong with it
    found: dict[str, Groups] = {
        group: {key.removeprefix(start): key for key in keys if key.startswith(start)}
        for group, start in (("inputs", "x_train."), ("outputs", "y_train."))
    }
    given = declared.model_dump(exclude_unset=True) | {group: named for group, named in found.items() if named}
    try:
        return Declaration.model_validate(given) if any(found.values()) else None
    except ValueError as error:
        raise DatasetUnusable(f"{declared.place}: {str(error).splitlines()[2].strip()}") from None


def read_named_parts(
    key: str, name: str, declared: Declaration, files: Mapping[str, Path]
) -> tuple[Arrays, DatasetSource]:
    """The arrays and the record of a data set with named inputs or outputs; the arguments are those of `read`.

    The arrays are called "x_train.left" and so on, see `array_key`.

    Raises:
        DatasetUnusable: one sentence that names file, column and line.
    """
    parts = parts_of(declared, files["main"], declared.place)
    kinds: dict[str, TargetKind] = {}
    classes: dict[str, tuple[str, ...]] = {}
    arrays: Arrays = {array_key("x", "train", one): array for one, array in parts.inputs.items()}
    for one in parts.outputs:
        examples, about = examples_for(parts, one), _about(declared, one)
        kinds[one] = kind_of(examples, about)
        arrays[array_key("y", "train", one)], classes[one] = target_arrays(examples, about, kinds[one], declared.place)
    held_out = 0
    if declared.held_out is not None:
        other = parts_of(declared, files["held_out"], declared.held_out)
        if other.features != parts.features or _shapes(other.inputs) != _shapes(parts.inputs):
            raise DatasetUnusable(f"{declared.held_out} does not have the columns or the size of {declared.place}.")
        arrays |= {array_key("x", "test", one): array for one, array in other.inputs.items()}
        for one in other.outputs:
            labels = {"classes": classes[one] if kinds[one] == "classes" else (), "target_kind": kinds[one]}
            about = _about(declared, one).model_copy(update=labels)
            y, _ = target_arrays(examples_for(other, one), about, kinds[one], declared.held_out, few=True)
            arrays[array_key("y", "test", one)] = y.astype(arrays[array_key("y", "train", one)].dtype)
        held_out = _count(other)
    first = next(iter(parts.outputs))
    record = DatasetSource(
        source=declared.source,
        title=name,
        digest=key,
        target_kind=kinds[first],
        classes=classes[first],
        rows=_count(parts),
        held_out=held_out,
        inputs=_shapes(parts.inputs),
        outputs=_shapes({one: arrays[array_key("y", "train", one)] for one in parts.outputs}),
        features=parts.features,
        output_kinds=kinds if declared.outputs else {},
        output_classes=classes if declared.outputs else {},
    )
    return arrays, record


def _about(declared: Declaration, output: str) -> Declaration:
    """The declaration as it would be for one output alone."""
    kind = declared.output_kinds.get(output, declared.target_kind)
    return declared.model_copy(update={"target_kind": kind})


def examples_for(parts: NamedParts, output: str) -> Examples:
    """The examples of one output, with the first input."""
    first = next(iter(parts.inputs.values()))
    return Examples(first, parts.outputs[output], lambda row: parts.where(output, row), parts.features, parts.names)


def _count(parts: NamedParts) -> int:
    return len(next(iter(parts.inputs.values())))


def _shapes(arrays: Mapping[str, NDArray[Any]]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(int(size) for size in array.shape[1:]) for name, array in arrays.items()}


def parts_of(declared: Declaration, path: Path, name: str) -> NamedParts:
    """What is in one file of a data set with names.

    Raises:
        DatasetUnusable: as `read_named_parts`.
    """
    if not path.is_file():
        raise DatasetUnusable(f'"{name}" is a folder; name the file in it.')
    return _of_npz(declared, path, name) if declared.source == "npz" else _of_table(declared, path, name)


def columns_of(group: str | tuple[str, ...]) -> tuple[str, ...]:
    """The columns of a group, which may be the name of one."""
    return (group,) if isinstance(group, str) else group


def _of_table(declared: Declaration, path: Path, name: str) -> NamedParts:
    table = read_data_table(path, name)
    outputs = {one: columns_of(group) for one, group in declared.outputs.items()} or {"": declared.targets}
    targets = {column for columns in outputs.values() for column in columns}
    raw = {one: {column: table.target(column) for column in columns} for one, columns in outputs.items()}
    rest = declared.columns or tuple(column for column in table.columns if column not in targets)
    inputs: dict[str, Any] = {}
    features: list[str] = []
    for one, group in (declared.inputs or {"": rest}).items():
        for column in columns_of(group):
            table.column(column)
            if column in targets:
                raise DatasetUnusable(
                    f'{name}: column "{column}" is an input and an output; what is predicted is not an input.'
                )
        if declared.source == "text" and isinstance(group, str):
            inputs[one] = table.filled(group)
            features.append(group)
        else:
            inputs[one], made = features_of(table, columns_of(group), declared.categories)
            features += made
    return NamedParts(inputs, raw, lambda _, row: table.where(row), tuple(features))


def _of_npz(declared: Declaration, path: Path, name: str) -> NamedParts:
    given = open_npz(path, name)
    inputs = declared.inputs or {"": declared.columns or "x_train"}
    outputs = declared.outputs or {"": declared.targets or "y_train"}
    chosen: dict[Literal["inputs", "outputs"], dict[str, str]] = {"inputs": {}, "outputs": {}}
    count = None
    for groups, kind in ((inputs, "inputs"), (outputs, "outputs")):
        for one, group in groups.items():
            key, *more = columns_of(group)
            if more:
                raise DatasetUnusable(f'{name}: "{one}" in {kind} names several arrays; each is one array.')
            if key not in given or given[key].ndim == 0:
                held = ", ".join(f'"{other}"' for other in given)
                raise DatasetUnusable(f'{name} has no array "{key}" with one row per example; it holds {held}.')
            count = len(given[key]) if count is None else count
            if len(given[key]) != count:
                raise DatasetUnusable(
                    f'{name}: "{key}" has {len(given[key]):,} examples, and the first input {count:,}; each example '
                    "needs all inputs and outputs."
                )
            chosen["inputs" if kind == "inputs" else "outputs"][one] = key
    return NamedParts(
        {one: input_array(given, key, name) for one, key in chosen["inputs"].items()},
        {one: {key: given[key]} for one, key in chosen["outputs"].items()},
        lambda output, row: f'{name}, array "{chosen["outputs"][output]}", row {row}',
    )
