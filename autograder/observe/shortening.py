"""Inside the kernel: truncates data in any form that Keras accepts to a few rows.

Arrays, tensors, Series, DataFrames, lists, tuples and dicts of them are truncated; so are the batches of `tf.data`,
generators and Keras datasets. Anything else is passed unchanged, so that Keras raises its usual error.
"""

from __future__ import annotations

import itertools
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograder.observe.given_arrays import FirstBatches, see_more

STEPS = 1
_BATCH = 8
# The rows that `evaluate` and `predict` compute.
SHORT_ROWS = 128
_DEEPEST = 8


class Shortener:
    """Created before student code runs, so that it holds the original functions of Keras and TensorFlow."""

    def __init__(self) -> None:
        import keras
        import pandas
        import tensorflow as tf

        self._leaves = (np.ndarray, tf.Tensor, tf.Variable, keras.Variable, pandas.Series, pandas.DataFrame)
        self._frames = (pandas.Series, pandas.DataFrame)
        self._dataset = tf.data.Dataset
        self._tensors = tf.data.Dataset.from_tensors
        self._batches = keras.utils.PyDataset
        self.streams = (tf.data.Dataset, types.GeneratorType, keras.utils.PyDataset)
        self._bounded = _bounded_batches(keras.utils.PyDataset, self.cut)

    def rows(self, *parts: Any) -> int:
        """The number of rows of the parts; 0 if they cannot be truncated, or have different lengths."""
        counts = set()
        for part in parts:
            for leaf in self._leaves_of(part):
                if leaf is None:
                    continue
                shape = getattr(leaf, "shape", None)
                if not isinstance(leaf, self._leaves) or shape is None or not len(shape) or shape[0] is None:
                    return 0
                counts.add(int(shape[0]))
        return counts.pop() if len(counts) == 1 else 0

    def cut(self, part: Any, rows: slice | int) -> Any:
        """These rows of every array in `part`."""
        kept = rows if isinstance(rows, slice) else slice(0, rows)

        def one(leaf: Any) -> Any:
            if isinstance(leaf, self._frames):
                return leaf.iloc[kept]
            return leaf[kept] if isinstance(leaf, self._leaves) and len(leaf.shape) else leaf

        return self._mapped(part, one)

    def fit(self, asked: dict[str, Any], first: int, seen: FirstBatches, validated: FirstBatches) -> dict[str, Any]:
        """The arguments of a short call that uses the same code paths of Keras as the requested one.

        Batches of streams that it trains with are noted in `seen`, those that it validates with in `validated`.
        """
        short = dict(asked, epochs=first + 1, validation_freq=1)
        rows = self.rows(asked["x"], asked["y"], asked["sample_weight"])
        batch = max(min(whole(asked["batch_size"]) or _BATCH, _BATCH), 1)
        if rows:
            split = asked["validation_split"]
            names = ("x", "y", "sample_weight")
            if asked["validation_data"] is None and isinstance(split, float) and 0 < split < 1:
                start = int(rows * (1 - split))
                if start in (0, rows):
                    return short  # invalid arguments: Keras raises the error
                held = slice(start, start + batch)
                validation = tuple(self.cut(asked[name], held) for name in names if asked[name] is not None)
                short |= {"validation_split": 0.0, "validation_data": validation}
            short |= {name: self.cut(asked[name], STEPS * batch) for name in names if asked[name] is not None}
            short |= {"batch_size": batch, "steps_per_epoch": None}
        else:
            short["x"] = self.stream(asked["x"], batch, seen)
            short["steps_per_epoch"] = min(whole(asked["steps_per_epoch"]) or STEPS, STEPS)
        validation = short["validation_data"]
        if type(validation) in (tuple, list) and validation and self.rows(*validation):
            short["validation_data"] = tuple(self.cut(part, batch) for part in validation)
            short |= {"validation_batch_size": batch, "validation_steps": None}
        elif validation is not None:
            short |= {"validation_data": self.stream(validation, batch, validated), "validation_steps": 1}
        return short

    def stream(self, data: Any, batch: int, seen: FirstBatches | None = None) -> Any:
        """The same batches, each of at most `batch` rows; `data` itself if its batches cannot be truncated."""
        noted = FirstBatches() if seen is None else seen
        if isinstance(data, self._dataset):
            return self._first_batch(data, batch, noted, more=seen is not None)
        if isinstance(data, types.GeneratorType):
            return (self.cut(noted.see(part), batch) for part in data)
        if isinstance(data, self._batches):
            return self._bounded(data, batch, noted)
        return data

    def _first_batch(self, dataset: Any, batch: int, seen: FirstBatches, *, more: bool) -> Any:
        """A dataset of the first batch, truncated: the student's batch may be all 60,000 images."""
        try:
            batches = iter(dataset)
            first = seen.see(next(batches))
        except Exception:
            return dataset  # empty or broken: Keras raises the error
        if more:
            see_more(batches, seen)
        return self._tensors(self.cut(first, batch)) if self.rows(first) else dataset

    def _leaves_of(self, part: Any, depth: int = 0) -> Iterator[Any]:
        if depth < _DEEPEST and type(part) in (list, tuple):
            for item in itertools.islice(part, 1000):
                yield from self._leaves_of(item, depth + 1)
        elif depth < _DEEPEST and type(part) is dict:
            for item in part.values():
                yield from self._leaves_of(item, depth + 1)
        else:
            yield part

    def _mapped(self, part: Any, change: Callable[[Any], Any], depth: int = 0) -> Any:
        if depth < _DEEPEST and type(part) in (list, tuple):
            return type(part)(self._mapped(item, change, depth + 1) for item in part)
        if depth < _DEEPEST and type(part) is dict:
            return {key: self._mapped(item, change, depth + 1) for key, item in part.items()}
        return change(part)


def _bounded_batches(kind: type, cut: Callable[[Any, int], Any]) -> Callable[[Any, int, FirstBatches], Any]:
    """A function that wraps a Keras dataset so that its batches are truncated."""

    class Bounded(kind):  # type: ignore[misc]
        def __init__(self, batches: Any, batch: int, seen: FirstBatches) -> None:
            super().__init__()
            self._given, self._most, self._seen = batches, batch, seen

        def __len__(self) -> int:
            return len(self._given)

        def __getitem__(self, index: int) -> Any:
            return cut(self._seen.see(self._given[index]), self._most)

        def on_epoch_end(self) -> None:
            self._given.on_epoch_end()

    return Bounded


def repeated(rows: int, found: Any) -> Any:
    """The arrays in `found` with their rows repeated until there are `rows` of them."""
    if type(found) in (list, tuple):
        return type(found)(repeated(rows, item) for item in found)
    if type(found) is dict:
        return {key: repeated(rows, item) for key, item in found.items()}
    if type(found) is not np.ndarray or not found.ndim or not len(found):
        return found
    return found[np.arange(rows) % len(found)]


def whole(value: Any) -> int | None:
    """`value` as a Python int; None if it is not a whole number."""
    return int(value) if type(value) is int or isinstance(value, np.integer) else None
