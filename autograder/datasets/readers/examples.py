"""The result of every reader: examples, raw targets, and the position of each in its file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.core.errors import UserError

if TYPE_CHECKING:
    from numpy.typing import NDArray

# It fits in memory several times, on any machine that trains networks.
MAX_DATASET_BYTES = 2 * 2**30


class DatasetUnusable(UserError):
    """The data cannot be used as declared; the message names file, column and line."""


def refuse_large(name: str, size: int) -> None:
    """Check the size of a file or folder, in bytes.

    Raises:
        DatasetUnusable: it is too large.
    """
    if size > MAX_DATASET_BYTES:
        raise DatasetUnusable(
            f'"{name}" has {size / 2**30:.1f} GB; a data set may have {MAX_DATASET_BYTES >> 30} GB: '
            "hand out a part of it."
        )


def visible_files(folder: Path, *without: Path) -> list[Path]:
    """The files below a folder, in the order of their paths, without hidden ones (`.ipynb_checkpoints`, `.DS_Store`)
    and those that are one of `without` or below it."""
    left_out = [path.resolve() for path in without]
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and not any(path.resolve().is_relative_to(one) for one in left_out)
    ]


@dataclass(frozen=True)
class Examples:
    """Examples in file order.

    Attributes:
        x: one example per row.
        targets: the raw targets, by column; texts or numbers, one per row.
        where: the position of row `i`, for messages: "houses.csv, line 17".
        features: the names of the columns of `x`, if it is a table.
        names: the class names in the source itself, by label.
    """

    x: NDArray[Any]
    targets: dict[str, NDArray[Any]]
    where: Callable[[int], str]
    features: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
