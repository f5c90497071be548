"""Inside the kernel: statistics of the arrays passed to `fit`, cheap enough to compute at every call."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from autograder.observe.given_arrays import as_array, counted
from autograder.observe.row_fingerprints import paired

_SAMPLE = 2_000_000  # elements used for statistics
_IMAGES = 1000  # images used to check whether images and labels match
_COMPARED = 200  # validation images that are searched for among the training images
_HASHED = 200 * 2**20  # bytes of training images that are searched
_ROWS = 1000  # rows in which constant columns and copies of the targets are looked for
_NEIGHBOURS = 5  # similar examples whose targets are compared
_FEWEST = 30  # rows below which neither says anything
_MOST_COLUMNS = 256  # a table; flattened images have more, and no column for the target
_MOST_PARTS = 16  # inputs of a network
T = TypeVar("T")
_WHOLE = 1e-3  # labels are whole numbers up to this: float16 and means of equal labels are not exact


def statistics(data: Any) -> dict[str, Any] | None:
    """Shape, dtype, minimum, maximum, mean and standard_deviation of an array (of evenly spaced rows if it is large).

    An array of another library than numpy also has its `type`. Any other object has only that and, if it holds arrays
    with numbers that are NaN or infinite, how many they are (`not_finite`).
    """
    return _statistics(data, as_array(data))


def _statistics(given: Any, data: Any) -> dict[str, Any] | None:
    """The statistics of what was `given`; `data` is that as an array."""
    if given is None:
        return None
    facts: dict[str, Any] = {}
    if data is not given:
        facts["type"] = f"{type(given).__module__}.{type(given).__qualname__}"[:200]
    if data is None:
        holes = sum(_holes(part) for part in _parts(given))
        return facts | ({"not_finite": holes} if holes else {})
    facts |= {"shape": list(data.shape), "dtype": str(data.dtype)}
    if data.size and data.dtype.kind in "biuf":
        rows = data[:: max(1, -(-data.size // _SAMPLE))] if data.ndim else data
        numbers = rows.astype(np.float64)
        for name, function in (
            ("minimum", np.min),
            ("maximum", np.max),
            ("mean", np.mean),
            ("standard_deviation", np.std),
        ):
            value = float(function(numbers))
            facts[name] = value if np.isfinite(value) else None
        if None in (facts["minimum"], facts["maximum"]):
            facts["not_finite"] = int(numbers.size - np.isfinite(numbers).sum())
    return facts


def input_facts(data: Any) -> dict[str, Any] | None:
    """The statistics of the inputs; for a table or images also `constant`, the share of values of an example that are
    the same in each of (up to) 1,000 examples."""
    array = as_array(data)
    facts = _statistics(data, array)
    if facts is not None and array is not None and array.ndim in (2, 4):
        constant = _taken(lambda: _constant(array))
        if constant is not None:
            facts["constant"] = constant
    return facts


def target_facts(inputs: Any, targets: Any, weights: Any = None) -> dict[str, Any] | None:
    """The statistics of the labels; with `classes` and `agreement` if they label arrays of images.

    Examples whose weight is 0 are left out: nothing is learned from their labels.
    For a single column also `fractions`, the share that are not whole numbers; for several `lowest_sum` and
    `highest_sum` of their rows. If the inputs are a table or sequences, `copied`, the largest correlation (without
    sign) of a column, or a step, with the targets or the number of the class; for more than a few different values
    `predictable`, how well the targets of similar examples tell one's own; and `pairs`, the target by the fingerprint
    of its row, for a few rows (`row_fingerprints`). For a network with several outputs `outputs`, the facts of each
    one's targets, with its `name` where targets have names.
    """
    array = as_array(targets)
    if array is None and (outputs := _of_outputs(inputs, targets, weights)):
        return (_statistics(targets, None) or {}) | {"outputs": outputs}
    given = counted(array, as_array(weights))
    facts = _statistics(targets if given is array else given, given)
    inputs, targets = as_array(inputs), given
    classes = _classes(targets)
    if facts is None or classes is None:
        return facts
    if targets.ndim == 2 and targets.shape[1] > 1:
        sums = _sample(targets).sum(axis=1, dtype=np.float64)
        facts |= {"lowest_sum": _finite(sums.min()), "highest_sum": _finite(sums.max())}
    else:
        facts["fractions"] = _taken(lambda: _fractions(classes))
    copied = _taken(lambda: _copied(inputs, classes))
    if copied is not None:
        facts["copied"] = copied
    facts["classes"] = len(np.unique(classes))
    if type(inputs) is np.ndarray and inputs.ndim and inputs.dtype.kind in "biuf" and len(inputs) == len(classes):
        agreement = _taken(lambda: _agreement(inputs, classes))
        if agreement is not None:
            facts["agreement"] = agreement
        predictable = _taken(lambda: _predictable(inputs, classes)) if facts["classes"] > _FEWEST else None
        if predictable is not None:
            facts["predictable"] = predictable
        pairs = _taken(lambda: paired(inputs, classes))
        if pairs:
            facts["pairs"] = pairs
    return facts


def _of_outputs(inputs: Any, targets: Any, weights: Any) -> list[dict[str, Any]]:
    """The facts of the targets of each of several outputs; empty if they are not a few arrays, in a list or a dict."""
    named = type(targets) is dict
    if not (named or type(targets) in (list, tuple)) or not 1 < len(targets) <= _MOST_PARTS:
        return []
    keys: list[Any] = list(targets) if named else list(range(len(targets)))
    if weights is not None and (type(weights) is not type(targets) or len(weights) != len(targets)):
        return []  # which rows count is not known
    if any((array := as_array(targets[key])) is None or not array.ndim for key in keys):
        return []
    found = []
    for key in keys:
        own = None if weights is None else weights.get(key) if named else weights[key]
        facts = target_facts(inputs, targets[key], own) or {}
        found.append(facts | ({"name": str(key)[:200]} if named else {}))
    return found


def validation_facts(inputs: Any, data: Any, split: Any) -> dict[str, Any] | None:
    """The validation data: its statistics and its `overlap` with the training images, or the requested `split`."""
    if data is None:
        return {"split": float(split)} if type(split) in (int, float) and split else None
    if type(data) not in (tuple, list) or len(data) not in (2, 3):
        return {"inputs": statistics(data)}
    facts: dict[str, Any] = {"inputs": statistics(data[0]), "targets": statistics(data[1])}
    overlap = _taken(lambda: _overlap(as_array(inputs), as_array(data[0])))
    if overlap is not None:
        facts["overlap"] = overlap
    return facts


def stream_facts(facts: dict[str, Any] | None, stream: Any) -> dict[str, Any] | None:
    """The facts of a stream's first batches: how many rows it has in all is unknown, so the first size is None."""
    if facts is None:
        return None
    return facts | {
        "type": f"{type(stream).__module__}.{type(stream).__qualname__}"[:200],
        "shape": [None, *facts.get("shape", ())[1:]],
    }


