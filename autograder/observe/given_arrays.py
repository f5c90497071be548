"""Inside the kernel: what `fit` was given, as arrays: arrays of any library whole, streams by their first batches."""

from __future__ import annotations

import contextlib
import random
import types
from collections.abc import Iterator
from typing import Any

import numpy as np

# Of a stream, at most this many rows of this many batches are looked at.
_ROWS = 512
BATCHES = 4
_LIBRARIES = frozenset({"tensorflow", "keras", "torch", "pandas", "jax", "jaxlib"})


def as_array(data: Any) -> Any:
    """`data` as a numpy array if it is one array of any library, alone or the only part of a list or dict.

    Else None: measuring must never make the student's call fail, and text, ragged rows and objects are no numbers.
    """
    if type(data) in (list, tuple) and len(data) == 1:
        return as_array(data[0])
    if type(data) is dict and len(data) == 1:
        return as_array(next(iter(data.values())))
    if type(data) is np.ndarray:
        return data
    if type(data).__module__.partition(".")[0] not in _LIBRARIES:
        return None
    with contextlib.suppress(Exception):  # of code in many libraries, on data in any state
        if hasattr(data, "detach"):
            data = data.detach().cpu()
        # Without `__array__` NumPy would go through all that it gives, and Keras' image streams never end.
        if not hasattr(data, "__array__"):
            return None
        array = data.to_numpy() if hasattr(data, "to_numpy") else np.asarray(data)
        return array if type(array) is np.ndarray and not array.dtype.hasobject else None
    return None


class FirstBatches:
    """The first `rows` that came out of a stream, which is not read a second time for this."""

    def __init__(self) -> None:
        self._parts: list[tuple[Any, Any]] = []
        self._batches = self.rows = 0

    @property
    def some(self) -> bool:
        """Whether anything was seen."""
        return bool(self._parts)

    @property
    def full(self) -> bool:
        """Whether enough was seen."""
        return self._batches >= BATCHES or self.rows >= _ROWS

    def see(self, batch: Any) -> Any:
        """Note the rows of a batch of inputs, or of (inputs, targets) or (inputs, targets, weights); returns it."""
        if not self.full:
            self._batches += 1
            with contextlib.suppress(Exception):  # a stream gives whatever the student's code makes
                self._keep(batch)
        return batch

    def arrays(self) -> tuple[Any, Any]:
        """The inputs and the targets seen; None for what could not be read, or differs in shape between batches.

        Targets of several outputs stay a list or a dict of arrays.
        """
        return _joined([inputs for inputs, _ in self._parts]), _joined([targets for _, targets in self._parts])

    def _keep(self, batch: Any) -> None:
        x, y, weights = [*batch, None, None][:3] if type(batch) in (tuple, list) else (batch, None, None)
        most = _ROWS - self.rows
        # A generator may fill the same array again and again.
        inputs, weights = (_first_rows(as_array(part), most) for part in (x, weights))
        if y is None or not _is_of_outputs(y):
            targets: Any = counted(_first_rows(as_array(y), most), weights)
        elif weights is not None:
            targets = None  # which rows count for which output is not known
        elif type(y) is dict:
            targets = {name: _first_rows(as_array(part), most) for name, part in y.items()}
        else:
            targets = [_first_rows(as_array(part), most) for part in y or ()]
        self._parts.append((inputs, targets))
        self.rows += max((len(one) for one in (inputs, targets) if type(one) is np.ndarray), default=0)


def counted(targets: Any, weights: Any) -> Any:
    """The targets of the examples that count: those with a weight other than 0."""
    if targets is None or weights is None or not targets.ndim or weights.shape != targets.shape[:1]:
        return targets
    if weights.dtype.kind not in "biuf":
        return targets
    return targets if weights.all() else targets[weights != 0]


def is_stream(data: Any, batches: type[Any]) -> bool:
    """Whether it is a generator, `tf.data`, or one of Keras' own data sets, whose class is `batches`."""
    if isinstance(data, types.GeneratorType | batches):
        return True
    return any(kind.__module__.startswith("tensorflow.python.data.") for kind in type(data).__mro__)


def see_some(stream: Any, batches: type[Any], seen: FirstBatches) -> None:
    """Read the first batches of a stream after it was used; a generator is read only while it is used."""
    if isinstance(stream, types.GeneratorType):
        return
    with contextlib.suppress(Exception), same_random_numbers():
        if isinstance(stream, batches):
            see_more((stream[place] for place in range(len(stream))), seen)
        else:
            see_more(iter(stream), seen)


def see_more(batches: Iterator[Any], seen: FirstBatches) -> None:
    """Read on until enough was seen, or the stream ends or fails."""
    with contextlib.suppress(Exception):
        while not seen.full:
            seen.see(next(batches))


@contextlib.contextmanager
def same_random_numbers() -> Iterator[None]:
    """Nothing that is drawn within it changes what is drawn afterwards."""
    numpy_state, own_state = np.random.get_state(), random.getstate()
    try:
        yield
    finally:
        np.random.set_state(numpy_state)
        random.setstate(own_state)


def _first_rows(array: Any, most: int) -> Any:
    return None if array is None or not array.ndim else np.array(array[:most])


def _is_of_outputs(targets: Any) -> bool:
    """Whether targets are those of several outputs."""
    if type(targets) is dict:
        return len(targets) > 1
    return type(targets) in (list, tuple) and len(targets) > 1 and all(hasattr(one, "shape") for one in targets)


def _joined(parts: list[Any]) -> Any:
    kinds = {type(part) for part in parts}
    if kinds == {dict} and len({tuple(part) for part in parts}) == 1:
        return {key: _joined([part[key] for part in parts]) for key in parts[0]}
    if kinds == {list} and len({len(part) for part in parts}) == 1:
        return [_joined([part[place] for part in parts]) for place in range(len(parts[0]))]
    if kinds & {dict, list}:
        return None
    if not parts or any(part is None or part.dtype != parts[0].dtype for part in parts):
        return None
    return np.concatenate(parts) if len({part.shape[1:] for part in parts}) == 1 else None
