"""Output shape and parameter counts of one operation, by formula.

Shapes are `(batch, ..., channels)`, None where a size is free. The formulas are those of the Keras documentation of
each layer; a test compares all of them with Keras itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any, NamedTuple

from autograder.core.language import gettext_noop
from autograder.core.messages import Message, phrase
from autograder.network.architecture import Shape

Settings = Mapping[str, Any]

_A_CONVOLUTION = gettext_noop("a convolution")
_A_RECURRENT_LAYER = gettext_noop("a recurrent layer")


class Misfit(ValueError):
    """An operation cannot read what it is given; `reason` says why, as a part of a sentence."""

    def __init__(self, reason: Message) -> None:
        super().__init__(reason)
        self.reason = reason


class Measured(NamedTuple):
    """Output shape, parameters, and how many of them training changes."""

    shape: Shape
    parameters: int = 0
    trainable: int = 0


def measure(kind: str, settings: Settings, inputs: tuple[Shape, ...]) -> Measured:
    """Measure one operation on inputs of the given shapes.

    Raises:
        Misfit: it cannot read inputs of these shapes.
    """
    if kind == "Input":
        return Measured((None, *settings["shape"]))
    formula = _FORMULAS.get(kind)
    if formula is None:
        raise Misfit(phrase("{kind} is not an operation that can be measured", kind=kind))
    if not inputs:
        raise Misfit(phrase("{kind} reads nothing", kind=kind))
    measured = formula(settings, *inputs) if kind in _MERGING else formula(settings, *_single(kind, inputs))
    if any(size is not None and size < 1 for size in measured.shape[1:]):
        raise Misfit(
            phrase(
                "nothing is left of {given}: the output would have the shape {shape}",
                given=words(inputs[0]),
                shape=words(measured.shape),
            )
        )
    if settings.get("trainable", True) is False:
        measured = measured._replace(trainable=0)
    return measured


def words(shape: Shape) -> str | Message:
    """A shape without its batch axis, as "28×28×32" ("?" where free)."""
    return "×".join("?" if size is None else str(size) for size in shape[1:]) or phrase("a single number")


def _all_words(shapes: tuple[Shape, ...]) -> tuple[str | Message, ...]:
    return tuple(map(words, shapes))


def padding_amounts(settings: Settings, shape: Shape, axis: int, kernel: str = "kernel_size") -> tuple[int, int] | None:
    """What `padding="same"` adds before and after spatial axis `axis` (0-based); None where the size is free.

    After the TensorFlow convention: https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2
    """
    size = shape[axis + 1]
    if size is None:
        return None
    stride = settings["strides"][axis]
    dilation = settings.get("dilation_rate", [1] * 8)[axis]
    extent = (settings[kernel][axis] - 1) * dilation + 1
    total = max((-(-size // stride) - 1) * stride + extent - size, 0)
    return total // 2, total - total // 2


def ends(amounts: list[Any], axis: int) -> tuple[int, int]:
    """What a padding or cropping layer takes before and after spatial axis `axis` (0-based)."""
    before, after = amounts[axis] if isinstance(amounts[0], list) else amounts
    return before, after


def _single(kind: str, inputs: tuple[Shape, ...]) -> tuple[Shape]:
    if len(inputs) != 1:
        raise Misfit(phrase("{kind} reads one input, not {count}", kind=kind, count=len(inputs)))
    return (inputs[0],)


def _rank(shape: Shape, rank: int, what: str) -> None:
    if len(shape) != rank:
        raise Misfit(
            phrase(
                "{what} reads {axes} axes beside the batch, but gets {shape}",
                what=phrase(what),
                axes=rank - 1,
                shape=words(shape),
            )
        )


def _known(size: int | None, what: str) -> int:
    if size is None:
        raise Misfit(phrase("{what} needs to know the size of the axis that it reads", what=phrase(what)))
    return size


def _axis(axis: int, shape: Shape) -> int:
    if not -len(shape) <= axis < len(shape) or axis % len(shape) == 0:
        raise Misfit(phrase("there is no axis {axis} to work on in {shape}", axis=axis, shape=words(shape)))
    return axis % len(shape)


def _window(size: int | None, extent: int, stride: int, padding: str) -> int | None:
    if size is None:
        return None
    if padding in ("same", "causal"):
        return -(-size // stride)
    return (size - extent) // stride + 1 if size >= extent else 0


def _slide(settings: Settings, shape: Shape, sizes: list[int]) -> tuple[int | None, ...]:
    dilation = settings.get("dilation_rate", [1] * len(sizes))
    return tuple(
        _window(size, (extent - 1) * dilation[i] + 1, settings["strides"][i], settings["padding"])
        for i, (size, extent) in enumerate(zip(shape[1:-1], sizes, strict=True))
    )


def _conv(settings: Settings, shape: Shape) -> Measured:
    kernel, filters = settings["kernel_size"], settings["filters"]
    _rank(shape, len(kernel) + 2, f"Conv{len(kernel)}D")
    channels, groups = _known(shape[-1], _A_CONVOLUTION), settings["groups"]
    if channels % groups or filters % groups:
        raise Misfit(
            phrase(
                "{groups} groups do not divide {channels} channels into {filters} filters",
                groups=groups,
                channels=channels,
                filters=filters,
            )
        )
    count = prod(kernel) * (channels // groups) * filters + filters * settings["use_bias"]
    return Measured((shape[0], *_slide(settings, shape, kernel), filters), count, count)


def _depthwise(settings: Settings, shape: Shape) -> Measured:
    kernel = settings["kernel_size"]
    _rank(shape, len(kernel) + 2, f"DepthwiseConv{len(kernel)}D")
    channels = _known(shape[-1], _A_CONVOLUTION) * settings["depth_multiplier"]
    count = prod(kernel) * channels + channels * settings["use_bias"]
    return Measured((shape[0], *_slide(settings, shape, kernel), channels), count, count)


def _separable(settings: Settings, shape: Shape) -> Measured:
    kernel, filters = settings["kernel_size"], settings["filters"]
    _rank(shape, len(kernel) + 2, f"SeparableConv{len(kernel)}D")
    channels = _known(shape[-1], _A_CONVOLUTION) * settings["depth_multiplier"]
    count = prod(kernel) * channels + channels * filters + filters * settings["use_bias"]
    return Measured((shape[0], *_slide(settings, shape, kernel), filters), count, count)


def _transposed(settings: Settings, shape: Shape) -> Measured:
    kernel, filters = settings["kernel_size"], settings["filters"]
    _rank(shape, len(kernel) + 2, f"Conv{len(kernel)}DTranspose")
    channels = _known(shape[-1], _A_CONVOLUTION)
    spatial: list[int | None] = []
    for i, size in enumerate(shape[1:-1]):
        extent, stride = (kernel[i] - 1) * settings["dilation_rate"][i] + 1, settings["strides"][i]
        if size is None:
            spatial.append(None)
        elif settings["padding"] == "same":
            spatial.append(size * stride)
        else:
            spatial.append(size * stride + max(extent - stride, 0))
    count = prod(kernel) * channels * filters + filters * settings["use_bias"]
    return Measured((shape[0], *spatial, filters), count, count)


def _pool(settings: Settings, shape: Shape) -> Measured:
    sizes = settings["pool_size"]
    _rank(shape, len(sizes) + 2, f"Pooling{len(sizes)}D")
    return Measured((shape[0], *_slide(settings, shape, sizes), shape[-1]))


def _global_pool(rank: int) -> Callable[..., Measured]:
    def formula(settings: Settings, shape: Shape) -> Measured:
        _rank(shape, rank + 2, f"GlobalPooling{rank}D")
        middle = (1,) * rank if settings["keepdims"] else ()
        return Measured((shape[0], *middle, shape[-1]))

    return formula


def _dense(settings: Settings, shape: Shape) -> Measured:
    if len(shape) < 2:
        raise Misfit(phrase("Dense reads at least one axis beside the batch"))
    units = settings["units"]
    count = _known(shape[-1], "Dense") * units + units * settings["use_bias"]
    return Measured((*shape[:-1], units), count, count)


def _flatten(settings: Settings, shape: Shape) -> Measured:
    sizes = shape[1:]
    return Measured((shape[0], None if None in sizes else prod(size or 0 for size in sizes)))


def _reshape(settings: Settings, shape: Shape) -> Measured:
    target, sizes = list(settings["target_shape"]), shape[1:]
    if None in sizes:
        return Measured((shape[0], *(None if size == -1 else size for size in target)))
    if target.count(-1) > 1:
        raise Misfit(phrase("Reshape can leave one size open, not several"))
    total = prod(size or 0 for size in sizes)
    rest = prod(size for size in target if size != -1)
    if -1 in target and rest and total % rest == 0:
        target[target.index(-1)] = total // rest
    if prod(target) != total:
        shown = words((None, *settings["target_shape"]))
        raise Misfit(phrase("{total:,} values cannot be reshaped to {shape}", total=total, shape=shown))
    return Measured((shape[0], *target))


def _permute(settings: Settings, shape: Shape) -> Measured:
    _rank(shape, len(settings["dims"]) + 1, "Permute")
    if sorted(settings["dims"]) != list(range(1, len(shape))):
        raise Misfit(phrase("Permute has to name each axis of {shape} once", shape=words(shape)))
    return Measured((shape[0], *(shape[axis] for axis in settings["dims"])))


def _repeat(settings: Settings, shape: Shape) -> Measured:
    _rank(shape, 2, "RepeatVector")
    return Measured((shape[0], settings["n"], shape[1]))


def _batch_normalization(settings: Settings, shape: Shape) -> Measured:
    size = _known(shape[_axis(settings["axis"], shape)], "BatchNormalization")
    learned = size * (settings["center"] + settings["scale"])
    return Measured(shape, learned + 2 * size, learned)


def _layer_normalization(settings: Settings, shape: Shape) -> Measured:
    size = prod(_known(shape[_axis(axis, shape)], "LayerNormalization") for axis in settings["axis"])
    count = size * (settings["center"] + settings["scale"])
    return Measured(shape, count, count)


def _prelu(settings: Settings, shape: Shape) -> Measured:
    shared = {_axis(axis, shape) for axis in settings["shared_axes"] or []}
    sizes = (1 if axis in shared else _known(shape[axis], "PReLU") for axis in range(1, len(shape)))
    count = prod(sizes)
    return Measured(shape, count, count)


def _keep(settings: Settings, shape: Shape) -> Measured:
    return Measured(shape)


def _keep_rank(rank: int, what: str) -> Callable[..., Measured]:
    def formula(settings: Settings, shape: Shape) -> Measured:
        _rank(shape, rank, what)
        return Measured(shape)

    return formula


def _resized(change: Callable[[Settings, int, int], int], rank: int, what: str) -> Callable[..., Measured]:
    def formula(settings: Settings, shape: Shape) -> Measured:
        _rank(shape, rank + 2, what)
        spatial = (None if size is None else change(settings, i, size) for i, size in enumerate(shape[1:-1]))
        return Measured((shape[0], *spatial, shape[-1]))

    return formula


def _zero_padding(rank: int) -> Callable[..., Measured]:
    return _resized(lambda settings, i, size: size + sum(ends(settings["padding"], i)), rank, f"ZeroPadding{rank}D")


def _cropping(rank: int) -> Callable[..., Measured]:
    return _resized(lambda settings, i, size: size - sum(ends(settings["cropping"], i)), rank, f"Cropping{rank}D")


def _up_sampling(rank: int) -> Callable[..., Measured]:
    def change(settings: Settings, i: int, size: int) -> int:
        factor: int = settings["size"] if rank == 1 else settings["size"][i]
        return size * factor

    return _resized(change, rank, f"UpSampling{rank}D")


def _elementwise(settings: Settings, *shapes: Shape) -> Measured:
    if len(shapes) < 2:
        raise Misfit(phrase("it joins at least two inputs"))
    if len({len(shape) for shape in shapes}) != 1:
        raise Misfit(phrase("its inputs have different numbers of axes: {shapes}", shapes=_all_words(shapes)))
    sizes: list[int | None] = []
    for column in zip(*shapes, strict=True):
        wide = {size for size in column if size != 1}
        if len(wide - {None}) > 1:
            raise Misfit(phrase("its inputs do not have the same shape: {shapes}", shapes=_all_words(shapes)))
        sizes.append(1 if not wide else next(iter(wide - {None}), None))
    return Measured(tuple(sizes))


def _concatenate(settings: Settings, *shapes: Shape) -> Measured:
    if len(shapes) < 2 or len({len(shape) for shape in shapes}) != 1:
        raise Misfit(phrase("it joins at least two inputs with the same number of axes"))
    axis = _axis(settings["axis"], shapes[0])
    sizes: list[int | None] = []
    for position, column in enumerate(zip(*shapes, strict=True)):
        if position == axis:
            sizes.append(None if None in column else sum(size or 0 for size in column))
        elif len(set(column) - {None}) > 1:
            raise Misfit(phrase("its inputs do not fit side by side: {shapes}", shapes=_all_words(shapes)))
        else:
            sizes.append(next((size for size in column if size is not None), None))
    return Measured(tuple(sizes))


def _embedding(settings: Settings, shape: Shape) -> Measured:
    count = settings["input_dim"] * settings["output_dim"]
    return Measured((*shape, settings["output_dim"]), count, count)


def _recurrent(gates: int) -> Callable[..., Measured]:
    def formula(settings: Settings, shape: Shape) -> Measured:
        _rank(shape, 3, _A_RECURRENT_LAYER)
        units, features = settings["units"], _known(shape[-1], _A_RECURRENT_LAYER)
        biases = settings["use_bias"] * (2 if settings.get("reset_after") else 1)
        count = gates * units * (features + units + biases)
        return Measured(
            (shape[0], shape[1], units) if settings["return_sequences"] else (shape[0], units), count, count
        )

    return formula


def _bidirectional(settings: Settings, shape: Shape) -> Measured:
    layer = settings["layer"]
    one = _FORMULAS[layer["class_name"]](layer["config"], shape)
    width = 2 if settings["merge_mode"] == "concat" else 1
    return Measured((*one.shape[:-1], (one.shape[-1] or 0) * width), 2 * one.parameters, 2 * one.trainable)


_MERGING = frozenset({"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"})
_FORMULAS: dict[str, Callable[..., Measured]] = {
    **{f"Conv{n}D": _conv for n in (1, 2, 3)},
    **{f"DepthwiseConv{n}D": _depthwise for n in (1, 2)},
    **{f"SeparableConv{n}D": _separable for n in (1, 2)},
    **{f"Conv{n}DTranspose": _transposed for n in (1, 2)},
    **{f"{how}Pooling{n}D": _pool for how in ("Max", "Average") for n in (1, 2, 3)},
    **{f"Global{how}Pooling{n}D": _global_pool(n) for how in ("Max", "Average") for n in (1, 2, 3)},
    **{f"ZeroPadding{n}D": _zero_padding(n) for n in (1, 2, 3)},
    **{f"Cropping{n}D": _cropping(n) for n in (1, 2)},
    **{f"UpSampling{n}D": _up_sampling(n) for n in (1, 2)},
    **{f"SpatialDropout{n}D": _keep_rank(n + 2, f"SpatialDropout{n}D") for n in (1, 2, 3)},
    **dict.fromkeys(("Activation", "ReLU", "LeakyReLU", "ELU", "Softmax", "Dropout", "AlphaDropout"), _keep),
    **dict.fromkeys(("GaussianNoise", "GaussianDropout", "Rescaling"), _keep),
    **dict.fromkeys(("RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomContrast"), _keep),
    **dict.fromkeys(_MERGING - {"Concatenate"}, _elementwise),
    "Concatenate": _concatenate,
    "Dense": _dense,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Permute": _permute,
    "RepeatVector": _repeat,
    "BatchNormalization": _batch_normalization,
    "LayerNormalization": _layer_normalization,
    "PReLU": _prelu,
    "Embedding": _embedding,
    "LSTM": _recurrent(4),
    "GRU": _recurrent(3),
    "SimpleRNN": _recurrent(1),
    "Bidirectional": _bidirectional,
}
