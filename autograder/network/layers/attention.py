"""Attention."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from autograder.core.language import gettext_noop
from autograder.core.messages import phrase
from autograder.network.activations import Applied
from autograder.network.architecture import Shape
from autograder.network.layers.fields import BIAS, REGULARIZED, SHARE, axes, weights
from autograder.network.layers.record import Family, Field, Fields, Layer, add
from autograder.network.shapes import Measured, Misfit, Settings, all_words, known
from autograder.network.values import boolean, choice, integer, integers, optional

ATTENTION = Family(gettext_noop("an attention layer"), "attention")

_CAUSAL: Fields = {"use_causal_mask": Field(boolean, False)}
_SEVERAL: Fields = {
    "dropout": SHARE,
    "use_bias": BIAS,
    "use_gate": Field(boolean, False),
    "sliding_window": Field(optional(integer(1))),
    "flash_attention": Field(optional(boolean), kept=False),  # another way to compute the same
    **REGULARIZED,
    **weights("kernel", "bias"),
}


def _parts(shapes: tuple[Shape, ...]) -> tuple[Shape, Shape, Shape]:
    """The shapes of query, value and key; without a key, the value is also the key."""
    query, value, key = shapes if len(shapes) == 3 else (*shapes, shapes[1])
    return query, value, key


def _refuse(shapes: tuple[Shape, ...]) -> Misfit:
    return Misfit(phrase("query, value and key do not fit together: {shapes}", shapes=all_words(shapes)))


def _attend(*shapes: Shape) -> Shape:
    """The output shape of dot products of queries and keys; query and key must be equally wide."""
    query, value, key = _parts(shapes)
    if len({len(query), len(value), len(key)}) != 1 or len(query) != 3:
        raise _refuse(shapes)
    if query[-1] != key[-1] or value[1] != key[1]:
        raise _refuse(shapes)
    return (*query[:-1], value[-1])


def _attention(settings: Settings, *shapes: Shape) -> Measured:
    count = settings["use_scale"] + (settings["score_mode"] == "concat")
    return Measured(_attend(*shapes), count, count)


def _additive(settings: Settings, *shapes: Shape) -> Measured:
    count = known(shapes[0][-1], ATTENTION.words) if settings["use_scale"] else 0
    return Measured(_attend(*shapes), count, count)


def _projections(settings: Settings, shapes: tuple[Shape, ...], heads: tuple[int, int], sizes: tuple[int, int]) -> int:
    """The parameters of the projections of query, key and value (and the gate): a matrix each, and biases."""
    query, value, key = (known(shape[-1], ATTENTION.words) + settings["use_bias"] for shape in shapes)
    (ours, theirs), (width, value_width) = heads, sizes
    count = query * ours * width + key * theirs * width + value * theirs * value_width
    return int(count + settings["use_gate"] * query * ours * value_width)


def _multi_head(settings: Settings, *shapes: Shape) -> Measured:
    query, value, key = _parts(shapes)
    if len({len(query), len(value), len(key)}) != 1 or len(query) < 3 or value[1:-1] != key[1:-1]:
        raise _refuse(shapes)
    free = settings["attention_axes"] or list(range(1, len(query) - 1))
    if not all(0 < axis < len(query) - 1 for axis in free) or any(
        query[axis] != value[axis] for axis in range(1, len(query) - 1) if axis not in free
    ):
        raise _refuse(shapes)
    heads, value_dim = settings["num_heads"], settings["value_dim"]
    output = settings["output_shape"] or [known(query[-1], ATTENTION.words)]
    count = _projections(settings, (query, value, key), (heads, heads), (settings["key_dim"], value_dim))
    count += (heads * value_dim + settings["use_bias"]) * prod(output)
    return Measured((*query[:-1], *output), count, count)


def _group_query(settings: Settings, *shapes: Shape) -> Measured:
    query, value, key = _parts(shapes)
    if {len(query), len(value), len(key)} != {3} or value[1] != key[1] or query[-1] != value[-1]:
        raise _refuse(shapes)
    ours, theirs, width = settings["num_query_heads"], settings["num_key_value_heads"], settings["head_dim"]
    if ours % theirs:
        raise Misfit(phrase("{theirs} heads do not divide {ours} heads into groups", ours=ours, theirs=theirs))
    count = _projections(settings, (query, value, key), (ours, theirs), (width, width))
    count += (ours * width + settings["use_bias"]) * known(query[-1], ATTENTION.words)
    return Measured(query, count, count)


def _value_dim(settings: dict[str, Any]) -> None:
    if settings["value_dim"] is None:
        settings["value_dim"] = settings["key_dim"]


def _usual_axes(settings: Mapping[str, Any], query: Shape) -> Applied:
    """None for the defaults: attention over all axes but the batch and the last, and the query's width as output."""
    free = settings["attention_axes"]
    usual = free is None or sorted(axis % len(query) for axis in free) == list(range(1, len(query) - 1))
    width = settings["output_shape"]
    found = {
        "attention_axes": None if usual else sorted(axis % len(query) for axis in free),
        "output_shape": None if width == [query[-1]] else width,
    }
    return Applied("MultiHeadAttention", {**settings, **found})


def _sizes(value: object) -> list[int]:
    return list(integers(1, 2**16)(value if isinstance(value, list | tuple) else [value]))


_ROLES = ("query", "value", "key")
_HEADS = integer(1, 4096)
add(
    Layer(
        "Attention",
        ATTENTION,
        {
            "use_scale": Field(boolean, False),
            "score_mode": Field(choice("dot", "concat"), "dot"),
            "dropout": SHARE,
        },
        _attention,
        weighted=True,
        inputs=(2, 3),
        call=_CAUSAL,
    ),
    Layer(
        "AdditiveAttention",
        ATTENTION,
        {"use_scale": Field(boolean, True), "dropout": SHARE},
        _additive,
        weighted=True,
        inputs=(2, 3),
        call=_CAUSAL,
    ),
    Layer(
        "MultiHeadAttention",
        ATTENTION,
        {
            "num_heads": Field(_HEADS, ...),
            "key_dim": Field(integer(1), ...),
            "value_dim": Field(optional(integer(1))),
            "output_shape": Field(optional(_sizes)),
            "attention_axes": Field(optional(axes)),
            **_SEVERAL,
        },
        _multi_head,
        weighted=True,
        inputs=(2, 3),
        roles=_ROLES,
        call=_CAUSAL,
        complete=_value_dim,
        normal=_usual_axes,
    ),
    Layer(
        "GroupQueryAttention",
        ATTENTION,
        {
            "head_dim": Field(integer(1), ...),
            "num_query_heads": Field(_HEADS, ...),
            "num_key_value_heads": Field(_HEADS, ...),
            **_SEVERAL,
        },
        _group_query,
        aliases=("GroupedQueryAttention",),
        weighted=True,
        inputs=(2, 3),
        roles=_ROLES,
        call=_CAUSAL,
    ),
)
