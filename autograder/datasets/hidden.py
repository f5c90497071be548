"""The hidden examples of a declared data set, for the processes that score: no other code opens them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from autograder.datasets.declared_cache import locate_hidden
from autograder.datasets.source import DatasetSource

if TYPE_CHECKING:
    from numpy.typing import NDArray

_COLUMN, _PUBLIC, _INPUT = "column.", "public.", "x."


@dataclass(frozen=True)
class HiddenExamples:
    """The examples, in the order of their file.

    Attributes:
        inputs: the inputs, one per row, as networks are trained with them, by name; one without a name is "".
        y: the targets.
        columns: for a table of numbers, its columns other than the target, by name; else empty.
        public: the same columns of the public examples.
        secret: a value that nobody knows who does not have the hidden file: it draws the order of the rows.
    """

    inputs: dict[str, NDArray[Any]]
    y: NDArray[Any]
    columns: dict[str, NDArray[Any]]
    secret: str
    public: dict[str, NDArray[Any]] = field(default_factory=dict)


def load_hidden(name: str, source: DatasetSource) -> HiddenExamples:
    """The hidden examples of the data set `name`.

    Raises:
        autograder.datasets.DatasetMissing: they are not on this machine.
    """
    import numpy as np

    found = locate_hidden(name, source)
    with np.load(found.path, allow_pickle=False) as arrays:
        columns = {key.removeprefix(_COLUMN): arrays[key] for key in arrays.files if key.startswith(_COLUMN)}
        public = {key.removeprefix(_PUBLIC): arrays[key] for key in arrays.files if key.startswith(_PUBLIC)}
        inputs = {key.removeprefix(_INPUT): arrays[key] for key in arrays.files if key.startswith(_INPUT)}
        return HiddenExamples(inputs or {"": arrays["x"]}, arrays["y"], columns, found.digest, public)
