"""PyTorch's schedulers of learning rates, as schedules of Keras.

A scheduler counts how often its `step` was called: once per epoch or once per batch, as the kernel saw it. Here its
rates are the pieces of a `PiecewiseConstantDecay` over the epochs or steps of the trusted run, which is usually shorter
than the student's. The formulas are the closed forms in https://docs.pytorch.org/docs/stable/optim.html.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from autograder.core.messages import phrase
from autograder.network.compilation import Optimizer
from autograder.network.values import UnknownNetwork, integer, mapping, number, read_list, shown_value

_PIECES = 64  # Keras reads no more boundaries here
_FACTOR, _COUNT = number(-1e6, 1e6), integer(1, 10**9)
# The share of the run in which a OneCycleLR goes up, unless told otherwise; and how far its rates are apart.
_RISE = 0.3

Rate = Callable[[int], float]


def with_schedule(optimizer: Optimizer, given: Mapping[str, Any] | None, epochs: int, steps: int) -> Optimizer:
    """The optimizer with the rates of its scheduler in a run of so many epochs, each of so many steps.

    Args:
        optimizer: as it was before the first step.
        given: what the kernel reported of the compilation (untrusted).
        epochs, steps: of the trusted run.

    Returns:
        The same optimizer if it has no scheduler, if the scheduler was never called, or if it is not rebuilt.
    """
    try:
        pieces = _pieces(optimizer, given, epochs, steps)
    except UnknownNetwork:
        return optimizer
    return optimizer if pieces is None else _with_rates(optimizer, *pieces)


def unused_schedule(optimizer: Optimizer, given: Mapping[str, Any] | None) -> str:
    """The name of a scheduler that was called and is not rebuilt; "" if there is none."""
    try:
        _pieces(optimizer, given, 1, 1)
    except UnknownNetwork:
        name = ((given or {}).get("scheduler") or {}).get("class_name")
        return str(shown_value(name))
    return ""


def _pieces(
    optimizer: Optimizer, given: Mapping[str, Any] | None, epochs: int, steps: int
) -> tuple[list[float], int] | None:
    """The rates, and the number of steps that each lasts; None without a scheduler."""
    scheduler, rate = (given or {}).get("scheduler"), optimizer.settings.get("learning_rate")
    if not isinstance(scheduler, dict) or scheduler.get("every") not in ("epoch", "batch"):
        return None
    if not isinstance(rate, int | float):
        raise UnknownNetwork(phrase("its learning rate is neither a number nor a simple schedule of Keras"))
    count, length = (epochs, steps) if scheduler["every"] == "epoch" else (epochs * steps, 1)
    group = -(-count // (_PIECES + 1))
    try:
        rates = _rates(scheduler, float(rate), mapping(read_list((given or {})["optimizer"]["groups"], 64)[0]), count)
        found = [float(f"{max(rates(k + group // 2), 0.0):.7g}") for k in range(0, count, group)]
    except (LookupError, TypeError, ValueError, ArithmeticError):
        raise UnknownNetwork(phrase("its description is not one that is understood here")) from None
    return found, group * length


def _with_rates(optimizer: Optimizer, rates: list[float], length: int) -> Optimizer:
    """The optimizer with each rate for so many steps; one rate for all is no schedule."""
    changes = [place for place in range(1, len(rates)) if rates[place] != rates[place - 1]]
    learning_rate: Any = rates[0]
    if changes:
        config = {
            # Keras' boundary is the last step of a piece, counted from 0.
            "boundaries": [place * length - 1 for place in changes],
            "values": [rates[place] for place in (0, *changes)],
        }
        learning_rate = {
            "module": "keras.optimizers.schedules",
            "class_name": "PiecewiseConstantDecay",
            "config": config,
            "registered_name": None,
        }
    return optimizer.model_copy(update={"settings": {**optimizer.settings, "learning_rate": learning_rate}})


def _rates(scheduler: Mapping[str, Any], rate: float, group: Mapping[str, Any], total: int) -> Rate:
    """The rate after so many calls of `step`.

    Raises:
        UnknownNetwork: it is not one of those that are rebuilt.
    """
    name, settings = scheduler.get("class_name"), mapping(scheduler.get("settings") or {})

    def value(key: str, usual: float) -> float:
        return float(_FACTOR(settings.get(key, usual)))

    def count(key: str, usual: int | None = None) -> int:
        return int(_COUNT(settings.get(key, usual)))

    if scheduler.get("module") is not None:
        raise UnknownNetwork(phrase("{name} is a class of your own, which cannot be rebuilt", name=shown_value(name)))
    if name == "StepLR":
        size, gamma = count("step_size"), value("gamma", 0.1)
        return lambda k: rate * gamma ** (k // size)
    if name == "MultiStepLR":
        milestones, gamma = [int(integer(0)(one)) for one in read_list(settings["milestones"])], value("gamma", 0.1)
        return lambda k: rate * gamma ** sum(one <= k for one in milestones)
    if name == "ExponentialLR":
        gamma = value("gamma", 1.0)
        return lambda k: rate * gamma**k
    if name == "ConstantLR":
        until, factor = count("total_iters", 5), value("factor", 1 / 3)
        return lambda k: rate * (factor if k < until else 1)
    if name == "LinearLR":
        until, start, end = count("total_iters", 5), value("start_factor", 1 / 3), value("end_factor", 1.0)
        return lambda k: rate * (start + (end - start) * min(k, until) / until)
    if name == "PolynomialLR":
        until, power = count("total_iters", 5), value("power", 1.0)
        return lambda k: rate * (1 - min(k, until) / until) ** power
    if name == "CosineAnnealingLR":
        period, low = count("T_max"), value("eta_min", 0.0)
        return lambda k: _cosine(rate, low, k / period)
    if name == "OneCycleLR":
        # One cycle is the whole training, so it is the whole of the trusted run.
        high, low = float(_FACTOR(group["max_lr"])), float(_FACTOR(group["min_lr"]))
        top, end = max(_RISE * total - 1, 1), max(total - 1, 1)
        return lambda k: (
            _cosine(rate, high, k / top) if k <= top else _cosine(high, low, min((k - top) / max(end - top, 1), 1.0))
        )
    raise UnknownNetwork(phrase("{name} is not one of PyTorch's that is known here", name=shown_value(name)))


def _cosine(start: float, end: float, share: float) -> float:
    """From one rate to the other along half a cosine."""
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2
