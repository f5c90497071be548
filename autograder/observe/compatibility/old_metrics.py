"""Inside the kernel: supports the keys `acc`, `val_acc` and `lr` on lookup. No key is added to a history."""

from __future__ import annotations

import functools
import types
from typing import Any

import keras
import pandas
from keras.src.callbacks import callback_list
from keras.src.callbacks.monitor_callback import MonitorCallback
from keras.src.utils import python_utils

from autograder.observe.compatibility.stand_in_log import note_stand_in

_NEW = {"acc": "accuracy", "val_acc": "val_accuracy", "lr": "learning_rate"}


class AccuracyKeys(dict[str, Any]):
    """A dict that also finds metrics under their old names."""

    def __missing__(self, key: str) -> Any:
        new = _NEW.get(key) if type(key) is str else None
        if new is None or new not in self:
            raise KeyError(key)
        note_stand_in("acc", key, new)
        return self[new]

    def get(self, key: str, default: Any = None) -> Any:
        """Like `dict.get`, with the old names."""
        try:
            return self[key]
        except KeyError:
            return default


def accept_old_metric_names() -> None:
    """Support the old names in histories, DataFrames made from them, logs of callbacks, and monitors."""
    _histories()
    _tables()
    _logs()
    _monitors()


def _histories() -> None:
    original = keras.callbacks.History.__init__

    @functools.wraps(original)
    def begin(history: Any, *positional: Any, **named: Any) -> None:
        original(history, *positional, **named)
        history.history = AccuracyKeys(history.history)

    keras.callbacks.History.__init__ = begin


def _tables() -> None:
    """`pandas.DataFrame(history.history)["acc"]`: a missing old column name finds the column with the new name."""
    lookup = pandas.DataFrame.__getitem__
    attribute = pandas.DataFrame.__getattr__

    def known(table: Any, key: Any) -> Any:
        new = _NEW.get(key) if type(key) is str else None
        if new is None or key in table.columns or new not in table.columns:
            return key
        note_stand_in("acc", key, new)
        return new

    @functools.wraps(lookup)
    def get_item(table: Any, key: Any) -> Any:
        if type(key) is str and key in _NEW:
            key = known(table, key)
        elif type(key) is list and any(type(one) is str and one in _NEW for one in key):
            key = [known(table, one) for one in key]
        return lookup(table, key)

    @functools.wraps(attribute)
    def get_attribute(table: Any, name: str) -> Any:
        if name in _NEW and (new := known(table, name)) != name:
            return lookup(table, new)
        return attribute(table, name)

    for name, method in (("__getitem__", get_item), ("__getattr__", get_attribute)):
        setattr(pandas.DataFrame, name, method)


def _logs() -> None:
    def pythonify_logs(logs: Any) -> Any:
        return AccuracyKeys(python_utils.pythonify_logs(logs))

    # Only for callbacks: `evaluate` still returns a plain dict.
    callback_list.python_utils = types.SimpleNamespace(**{**vars(python_utils), "pythonify_logs": pythonify_logs})


def _monitors() -> None:
    original = MonitorCallback._set_monitor_op

    @functools.wraps(original)
    def set_monitor(callback: Any) -> Any:
        new = _NEW.get(callback.monitor) if type(callback.monitor) is str else None
        if new is not None and callback.monitor.removeprefix("val_") not in _metrics(callback.model):
            note_stand_in("acc", callback.monitor, new)
            callback.monitor = new
        return original(callback)

    MonitorCallback._set_monitor_op = set_monitor
    path = keras.callbacks.ModelCheckpoint._get_file_path

    @functools.wraps(path)
    def file_path(callback: Any, epoch: Any, batch: Any, logs: Any) -> Any:
        given = dict(logs or {})
        for old, new in _NEW.items():
            if f"{{{old}" in str(callback.filepath) and old not in given and new in given:
                note_stand_in("acc", old, new)
                given[old] = given[new]
        return path(callback, epoch, batch, given)

    keras.callbacks.ModelCheckpoint._get_file_path = file_path


def _metrics(model: Any) -> set[str]:
    """The names of the metrics that a network was compiled with."""
    names = set()
    for metric in getattr(model, "metrics", ()):
        names |= {one.name for one in getattr(metric, "metrics", ())} | {metric.name}
    return names
