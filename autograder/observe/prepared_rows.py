"""Outside the kernel: public and hidden rows that a notebook's own function prepares for a network, and their targets.

The function gets raw inputs without targets, as for predictions, and does not learn which rows are hidden. What it
returns is joined with the targets here, in the grader's process, and kept for training. A function that returns the
public labels as features, which the notebook has, gains nothing: hidden rows alone are scored. Of data with several
inputs by name it gets a dict of them, and returns one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from autograder.datasets.hidden import HiddenExamples
from autograder.datasets.prepared import keep_prepared
from autograder.datasets.source import array_key
from autograder.observe.hidden_rows import AskedRows, close, decode_output
from autograder.records.predictions import CapturedPredictions, PredictionRequest

if TYPE_CHECKING:
    from numpy.typing import NDArray

# The most values of one prepared row: a batch of 32 rows then fits into a message. And of all rows together.
_MOST_VALUES, _MOST_IN_ALL = 16_384, 2**25


class PreparedRows(AskedRows):
    """Public rows, then hidden ones, in the numbering of `asked_order`."""

    def __init__(
        self,
        request: PredictionRequest,
        public: Mapping[str, NDArray[Any]],
        examples: HiddenExamples,
        key: str,
        cells: Sequence[str] = (),
    ) -> None:
        import numpy as np

        x = {
            name: np.concatenate([public[array_key("x", "train", name)], rows])
            for name, rows in examples.inputs.items()
        }
        columns = {name: np.concatenate([examples.public[name], one]) for name, one in examples.columns.items()}
        super().__init__(request, x, columns, examples.secret, key, cells)
        assert request.source is not None
        (self._output,) = request.source.outputs
        self._targets, self._hidden_targets = public[array_key("y", "train", self._output)], examples.y
        self._shapes: list[tuple[int, ...]] = []

    def _read(self, answer: Mapping[str, Any], rows: int) -> Any:
        """The prepared inputs as float32, rows × values, those of each input after those of the one before."""
        import numpy as np

        parts: list[Any] = [answer]
        if len(self._inputs) > 1:
            given = answer.get("parts")
            if not isinstance(given, Mapping) or given.keys() != self._inputs.keys():
                return "inputs"
            parts = [given[name] for name in self._inputs]
        found, most = [], min(_MOST_VALUES, _MOST_IN_ALL // self._rows)
        for part in parts:
            numbers = decode_output(part, rows, most) if isinstance(part, Mapping) else "inputs"
            if isinstance(numbers, str):
                return numbers
            found.append(numbers)
            most -= math.prod(numbers.shape[1:])
            if most < 0:
                return "values"
        shapes = [one.shape[1:] or (1,) for one in found]
        self._shapes = self._shapes or shapes
        if shapes != self._shapes:
            return "values"
        return np.concatenate([one.reshape(rows, -1) for one in found], axis=1).astype("float32")

    def concluded(self) -> CapturedPredictions:
        """The prepared data is kept; the outcome names it."""
        import numpy as np

        joined = np.concatenate(self._outputs)
        if not np.isfinite(joined).all():
            return self.ended("malformed", problem="missing")
        first, pairs = self._places()
        left, right = (np.array([pair[side] for pair in pairs]) for side in (0, 1))
        if not close(joined, left, right):
            return self.ended("unsteady")
        cut, ends = len(self._targets), np.cumsum([math.prod(shape) for shape in self._shapes])
        arrays = {
            array_key("y", "train", self._output): self._targets,
            array_key("y", "test", self._output): self._hidden_targets,
        }
        for name, shape, values in zip(self._inputs, self._shapes, np.split(joined[first], ends[:-1], 1), strict=True):
            rows = values.reshape(-1, *shape)
            arrays |= {array_key("x", "train", name): rows[:cut], array_key("x", "test", name): rows[cut:]}
        return self.ended("predicted", prepared=keep_prepared(arrays))
