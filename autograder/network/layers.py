"""The layers that are understood: per class its settings with their types, ranges and defaults. Nothing else passes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from autograder.core.messages import phrase
from autograder.network import activations
from autograder.network.activations import Applied
from autograder.network.kinds import WEIGHTED
from autograder.network.learning import constraint, initializer, regularizer
from autograder.network.values import (
    Reader,
    UnknownNetwork,
    amounts,
    boolean,
    choice,
    integer,
    integers,
    mapping,
    number,
    only,
    optional,
    shown_value,
    sizes,
)


class Field(NamedTuple):
    """How a setting is read, its default, and whether it is kept."""

    read: Reader
    default: Any = None
    kept: bool = True


@dataclass(frozen=True)
class Spec:
    """A layer class: its settings beside the common ones, and whether it has an activation of its own at its end."""

    fields: dict[str, Field]
    activated: bool = False


_COMMON = frozenset({"name", "dtype", "trainable", "seed", "activation"})
_FIRST = Field(only("channels_last", None), "channels_last", kept=False)
_NOT = Field(only(False, None), False, kept=False)
_UNSET = Field(only(None), None, kept=False)
_BIAS = Field(boolean, True)
_RATE = Field(number(0, 1), 0.5)
_GLOROT = {"class_name": "GlorotUniform", "config": {}}
_ZEROS: dict[str, Any] = {"class_name": "Zeros", "config": {}}
_ONES: dict[str, Any] = {"class_name": "Ones", "config": {}}
_ORTHOGONAL = {"class_name": "Orthogonal", "config": {"gain": 1.0}}
_UNIFORM = {"class_name": "RandomUniform", "config": {"minval": -0.05, "maxval": 0.05}}


def _weights(*names: str, **defaults: dict[str, Any]) -> dict[str, Field]:
    """The settings of named weights that matter for learning."""
    fields: dict[str, Field] = {}
    for name in names:
        fallback = _ZEROS if name == "bias" else _GLOROT
        fields[f"{name}_initializer"] = Field(initializer, defaults.get(name, fallback))
        fields[f"{name}_regularizer"] = Field(regularizer)
        fields[f"{name}_constraint"] = Field(constraint)
    return fields


def _window(axes: int) -> dict[str, Field]:
    paddings = ("valid", "same", "causal") if axes == 1 else ("valid", "same")
    return {
        "kernel_size": Field(sizes(axes, 1, 64), ...),
        "strides": Field(sizes(axes, 1, 64), [1] * axes),
        "padding": Field(choice(*paddings), "valid"),
        "dilation_rate": Field(sizes(axes, 1, 64), [1] * axes),
        "data_format": _FIRST,
        "use_bias": _BIAS,
        "activity_regularizer": Field(regularizer),
    }


_FILTERS = {"filters": Field(integer(1), ...)}
_DEPTH = {"depth_multiplier": Field(integer(1, 1024), 1)}
_GROUPS = {"groups": Field(integer(1), 1)}
_QUANTIZATION = {"quantization_config": _UNSET}


def _conv(axes: int) -> Spec:
    return Spec(_FILTERS | _window(axes) | _GROUPS | _weights("kernel", "bias"), activated=True)


def _depthwise(axes: int) -> Spec:
    return Spec(_DEPTH | _window(axes) | _weights("depthwise", "bias"), activated=True)


def _separable(axes: int) -> Spec:
    fields = _FILTERS | _DEPTH | _window(axes) | _weights("depthwise", "pointwise", "bias")
    return Spec(fields, activated=True)


def _transposed(axes: int) -> Spec:
    return Spec(_FILTERS | _window(axes) | {"output_padding": _UNSET} | _weights("kernel", "bias"), activated=True)


def _pool(axes: int) -> Spec:
    return Spec(
        {
            "pool_size": Field(sizes(axes, 1, 256), [2] * axes),
            "strides": Field(optional(sizes(axes, 1, 256))),
            "padding": Field(choice("valid", "same"), "valid"),
            "data_format": _FIRST,
        }
    )


def _recurrent(**more: Field) -> Spec:
    return Spec(
        {
            "units": Field(integer(1), ...),
            "activation": Field(activations.name_only, "tanh"),
            "use_bias": _BIAS,
            "return_sequences": Field(boolean, False),
            "go_backwards": Field(boolean, False),
            "dropout": Field(number(0, 1), 0.0),
            "recurrent_dropout": Field(number(0, 1), 0.0),
            "return_state": _NOT,
            "stateful": _NOT,
            "zero_output_for_mask": _NOT,
            "unroll": Field(boolean, False, kept=False),
            "activity_regularizer": Field(regularizer),
            **more,
        }
        | _weights("kernel", "recurrent", "bias", recurrent=_ORTHOGONAL)
    )


def _factor(value: object) -> Any:
    """A fraction, or a pair of them: how far an image may be moved or turned."""
    one = number(-10, 10)
    return [one(item) for item in value] if isinstance(value, list | tuple) and len(value) == 2 else one(value)


def _augmentation(**fields: Field) -> Spec:
    return Spec({"data_format": _FIRST, **fields})


_FILL = {
    "fill_mode": Field(choice("constant", "reflect", "wrap", "nearest"), "reflect"),
    "fill_value": Field(number(-1e6, 1e6), 0.0),
    "interpolation": Field(choice("bilinear", "nearest"), "bilinear"),
}
_GATE = Field(activations.name_only, "sigmoid")
_POOL_GLOBAL = Spec({"data_format": _FIRST, "keepdims": Field(boolean, False)})
_MERGE = Spec({})


def _zero_padding(axes: int) -> Spec:
    return Spec({"padding": Field(amounts(axes), [1, 1] if axes == 1 else [[1, 1]] * axes), "data_format": _FIRST})


_NORMALIZED = {
    "epsilon": Field(number(0, 1), 0.001),
    "center": Field(boolean, True),
    "scale": Field(boolean, True),
}


def _one_size(value: object) -> int:
    return int(sizes(1, 1, 64)(value)[0])


def _axes(value: object) -> list[int]:
    return list(integers(-8, 8)(value if isinstance(value, list | tuple) else [value]))


def _axis(value: object) -> int:
    (axis,) = integers(-8, 8, 1)(value) if isinstance(value, list | tuple) and value else [integer(-8, 8)(value)]
    return int(axis)


SPECS: dict[str, Spec] = {
    "Dense": Spec(
        {"units": Field(integer(1), ...), "use_bias": _BIAS, "activity_regularizer": Field(regularizer)}
        | _weights("kernel", "bias")
        | _QUANTIZATION,
        activated=True,
    ),
    **{f"Conv{n}D": _conv(n) for n in (1, 2, 3)},
    **{f"DepthwiseConv{n}D": _depthwise(n) for n in (1, 2)},
    **{f"SeparableConv{n}D": _separable(n) for n in (1, 2)},
    **{f"Conv{n}DTranspose": _transposed(n) for n in (1, 2)},
    **{f"{how}Pooling{n}D": _pool(n) for how in ("Max", "Average") for n in (1, 2, 3)},
    **{f"Global{how}Pooling{n}D": _POOL_GLOBAL for how in ("Max", "Average") for n in (1, 2, 3)},
    "Flatten": Spec({"data_format": _FIRST}),
    "Reshape": Spec({"target_shape": Field(integers(-1, 2**28), ...)}),
    "Permute": Spec({"dims": Field(integers(1, 8), ...)}),
    "RepeatVector": Spec({"n": Field(integer(1), ...)}),
    "BatchNormalization": Spec(
        {"axis": Field(_axis, -1), "momentum": Field(number(0, 1), 0.99), **_NORMALIZED}
        | {"synchronized": Field(boolean, False, kept=False), "renorm": _NOT}
        | {"renorm_clipping": _UNSET, "renorm_momentum": Field(number(0, 1), 0.99, kept=False)}
        | _weights("beta", "gamma", beta=_ZEROS, gamma=_ONES)
        | {
            "moving_mean_initializer": Field(initializer, _ZEROS),
            "moving_variance_initializer": Field(initializer, _ONES),
        }
    ),
    "LayerNormalization": Spec(
        {"axis": Field(_axes, [-1]), **_NORMALIZED, "rms_scaling": _NOT}
        | _weights("beta", "gamma", beta=_ZEROS, gamma=_ONES)
    ),
    "Dropout": Spec({"rate": _RATE, "noise_shape": _UNSET}),
    "AlphaDropout": Spec({"rate": _RATE, "noise_shape": _UNSET}),
    "SpatialDropout1D": Spec({"rate": _RATE}),
    "SpatialDropout2D": Spec({"rate": _RATE, "data_format": _FIRST}),
    "SpatialDropout3D": Spec({"rate": _RATE, "data_format": _FIRST}),
    "GaussianDropout": Spec({"rate": _RATE}),
    "GaussianNoise": Spec({"stddev": Field(number(0, 1e4), ...)}),
    **{f"ZeroPadding{n}D": _zero_padding(n) for n in (1, 2, 3)},
    "Cropping1D": Spec({"cropping": Field(amounts(1), [1, 1])}),
    "Cropping2D": Spec({"cropping": Field(amounts(2), [[0, 0], [0, 0]]), "data_format": _FIRST}),
    "UpSampling1D": Spec({"size": Field(_one_size, 2)}),
    "UpSampling2D": Spec(
        {
            "size": Field(sizes(2, 1, 64), [2, 2]),
            "interpolation": Field(choice("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"), "nearest"),
            "data_format": _FIRST,
        }
    ),
    "Rescaling": Spec({"scale": Field(number(-1e9, 1e9), ...), "offset": Field(number(-1e9, 1e9), 0.0)}),
    **dict.fromkeys(("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"), _MERGE),
    "Concatenate": Spec({"axis": Field(integer(-8, 8), -1)}),
    "Embedding": Spec(
        {
            "input_dim": Field(integer(1, 2**24), ...),
            "output_dim": Field(integer(1), ...),
            "mask_zero": Field(boolean, False),
            "activity_regularizer": Field(regularizer),
        }
        | _weights("embeddings", embeddings=_UNIFORM)
        | _QUANTIZATION
    ),
    "LSTM": _recurrent(recurrent_activation=_GATE, unit_forget_bias=Field(boolean, True)),
    "GRU": _recurrent(recurrent_activation=_GATE, reset_after=Field(boolean, True)),
    "SimpleRNN": _recurrent(),
    "RandomFlip": _augmentation(
        mode=Field(choice("horizontal", "vertical", "horizontal_and_vertical"), "horizontal_and_vertical")
    ),
    "RandomRotation": _augmentation(factor=Field(_factor, ...), **_FILL),
    "RandomZoom": _augmentation(height_factor=Field(_factor, ...), width_factor=Field(optional(_factor)), **_FILL),
    "RandomTranslation": _augmentation(height_factor=Field(_factor, ...), width_factor=Field(_factor, ...), **_FILL),
    "RandomContrast": _augmentation(
        factor=Field(_factor, ...), value_range=Field(lambda value: sizes(2, 0)(value), [0, 255])
    ),
}


def read_layer(class_name: str, config: dict[str, object]) -> list[Applied]:
    """The operations of one layer in order: none where it computes nothing, two where it has its own activation.

    Raises:
        UnknownNetwork: its class or one of its settings is not understood.
    """
    if class_name in activations.LAYERS:
        return _present(activations.activation_layer(class_name, config))
    if class_name == "Activation":
        _refuse_unknown("Activation", config, _COMMON)
        return _present(activations.read_activation(config.get("activation")))
    if class_name == "Identity":
        _refuse_unknown("Identity", config, _COMMON)
        return []
    if class_name == "Bidirectional":
        return [_bidirectional(config)]
    spec = SPECS.get(class_name)
    if spec is None:
        raise UnknownNetwork(phrase("the layer class {name} is not known here", name=shown_value(class_name)))
    operation = Applied(class_name, _settings(class_name, spec, config))
    return [operation, *(_present(activations.read_activation(config.get("activation"))) if spec.activated else [])]


def _present(applied: Applied | None) -> list[Applied]:
    return [] if applied is None else [applied]


def _settings(class_name: str, spec: Spec, config: dict[str, object]) -> dict[str, Any]:
    _refuse_unknown(class_name, config, spec.fields.keys() | (_COMMON if spec.activated else _COMMON - {"activation"}))
    settings: dict[str, Any] = {}
    for key, (read, default, kept) in spec.fields.items():
        if key not in config and default is ...:
            raise UnknownNetwork(phrase("{name} lacks its {key}", name=class_name, key=key))
        try:
            value = read(config[key]) if key in config else default
        except UnknownNetwork as error:
            raise UnknownNetwork(phrase("{key}: {reason}", key=key, reason=error.reason)) from None
        if kept:
            settings[key] = value
    if "pool_size" in settings and settings["strides"] is None:
        settings["strides"] = list(settings["pool_size"])
    if class_name in WEIGHTED:
        settings["trainable"] = boolean(config.get("trainable", True))
    return settings


def _refuse_unknown(class_name: str, config: dict[str, object], known: frozenset[str] | set[str]) -> None:
    for key in config:
        if key not in known:
            raise UnknownNetwork(
                phrase("{name} has a setting {key} that is not known here", name=class_name, key=shown_value(key))
            )


def _bidirectional(config: dict[str, object]) -> Applied:
    _refuse_unknown("Bidirectional", config, _COMMON | {"layer", "backward_layer", "merge_mode"})
    forward, backward = (_inner(config.get(key)) for key in ("layer", "backward_layer"))
    turned = {**forward.settings, "go_backwards": not forward.settings["go_backwards"]}
    if backward != Applied(forward.kind, turned):
        raise UnknownNetwork(phrase("its backward layer is not the forward layer turned round"))
    return Applied(
        "Bidirectional",
        {
            "layer": {"class_name": forward.kind, "config": forward.settings},
            "merge_mode": choice("concat", "sum", "mul", "ave")(config.get("merge_mode", "concat")),
            "trainable": boolean(config.get("trainable", True)),
        },
    )


def _inner(value: object) -> Applied:
    described = mapping(value)
    class_name = described.get("class_name")
    if described.get("module") != "keras.layers" or class_name not in ("LSTM", "GRU", "SimpleRNN"):
        raise UnknownNetwork(phrase("it wraps a layer other than LSTM, GRU and SimpleRNN"))
    config = dict(mapping(described.get("config")))
    config.pop("zero_output_for_mask", None)  # the wrapper sets it on both
    return Applied(str(class_name), _settings(str(class_name), SPECS[str(class_name)], config))
