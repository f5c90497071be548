"""`keras.ops` nodes of functional networks (`ops.relu(x)`, `x / 255`), read as the layers that do the same."""

from __future__ import annotations

from typing import Any

from autograder.core.messages import phrase
from autograder.network.activations import Applied
from autograder.network.architecture import Shape
from autograder.network.layers import read_layer
from autograder.network.values import UnknownNetwork, integer, integers, number, only, optional, shown_value

MODULES = frozenset(
    {"keras.src.ops.nn", "keras.src.ops.numpy", "keras.src.ops.core", "keras.src.activations.activations"}
)

_PLAIN = {
    "Relu": "relu",
    "Relu6": "relu6",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Silu": "silu",
    "LogSigmoid": "log_sigmoid",
    "HardSigmoid": "hard_sigmoid",
    "HardSilu": "hard_silu",
    "HardTanh": "hard_tanh",
    "Selu": "selu",
    "Exp": "exponential",
}
_MERGES = {"Add": "Add", "Subtract": "Subtract", "Multiply": "Multiply", "Maximum": "Maximum", "Minimum": "Minimum"}
_GLOBAL = {"Mean": "Average", "Max": "Max", "Amax": "Max"}
# Operations that leave 32-bit floats unchanged; networks here take nothing else as input.
_CASTS = frozenset({"Cast", "ConvertToTensor"})
_CONSTANT = number(-1e9, 1e9)


def read_op(
    class_name: str, config: dict[str, object], shapes: tuple[Shape | None, ...], arguments: list[object]
) -> list[Applied]:
    """The operations of one node.

    Args:
        class_name: the class of the operation in `keras.src.ops`.
        config: its configuration.
        shapes: the output shapes of the nodes it reads, in order.
        arguments: its positional arguments in order, None for a node, constants otherwise.

    Raises:
        UnknownNetwork: no layer does the same as the operation.
    """
    if class_name in _CASTS:
        only("float32", None)(config.get("dtype"))
        return []
    given = {key: value for key, value in config.items() if key not in ("name", "dtype")}
    constants = [value for value in arguments if value is not None]
    if constants:
        if given or len(arguments) != 2 or len(constants) != 1:
            raise _unknown(class_name)
        return with_constant(class_name, _CONSTANT(constants[0]), constant_first=arguments[0] is not None)
    applied = _read(class_name, given, shapes)
    if given:
        key = shown_value(next(iter(given)))
        raise UnknownNetwork(
            phrase("the operation {name} has a setting {key} unknown here", name=shown_value(class_name), key=key)
        )
    return applied


def _unknown(class_name: str) -> UnknownNetwork:
    return UnknownNetwork(phrase("the operation {name} is not known here", name=shown_value(class_name)))


def with_constant(class_name: str, constant: float, *, constant_first: bool) -> list[Applied]:
    """x·c, x+c and similar operations are what a Rescaling layer does; max(x, 0) is relu."""
    scale, offset = 1.0, 0.0
    if class_name == "Multiply":
        scale = constant
    elif class_name == "Add":
        offset = constant
    elif class_name == "Subtract":
        scale, offset = (-1.0, constant) if constant_first else (1.0, -constant)
    elif class_name in ("TrueDivide", "Divide") and not constant_first and constant:
        scale = _CONSTANT(1 / constant)
    elif class_name == "Maximum" and constant == 0.0:
        return [Applied("Activation", {"activation": "relu"})]
    else:
        raise _unknown(class_name)
    return [Applied("Rescaling", {"scale": scale, "offset": offset})]


