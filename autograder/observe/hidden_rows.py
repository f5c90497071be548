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
from autograder.observe.hidden_score import OF_LOGARITHMS, Unreadable, ranks, score_of, used_by
from autograder.records.predictions import NAMED_ERRORS, CapturedPredictions, PredictionRequest

if TYPE_CHECKING:
    from numpy.typing import NDArray

BATCH_ROWS = 32
_BATCH_BYTES = 2 * 2**20
# The share of the rows that are asked twice, and the least number of them.
_TWICE, _LEAST_TWICE = 0.2, 100
# The second time in smaller batches: a mean over a batch is then another one.
_SMALL_ROWS = 8
# Two outputs for one row are the same if they differ by less than this share of their spread, or of themselves: a
# network computes a row a little differently in another batch (single precision has seven digits).
_SAME, _SAME_OF_ITSELF = 1e-3, 1e-5
# Where the order alone counts, by less than this share of the places.
_SAME_PLACE = 0.02
# Of classes and places, one of so many pairs may differ: where two are equally likely, the last digit decides.
_FLIPS = 50
# The logarithm of the odds from which probabilities count as the same.
_SURE = math.log(1e4)
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
        inputs: the inputs of all rows, by name; one without a name is "".
        columns: the columns of the same rows, for a request of tables.
        secret, key: see `asked_order`.
        cells: the sources of the notebook's code cells.
    """

    def __init__(
        self,
        request: PredictionRequest,
        inputs: Mapping[str, NDArray[Any]],
        columns: Mapping[str, NDArray[Any]],
        secret: str,
        key: str,
        cells: Sequence[str] = (),
    ) -> None:
        self.request, self._inputs, self._columns, self._cells = request, inputs, columns, cells
        self._rows = len(next(iter(inputs.values())))
        size = max(1, min(BATCH_ROWS, _BATCH_BYTES // max(1, sum(one[:1].nbytes for one in inputs.values()))))
        self.batches = asked_order(self._rows, secret, f"{key} {request.key}", size)
        self._outputs: list[Any] = []

    def packed(self, batch: Batch) -> dict[str, Any]:
        """The inputs of a batch for `predicting.unpacked_rows`."""
        chosen = list(batch)
        if self.request.inputs == "table":
            columns = self._columns.items()
            return {"columns": [[name, one.dtype.str, one[chosen].tolist()] for name, one in columns]}
        packed = {name: _packed(one[chosen]) for name, one in self._inputs.items()}
        return packed.get("", {"inputs": packed})

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
        return [first[row] for row in range(self._rows)], pairs


class HiddenRows(AskedRows):
    """Hidden rows whose classes or values a notebook predicts."""

    def __init__(
        self, request: PredictionRequest, examples: HiddenExamples, key: str, cells: Sequence[str] = ()
    ) -> None:
        assert request.source is not None
        super().__init__(request, examples.inputs, examples.columns, examples.secret, key, cells)
        self._source, self._truth = request.source, examples.y

    def _read(self, answer: Mapping[str, Any], rows: int) -> Any:
        return _one_line_each(answer, rows)

    def concluded(self) -> CapturedPredictions:
        """The score of the predictions."""
        import numpy as np

        metric = self.request.scored_by
        try:
            given = used_by(metric, _joined(self._outputs), self._source)
        except Unreadable as problem:
            return self.ended("malformed", problem=problem.what)
        first, pairs = self._places()
        left, right = (np.array([pair[side] for pair in pairs]) for side in (0, 1))
        # Next to 0 and 1, single precision does not tell probabilities apart as well as their logarithms do.
        of_logarithms = metric.name in OF_LOGARITHMS or metric.name == "binary_crossentropy"
        compared = given.clip(-_SURE, _SURE) if of_logarithms else given
        if not _steady(compared, left, right, by_place=metric.name == "auc"):
            return self.ended("unsteady")
        score = score_of(metric, given[first], self._truth, self._source)
        return self.ended("predicted", score=score, metric=metric.name)


def _steady(given: NDArray[Any], left: NDArray[Any], right: NDArray[Any], *, by_place: bool) -> bool:
    """Whether what is scored is the same at two lists of places: of values all, of classes and places nearly all."""
    import numpy as np

    if given.dtype.kind == "f" and not by_place:
        return close(given, left, right)
    found, allowed = (ranks(given), _SAME_PLACE) if by_place else (given, 0)
    differ = (np.abs(found[left] - found[right]) > allowed).reshape(len(left), -1).any(axis=1)
    return int(differ.sum()) <= len(left) // _FLIPS


def _packed(x: NDArray[Any]) -> dict[str, Any]:
    if x.dtype.kind == "U":
        return {"texts": x.tolist()}
    return {"dtype": x.dtype.str, "shape": list(x.shape), "values": base64.b64encode(x.tobytes()).decode()}


def _one_line_each(answer: Mapping[str, Any], rows: int) -> Any:
    """The output as float64, rows × values, or as texts; or what is wrong with it, as an `OutputProblem`."""
    texts = answer.get("texts")
    if isinstance(texts, list):
        if not all(isinstance(one, str) and len(one) <= _MOST_LONG for one in texts):
            return "form"
        return list(texts) if len(texts) == rows else "rows"
    found = decode_output(answer, rows, _MOST_VALUES)
    if isinstance(found, str):
        return found
    wide = sum(size != 1 for size in found.shape[1:])
    return found.reshape(rows, -1) if wide <= 1 else "values"


def decode_output(answer: Mapping[str, Any], rows: int, most: int) -> Any:
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


def close(outputs: NDArray[Any], left: NDArray[Any], right: NDArray[Any]) -> bool:
    """Whether the outputs (rows × values) at two lists of places are the same, but for rounding.

    The spread of a value is the median distance from its median, of the rows that have another value: a few rows with
    wild values cannot widen it, so that the others could differ.
    """
    import numpy as np

    rows = outputs.reshape(len(outputs), -1)
    with np.errstate(over="ignore", invalid="ignore"):
        spread = np.array([_spread(rows[:, column]) for column in range(rows.shape[1])])
        one, other = rows[left], rows[right]
        allowed = _SAME * spread + _SAME_OF_ITSELF * np.maximum(np.abs(one), np.abs(other)) + 1e-12
        return bool((np.abs(one - other) <= allowed).all())


def _spread(values: NDArray[Any]) -> float:
    import numpy as np

    distance = np.abs(values - np.median(values))
    return float(np.median(distance[distance > 0])) if distance.any() else 0.0
