"""Layers that change the shape and compute nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

from autograder.core.language import gettext_noop
from autograder.core.messages import phrase
from autograder.network.activations import Applied
from autograder.network.architecture import Shape
from autograder.network.layers.fields import CHANNELS_LAST
from autograder.network.layers.record import Family, Field, Layer, add
from autograder.network.shapes import Formula, Measured, Misfit, Settings, ends, need_rank, words
from autograder.network.values import amounts, choice, integer, integers, sizes

FLATTEN = Family(gettext_noop("the step that makes the image one long vector"), "reshaping")
RESHAPING = Family(gettext_noop("a layer that changes the shape"), "reshaping")
PADDING = Family(gettext_noop("a layer that changes the shape"), "padding")


def _flatten(settings: Settings, shape: Shape) -> Measured:
    inner = shape[1:]
    return Measured((shape[0], None if None in inner else prod(size or 0 for size in inner)))


def _reshape(settings: Settings, shape: Shape) -> Measured:
    target, inner = list(settings["target_shape"]), shape[1:]
    if None in inner:
        return Measured((shape[0], *(None if size == -1 else size for size in target)))
    if target.count(-1) > 1:
        raise Misfit(phrase("Reshape can leave one size open, not several"))
    total = prod(size or 0 for size in inner)
    rest = prod(size for size in target if size != -1)
    if -1 in target and rest and total % rest == 0:
        target[target.index(-1)] = total // rest
    if prod(target) != total:
        shown = words((None, *settings["target_shape"]))
        raise Misfit(phrase("{total:,} values cannot be reshaped to {shape}", total=total, shape=shown))
    return Measured((shape[0], *target))


def _actual_sizes(settings: Mapping[str, Any], source: Shape) -> Applied:
    """Reshape to its actual sizes, or Flatten if that is what it does."""
    target = list(settings["target_shape"])
    if len(target) == 1 and (target[0] == -1 or None in source[1:]):
        return Applied("Flatten", {})
    if None not in source[1:]:
        total = prod(size or 0 for size in source[1:])
        rest = prod(size for size in target if size != -1)
        if target.count(-1) == 1 and rest > 0 and total % rest == 0:
            target = [total // rest if size == -1 else size for size in target]
        if target == [total]:
            return Applied("Flatten", {})
    return Applied("Reshape", {**settings, "target_shape": target})


def _permute(settings: Settings, shape: Shape) -> Measured:
    need_rank(shape, len(settings["dims"]) + 1, "Permute")
    if sorted(settings["dims"]) != list(range(1, len(shape))):
        raise Misfit(phrase("Permute has to name each axis of {shape} once", shape=words(shape)))
    return Measured((shape[0], *(shape[axis] for axis in settings["dims"])))


def _repeat(settings: Settings, shape: Shape) -> Measured:
    need_rank(shape, 2, "RepeatVector")
    return Measured((shape[0], settings["n"], shape[1]))


def _resized(change: Callable[[Settings, int, int], int], rank: int, what: str) -> Formula:
    def formula(settings: Settings, shape: Shape) -> Measured:
        need_rank(shape, rank + 2, what)
        spatial = (None if size is None else change(settings, i, size) for i, size in enumerate(shape[1:-1]))
        return Measured((shape[0], *spatial, shape[-1]))

    return formula


def _zero_padding(rank: int) -> Formula:
    return _resized(lambda settings, i, size: size + sum(ends(settings["padding"], i)), rank, f"ZeroPadding{rank}D")


def _cropping(rank: int) -> Formula:
    return _resized(lambda settings, i, size: size - sum(ends(settings["cropping"], i)), rank, f"Cropping{rank}D")


def _up_sampling(rank: int) -> Formula:
    def change(settings: Settings, i: int, size: int) -> int:
        factor: int = settings["size"] if rank == 1 else settings["size"][i]
        return size * factor

    return _resized(change, rank, f"UpSampling{rank}D")


def _nothing_of(name: str) -> Callable[[Settings, Shape | None], bool]:
    """A test for whether all amounts of that setting are 0."""

    def nothing(settings: Settings, shape: Shape | None) -> bool:
        return not any(any(pair) if isinstance(pair, list) else pair for pair in settings[name])

    return nothing


def _same_size(settings: Settings, shape: Shape | None) -> bool:
    factors = settings["size"] if isinstance(settings["size"], list) else [settings["size"]]
    return all(factor == 1 for factor in factors)


def _one_size(value: object) -> int:
    return int(sizes(1, 1, 64)(value)[0])


def _pairs(axes: int, usual: int) -> Any:
    return [usual, usual] if axes == 1 else [[usual, usual]] * axes


add(
    Layer(
        "Flatten",
        FLATTEN,
        CHANNELS_LAST,
        _flatten,
        nothing=lambda settings, shape: shape is not None and len(shape) == 2,
    ),
    Layer(
        "Reshape",
        RESHAPING,
        {"target_shape": Field(integers(-1, 2**28), ...)},
        _reshape,
        normal=_actual_sizes,
        nothing=lambda settings, shape: shape is not None and list(shape[1:]) == list(settings["target_shape"]),
    ),
    Layer(
        "Permute",
        RESHAPING,
        {"dims": Field(integers(1, 8), ...)},
        _permute,
        nothing=lambda settings, shape: settings["dims"] == list(range(1, len(settings["dims"]) + 1)),
    ),
    Layer("RepeatVector", RESHAPING, {"n": Field(integer(1), ...)}, _repeat),
)
for _n in (1, 2, 3):
    _first = CHANNELS_LAST if _n > 1 else {}
    _smooth = choice("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
    add(
        Layer(
            f"ZeroPadding{_n}D",
            PADDING,
            {"padding": Field(amounts(_n), _pairs(_n, 1)), **CHANNELS_LAST},
            _zero_padding(_n),
            nothing=_nothing_of("padding"),
        ),
        Layer(
            f"Cropping{_n}D",
            PADDING,
            {"cropping": Field(amounts(_n), _pairs(_n, 0 if _n == 2 else 1)), **_first},
            _cropping(_n),
            nothing=_nothing_of("cropping"),
        ),
        Layer(
            f"UpSampling{_n}D",
            PADDING,
            {
                "size": Field(_one_size, 2) if _n == 1 else Field(sizes(_n, 1, 64), [2] * _n, spread=True),
                **({"interpolation": Field(_smooth, "nearest")} if _n == 2 else {}),
                **_first,
            },
            _up_sampling(_n),
            nothing=_same_size,
        ),
    )
