"""Settings that matter for learning only: initializers, regularizers and constraints, by allowlist."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograder.core.language import gettext_noop
from autograder.core.messages import phrase
from autograder.network.values import (
    Reader,
    UnknownNetwork,
    choice,
    integer,
    integers,
    mapping,
    number,
    shown_value,
)

_FINITE = number(-1e6, 1e6)
_POSITIVE = number(0, 1e6)


def _axes(value: object) -> Any:
    return integers(-8, 8)(value) if isinstance(value, list | tuple) else integer(-8, 8)(value)


_INITIALIZERS: dict[str, dict[str, tuple[Reader, Any]]] = {
    "Zeros": {},
    "Ones": {},
    "Constant": {"value": (_FINITE, 0.0)},
    "GlorotNormal": {},
    "GlorotUniform": {},
    "HeNormal": {},
    "HeUniform": {},
    "LecunNormal": {},
    "LecunUniform": {},
    "Identity": {"gain": (_FINITE, 1.0)},
    "Orthogonal": {"gain": (_FINITE, 1.0)},
    "RandomNormal": {"mean": (_FINITE, 0.0), "stddev": (_POSITIVE, 0.05)},
    "TruncatedNormal": {"mean": (_FINITE, 0.0), "stddev": (_POSITIVE, 0.05)},
    "RandomUniform": {"minval": (_FINITE, -0.05), "maxval": (_FINITE, 0.05)},
    "VarianceScaling": {
        "scale": (number(1e-9, 1e6), 1.0),
        "mode": (choice("fan_in", "fan_out", "fan_avg"), "fan_in"),
        "distribution": (choice("truncated_normal", "untruncated_normal", "uniform"), "truncated_normal"),
    },
}
_REGULARIZERS: dict[str, dict[str, tuple[Reader, Any]]] = {
    "L1": {"l1": (_POSITIVE, 0.01)},
    "L2": {"l2": (_POSITIVE, 0.01)},
    "L1L2": {"l1": (_POSITIVE, 0.0), "l2": (_POSITIVE, 0.0)},
    "OrthogonalRegularizer": {"factor": (_POSITIVE, 0.01), "mode": (choice("rows", "columns"), "rows")},
}
_CONSTRAINTS: dict[str, dict[str, tuple[Reader, Any]]] = {
    "MaxNorm": {"max_value": (_POSITIVE, 2.0), "axis": (_axes, 0)},
    "MinMaxNorm": {
        "min_value": (_POSITIVE, 0.0),
        "max_value": (_POSITIVE, 1.0),
        "rate": (number(0, 1), 1.0),
        "axis": (_axes, 0),
    },
    "NonNeg": {},
    "UnitNorm": {"axis": (_axes, 0)},
}
# A seed is never kept: training sets its own. The two axes are only for kernels of unusual layout.
_DROPPED = frozenset({"seed", "input_axes", "output_axes"})

_UNKNOWN = {
    "initializer": gettext_noop("{name} is not an initializer of Keras that is known here"),
    "regularizer": gettext_noop("{name} is not a regularizer of Keras that is known here"),
    "constraint": gettext_noop("{name} is not a constraint of Keras that is known here"),
}
_UNKNOWN_SETTING = {
    "initializer": gettext_noop("the initializer {name} has a setting {key} that is not known here"),
    "regularizer": gettext_noop("the regularizer {name} has a setting {key} that is not known here"),
    "constraint": gettext_noop("the constraint {name} has a setting {key} that is not known here"),
}


def initializer(value: object) -> dict[str, Any] | None:
    """An initializer as {"class_name", "config"}, without its seed."""
    return _named(value, _INITIALIZERS, "initializer", {"OrthogonalInitializer": "Orthogonal"})


def regularizer(value: object) -> dict[str, Any] | None:
    """A regularizer as {"class_name", "config"}; None if there is none or its weight is zero."""
    read = _named(value, _REGULARIZERS, "regularizer", {})
    if read is not None and read["class_name"] == "L1L2":
        weights = read["config"]
        if not weights["l1"]:
            read = {"class_name": "L2", "config": {"l2": weights["l2"]}}
        elif not weights["l2"]:
            read = {"class_name": "L1", "config": {"l1": weights["l1"]}}
    if read is not None and any(read["config"].get(weight) == 0.0 for weight in ("l1", "l2", "factor")):
        return None if len(read["config"]) == 1 or "factor" in read["config"] else read
    return read


def constraint(value: object) -> dict[str, Any] | None:
    """A constraint as {"class_name", "config"}."""
    return _named(value, _CONSTRAINTS, "constraint", {})


def _named(
    value: object,
    known: Mapping[str, Mapping[str, tuple[Reader, Any]]],
    what: str,
    aliases: Mapping[str, str],
) -> dict[str, Any] | None:
    if value is None:
        return None
    described = mapping(value)
    name = described.get("class_name")
    name = aliases.get(name, name) if isinstance(name, str) else name
    if not isinstance(name, str) or name not in known or described.get("registered_name") not in (None, name):
        raise UnknownNetwork(phrase(_UNKNOWN[what], name=shown_value(described.get("class_name"))))
    given = mapping(described.get("config") or {})
    fields = known[name]
    for key in given:
        if key not in fields and key not in _DROPPED:
            raise UnknownNetwork(phrase(_UNKNOWN_SETTING[what], name=name, key=shown_value(key)))
    config = {key: reader(given[key]) if key in given else default for key, (reader, default) in fields.items()}
    return {"class_name": name, "config": config}
