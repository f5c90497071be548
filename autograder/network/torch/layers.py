"""What layers and functions of PyTorch are in Keras: for each a function from an operation to tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograder.core.messages import phrase
from autograder.network.layers.fields import ONES, ZEROS
from autograder.network.torch import learning
from autograder.network.torch.builder import TorchBuilder
from autograder.network.torch.layout import Tensor, channels_last
from autograder.network.torch.operation import Broadcast, Filled, Op, one_per_axis, unknown
from autograder.network.torch.windows import (
    adaptive,
    convolution,
    image,
    kernel_and_bias,
    padded_with_zeros,
    pooled,
    reduced,
    transposed,
    upsampled,
)
from autograder.network.values import UnknownNetwork, number

Read = Callable[[TorchBuilder, Op], Any]

_PLAIN = {
    "ReLU": "relu",
    "ReLU6": "relu6",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "SELU": "selu",
    "SiLU": "silu",
    "Mish": "mish",
    "Softsign": "softsign",
    "LogSigmoid": "log_sigmoid",
    "Hardsigmoid": "hard_sigmoid",
    "Hardswish": "hard_silu",
    "exp": "exponential",
}
_SHARE = number(0, 1)


def activation(builder: TorchBuilder, op: Op) -> Tensor:
    """An activation without settings."""
    return builder.elementwise(op, "Activation", {"activation": _PLAIN[op.kind]})


def _with_settings(builder: TorchBuilder, op: Op) -> Tensor:
    if op.kind == "LeakyReLU":
        return builder.elementwise(op, "LeakyReLU", {"negative_slope": op.get("negative_slope", 0.01)})
    if op.kind == "ELU":
        return builder.elementwise(op, "ELU", {"alpha": op.get("alpha", 1.0)})
    if op.kind == "CELU" and op.get("alpha", 1.0) == 1:
        return builder.elementwise(op, "Activation", {"activation": "celu"})
    if op.kind == "GELU" and op.get("approximate", "none") == "none":
        return builder.elementwise(op, "Activation", {"activation": "gelu"})
    if op.kind == "Softplus" and op.get("beta", 1) == 1:
        return builder.elementwise(op, "Activation", {"activation": "softplus"})
    bounds = (op.get("min_val", -1.0), op.get("max_val", 1.0))
    if op.kind == "Hardtanh" and bounds in ((-1.0, 1.0), (0.0, 6.0)):
        name = "hard_tanh" if bounds[0] else "relu6"
        return builder.elementwise(op, "Activation", {"activation": name})
    if op.kind == "clamp" and op.get("min") == 0 and op.get("max") is None:
        return builder.elementwise(op, "Activation", {"activation": "relu"})
    raise unknown(op)


def _softmax(builder: TorchBuilder, op: Op) -> Tensor:
    tensor, rank = op.tensor, len(op.tensor.shape)
    # Without `dim` torch takes the second axis of two or four, else the first.
    axis = op.whole("dim", default=1 if rank in (2, 4) else 0) % rank
    place = tensor.axes.index(axis)
    if op.kind == "LogSoftmax":
        if place != rank - 1:
            raise unknown(op)
        return builder.elementwise(op, "Activation", {"activation": "log_softmax"})
    if place == 0:
        raise UnknownNetwork(phrase("the softmax is taken over the batch, not over the classes"))
    return builder.elementwise(op, "Softmax", {"axis": -1 if place == rank - 1 else place})


def _softmax_of_channels(builder: TorchBuilder, op: Op) -> Tensor:
    tensor = builder.layout.ordered(op.tensor, channels_last(len(op.tensor.shape)), op.label)
    return builder.add(op, "Activation", {"activation": "softmax"}, tensor, tensor.axes)


def _prelu(builder: TorchBuilder, op: Op) -> Tensor:
    tensor = builder.layout.ordered(op.tensor, channels_last(len(op.tensor.shape)), op.label)
    rank = len(tensor.shape)
    shared = list(range(1, rank if op.whole("num_parameters", 1, 1) == 1 else rank - 1))
    slope = {"class_name": "Constant", "config": {"value": 0.25}}
    config = {"shared_axes": shared or None, "alpha_initializer": slope}
    return builder.add(op, "PReLU", config, tensor, tensor.axes)


def _dense(builder: TorchBuilder, op: Op) -> Tensor:
    tensor = op.tensor
    last = len(tensor.shape) - 1
    if tensor.axes[-1] != last or (last == 0):
        batch = tensor.axes[0]
        order = (batch, *(axis for axis in range(last + 1) if axis != batch))
        tensor = builder.layout.ordered(tensor, order, op.label)
    config = {"units": op.get("out_features"), "use_bias": op.get("bias", True)}
    fan_in = tensor.shape[last] or 1
    return builder.add(op, "Dense", config | kernel_and_bias(op, fan_in), tensor, tensor.axes)


def _batch_norm(builder: TorchBuilder, op: Op) -> Tensor:
    rank = len(op.tensor.shape)
    allowed = (2, 3) if op.kind == "BatchNorm1d" else (int(op.kind[-2]) + 2,)
    if rank not in allowed:
        raise UnknownNetwork(
            phrase("it reads {axes} axes beside the batch, but gets {count}", axes=allowed[-1] - 1, count=rank - 1)
        )
    if op.settings.get("track_running_stats") is False:
        raise UnknownNetwork(phrase("it keeps no running mean and variance"))
    tensor = builder.layout.ordered(op.tensor, channels_last(rank), op.label)
    momentum = op.settings.get("momentum", 0.1)
    config = {
        "epsilon": op.get("eps", 1e-5),
        # None is an average over all steps; after few steps it is nearly the same.
        "momentum": 1 - _SHARE(0.1 if momentum is None else momentum),
        **_scaled(op, op.get("affine", True)),
    }
    return builder.add(op, "BatchNormalization", config, tensor, tensor.axes)


def _scaled(op: Op, affine: object, bias: object = True) -> dict[str, Any]:
    found: dict[str, Any] = {"scale": affine, "center": affine and bias}
    if affine:
        found["gamma_initializer"] = learning.initializer_of(op.initializers, "weight", ONES)
        found["beta_initializer"] = learning.initializer_of(op.initializers, "bias", ZEROS)
    return found


def _layer_norm(builder: TorchBuilder, op: Op) -> Tensor:
    given = op.get("normalized_shape")
    count = len(given) if isinstance(given, list) else 1
    tensor, rank = op.tensor, len(op.tensor.shape)
    axes = [tensor.axes.index(axis) for axis in range(rank - count, rank)]
    if 0 in axes:
        raise UnknownNetwork(phrase("another axis than the first is read as the batch"))
    affine = op.get("elementwise_affine", True)
    if op.kind == "RMSNorm":
        return builder.add(op, "RMSNormalization", {"axis": axes, "epsilon": op.get("eps", 1e-7)}, tensor, tensor.axes)
    config = {"axis": axes, "epsilon": op.get("eps", 1e-5), **_scaled(op, affine, op.get("bias", True))}
    return builder.add(op, "LayerNormalization", config, tensor, tensor.axes)


def _group_norm(builder: TorchBuilder, op: Op) -> Tensor:
    tensor = builder.layout.ordered(op.tensor, channels_last(len(op.tensor.shape)), op.label)
    instance = op.kind != "GroupNorm"
    affine = op.get("affine", not instance)
    groups = -1 if instance else op.get("num_groups")
    config = {"groups": groups, "epsilon": op.get("eps", 1e-5), **_scaled(op, affine)}
    return builder.add(op, "GroupNormalization", config, tensor, tensor.axes)


def _dropout(builder: TorchBuilder, op: Op) -> Tensor:
    if op.settings.get("training") is False:
        return op.tensor
    name, config = "Dropout", {"rate": op.get("p", 0.5)}
    # Of two axes each value is a channel of its own.
    if op.kind in ("Dropout1d", "Dropout2d", "Dropout3d") and len(op.tensor.shape) > 2:
        axes = int(op.kind[-2])
        return builder.add(op, f"SpatialDropout{axes}D", config, image(builder, op, axes), channels_last(axes + 2))
    if op.kind == "AlphaDropout":
        name = "AlphaDropout"
    return builder.elementwise(op, name, config)


def _reshape(builder: TorchBuilder, op: Op) -> Tensor:
    return builder.layout.reshaped(op.tensor, op.shape, op.label)


def _permute(builder: TorchBuilder, op: Op) -> Tensor:
    """Only what is noted of the order of axes changes."""
    tensor, rank = op.tensor, len(op.tensor.shape)
    if op.kind == "permute":
        given = op.args if op.args and not isinstance(op.args[0], list) else op.get("dims", [])
        dims = [one % rank for one in one_per_axis(given, rank, -rank, rank - 1)]
    else:
        dims = list(range(rank))
        if op.kind == "transpose":
            one, other = op.whole("dim0") % rank, op.whole("dim1") % rank
        else:
            one, other = rank - 2, rank - 1
        dims[one], dims[other] = dims[other], dims[one]
    if sorted(dims) != list(range(rank)):
        raise unknown(op)
    axes = tuple(dims.index(axis) for axis in tensor.axes)
    return Tensor(tensor.node, axes, tuple(tensor.shape[dim] for dim in dims), tensor.root)


def _embedding(builder: TorchBuilder, op: Op) -> Tensor:
    tensor = op.tensor
    if op.get("max_norm") is not None:
        raise unknown(op)
    config = {
        "input_dim": op.get("num_embeddings"),
        "output_dim": op.get("embedding_dim"),
        "embeddings_initializer": learning.initializer_of(op.initializers, "weight", learning.STANDARD_NORMAL),
    }
    return builder.add(op, "Embedding", config, tensor, (*tensor.axes, len(tensor.axes)))


def _attention(builder: TorchBuilder, op: Op) -> Any:
    sources = [one for one in op.read if isinstance(one, Tensor)][:3]
    if len(sources) != 3 or op.get("add_zero_attn", False) or not op.get("_qkv_same_embed_dim", True):
        raise unknown(op)
    if len(op.read) > 3 or any(op.get(name) is not None for name in ("attn_mask", "key_padding_mask")):
        raise UnknownNetwork(phrase("it was given a mask of its own, which cannot be rebuilt"))
    order = (0, 1, 2) if op.get("batch_first", False) else (1, 0, 2)
    query, key, value = (builder.layout.ordered(one, order, op.label) for one in sources)
    heads, width = op.whole("num_heads", 1), op.whole("embed_dim", 1)
    config = {"num_heads": heads, "key_dim": width // heads, "dropout": op.get("dropout", 0.0)}
    nodes = (query.node, value.node, key.node)
    return [builder.add(op, "MultiHeadAttention", config, query, order, query.shape, nodes=nodes)]


def _largest(builder: TorchBuilder, op: Op) -> Any:
    """`max`: values and their places along an axis, or the larger one of two; with zeros, that is relu."""
    other = op.settings.get("dim")
    if isinstance(other, Filled) and other.value == 0 and len(op.settings) == 1:
        return activation(builder, op._replace(kind="ReLU", settings={}))
    if not isinstance(other, int):
        raise unknown(op)
    return [reduced(builder, op._replace(kind="max"))]


def _expanded(builder: TorchBuilder, op: Op) -> Broadcast:
    tensor = op.tensor
    pairs = zip(tensor.shape, op.shape, strict=False)
    if len(tensor.shape) != len(op.shape) or any(size not in (1, wanted) for size, wanted in pairs):
        raise unknown(op)
    return Broadcast(tensor)


def _identity(builder: TorchBuilder, op: Op) -> Any:
    return op.read[0] if op.read else None


TORCH_LAYERS: dict[str, Read] = {
    **dict.fromkeys(_PLAIN, activation),
    **dict.fromkeys(("LeakyReLU", "ELU", "CELU", "GELU", "Softplus", "Hardtanh", "clamp"), _with_settings),
    **dict.fromkeys(("Softmax", "LogSoftmax"), _softmax),
    "Softmax2d": _softmax_of_channels,
    "PReLU": _prelu,
    "Linear": _dense,
    **{f"Conv{n}d": convolution for n in (1, 2, 3)},
    **{f"ConvTranspose{n}d": transposed for n in (1, 2, 3)},
    **{f"BatchNorm{n}d": _batch_norm for n in (1, 2, 3)},
    **dict.fromkeys(("LayerNorm", "RMSNorm"), _layer_norm),
    **dict.fromkeys(("GroupNorm", "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"), _group_norm),
    **dict.fromkeys(("Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout"), _dropout),
    **{f"{how}Pool{n}d": pooled for how in ("Max", "Avg") for n in (1, 2, 3)},
    **{f"Adaptive{how}Pool{n}d": adaptive for how in ("Max", "Avg") for n in (1, 2, 3)},
    **dict.fromkeys(("mean", "max"), reduced),
    "largest": _largest,
    **dict.fromkeys(("expand", "expand_as", "broadcast_to"), _expanded),
    **dict.fromkeys(
        ("view", "reshape", "flatten", "Flatten", "Unflatten", "unflatten", "squeeze", "unsqueeze", "ravel"), _reshape
    ),
    **dict.fromkeys(("view_as", "reshape_as", "squeeze_", "unsqueeze_"), _reshape),
    **dict.fromkeys(("permute", "transpose", "T", "mT", "t"), _permute),
    "Embedding": _embedding,
    **dict.fromkeys(("Upsample", "UpsamplingNearest2d", "UpsamplingBilinear2d"), upsampled),
    **dict.fromkeys([f"{name}{n}d" for name in ("ZeroPad", "ConstantPad") for n in (1, 2, 3)], padded_with_zeros),
    "pad": padded_with_zeros,
    "MultiheadAttention": _attention,
    **dict.fromkeys(("Identity", "contiguous", "clone", "to", "float", "type_as", "cuda", "cpu"), _identity),
    **dict.fromkeys(("requires_grad_", "type", "long", "int"), _identity),
}
