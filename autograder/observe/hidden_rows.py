"""Outside the kernel: the hidden rows in the order in which a notebook is asked for them, and the score of its answers.

A kernel gets inputs in small batches. The order is drawn for each notebook, from the hidden file itself and the
notebook's code: equal work is asked alike, and nobody without the file can compute the order. Some rows come
twice, in different batches: an output that depends on anything but its row is found out.
"""

from __future__ import annotations

import base64
import binascii
import math
import random
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from autograder.core.data import digest
from autograder.datasets.hidden import HiddenExamples
from autograder.observe.hidden_score import Unreadable, classes_of, score_of, values_of
from autograder.records.predictions import NAMED_ERRORS, CapturedPredictions, PredictionRequest

if TYPE_CHECKING:
    from numpy.typing import NDArray

BATCH_ROWS = 32
_BATCH_BYTES = 2 * 2**20
# The share of the rows that are asked twice, and the least number of them.
_TWICE, _LEAST_TWICE = 0.2, 100
# The second time in smaller batches: a mean over a batch is then another one.
_SMALL_ROWS = 8
# Two outputs for one row are the same if they differ by less than this share of their spread: a network computes a row
# a little differently in another batch (single precision has seven digits).
_SAME = 1e-3
# Of classes, one of so many pairs may differ: where two are equally likely, the last digit decides between them.
_FLIPS = 50
_MOST_VALUES = 1000
_MOST_LONG = 200
_MOST_AXES = 5

Batch = tuple[int, ...]


def asked_order(rows: int, secret: str, key: str, size: int = BATCH_ROWS) -> tuple[Batch, ...]:
    """The batches of row numbers (0-based): every row, and some a second time in another batch.

    Args:
        rows: the number of rows.
        secret: what only those know who have the hidden file.
        key: the key of the evidence: the notebook's code, and how it is run.
        size: the most rows of a batch.
    """
    draw = random.Random(int(digest("hidden rows", secret, key), 16))
    twice = draw.sample(range(rows), min(rows, max(_LEAST_TWICE, round(_TWICE * rows))))
    asked = [(draw.sample(range(rows), rows), size), (twice, max(1, min(size, _SMALL_ROWS)))]
    batches = [tuple(row[start : start + most]) for row, most in asked for start in range(0, len(row), most)]
    draw.shuffle(batches)
    return tuple(batches)


