"""How PyTorch fills the weights of a new layer, as initializers of Keras.

The defaults are those of `reset_parameters` in `torch.nn.modules`: kernels and biases are uniform in ±1/sqrt(fan-in)
(kaiming-uniform with a = sqrt(5)), those of recurrent layers in ±1/sqrt(hidden size), embeddings are standard normal.
"""

from __future__ import annotations

import math
from typing import Any

from autograder.network.layers.fields import ONES, ZEROS
from autograder.network.values import mapping, number

Initializer = dict[str, Any]

# A variance of 1 / (3 fan-in): uniform in ±1/sqrt(fan-in).
KERNEL: Initializer = {
    "class_name": "VarianceScaling",
    "config": {"scale": 1 / 3, "mode": "fan_in", "distribution": "uniform"},
}
STANDARD_NORMAL: Initializer = {"class_name": "RandomNormal", "config": {"mean": 0.0, "stddev": 1.0}}
_READ = number(-1e6, 1e6)
# `torch.nn.init.calculate_gain`: https://docs.pytorch.org/docs/stable/nn.init.html
_GAINS = {"tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4}


def uniform(bound: float) -> Initializer:
    """Uniform in ±bound."""
    return {"class_name": "RandomUniform", "config": {"minval": -bound, "maxval": bound}}


def of_bias(fan_in: int) -> Initializer:
    """What a bias gets beside a kernel of that fan-in."""
    return uniform(1 / math.sqrt(max(fan_in, 1)))


def initializer_of(initializers: object, name: str, default: Initializer) -> Initializer:
    """The initializer with which a weight was filled last, `default` if that is unknown or torch's own."""
    found = mapping(initializers or {}).get(name)
    if not isinstance(found, list) or len(found) != 2 or not isinstance(found[0], str):
        return default
    settings = mapping(found[1])

    def value(key: str, usual: float) -> float:
        return float(_READ(settings.get(key, usual)))

    kind = found[0]
    if kind == "constant_":
        return {"class_name": "Constant", "config": {"value": value("val", 0.0)}}
    if kind == "normal_":
        return {"class_name": "RandomNormal", "config": {"mean": value("mean", 0.0), "stddev": abs(value("std", 1.0))}}
    if kind == "trunc_normal_":
        spread = {"mean": value("mean", 0.0), "stddev": abs(value("std", 1.0))}
        return {"class_name": "TruncatedNormal", "config": spread}
    if kind == "uniform_" and default["class_name"] != "RandomUniform":
        return {"class_name": "RandomUniform", "config": {"minval": value("a", 0.0), "maxval": value("b", 1.0)}}
    if kind == "uniform_":
        bounds = {"minval": value("a", 0.0), "maxval": value("b", 1.0)}
        usual = default["config"]
        same = all(math.isclose(bounds[key], usual[key], rel_tol=1e-5) for key in bounds)
        return default if same else {"class_name": "RandomUniform", "config": bounds}
    if kind in ("kaiming_normal_", "kaiming_uniform_"):
        return _kaiming(kind, settings, value("a", 0.0), default)
    if kind in ("xavier_normal_", "xavier_uniform_"):
        how = "uniform" if kind == "xavier_uniform_" else "untruncated_normal"
        config: Initializer = {"scale": max(value("gain", 1.0) ** 2, 1e-9), "mode": "fan_avg", "distribution": how}
        return {"class_name": "VarianceScaling", "config": config}
    simple = {"zeros_": ZEROS, "ones_": ONES, "eye_": {"class_name": "Identity", "config": {"gain": 1.0}}}
    if kind == "orthogonal_":
        return {"class_name": "Orthogonal", "config": {"gain": value("gain", 1.0)}}
    return simple.get(kind, default)


def _kaiming(kind: str, settings: Any, slope: float, default: Initializer) -> Initializer:
    if kind == "kaiming_uniform_" and math.isclose(slope, math.sqrt(5), rel_tol=1e-6):
        return default
    mode = "fan_out" if settings.get("mode") == "fan_out" else "fan_in"
    nonlinearity = settings.get("nonlinearity", "leaky_relu")
    gain = math.sqrt(2 / (1 + slope**2)) if nonlinearity == "leaky_relu" else _GAINS.get(str(nonlinearity), 1.0)
    spread = "uniform" if kind == "kaiming_uniform_" else "untruncated_normal"
    return {
        "class_name": "VarianceScaling",
        "config": {"scale": gain**2, "mode": mode, "distribution": spread},
    }
