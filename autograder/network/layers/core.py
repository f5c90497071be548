"""Dense layers, embeddings, and the layers at the edges of a network."""

from __future__ import annotations

import re
from math import prod
from typing import Any

from autograder.core.language import gettext_noop
from autograder.core.messages import phrase
from autograder.network.architecture import Shape
from autograder.network.layers.fields import BIAS, QUANTIZATION, REGULARIZED, UNIFORM, UNITS, UNSET, weights
from autograder.network.layers.record import Family, Field, Fields, Layer, add
from autograder.network.shapes import Measured, Misfit, Settings, known, same_shape, words
from autograder.network.values import (
    UnknownNetwork,
    boolean,
    integer,
    number,
    optional,
    read_list,
    shown_value,
)

DENSE = Family(gettext_noop("a dense layer"))
EMBEDDING = Family(gettext_noop("an embedding"))
ANY = Family(gettext_noop("a layer"))

_EQUATION = re.compile(r"(\.\.\.)?([a-zA-Z]{1,8})(\.\.\.)?,([a-zA-Z]{1,8})->(\.\.\.)?([a-zA-Z]{1,8})(\.\.\.)?")


def _dense(settings: Settings, shape: Shape) -> Measured:
    if len(shape) < 2:
        raise Misfit(phrase("Dense reads at least one axis beside the batch"))
    units = settings["units"]
    count = known(shape[-1], "Dense") * units + units * settings["use_bias"]
    return Measured((*shape[:-1], units), count, count)


def _embedding(settings: Settings, shape: Shape) -> Measured:
    count = settings["input_dim"] * settings["output_dim"]
    return Measured((*shape, settings["output_dim"]), count, count)


def _reversible_embedding(settings: Settings, shape: Shape) -> Measured:
    width, vocabulary = settings["output_dim"], settings["input_dim"]
    count = vocabulary * width * (1 if settings["tie_weights"] else 2)
    if not settings["reverse"]:
        return Measured((*shape, width), count, count)
    if len(shape) < 2 or shape[-1] not in (width, None):
        raise Misfit(
            phrase("it turns vectors of {width} back into words, but gets {shape}", width=width, shape=words(shape))
        )
    return Measured((*shape[:-1], vocabulary), count, count)


def _equation(value: object) -> str:
    """An einsum equation, its letters renamed in order of appearance."""
    match = _EQUATION.fullmatch(value.replace(" ", "")) if isinstance(value, str) and len(value) < 80 else None
    if match is None or (match[1], match[3]) != (match[5], match[7]) or (match[1] and match[3]):
        raise UnknownNetwork(phrase("{value} is not an equation that is understood here", value=shown_value(value)))
    return match[0]


def _letters(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch("[a-zA-Z]{1,8}", value):
        raise UnknownNetwork(phrase("{value} stands where letters belong", value=shown_value(value)))
    return value


def _open_sizes(value: object) -> list[int | None]:
    one = optional(integer(1))
    return [one(size) for size in (read_list(value, 8) if isinstance(value, list | tuple) else [value])]


def _rename_letters(settings: dict[str, Any]) -> None:
    found = dict.fromkeys(letter for letter in settings["equation"] if letter.isalpha())
    names = {letter: chr(ord("a") + place) for place, letter in enumerate(found)}
    settings["equation"] = "".join(names.get(letter, letter) for letter in settings["equation"])
    if settings["bias_axes"] is not None:
        settings["bias_axes"] = "".join(sorted(names.get(letter, letter) for letter in settings["bias_axes"]))


def _einsum_dense(settings: Settings, shape: Shape) -> Measured:
    equation: str = settings["equation"]
    left, right = equation.startswith("..."), "...," in equation
    reads, holds, gives = re.split(",|->", equation.replace("...", ""))
    elided = len(shape) - len(reads)
    if elided < 0 or (elided and not (left or right)) or (elided < 1 and left):
        raise Misfit(
            phrase("the equation {equation} does not fit the shape {shape}", equation=equation, shape=words(shape))
        )
    output: list[int | None] = [shape[0], *settings["output_shape"]]
    if left:
        output[1:1] = shape[1:elided]
    elif elided:
        output += shape[len(shape) - elided :]
    before = elided if left else 0
    inner = dict(zip(reads, shape[before:] if left else shape, strict=False))
    outer = dict(zip(gives, output[before:] if left else output, strict=False))
    bias: str = settings["bias_axes"] or ""
    if (
        len(output) != len(gives) + elided
        or not set(gives) <= set(reads + holds)
        or not set(holds) <= set(reads + gives)
        or not set(bias) <= set(gives)
        or any(outer.get(letter) not in (None, size) for letter, size in inner.items() if letter in outer)
    ):
        raise Misfit(
            phrase("the equation {equation} does not fit the shape {shape}", equation=equation, shape=words(shape))
        )
    sizes = inner | outer
    count = prod(known(sizes[letter], "EinsumDense") for letter in holds)
    count += prod(known(outer[letter], "EinsumDense") for letter in bias) if bias else 0
    return Measured(tuple(output), count, count)


_EMBEDDING: Fields = {
    "input_dim": Field(integer(1, 2**24), ...),
    "output_dim": Field(integer(1), ...),
    "mask_zero": Field(boolean, False),
    **REGULARIZED,
    **weights("embeddings", embeddings=UNIFORM),
    **QUANTIZATION,
}

add(
    # Its settings are read with the network, since it computes nothing.
    Layer("Input", Family(gettext_noop("an input")), aliases=("InputLayer",)),
    Layer(
        "Dense",
        DENSE,
        {"units": UNITS, "use_bias": BIAS, **REGULARIZED, **weights("kernel", "bias"), **QUANTIZATION},
        _dense,
        activated=True,
        weighted=True,
    ),
    Layer(
        "EinsumDense",
        DENSE,
        {
            "equation": Field(_equation, ...),
            "output_shape": Field(_open_sizes, ...),
            "bias_axes": Field(optional(_letters)),
            **REGULARIZED,
            **weights("kernel", "bias"),
            **QUANTIZATION,
        },
        _einsum_dense,
        activated=True,
        weighted=True,
        complete=_rename_letters,
    ),
    Layer("Embedding", EMBEDDING, _EMBEDDING, _embedding, weighted=True),
    Layer(
        "ReversibleEmbedding",
        EMBEDDING,
        {
            **_EMBEDDING,
            "tie_weights": Field(boolean, True),
            "reverse_dtype": UNSET,
            "logit_soft_cap": Field(optional(number(0, 1e6))),
        },
        _reversible_embedding,
        weighted=True,
        call={"reverse": Field(boolean, False)},
    ),
    Layer("Identity", ANY, simplest=lambda settings: None),
    Layer(
        "Masking",
        Family(gettext_noop("a masking layer")),
        {"mask_value": Field(number(-1e9, 1e9), 0.0)},
        same_shape,
    ),
)
