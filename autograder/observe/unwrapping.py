"""Inside the kernel: converts values of other libraries to what they hold, so that an answer counts in any container.

A class is recognized by identity with that of the loaded library, never by name. Nothing is imported: if a library is
not loaded, there are no values of its classes.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from typing import Any

import numpy as np

_MOST = 10_001
_VIEWS: tuple[type, ...] = (type({}.values()), type({}.keys()))


def unwrapped(value: Any) -> Any:
    """What `value` holds, as a list, an array or a number; `value` itself if its class is not known here."""
    kind = type(value)
    if kind in (Fraction, Decimal):
        return float(value)
    if kind in (deque, range, *_VIEWS):
        return list(islice(value, _MOST))
    if kind is dict:
        return list(islice(value.values(), _MOST))
    if kind in (set, frozenset) and len(value) == 1:  # more have no order
        return list(value)
    if kind is np.matrix:
        return np.asarray(value)
    for known, holds in _of_libraries():
        if isinstance(value, known):
            return holds(value)
    return value


def _of_libraries() -> Iterator[tuple[type, Callable[[Any], Any]]]:
    for module, name, holds in (
        ("tensorflow", "TensorShape", lambda shape: shape.as_list()),
        ("tensorflow", "Tensor", lambda tensor: tensor.numpy()),
        ("tensorflow", "Variable", lambda variable: variable.numpy()),
        ("keras", "Variable", lambda variable: variable.numpy()),
        ("pandas", "Series", lambda series: _column(series)),
        ("pandas", "Index", lambda index: _column(index)),
        ("pandas", "DataFrame", lambda frame: _column(frame.iloc[:, 0]) if frame.shape[1] == 1 else frame.to_numpy()),
    ):
        known = getattr(sys.modules.get(module), name, None)
        if isinstance(known, type):
            yield known, holds


def _column(values: Any) -> Any:
    """A column as an array of numbers, or as a list if it holds texts or mixed types."""
    array = values.to_numpy()
    return array if array.dtype.kind in "biufU" else list(islice(array.tolist(), _MOST))
