"""The supported optimizers and learning-rate schedules of Keras, with the ranges of their settings."""

from __future__ import annotations

from typing import Any

from autograder.core.messages import phrase
from autograder.network.values import (
    Reader,
    UnknownNetwork,
    boolean,
    integer,
    mapping,
    number,
    optional,
    read_list,
    shown_value,
)

OptimizerFields = dict[str, tuple[Reader, Any]]

_RATE = number(0, 1e4)
_SHARE = number(0, 1)
_SMALL = number(0, 1)
_POSITIVE = optional(number(0, 1e6))

_COMMON: OptimizerFields = {
    "weight_decay": (_POSITIVE, None),
    "clipnorm": (_POSITIVE, None),
    "global_clipnorm": (_POSITIVE, None),
    "clipvalue": (_POSITIVE, None),
    "use_ema": (boolean, False),
    "ema_momentum": (_SHARE, 0.99),
    "ema_overwrite_frequency": (optional(integer(1, 10**9)), None),
    "loss_scale_factor": (_POSITIVE, None),
    "gradient_accumulation_steps": (optional(integer(2, 10**6)), None),
}
_MOMENTS: OptimizerFields = {"beta_1": (_SHARE, 0.9), "beta_2": (_SHARE, 0.999), "epsilon": (_SMALL, 1e-7)}
_AMSGRAD: OptimizerFields = {"amsgrad": (boolean, False)}

# For each optimizer its default learning rate, and its own settings.
_OPTIMIZERS: dict[str, tuple[float, OptimizerFields]] = {
    "adam": (0.001, _MOMENTS | _AMSGRAD),
    "adamw": (0.001, _MOMENTS | _AMSGRAD | {"weight_decay": (_POSITIVE, 0.004)}),
    "adamax": (0.001, _MOMENTS),
    "nadam": (0.001, _MOMENTS),
    "lion": (0.001, {"beta_1": (_SHARE, 0.9), "beta_2": (_SHARE, 0.99)}),
    "sgd": (0.01, {"momentum": (_SHARE, 0.0), "nesterov": (boolean, False)}),
    "rmsprop": (
        0.001,
        {
            "rho": (_SHARE, 0.9),
            "momentum": (_SHARE, 0.0),
            "epsilon": (_SMALL, 1e-7),
            "centered": (boolean, False),
        },
    ),
    "adagrad": (0.001, {"initial_accumulator_value": (number(0, 1e6), 0.1), "epsilon": (_SMALL, 1e-7)}),
    "adadelta": (0.001, {"rho": (_SHARE, 0.95), "epsilon": (_SMALL, 1e-7)}),
    "ftrl": (
        0.001,
        {
            "learning_rate_power": (number(-10, 0), -0.5),
            "initial_accumulator_value": (number(0, 1e6), 0.1),
            "l1_regularization_strength": (number(0, 1e6), 0.0),
            "l2_regularization_strength": (number(0, 1e6), 0.0),
            "l2_shrinkage_regularization_strength": (number(0, 1e6), 0.0),
            "beta": (number(0, 1e6), 0.0),
        },
    ),
}
_STEPS = integer(1, 10**9)
_SCHEDULES: dict[str, OptimizerFields] = {
    "ExponentialDecay": {
        "initial_learning_rate": (_RATE, ...),
        "decay_steps": (_STEPS, ...),
        "decay_rate": (number(0, 1e4), ...),
        "staircase": (boolean, False),
    },
    "InverseTimeDecay": {
        "initial_learning_rate": (_RATE, ...),
        "decay_steps": (_STEPS, ...),
        "decay_rate": (number(0, 1e4), ...),
        "staircase": (boolean, False),
    },
    "PolynomialDecay": {
        "initial_learning_rate": (_RATE, ...),
        "decay_steps": (_STEPS, ...),
        "end_learning_rate": (_RATE, 0.0001),
        "power": (number(0, 100), 1.0),
        "cycle": (boolean, False),
    },
    "CosineDecay": {
        "initial_learning_rate": (_RATE, ...),
        "decay_steps": (_STEPS, ...),
        "alpha": (_SHARE, 0.0),
        "warmup_target": (optional(_RATE), None),
        "warmup_steps": (integer(0, 10**9), 0),
    },
    "PiecewiseConstantDecay": {
        "boundaries": (lambda value: [integer(0, 10**9)(item) for item in read_list(value, 64)], ...),
        "values": (lambda value: [_RATE(item) for item in read_list(value, 65)], ...),
    },
}


def read_optimizer(value: object) -> tuple[str, dict[str, Any]]:
    """The lower-case class name of an optimizer and all its settings.

    A learning-rate schedule is in `learning_rate` as Keras describes it (module, class_name, config).

    Raises:
        UnknownNetwork: it is not one of Keras' own, or a setting is out of range.
    """
    if isinstance(value, str):
        name, config = value.lower(), {}
    else:
        described = mapping(value)
        name, config = str(described.get("class_name")).lower(), dict(mapping(described.get("config") or {}))
        if described.get("module") != "keras.optimizers" or described.get("registered_name") is not None:
            given = shown_value(described.get("class_name"))
            raise UnknownNetwork(phrase("{name} is not an optimizer of Keras that is known here", name=given))
    if name not in _OPTIMIZERS:
        raise UnknownNetwork(phrase("{name} is not an optimizer of Keras that is known here", name=shown_value(name)))
    rate, own = _OPTIMIZERS[name]
    config.pop("name", None)
    config.pop("is_legacy_optimizer", None)
    return name, {"learning_rate": _learning_rate(config.pop("learning_rate", rate))} | _read(
        name, _COMMON | own, config
    )


def _learning_rate(value: object) -> Any:
    if isinstance(value, int | float):
        return _RATE(value)
    described = mapping(value)
    name = described.get("class_name")
    if described.get("module") != "keras.optimizers.schedules" or not isinstance(name, str) or name not in _SCHEDULES:
        raise UnknownNetwork(phrase("its learning rate is neither a number nor a simple schedule of Keras"))
    config = dict(mapping(described.get("config") or {}))
    config.pop("name", None)
    settings = _read(name, _SCHEDULES[name], config)
    if name == "PiecewiseConstantDecay" and len(settings["values"]) != len(settings["boundaries"]) + 1:
        raise UnknownNetwork(phrase("its learning rate needs one value more than boundaries"))
    return {"module": "keras.optimizers.schedules", "class_name": name, "config": settings, "registered_name": None}


def _read(what: str, fields: OptimizerFields, given: dict[str, object]) -> dict[str, Any]:
    for key in given:
        if key not in fields:
            raise UnknownNetwork(
                phrase("{name} has a setting {key} that is not known here", name=what, key=shown_value(key))
            )
    settings = {}
    for key, (read, default) in fields.items():
        if key not in given and default is ...:
            raise UnknownNetwork(phrase("{name} lacks its {key}", name=what, key=key))
        try:
            settings[key] = read(given[key]) if key in given else default
        except UnknownNetwork as error:
            raise UnknownNetwork(phrase("{key}: {reason}", key=key, reason=error.reason)) from None
    return settings
