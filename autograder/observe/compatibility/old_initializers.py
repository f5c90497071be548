"""Inside the kernel: initializers as functions, as Keras 1 and 2 took them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import keras

from autograder.observe.compatibility.stand_in_log import note_stand_in


def with_dtype(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as an initializer of today, which is given the shape and the type of its numbers."""
    parameters = inspect.signature(function).parameters
    if "dtype" in parameters or any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
        return function
    note_stand_in("name", f"{function.__name__}(shape)", f"{function.__name__}(shape, dtype)")

    @functools.wraps(function)
    def initializer(shape: Any, dtype: Any = None) -> Any:
        return keras.ops.convert_to_tensor(function(shape), dtype=dtype)

    return initializer


def _normal(shape: Any, scale: float = 0.05, **_: Any) -> Any:
    return keras.initializers.RandomNormal(stddev=scale)(shape)


def _uniform(shape: Any, scale: float = 0.05, **_: Any) -> Any:
    return keras.initializers.RandomUniform(-scale, scale)(shape)


# What `keras.initializations` held besides the names of `keras.initializers`.
OF_KERAS_1: Mapping[str, Callable[..., Any]] = {"normal": _normal, "uniform": _uniform}
