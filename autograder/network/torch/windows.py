"""Layers of images, signals and volumes: convolutions, pooling, padding, and their dense counterpart's weights."""

from __future__ import annotations

from math import prod
from typing import Any

from autograder.core.messages import phrase
from autograder.network.torch import learning
from autograder.network.torch.builder import TorchBuilder
from autograder.network.torch.layout import Tensor, channels_last
from autograder.network.torch.operation import Op, one_per_axis, unknown
from autograder.network.values import UnknownNetwork


def convolution(builder: TorchBuilder, op: Op) -> Tensor:
    """A convolution; one filter for each channel is a depthwise one."""
    axes = int(op.kind[-2])
    tensor = image(builder, op, axes)
    if op.get("padding_mode", "zeros") != "zeros":
        raise UnknownNetwork(phrase("its padding is not zeros"))
    kernel, strides = one_per_axis(op.get("kernel_size"), axes, 1), one_per_axis(op.get("stride", 1), axes, 1)
    dilation = one_per_axis(op.get("dilation", 1), axes, 1)
    groups, filters = op.whole("groups", 1, 1), op.whole("out_channels", 1)
    channels = tensor.shape[1] or 1
    config: dict[str, Any] = {"kernel_size": kernel, "strides": strides, "dilation_rate": dilation}
    config["use_bias"] = op.get("bias", True)
    padding, amounts = _padding(op, tensor, kernel, strides, dilation)
    config["padding"] = padding
    if any(amounts):
        config["padding"] = "valid"
        tensor = builder.add(
            op, f"ZeroPadding{axes}D", {"padding": _pairs(amounts)}, tensor, tensor.axes, tensor.shape, own=False
        )
    fan_in = channels // groups * prod(kernel)
    if groups > 1 and groups == channels and filters % groups == 0 and axes < 3:
        config["depth_multiplier"] = filters // groups
        config |= kernel_and_bias(op, fan_in, "depthwise", learning.of_bias(fan_in))
        return builder.add(op, f"DepthwiseConv{axes}D", config, tensor, channels_last(axes + 2))
    config |= {"filters": filters, "groups": groups} | kernel_and_bias(op, fan_in)
    return builder.add(op, f"Conv{axes}D", config, tensor, channels_last(axes + 2))


def _pairs(amounts: list[int]) -> Any:
    return [amounts[0], amounts[0]] if len(amounts) == 1 else [[amount, amount] for amount in amounts]


def image(builder: TorchBuilder, op: Op, axes: int) -> Tensor:
    """What an operation over so many axes reads, with the channels last."""
    tensor = op.tensor
    if len(tensor.shape) != axes + 2:
        raise UnknownNetwork(
            phrase("it reads {axes} axes beside the batch, but gets {count}", axes=axes + 1,
                   count=len(tensor.shape) - 1)
        )  # fmt: skip
    return builder.layout.ordered(tensor, channels_last(axes + 2), op.label)