def _parts(data: Any) -> list[Any]:
    """The arrays of a network with several inputs or outputs."""
    parts = list(data.values()) if type(data) is dict else list(data) if type(data) in (list, tuple) else []
    return [array for part in parts[:_MOST_PARTS] if (array := as_array(part)) is not None]


def _holes(array: Any) -> int:
    return int(array.size - np.isfinite(array).sum()) if array.size <= _SAMPLE and array.dtype.kind == "f" else 0


def _taken(fact: Callable[[], T]) -> T | None:
    """The value of `fact()`, None if it cannot be computed: measuring must never make the student's call fail."""
    with contextlib.suppress(ValueError, TypeError, IndexError, MemoryError):
        return fact()
    return None


def _sample(data: Any) -> Any:
    """At most `_ROWS` evenly spaced rows."""
    return data[:: max(1, -(-len(data) // _ROWS))]


def _finite(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def _constant(data: Any) -> float | None:
    """The share of positions of an example that hold the same number in a sample of the examples."""
    rows = _sample(data).reshape(-1, max(1, data[0].size))
    if len(rows) < _FEWEST or data.dtype.kind not in "biuf":
        return None
    # Rows are compared one after the other: most positions of most data differ soon.
    same = np.ones(rows.shape[1], dtype=bool)
    for row in rows[1:]:
        same &= row == rows[0]
        if not same.any():
            break
    return float(same.mean())


def _fractions(labels: Any) -> float:
    """The share of a sample of the labels that are not whole numbers."""
    sample = labels[:: max(1, -(-len(labels) // _SAMPLE))]
    if sample.dtype.kind != "f":
        return 0.0
    with np.errstate(invalid="ignore"):
        away = np.abs(sample - np.rint(sample))
    return float((away > _WHOLE).mean())


def _copied(inputs: Any, targets: Any) -> float | None:
    """The largest correlation, without its sign, of a column of the inputs, or a step of the sequences, with the
    targets, in a sample."""
    if type(inputs) is not np.ndarray or inputs.ndim not in (2, 3) or inputs.dtype.kind not in "biuf":
        return None
    if not len(inputs) or len(inputs) != len(targets) or inputs[0].size > _MOST_COLUMNS:
        return None
    columns, wanted = (np.asarray(_sample(one), dtype=np.float64) for one in (inputs, targets))
    columns = columns.reshape(len(columns), -1)
    if len(wanted) < _FEWEST or not (np.isfinite(columns).all() and np.isfinite(wanted).all()):
        return None
    columns, wanted = columns - columns.mean(axis=0), wanted - wanted.mean()
    sizes = np.sqrt((columns**2).sum(axis=0) * (wanted**2).sum())
    usable = sizes > 0
    return float(np.abs(wanted @ columns[:, usable] / sizes[usable]).max()) if usable.any() else None


def _classes(targets: Any) -> Any:
    """The class of each row, from whole numbers or one-hot rows; None if they are neither."""
    if type(targets) is not np.ndarray or targets.dtype.kind not in "biuf" or not targets.size:
        return None
    if targets.ndim == 2 and targets.shape[1] > 1:
        return targets.argmax(axis=1)
    return targets.reshape(-1) if targets.ndim == 1 or targets.shape[1:] == (1,) else None


def _agreement(inputs: Any, classes: Any) -> float | None:
    """The share of images that are closest to the mean of their own class, computed on the other half of a sample.

    If images and labels do not match, it is the share that guessing gives.
    """
    # A random sample, since labels may repeat periodically; its own generator leaves the student's random state alone.
    chosen = np.random.RandomState(0).permutation(len(inputs))[:_IMAGES]
    sample = np.asarray(inputs[chosen], dtype=np.float32).reshape(-1, max(1, inputs[0].size))
    labels = classes[chosen]
    known = np.unique(labels[::2])
    if len(sample) < 200 or len(known) < 2 or not np.isfinite(sample).all():
        return None
    means = np.stack([sample[::2][labels[::2] == label].mean(axis=0) for label in known])
    asked = sample[1::2]
    distances = (means**2).sum(axis=1) - 2 * asked @ means.T
    return float((known[distances.argmin(axis=1)] == labels[1::2]).mean())


def _predictable(inputs: Any, targets: Any) -> float | None:
    """The correlation of targets with the mean target of the most similar examples, of the other half of a sample.

    If inputs and targets do not belong together, it is near 0. Columns count alike, whatever their units.
    """
    chosen = np.random.RandomState(0).permutation(len(inputs))[:_IMAGES]
    sample = np.asarray(inputs[chosen], dtype=np.float64).reshape(len(chosen), -1)
    values = np.asarray(targets[chosen], dtype=np.float64)
    if len(sample) < 200 or not (np.isfinite(sample).all() and np.isfinite(values).all()):
        return None
    spread = sample.std(axis=0)
    sample = sample[:, spread > 0] / spread[spread > 0]
    known, asked = sample[::2], sample[1::2]
    distances = (known**2).sum(axis=1) - 2 * asked @ known.T
    nearest = np.argsort(distances, axis=1)[:, :_NEIGHBOURS]
    guessed, wanted = values[::2][nearest].mean(axis=1), values[1::2]
    if not sample.shape[1] or not guessed.std() or not wanted.std():
        return None
    return float(np.corrcoef(guessed, wanted)[0, 1])


def _overlap(inputs: Any, validated: Any) -> float | None:
    """The share of a sample of the validation images that are also training images."""
    arrays = (inputs, validated)
    if any(type(array) is not np.ndarray or array.ndim == 0 or not array.size for array in arrays):
        return None
    if inputs.shape[1:] != validated.shape[1:] or inputs.dtype != validated.dtype or inputs.dtype.hasobject:
        return None
    asked = {row.tobytes() for row in validated[:: max(1, len(validated) // _COMPARED)][:_COMPARED]}
    most = max(1, _HASHED // max(1, inputs[0].nbytes))
    found = {known for row in inputs[:most] if (known := row.tobytes()) in asked}
    return len(found) / len(asked)
