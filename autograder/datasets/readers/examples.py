"""What every reader gives: examples and raw targets, and where each stands in its file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autograder.core.errors import UserError

if TYPE_CHECKING:
    from numpy.typing import NDArray

# What fits in memory several times over, on any machine that trains networks.
MAX_BYTES = 2 * 2**30


class DatasetUnusable(UserError):
    """The data cannot be used as declared: one sentence that names file, column and line."""


@dataclass(frozen=True)
class Examples:
    """Examples in the order of their file.

    Attributes:
        x: one example per row.
        targets: the raw targets, by column; texts or numbers, one per row.
        where: where row number `i` stands, for messages: "houses.csv, line 17".
        features: the names of the columns of `x`, if it is a table.
        names: the names of the classes that the source itself has, by label.
    """

    x: NDArray[Any]
    targets: dict[str, NDArray[Any]]
    where: Callable[[int], str]
    features: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
