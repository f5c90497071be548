"""Inside the kernel: the lists of losses and scores that a training loop appended to, in the notebook's variables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import torch

from autograder.observe.plain import NotPlain, plain

_MOST_VALUES, _MOST_LISTS, _MOST_VARIABLES = 1000, 64, 2000
_HELD_OUT = frozenset(("val", "valid", "validation", "test", "testing", "dev", "eval", "va", "vl", "te", "heldout"))
# Words of a name, and the metric that they mean.
_METRICS = {
    "loss": "loss",
    "losses": "loss",
    "acc": "accuracy",
    "accs": "accuracy",
    "accuracy": "accuracy",
    "accuracies": "accuracy",
    "correct": "accuracy",
    "mse": "mean_squared_error",
    "rmse": "root_mean_squared_error",
    "mae": "mean_absolute_error",
    "auc": "auc",
    "precision": "precision",
    "recall": "recall",
    "perplexity": "perplexity",
    "f1": "f1_score",
    "error": "error",
    "errors": "error",
}

Path = tuple[str, ...]


class Histories:
    """Compares the lists after a cell with those before it."""

    def __init__(self, variables: dict[str, Any]) -> None:
        self._variables = variables
        self._before: dict[Path, tuple[int, int]] = {}

    def take(self, epochs: int = 0) -> tuple[dict[str, list[float | None]], str]:
        """The values by metric, "val_" before its name for held-out data, and the variable that has them; only of lists
        that are new or longer than at the previous call.

        Of several lists of one metric, the first counts that has one value for each of so many `epochs`: others may
        hold the batches of one epoch. If none has, the first of all counts.
        """
        found: dict[str, list[float | None]] = {}
        holders: dict[str, str] = {}
        state = {}
        for path, values, identity in self._lists():
            state[path] = identity, len(values)
            key = _metric(path)
            if not key or self._before.get(path) == state[path] or len(found) >= _MOST_LISTS:
                continue
            if key in found and (len(found[key]) == epochs or len(values) != epochs):
                continue
            numbers = [_number(value) for value in values[:_MOST_VALUES]]
            if numbers and any(one is not None for one in numbers):
                found[key] = numbers
                holders[key] = path[0]
        self._before = state
        return found, next(iter(holders.values()), "")[:200]

    def _lists(self) -> Iterator[tuple[Path, list[Any], int]]:
        for name, value in list(self._variables.items())[:_MOST_VARIABLES]:
            if type(name) is str and not name.startswith("_"):
                yield from _within((name,), value)


def _within(path: Path, value: Any) -> Iterator[tuple[Path, list[Any], int]]:
    """The lists of numbers in a variable, each with the identity of what holds them: itself, in dicts, in a list of
    dicts, or in an object of the notebook's."""
    if type(value) is list and value and type(value[0]) is dict:
        for key in list(value[0])[:_MOST_LISTS]:
            yield (*path, str(key)), [one.get(key) for one in value[:_MOST_VALUES] if type(one) is dict], id(value)
    elif type(value) is list and value and _number(value[0]) is not None:
        yield path, value, id(value)
    elif isinstance(value, dict) and len(path) < 4:
        for key, item in list(value.items())[:_MOST_LISTS]:
            yield from _within((*path, str(key)), item)
    elif type(value).__module__ == "__main__" and len(path) == 1 and not isinstance(value, type):
        for key, item in list(getattr(value, "__dict__", {}).items())[:_MOST_LISTS]:
            yield from _within((*path, str(key)), item)


def _metric(path: Path) -> str:
    """The metric that the names mean, "" if none."""
    words: list[str] = []
    for name in path:
        spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name[:200]).casefold()
        words += re.split(r"[^a-z0-9]+", spaced)
    metrics = [_METRICS[word] for word in words if word in _METRICS]
    if not metrics:
        return ""
    return "val_" * bool(_HELD_OUT & set(words)) + metrics[-1]


def _number(value: Any) -> float | None:
    if isinstance(value, torch.Tensor):
        if value.numel() != 1:
            return None
        value = value.detach().item()
    try:
        number = plain(value)
    except NotPlain:
        return None
    return number if type(number) in (int, float) else None