class AskedRows(ABC):
    """The rows of one request, for one notebook.

    Args:
        request: with the record of its data set.
        x: the inputs of all rows.
        columns: the columns of the same rows, for a request of tables.
        secret, key: see `asked_order`.
        cells: the sources of the notebook's code cells.
    """

    def __init__(
        self,
        request: PredictionRequest,
        x: NDArray[Any],
        columns: Mapping[str, NDArray[Any]],
        secret: str,
        key: str,
        cells: Sequence[str] = (),
    ) -> None:
        self.request, self._x, self._columns, self._cells = request, x, columns, cells
        size = max(1, min(BATCH_ROWS, _BATCH_BYTES // max(1, x[:1].nbytes)))
        self.batches = asked_order(len(x), secret, f"{key} {request.key}", size)
        self._outputs: list[Any] = []

    def packed(self, batch: Batch) -> dict[str, Any]:
        """The inputs of a batch for `predicting.unpacked_rows`."""
        chosen = list(batch)
        if self.request.inputs == "table":
            columns = self._columns.items()
            return {"columns": [[name, one.dtype.str, one[chosen].tolist()] for name, one in columns]}
        x = self._x[chosen]
        if x.dtype.kind == "U":
            return {"texts": x.tolist()}
        return {"dtype": x.dtype.str, "shape": list(x.shape), "values": base64.b64encode(x.tobytes()).decode()}

    def take(self, answer: object, rows: int) -> CapturedPredictions | None:
        """Read the kernel's answer to a batch of so many rows; not None if it ends the request."""
        if not isinstance(answer, Mapping):
            return self.ended("malformed", problem="form")
        status = answer.get("status")
        if status == "raised":
            error = answer.get("error")
            named = error if isinstance(error, str) and error in NAMED_ERRORS else ""
            return self.ended("raised", error=named, **_place(answer, self._cells))
        if status in ("no_name", "no_call", "timeout"):
            return self.ended(status)
        output = self._read(answer, rows) if status == "predicted" else "form"
        if isinstance(output, str):
            return self.ended("malformed", problem=output)
        if self._outputs and not _alike(self._outputs[0], output):
            return self.ended("malformed", problem="values")
        self._outputs.append(output)
        return None

    def ended(self, status: str, **known: Any) -> CapturedPredictions:
        """The outcome without a score."""
        return CapturedPredictions.model_validate({"key": self.request.key, "status": status, **known})

    @abstractmethod
    def concluded(self) -> CapturedPredictions:
        """The outcome after the last batch."""

    @abstractmethod
    def _read(self, answer: Mapping[str, Any], rows: int) -> Any:
        """The output of a batch, one entry per row; or what is wrong with it, as an `OutputProblem`."""

    def _places(self) -> tuple[list[int], list[tuple[int, int]]]:
        """Where each row was asked first, and the two places of those that were asked twice."""
        order = [row for batch in self.batches for row in batch]
        first: dict[int, int] = {}
        pairs = [(first[row], place) for place, row in enumerate(order) if first.setdefault(row, place) != place]
        return [first[row] for row in range(len(self._x))], pairs


class HiddenRows(AskedRows):
    """Hidden rows whose classes or values a notebook predicts."""

    def __init__(
        self, request: PredictionRequest, examples: HiddenExamples, key: str, cells: Sequence[str] = ()
    ) -> None:
        assert request.source is not None
        super().__init__(request, examples.x, examples.columns, examples.secret, key, cells)
        self._source, self._truth = request.source, examples.y

    def _read(self, answer: Mapping[str, Any], rows: int) -> Any:
        return _one_line_each(answer, rows)

    def concluded(self) -> CapturedPredictions:
        """The score of the predictions."""
        import numpy as np

        joined = _joined(self._outputs)
        classed = self._source.target_kind != "values"
        try:
            given = classes_of(joined, self._source) if classed else values_of(joined, self._source)
        except Unreadable as problem:
            return self.ended("malformed", problem=problem.what)
        first, pairs = self._places()
        left, right = (np.array([pair[side] for pair in pairs]) for side in (0, 1))
        differ = int((given[left] != given[right]).reshape(len(pairs), -1).any(axis=1).sum())
        allowed = len(pairs) // _FLIPS if classed else 0
        if differ > allowed and not close(joined, left, right):
            return self.ended("unsteady")
        score = score_of(self.request.scored_by, given[first], self._truth, len(self._source.classes))
        return self.ended("predicted", score=score, metric=self.request.scored_by.name)


def _one_line_each(answer: Mapping[str, Any], rows: int) -> Any:
    """The output as float64, rows × values, or as texts; or what is wrong with it, as an `OutputProblem`."""
    texts = answer.get("texts")
    if isinstance(texts, list):
        if not all(isinstance(one, str) and len(one) <= _MOST_LONG for one in texts):
            return "form"
        return list(texts) if len(texts) == rows else "rows"
    found = read_numbers(answer, rows, _MOST_VALUES)
    if isinstance(found, str):
        return found
    wide = sum(size != 1 for size in found.shape[1:])
    return found.reshape(rows, -1) if wide <= 1 else "values"


def read_numbers(answer: Mapping[str, Any], rows: int, most: int) -> Any:
    """The output as float64 in its shape, at most so many values per row; or what is wrong with it."""
    import numpy as np

    shape, values = answer.get("shape"), answer.get("values")
    if not isinstance(shape, list) or not all(type(one) is int for one in shape) or not isinstance(values, str):
        return "form"
    if not 1 <= len(shape) <= _MOST_AXES or shape[0] != rows:
        return "rows"
    if not all(1 <= size <= most for size in shape[1:]) or math.prod(shape[1:]) > most:
        return "values"
    try:
        raw = base64.b64decode(values, validate=True)
    except (binascii.Error, ValueError):
        return "form"
    if len(raw) != 8 * math.prod(shape):
        return "form"
    found = np.frombuffer(raw, "<f8").reshape(shape)
    return found if np.isfinite(found).all() else "missing"


def _place(answer: Mapping[str, Any], cells: Sequence[str]) -> dict[str, int]:
    """The cell and line of an exception, if the kernel names a line that the notebook has; nothing else passes."""
    line, text = answer.get("line"), answer.get("text")
    if type(line) is not int or not isinstance(text, str) or not text:
        return {}
    for number, source in enumerate(cells):
        lines = source.splitlines()
        if 1 <= line <= len(lines) and lines[line - 1].strip() == text:
            return {"cell": number, "line": line}
    return {}


def _alike(first: Any, other: Any) -> bool:
    """Whether two outputs have the same form."""
    if isinstance(first, list) or isinstance(other, list):
        return isinstance(first, list) and isinstance(other, list)
    return bool(first.shape[1:] == other.shape[1:])


def _joined(outputs: Sequence[Any]) -> Any:
    import numpy as np

    if isinstance(outputs[0], list):
        return [text for output in outputs for text in output]
    return np.concatenate(outputs)


def close(outputs: Any, left: Any, right: Any) -> bool:
    """Whether the outputs at two lists of places are the same, but for rounding."""
    import numpy as np

    if isinstance(outputs, list):
        return all(outputs[one] == outputs[other] for one, other in zip(left, right, strict=True))
    with np.errstate(over="ignore", invalid="ignore"):
        spread = np.minimum(outputs.std(axis=0), np.finfo(np.float64).max) + 1e-12
        return bool((np.abs(outputs[left] - outputs[right]) <= _SAME * spread).all())
