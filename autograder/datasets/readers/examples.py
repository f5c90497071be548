"""The result of every reader: examples, raw targets, and the position of each in its file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autograder.core.errors import UserError

if TYPE_CHECKING:
    from numpy.typing import NDArray

# It fits in memory several times, on any machine that trains networks.
MAX_BYTES = 2 * 2**30


class DatasetUnusable(UserError):
    """The data cannot be used as declared; the message names file, column and line."""


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
