"""Messages: made once as data, stored, and read in any language."""

from __future__ import annotations

import json

import pytest
from pydantic import TypeAdapter, ValidationError

from autograder.core.language import use_language
from autograder.core.messages import (
    NOTHING,
    Message,
    Text,
    in_plain_text,
    in_turn,
    message,
    nmessage,
    nphrase,
    phrase,
    verbatim,
)

TEXT: TypeAdapter[Message] = TypeAdapter(Text)


def stored(said: Message) -> Message:
    """The message after it was written down and read again."""
    return TEXT.validate_json(said.model_dump_json())


MESSAGES = [
    message("layer.missing", "{thing!c} is missing.", thing=phrase("a pooling layer")),
    message("x.numbers", "{given:,} of {share:.0%}, {loss:.2f}.", given=307_300, share=0.535, loss=0.25),
    nmessage("x.rows", "{number} row is missing", "{number} rows are missing", 2),
    in_turn(message("x.one", "One."), verbatim("Two {braces}."), NOTHING),
    message(
        "x.list", "{all}.", all=("a", phrase("a convolution"), nphrase("{count} unit", "{count} units", 3, count=3))
    ),
]


@pytest.mark.parametrize(
    ("said", "english"),
    zip(
        MESSAGES,
        [
            "A pooling layer is missing.",
            "307,300 of 54%, 0.25.",
            "2 rows are missing",
            "One. Two {braces}.",
            "a, a convolution and 3 units.",
        ],
        strict=True,
    ),
)
def test_a_message_says_the_same_before_and_after_it_was_stored(said: Message, english: str) -> None:
    assert str(said) == str(stored(said)) == english
    assert (stored(said).code, hash(stored(said))) == (said.code, hash(said))
    assert stored(stored(said)) == stored(said)


def test_a_message_is_read_in_the_language_of_the_moment() -> None:
    with use_language("de"):
        assert [str(stored(said)) for said in MESSAGES[1:3]] == ["307\u202f300 of 54\u202f%, 0,25.", "2 Zeilen fehlen"]
        assert str(MESSAGES[4]) == "a, eine Faltung und 3 Einheiten."
        assert MESSAGES[2].english == "2 rows are missing"


def test_plain_text_is_stored_as_text_and_is_in_no_catalogue() -> None:
    assert json.loads(verbatim("cell {number}").model_dump_json()) == "cell {number}"
    assert TEXT.validate_python("cell {number}") == verbatim("cell {number}")
    with use_language("de"):
        assert str(verbatim("A pooling layer is missing.")) == "A pooling layer is missing."


def test_nothing_says_nothing() -> None:
    assert (bool(NOTHING), str(NOTHING), verbatim("")) == (False, "", NOTHING)
    assert in_turn() == in_turn("", NOTHING) == NOTHING
    assert in_turn("", MESSAGES[0]) == MESSAGES[0]


def test_for_programs_the_values_are_plain_and_english() -> None:
    with use_language("de"):
        assert MESSAGES[0].plain_values() == {"thing": "a pooling layer"}
        assert MESSAGES[4].plain_values() == {"all": ["a", "a convolution", "3 units"]}


def test_what_a_student_wrote_is_never_a_template() -> None:
    hostile = "{0.__class__}{thing}{"
    assert str(message("x.y", "`{given}` is none.", given=hostile)) == f"`{hostile}` is none."
    assert str(in_turn(hostile, MESSAGES[0])) == f"{hostile} A pooling layer is missing."
    assert str(stored(verbatim(hostile))) == hostile


def test_what_is_nested_without_end_or_no_plain_value_is_refused() -> None:
    endless: object = "x"
    for _ in range(40):
        endless = [endless]
    for values in ({"x": endless}, {"x": {1, 2}}, {"x": b"bytes"}):
        with pytest.raises(ValidationError):
            Message.model_validate({"text": "{x}", "values": values})


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("Give `q1` a number.", "Give q1 a number."),
        ("Keras has ``units``, not `output_dim`.", "Keras has units, not output_dim."),
        ("One ` alone stays, and so does ```\na fence```.", "One ` alone stays, and so does ```\na fence```."),
    ],
)
def test_plain_text_has_code_without_backticks(said: str, read: str) -> None:
    assert in_plain_text(message("x.code", "{text}", text=said)) == read
