"""Converts raw targets to labels or numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograder.datasets.readers.examples import DatasetUnusable, Examples
from autograder.datasets.source import Declaration, TargetKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Whole numbers with more distinct values than this are a quantity, unless `target_kind` says otherwise.
_MOST_CLASSES = 20


def kind_of(examples: Examples, declared: Declaration) -> TargetKind:
    """The kind of the target: as declared; else several columns of 0 and 1 are "multilabel", several other columns are
    "values", texts or whole numbers with few distinct values are "classes", and other numbers are "values"."""
    import numpy as np

    if declared.target_kind is not None:
        return declared.target_kind
    if not examples.targets:
        return "input"
    if len(examples.targets) > 1:
        binary = all(set(map(str, column.tolist())) <= {"0", "1"} for column in examples.targets.values())
        return "multilabel" if binary else "values"
    (column,) = examples.targets.values()
    if examples.names or declared.classes:
        return "classes"
    if column.ndim > 1 and column.shape[-1] > 1:
        return "multilabel" if column.dtype.kind in "iub" and set(np.unique(column).tolist()) <= {0, 1} else "values"
    numbers = _numbers(column)
    finite = numbers[np.isfinite(numbers)]
    if len(finite) < len(numbers) / 2:
        return "classes"
    # If most are numbers, a text among them is an error, and is reported as one.
    whole = bool(np.all(finite == np.round(finite)))
    return "classes" if whole and len(np.unique(finite)) <= _MOST_CLASSES else "values"


def target_arrays(
    examples: Examples, declared: Declaration, kind: TargetKind, name: str, *, few: bool = False
) -> tuple[NDArray[Any], tuple[str, ...]]:
    """The targets as arrays, and the names of the classes or labels. With `few`, a class may have one example.

    Raises:
        DatasetUnusable: they are not what `kind` says.
    """
    if kind == "input":
        return examples.x, ()
    if kind == "classes":
        return as_classes(examples, declared, name, few=few)
    if kind == "multilabel":
        labels = as_labels(examples)
        columns = tuple(examples.targets) if len(examples.targets) > 1 else ()
        return labels, declared.classes or columns or tuple(str(number) for number in range(labels.shape[1]))
    values = as_values(examples)
    if not few and len(values) > 1 and (values == values[0]).all():
        column = ", ".join(f'"{one}"' for one in examples.targets)
        raise DatasetUnusable(f"{name}: {column} is the same in every example; there is nothing to predict.")
    return values, ()


def as_classes(
    examples: Examples, declared: Declaration, name: str, *, few: bool = False
) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Labels 0, 1, 2, … and the names of their classes. With `few`, a class may have one example or none.

    Raises:
        DatasetUnusable: there is only one class, a class has a single example, or a class is not declared.
    """
    import numpy as np

    ((column, raw),) = examples.targets.items()
    raw = raw.reshape(-1)
    if examples.names:
        names = examples.names
        labels = raw.astype(np.int64)
    else:
        numbers = _numbers(raw)
        whole = bool(np.isfinite(numbers).all() and np.all(numbers == np.round(numbers)))
        texts = np.array([str(int(one)) for one in numbers], str) if whole else raw.astype(str)
        found = sorted(set(texts.tolist()), key=lambda one: (0, int(one), "") if whole else (1, 0, one))
        names = declared.classes or tuple(found)
        order = {one: label for label, one in enumerate(names)}
        unknown = next((row for row, one in enumerate(texts.tolist()) if one not in order), None)
        if unknown is not None:
            raise DatasetUnusable(
                f'{examples.where(unknown)}: column "{column}" is "{texts[unknown]}", which is not in classes.'
            )
        labels = np.array([order[one] for one in texts.tolist()], np.int64)
    counts = np.bincount(labels, minlength=len(names))
    if len(names) < 2:
        raise DatasetUnusable(f'{name}: every example is in the class "{names[0]}"; there is nothing to tell apart.')
    if not few and (rare := int(counts.argmin())) >= 0 and counts[rare] < 2:
        if counts[rare] == 0:
            raise DatasetUnusable(f'{name}: no example is in the class "{names[rare]}"; leave it out of classes.')
        row = int(np.flatnonzero(labels == rare)[0])
        raise DatasetUnusable(
            f'{examples.where(row)}: this is the one example of the class "{names[rare][:40]}"; each class needs two '
            "or more, to train and to validate."
        )
    return labels.astype(np.uint8 if len(names) <= 256 else np.int32), names


def as_values(examples: Examples) -> NDArray[Any]:
    """float32 values, one row per example; a single column gives a one-dimensional array.

    Raises:
        DatasetUnusable: a value is not a finite number.
    """
    import numpy as np

    columns = []
    for name, raw in examples.targets.items():
        values = raw.astype(np.float64) if raw.dtype.kind in "fiub" else _numbers(raw)
        with np.errstate(over="ignore"):
            values = values.astype(np.float32)
        finite = np.isfinite(values).reshape(len(values), -1).all(axis=1)
        if not finite.all():
            row = int(np.flatnonzero(~finite)[0])
            said = str(raw.reshape(len(raw), -1)[row, 0])[:40]
            raise DatasetUnusable(f'{examples.where(row)}: column "{name}" is "{said}", which is no number.')
        columns.append(values)
    return columns[0] if len(columns) == 1 else np.stack(columns, axis=1)


def as_labels(examples: Examples) -> NDArray[Any]:
    """0 or 1 for each of several labels (uint8, examples × labels).

    Raises:
        DatasetUnusable: a target is neither 0 nor 1.
    """
    import numpy as np

    values = as_values(examples)
    values = values.reshape(len(values), -1)
    wrong = np.flatnonzero(~np.isin(values, (0, 1)).all(axis=1))
    if len(wrong):
        at = int(np.flatnonzero(~np.isin(values[wrong[0]], (0, 1)))[0])
        column = list(examples.targets)[at] if len(examples.targets) > 1 else next(iter(examples.targets))
        raise DatasetUnusable(
            f'{examples.where(int(wrong[0]))}: column "{column}" is {values[wrong[0], at]:g}; a label is 0 or 1.'
        )
    return values.astype(np.uint8)


def _numbers(raw: NDArray[Any]) -> NDArray[Any]:
    """The targets as float64, NaN for targets that are not numbers."""
    import numpy as np

    if raw.dtype.kind in "fiub":
        return raw.astype(np.float64).reshape(-1)
    return np.array([_number(one) for one in raw.reshape(-1).tolist()], np.float64)


def _number(text: object) -> float:
    try:
        return float(str(text))
    except ValueError:
        return float("nan")
