"""Outside the kernel: public and hidden rows that a notebook's own function prepares for a network, and their targets.

The function gets raw inputs without targets, as for predictions, and does not learn which rows are hidden. What it
returns is joined with the targets here, in the grader's process, and kept for training. A function that returns the
public labels as features, which the notebook has, gains nothing: hidden rows alone are scored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from autograder.datasets.hidden import HiddenExamples
from autograder.datasets.prepared import keep_prepared
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

        x = np.concatenate([public["x_train"], examples.inputs[""]])
        columns = {name: np.concatenate([examples.public[name], one]) for name, one in examples.columns.items()}
        super().__init__(request, {"": x}, columns, examples.secret, key, cells)
        self._targets, self._hidden_targets = public["y_train"], examples.y

    def _read(self, answer: Mapping[str, Any], rows: int) -> Any:
        found = decode_output(answer, rows, min(_MOST_VALUES, _MOST_IN_ALL // self._rows))
        return found if isinstance(found, str) else found.astype("float32")

    def concluded(self) -> CapturedPredictions:
        """The prepared data is kept; the outcome names it."""
        import numpy as np

        joined = np.concatenate(self._outputs)
        if joined.ndim == 1:
            joined = joined[:, None]
        if not np.isfinite(joined).all():
            return self.ended("malformed", problem="missing")
        first, pairs = self._places()
        left, right = (np.array([pair[side] for pair in pairs]) for side in (0, 1))
        if not close(joined, left, right):
            return self.ended("unsteady")
        rows, cut = joined[first], len(self._targets)
        arrays = {"x_train": rows[:cut], "y_train": self._targets, "x_test": rows[cut:], "y_test": self._hidden_targets}
        return self.ended("predicted", prepared=keep_prepared(arrays))