def _read(class_name: str, given: dict[str, object], shapes: tuple[Shape | None, ...]) -> list[Applied]:
    shape = shapes[0] if shapes else None
    if class_name in _MERGES and len(shapes) == 2:
        return [Applied(_MERGES[class_name], {})]
    if class_name == "Concatenate" and len(shapes) > 1:
        return [Applied("Concatenate", {"axis": integer(-8, 8)(given.pop("axis", 0))})]
    if len(shapes) != 1:
        raise _unknown(class_name)
    if class_name in _PLAIN:
        return [Applied("Activation", {"activation": _PLAIN[class_name]})]
    if class_name in ("Softmax", "LogSoftmax"):
        return _softmax(class_name, given.pop("axis", -1))
    if class_name == "Gelu":
        only(False)(given.pop("approximate", False))
        return [Applied("Activation", {"activation": "gelu"})]
    if class_name in ("ReLU", "LeakyRelu", "Elu"):
        renamed = {"LeakyRelu": "LeakyReLU", "Elu": "ELU"}.get(class_name, class_name)
        applied = read_layer(renamed, dict(given))
        given.clear()
        return applied
    if class_name == "Negative":
        return [Applied("Rescaling", {"scale": -1.0, "offset": 0.0})]
    if shape is None:
        raise _unknown(class_name)
    if class_name in ("MaxPool", "AveragePool"):
        return [_pool(class_name, given, len(shape) - 2)]
    if class_name in _GLOBAL:
        return [_global_pool(class_name, given, len(shape))]
    return [_rearranged(class_name, given, shape)]


def _softmax(class_name: str, axis: object) -> list[Applied]:
    position = integer(-8, 8)(axis)
    if class_name == "LogSoftmax":
        only(-1)(position)
        return [Applied("Activation", {"activation": "log_softmax"})]
    return [
        Applied("Activation", {"activation": "softmax"}) if position == -1 else Applied("Softmax", {"axis": position})
    ]


def _pool(class_name: str, given: dict[str, object], axes: int) -> Applied:
    name = f"{class_name.removesuffix('Pool')}Pooling{axes}D"
    if axes not in (1, 2, 3):
        raise _unknown(class_name)
    (applied,) = read_layer(name, dict(given))
    given.clear()
    return applied


def _global_pool(class_name: str, given: dict[str, object], rank: int) -> Applied:
    axis, keepdims = given.pop("axis", None), given.pop("keepdims", False)
    if class_name != "Mean":
        only(None)(given.pop("initial", None))
    axes = integers(-8, 8)(axis if isinstance(axis, list | tuple) else [axis])
    if rank not in (3, 4, 5) or sorted(one % rank for one in axes) != list(range(1, rank - 1)):
        raise _unknown(class_name)
    if not isinstance(keepdims, bool):
        raise _unknown(class_name)
    return Applied(f"Global{_GLOBAL[class_name]}Pooling{rank - 2}D", {"keepdims": keepdims})


def _rearranged(class_name: str, given: dict[str, object], shape: Shape) -> Applied:
    if class_name == "Reshape":
        target = integers(-1, 2**28)(given.pop("newshape", None))
        known = None not in shape[1:]
        if not target or not (target[0] == -1 and -1 not in target[1:] and known):
            raise UnknownNetwork(
                phrase("the reshape operation has to keep the batch axis: its new shape starts with -1")
            )
        return Applied("Reshape", {"target_shape": target[1:]})
    if class_name == "Transpose":
        axes = integers(0, 8)(given.pop("axes", None))
        if not axes or axes[0] != 0:
            raise UnknownNetwork(phrase("the transpose operation has to keep the batch axis first"))
        return Applied("Permute", {"dims": axes[1:]})
    sizes: list[Any] = [-1 if size is None else size for size in shape[1:]]
    if sizes.count(-1) > 1:
        raise _unknown(class_name)
    if class_name == "ExpandDims":
        axis = integer(-8, 8)(given.pop("axis", None))
        position = axis % (len(shape) + 1)
        if position == 0:
            raise _unknown(class_name)
        sizes.insert(position - 1, 1)
        return Applied("Reshape", {"target_shape": sizes})
    if class_name == "Squeeze":
        axis = optional(integer(-8, 8))(given.pop("axis", None))
        if axis is None or axis % len(shape) == 0 or sizes[axis % len(shape) - 1] != 1:
            raise _unknown(class_name)
        del sizes[axis % len(shape) - 1]
        return Applied("Reshape", {"target_shape": sizes})
    raise _unknown(class_name)
