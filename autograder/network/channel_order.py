"""Networks over images with their channels first, as on a GPU of old: the same network with its channels last.

Only weights are in another order then (a Dense layer after Flatten reads the same values permuted), so that structure,
parameter counts and training are the same.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from autograder.network.calls import MAX_LAYERS

_FIRST = "channels_first"
_RANK = 4  # images: batch, channels, rows, columns
# Where an axis is after the move.
_AXES = {1: 3, 2: 1, 3: 2, -1: 2, -2: 1, -3: 3}
# Layers that address places or sizes of an image in ways that are not moved here.
_UNKNOWN = frozenset({"Permute", "Cropping2D", "TimeDistributed", "Dot"})
# It reorders nothing for a single channel, and the order of weights otherwise: its setting has no effect here.
_FLATTEN = "Flatten"


def with_channels_last(config: Mapping[str, Any], input_shape: Any = None) -> tuple[Mapping[str, Any], Any]:
    """The description and its input shape with channels last; both unchanged if the network does not have them first.

    Args:
        config: `get_config()` of a Sequential or Functional network; untrusted.
        input_shape: with the batch axis first, or None.
    """
    found = [entry for entry in _entries(config) if entry.get("class_name") != _FLATTEN]
    orders = [_settings(entry)["data_format"] for entry in found if _settings(entry).get("data_format") is not None]
    if (
        not orders
        or any(order != _FIRST for order in orders)
        or any(entry.get("class_name") in _UNKNOWN for entry in found)
    ):
        return config, input_shape
    changed = copy.deepcopy(dict(config))
    entries = list(_entries(changed))
    if not all(_move(entry) for entry in entries):
        return config, input_shape
    if "build_input_shape" in changed:
        changed["build_input_shape"] = _moved(changed["build_input_shape"])
    return changed, _moved(input_shape)


def _entries(config: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every layer of the network and of those nested in it; at most as many as a network may have."""
    stack: list[Any] = [config]
    seen = 0
    while stack:
        layers = stack.pop().get("layers")
        for entry in layers if isinstance(layers, list | tuple) else ():
            if isinstance(entry, dict) and seen < MAX_LAYERS:
                seen += 1
                yield entry
                stack.append(_settings(entry))


def _settings(entry: Mapping[str, Any]) -> dict[str, Any]:
    config = entry.get("config")
    return config if isinstance(config, dict) else {}


def _move(entry: dict[str, Any]) -> bool:
    """Changes one layer; False if what it does to the axes is not known."""
    settings, name = _settings(entry), entry.get("class_name")
    built = entry.get("build_config")
    shape = built.get("input_shape") if isinstance(built, dict) else None
    shapes: list[Any] = list(shape) if isinstance(shape, list | tuple) and _nested(shape) else [shape]
    if "data_format" in settings:
        settings["data_format"] = "channels_last"
    if name == "Reshape" and not _reshape(settings, shape):
        return False
    if "axis" in settings:
        ranks = set(map(_rank, shapes))
        if ranks == {_RANK} or (ranks == {None} and settings["axis"] == 1):
            settings["axis"] = _AXES.get(settings["axis"]) if isinstance(settings["axis"], int) else settings["axis"]
    for key in ("batch_shape", "batch_input_shape", "build_input_shape"):
        if key in settings:
            settings[key] = _moved(settings[key])
    if isinstance(built, dict) and "input_shape" in built:
        built["input_shape"] = list(map(_moved, shapes)) if _nested(shape) else _moved(shape)
    return True


def _reshape(settings: dict[str, Any], shape: Any) -> bool:
    """Reshape to an image of one channel, or from an image to a vector; other uses would reorder the values."""
    target = settings.get("target_shape")
    if not isinstance(target, list | tuple):
        return False
    if len(target) == _RANK - 1 and _rank(shape) != _RANK and target[0] == 1:
        settings["target_shape"] = [*target[1:], target[0]]
        return True
    return len(target) == 1


def _nested(shape: Any) -> bool:
    return isinstance(shape, list | tuple) and bool(shape) and isinstance(shape[0], list | tuple)


def _rank(shape: Any) -> int | None:
    return len(shape) if isinstance(shape, list | tuple) else None


def _moved(shape: Any) -> Any:
    if not isinstance(shape, list | tuple) or len(shape) != _RANK:
        return shape
    return [shape[0], shape[2], shape[3], shape[1]]