def _padding(
    op: Op, tensor: Tensor, kernel: list[int], strides: list[int], dilation: list[int]
) -> tuple[str, list[int]]:
    """The padding as Keras names it, and the zeros at both ends of each axis if it has no name for it.

    With a stride, half the kernel is what PyTorch's users write for "same" (which torch refuses there): the sizes are
    equal, the windows are shifted by one value at most.
    """
    given = op.get("padding", 0)
    if given in ("same", "valid"):
        return given, [0] * len(kernel)
    amounts = one_per_axis(given, len(kernel))
    half = [(size - 1) * step for size, step in zip(kernel, dilation, strict=True)]
    sizes = [
        out == -(-(size or 0) // stride)
        for out, size, stride in zip(op.shape[2:], tensor.shape[2:], strides, strict=True)
    ]
    halves = all(2 * amount == extent for amount, extent in zip(amounts, half, strict=True))
    if any(amounts) and any(stride > 1 for stride in strides) and all(sizes) and halves:
        return "same", [0] * len(kernel)
    return "valid", amounts


def transposed(builder: TorchBuilder, op: Op) -> Tensor:
    """A transposed convolution."""
    axes = int(op.kind[-2])
    tensor = image(builder, op, axes)
    kernel, strides = one_per_axis(op.get("kernel_size"), axes, 1), one_per_axis(op.get("stride", 1), axes, 1)
    same = all(
        out == (size or 0) * stride for out, size, stride in zip(op.shape[2:], tensor.shape[2:], strides, strict=True)
    )
    bare = not any(one_per_axis(op.get("padding", 0), axes)) and not any(
        one_per_axis(op.get("output_padding", 0), axes)
    )
    if not same and not bare:
        raise UnknownNetwork(phrase("its padding has no counterpart here"))
    wide = all(size >= stride for size, stride in zip(kernel, strides, strict=True))
    if op.whole("groups", 1, 1) != 1 or (bare and not same and not wide):
        raise unknown(op)
    filters = op.whole("out_channels", 1)
    config = {
        "filters": filters,
        "kernel_size": kernel,
        "strides": strides,
        "padding": "same" if same and not (bare and kernel == strides) else "valid",
        "dilation_rate": one_per_axis(op.get("dilation", 1), axes, 1),
        "use_bias": op.get("bias", True),
        **kernel_and_bias(op, filters * prod(kernel)),
    }
    return builder.add(op, f"Conv{axes}DTranspose", config, tensor, channels_last(axes + 2))


def pooled(builder: TorchBuilder, op: Op) -> Tensor:
    """Pooling over windows."""
    axes = int(op.kind[-2])
    tensor = image(builder, op, axes)
    size = one_per_axis(op.get("kernel_size"), axes, 1)
    stride = op.get("stride")
    strides = size if stride in (None, []) else one_per_axis(stride, axes, 1)
    if one_per_axis(op.get("dilation", 1), axes, 1) != [1] * axes or op.get("return_indices") is True:
        raise unknown(op)
    ends = any(one_per_axis(op.get("padding", 0), axes))
    same = all(
        out == -(-(one or 0) // step) for out, one, step in zip(op.shape[2:], tensor.shape[2:], strides, strict=True)
    )
    floor = all(
        out == ((one or 0) - window) // step + 1
        for out, one, window, step in zip(op.shape[2:], tensor.shape[2:], size, strides, strict=True)
    )
    if (ends and not same) or (not ends and not floor and not same):
        raise UnknownNetwork(phrase("its padding has no counterpart here"))
    how = "Average" if op.kind.startswith("Avg") else "Max"
    config = {"pool_size": size, "strides": strides, "padding": "same" if ends or not floor else "valid"}
    return builder.add(op, f"{how}Pooling{axes}D", config, tensor, channels_last(axes + 2))


def adaptive(builder: TorchBuilder, op: Op) -> Tensor:
    """Pooling to a given size: over everything, or over windows where these are of one size."""
    axes = int(op.kind[-2])
    tensor = image(builder, op, axes)
    given = op.get("output_size")
    listed = given if isinstance(given, list) else [given] * axes
    have = [size or 0 for size in tensor.shape[2:]]
    wanted = [size if one is None else one for size, one in zip(have, listed, strict=False)]
    wanted = one_per_axis(wanted, axes, 1)
    how = "Max" if op.kind.startswith("AdaptiveMax") else "Average"
    config: dict[str, Any]
    if wanted == [1] * axes:
        name, config = f"Global{how}Pooling{axes}D", {"keepdims": True}
    elif wanted == have:
        return tensor
    elif all(size % one == 0 for size, one in zip(have, wanted, strict=True)):
        window = [size // one for size, one in zip(have, wanted, strict=True)]
        name, config = f"{how}Pooling{axes}D", {"pool_size": window}
    else:
        name, config = f"Adaptive{how}Pooling{axes}D", {"output_size": wanted}
    return builder.add(op, name, config, tensor, channels_last(axes + 2))


def reduced(builder: TorchBuilder, op: Op) -> Tensor:
    """The mean or the largest over all axes between the batch and one other: global pooling."""
    tensor, rank = op.tensor, len(op.tensor.shape)
    dims = op.get("dim")
    reduced = [one % rank for one in one_per_axis(dims, len(dims) if isinstance(dims, list) else 1, -8, 8)]
    rest = [axis for axis in range(rank) if axis not in reduced and axis != tensor.axes[0]]
    if len(rest) != 1 or rank not in (3, 4, 5) or tensor.axes[0] in reduced:
        raise unknown(op)
    tensor = builder.layout.ordered(tensor, (tensor.axes[0], *sorted(reduced), rest[0]), op.label)
    how, keep = ("Average" if op.kind == "mean" else "Max"), op.get("keepdim", False)
    axes = tensor.axes if keep else tuple(range(2))
    return builder.add(op, f"Global{how}Pooling{rank - 2}D", {"keepdims": keep}, tensor, axes)


def upsampled(builder: TorchBuilder, op: Op) -> Tensor:
    """Larger by whole factors."""
    axes = len(op.tensor.shape) - 2
    if axes not in (1, 2, 3):
        raise unknown(op)
    tensor = image(builder, op, axes)
    mode = op.get("mode", "nearest")
    factors = [(out or 0) // (size or 1) for out, size in zip(op.shape[2:], tensor.shape[2:], strict=True)]
    exact = all(
        out == (size or 0) * one for out, size, one in zip(op.shape[2:], tensor.shape[2:], factors, strict=True)
    )
    smooth = mode == "bilinear" and axes == 2 and not op.get("align_corners", False)
    if not exact or not (mode == "nearest" or smooth):
        raise unknown(op)
    config: dict[str, Any] = {"size": factors[0] if axes == 1 else factors}
    if axes == 2:
        config["interpolation"] = mode
    return builder.add(op, f"UpSampling{axes}D", config, tensor, channels_last(axes + 2))


def padded_with_zeros(builder: TorchBuilder, op: Op) -> Tensor:
    """`padding` goes from the last axis to the first, two numbers for each."""
    rank = len(op.tensor.shape)
    given = op.get("padding" if op.kind != "pad" else "pad")
    if op.get("value", 0) != 0 or op.get("mode", "constant") != "constant":
        raise unknown(op)
    amounts = one_per_axis(given, len(given) if isinstance(given, list) else 2 * int(op.kind[-2]))
    pairs = [amounts[place : place + 2] for place in range(0, len(amounts), 2)][::-1]
    if len(pairs) > rank - 2 and not any(any(pair) for pair in pairs[: len(pairs) - (rank - 2)]):
        pairs = pairs[len(pairs) - (rank - 2) :]
    axes = rank - 2
    if len(pairs) > axes or axes not in (1, 2, 3) or len(amounts) % 2:
        raise unknown(op)
    pairs = [[0, 0]] * (axes - len(pairs)) + pairs
    tensor = image(builder, op, axes)
    config = {"padding": pairs[0] if axes == 1 else pairs}
    return builder.add(op, f"ZeroPadding{axes}D", config, tensor, channels_last(axes + 2))


def kernel_and_bias(op: Op, fan_in: int, name: str = "kernel", default: Any = None) -> dict[str, Any]:
    """The initializers of kernel and bias."""
    found = {f"{name}_initializer": learning.initializer_of(op.initializers, "weight", default or learning.KERNEL)}
    if op.get("bias", True):
        found["bias_initializer"] = learning.initializer_of(op.initializers, "bias", learning.of_bias(fan_in))
    return found
