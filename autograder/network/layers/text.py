"""Layers that look words up. A vocabulary learned from data is not a setting, and only its size is known."""

from __future__ import annotations

from typing import Any

from autograder.core.language import gettext_noop
from autograder.core.messages import phrase
from autograder.network.architecture import Shape
from autograder.network.layers.preprocessing import (
    PREPROCESSING,
    categories,
    encoding,
    number_list,
    salt,
    word_or_number,
)
from autograder.network.layers.record import Family, Field, Fields, Layer, add
from autograder.network.shapes import Measured, Misfit, Settings, words
from autograder.network.values import (
    UnknownNetwork,
    boolean,
    choice,
    integer,
    integers,
    only,
    optional,
    read_list,
)

TEXT = Family(gettext_noop("a layer that turns text into numbers"), "preprocessing")

_MOST_WORDS = 10_000
_COUNT = integer(1, 2**24)
_OOV = choice("floormod", "farmhash")
_MODES = ("int", "one_hot", "multi_hot", "count", "tf_idf")


def _vocabulary(value: object) -> list[str | int]:
    if isinstance(value, str):
        raise UnknownNetwork(phrase("its vocabulary is in a file, which is not read here"))
    return [word_or_number(item) for item in read_list(value, _MOST_WORDS)]


def _ngrams(value: object) -> Any:
    return integers(1, 64)(value) if isinstance(value, list | tuple) else integer(1, 64)(value)


_WORDS: Fields = {
    "max_tokens": Field(optional(_COUNT)),
    "pad_to_max_tokens": Field(boolean, False),
    "vocabulary": Field(optional(_vocabulary)),
    "vocabulary_size": Field(optional(_COUNT)),
    "idf_weights": Field(optional(number_list)),
}


def _lookup_fields(usual: str | int) -> Fields:
    return {
        **_WORDS,
        "num_oov_indices": Field(integer(0, 4096), 1),
        "mask_token": Field(optional(word_or_number)),
        "oov_token": Field(optional(word_or_number), usual),
        "invert": Field(boolean, False),
        **encoding(*_MODES),
        "salt": Field(optional(salt)),
    }


def _size_of_given(settings: dict[str, Any]) -> None:
    """The size follows from a given vocabulary."""
    if settings["vocabulary"] is not None:
        settings["vocabulary_size"] = None


def _depth(settings: Settings, special: int) -> int | None:
    """The number of places in a row: one for each word, plus those for words outside the vocabulary."""
    if settings["pad_to_max_tokens"] and settings["max_tokens"]:
        return int(settings["max_tokens"])
    if settings["vocabulary"] is None:
        return settings["vocabulary_size"]  # type: ignore[no-any-return]
    return len(settings["vocabulary"]) + special


def _lookup(settings: Settings, shape: Shape) -> Measured:
    depth = _depth(settings, settings["num_oov_indices"])
    return Measured(categories(settings, shape, depth))


def _text(settings: Settings, shape: Shape) -> Measured:
    if len(shape) > 2 or (len(shape) == 2 and shape[1] != 1 and settings["split"] is not None):
        raise Misfit(phrase("TextVectorization reads one text, but gets {shape}", shape=words(shape)))
    if settings["output_mode"] == "int":
        if settings["split"] is None and len(shape) == 2 and settings["output_sequence_length"] is None:
            return Measured(shape)
        return Measured((shape[0], settings["output_sequence_length"]))
    tokens = (*shape, None) if settings["split"] is not None else shape
    return Measured(categories(settings, tokens, _depth(settings, 1)))


add(
    Layer(
        "StringLookup",
        TEXT,
        {
            **_lookup_fields("[UNK]"),
            "oov_method": Field(_OOV, "floormod", kept=False),  # strings have only one hashing method
            "encoding": Field(only("utf-8"), "utf-8", kept=False),
        },
        _lookup,
        complete=_size_of_given,
        dtype="string",
    ),
    Layer(
        "IntegerLookup",
        PREPROCESSING,
        {
            **_lookup_fields(-1),
            "oov_method": Field(_OOV, "floormod"),
            "vocabulary_dtype": Field(choice("int32", "int64"), "int64", kept=False),
        },
        _lookup,
        complete=_size_of_given,
        dtype="int64",
    ),
    Layer(
        "TextVectorization",
        TEXT,
        {
            **_WORDS,
            "standardize": Field(
                optional(choice("lower_and_strip_punctuation", "lower", "strip_punctuation")),
                "lower_and_strip_punctuation",
            ),
            "split": Field(optional(choice("whitespace", "character")), "whitespace"),
            "ngrams": Field(optional(_ngrams)),
            **encoding(*_MODES),
            "output_sequence_length": Field(optional(_COUNT)),
            "ragged": Field(only(False), False, kept=False),
            "encoding": Field(only("utf-8"), "utf-8", kept=False),
        },
        _text,
        complete=_size_of_given,
        dtype="string",
    ),
)
