"""One name for a metric, however Keras, a student or a history writes it."""

from __future__ import annotations

import re
from typing import Any

from autograder.network.compilation import read_compilation
from autograder.records.metrics import find_metric

_ACCURACIES = frozenset(
    {"acc", "accuracy", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy", "top1", "genauigkeit"}
)


def metric_name(name: str) -> str:
    """The usual name of a metric.

    "val_acc", "SparseCategoricalAccuracy" and "accuracy_1" are all "accuracy"; "MeanAbsoluteError" is "mae".
    """
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name[:200]).casefold().replace(" ", "_")
    name = re.sub(r"_\d+$", "", name.removeprefix("val_"))
    if name in _ACCURACIES:
        return "accuracy"
    try:
        return find_metric(name).name
    except ValueError:
        return name


def is_known_metric(name: str) -> bool:
    """Whether Keras has a metric or a loss of this usual name, as far as is known here."""
    try:
        return name == "accuracy" or bool(find_metric(name))
    except ValueError:
        return not read_compilation({"optimizer": "adam", "loss": name}).problem


def compiled_metrics(compile_config: dict[str, Any] | None) -> dict[str, str]:
    """The metrics a network was compiled with: from the name that a history gives each to its usual name.

    Args:
        compile_config: the kernel's result of `model.get_compile_config()`, untrusted.
    """
    names: dict[str, str] = {}
    waiting = [(compile_config or {}).get("metrics")]
    while waiting and len(names) < 64:
        entry = waiting.pop(0)
        if isinstance(entry, str):
            names[entry] = metric_name(entry)
        elif isinstance(entry, list):
            waiting += entry[:64]
        elif isinstance(entry, dict) and "class_name" in entry:
            names.update(_described(entry))
        elif isinstance(entry, dict):
            waiting += list(entry.values())[:64]
    return names


def _described(metric: dict[str, Any]) -> dict[str, str]:
    """One metric as Keras describes an object or a function."""
    class_name, config = metric["class_name"], metric.get("config")
    if class_name == "function" and isinstance(config, str):
        return {config: metric_name(config)}
    if not isinstance(class_name, str):
        return {}
    called = config.get("name") if isinstance(config, dict) else None
    return {called if isinstance(called, str) else class_name: metric_name(class_name)}
