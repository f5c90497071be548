"""What the report has to say by code: the sentences for lectures, and the pages of the Keras documentation."""

from __future__ import annotations

from collections import Counter

import pytest
from messages_in_code import catalogue, codes

from autograder.core.language import ENGLISH, use_language
from autograder.core.messages import Message, in_turn, message, phrase, verbatim
from autograder.network import kinds
from autograder.network.architecture import Operation
from autograder.network.describe import in_words, named, setting_in_words
from autograder.records.result import Finding
from autograder.report import labels, misconceptions
from autograder.report.further_reading import read_on
from autograder.report.generalized import generalized, group_key
from autograder.report.lecture_advice import sentence, topic

LECTURE = catalogue("lecture.toml")["sentences"]
KERAS = catalogue("keras.toml")["pages"]


def named_codes(entries: list[dict[str, object]]) -> list[str]:
    return [code for entry in entries for code in entry.get("codes", [])]  # type: ignore[attr-defined]


@pytest.mark.parametrize("named", [LECTURE, KERAS], ids=["lecture", "keras"])
def test_every_code_in_a_catalogue_is_one_of_the_package_and_stands_there_once(
    named: list[dict[str, object]],
) -> None:
    counted = Counter(named_codes(named))
    assert set(counted) <= set(codes()), set(counted) - set(codes())
    assert max(counted.values()) == 1


def test_every_code_that_the_report_looks_for_is_one_of_the_package() -> None:
    looked_for = misconceptions.FOLLOWING | misconceptions.MISSED | misconceptions.SHOWN
    assert set(codes()) >= looked_for | labels.PLACE_NUMBERS.keys()
    assert [code for code in codes() if code.startswith("depends.")]
    makers = [code for code, said in codes().items() if any("which makes it" in words for (words, *_) in said)]
    assert makers
    assert all(code.startswith("network.") for code in makers)


@pytest.mark.parametrize("entry", LECTURE, ids=lambda entry: entry["codes"][0])
def test_what_a_lecture_speaks_of_is_a_value_of_the_message(entry: dict[str, list[str]]) -> None:
    templates = ["".join(template) for code in entry["codes"] for template in next(iter(codes()[code]))]
    for path in entry.get("what", []):
        assert all(f"{{{path.split('.')[0]}" in template for template in templates), path


def test_layers_and_settings_of_the_documentation_have_words_of_their_own() -> None:
    for page in KERAS:
        for kind in page.get("layers", []):  # type: ignore[attr-defined]
            assert kind in kinds.LAYER_KINDS
            assert in_words(kind) != in_words("Nothing")
        for name in page.get("settings", []):  # type: ignore[attr-defined]
            assert isinstance(setting_in_words(name), Message), name


CONV = Operation(kind="Conv2D", settings={}, inputs=(), label="mine")


@pytest.mark.parametrize(
    ("said", "pages"),
    [
        (message("layer.missing", "{thing!c} is missing.", thing=in_words("AveragePooling1D")), ("Pooling layers",)),
        (message("layer.extra", "{layer} is one layer too many.", layer=named(CONV)), ("Convolution layers",)),
        (message("compile.rate", "The learning rate {rate:g} is not what was asked for.", rate=1.0), ("Optimizers",)),
        (
            message(
                "layer.settings", "The {settings}.", settings=(setting_in_words("units"), setting_in_words("rate"))
            ),
            ("Dense layer", "Regularization layers"),
        ),
        (verbatim("a pooling layer, the loss and the optimizer"), ()),
    ],
)
def test_a_finding_names_the_documentation_of_what_it_speaks_of(said: Message, pages: tuple[str, ...]) -> None:
    for language in (ENGLISH, "de"):
        with use_language(language):
            assert tuple(page.title for page in read_on(Finding(message=said))) == pages


def test_what_was_found_goes_before_the_hint_and_two_pages_are_enough() -> None:
    finding = Finding(
        message=message("compile.other_loss", "The loss {name} is not one for this task.", name="mse"),
        hint=in_turn(message("hint.try_optimizer", "Read on."), message("hint.which_accuracy", "Which?")),
    )
    assert [page.title for page in read_on(finding)] == ["Losses", "Optimizers"]


def test_a_students_own_name_for_a_layer_is_left_out_and_figures_are_dots() -> None:
    said = message(
        "x.y",
        "{layer} has {given:,} of {needed:.2f}, {cells} and {text}.",
        layer=named(CONV),
        given=12_345,
        needed=0.5,
        cells=(3, 4),
        text="12",
    )
    assert str(generalized(said)) == "Conv2D has … of …, … and … and 12."
    with use_language("de"):
        assert str(generalized(said)).startswith("Conv2D has … of …, … ")
    other = named(Operation(kind="Conv2D", settings={}, inputs=(), label="yours"))
    same = said.model_copy(update={"values": {**said.values, "layer": other, "given": 7, "needed": 0.1, "cells": ()}})
    assert group_key(same) == group_key(said)
    dense = named(Operation(kind="Dense", settings={}, inputs=(), label="mine"))
    assert group_key(said.model_copy(update={"values": {**said.values, "layer": dense}})) != group_key(said)


def test_a_sentence_is_said_in_the_language_of_the_moment_whatever_was_judged_in() -> None:
    finding = Finding(message=message("layer.missing", "{thing!c} is missing.", thing=in_words("Conv2D")))
    assert "2 of you left out" in sentence(topic(finding), topic(finding).parts, 2)
    with use_language("de"):
        about = topic(finding)
        assert sentence(about, about.parts, 2).startswith("2 von euch haben weggelassen")
        assert about.parts == ("eine Faltung",)


def test_of_many_parts_the_commonest_are_named() -> None:
    about = topic(Finding(message=message("layer.extra", "{layer} is one layer too many.", layer=phrase("a"))))
    said = sentence(about, list("abcdef"), 3)
    assert "(a, b, c, d and other things)" in said
