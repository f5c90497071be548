from __future__ import annotations

import random
import re
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from autograder.intake.names import same_student, shown_name, slugs

TEXT = st.text(st.characters(), max_size=120)  # lone surrogates included


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Anna Müller", "Anna-Müller"),
        ("../../etc/passwd", "etc-passwd"),
        ("李 明", "李-明"),
        ('Bobby "; DROP TABLE', "Bobby-DROP-TABLE"),
        ("<script>alert(1)</script>", "script-alert-1-script"),
        (".hidden", "hidden"),
        ("mueller_1.2", "mueller_1.2"),
    ],
)
def test_a_slug_keeps_what_is_readable(name: str, slug: str) -> None:
    assert slugs([name]) == {name: slug}


@pytest.mark.parametrize(
    "pair", [("a b", "a-b"), ("Ann", "ann"), ("Strauß", "STRAUSS"), ("ﬁn", "fin"), ("x" * 90, "x" * 91)]
)
def test_slugs_that_would_be_alike_carry_a_digest(pair: tuple[str, str]) -> None:
    given_slugs = slugs(pair)
    assert all(re.search(r"-[0-9a-f]{20}$", slug) for slug in given_slugs.values())


def test_a_student_cannot_take_the_slug_that_another_gets() -> None:
    taken = slugs(["a b", "a-b"])["a b"]
    assert len({slug.casefold() for slug in slugs(["a b", "a-b", taken, taken.upper()]).values()}) == 4


@pytest.mark.parametrize("name", ["con", "NUL", "com1", "aux.x", "", "...", "\u202e", "💥"])
def test_names_that_no_file_may_have_become_digests(name: str) -> None:
    assert re.fullmatch(r"[\w.]+-[0-9a-f]{20}", slugs([name])[name])


@settings(max_examples=500, deadline=None)
@given(
    st.lists(TEXT | st.sampled_from(["a b", "A-b", "a_b", "ß", "SS", "con", "é", "e\u0301"]), max_size=12), st.randoms()
)
@example(["x" * 79 + "é", "x" * 79 + "e\u0301"], random.Random(0))
def test_slugs_are_safe_unique_and_independent_of_order(students: list[str], chance: random.Random) -> None:
    named = slugs(students)
    shuffled = list(students)
    chance.shuffle(shuffled)
    assert slugs(shuffled) == named
    folded = [unicodedata.normalize("NFC", slug).casefold() for slug in named.values()]
    assert len(set(folded)) == len(set(students))
    for slug in named.values():
        assert 0 < len(slug) <= 80
        assert len(slug.encode()) <= 200
        assert not re.search(r"[\s/\\:*?\"'<>|&%#\x00-\x1f]", slug)
        assert not slug.startswith((".", "-"))
        assert not slug.endswith(".")


@given(TEXT)
def test_a_shown_name_is_plain_text_that_stays_as_it_is(name: str) -> None:
    once = shown_name(name)
    once.encode()
    assert shown_name(once) == once
    assert not any(unicodedata.category(character)[0] == "C" for character in once)
    assert same_student(once) == same_student(name)


def test_case_and_composition_do_not_make_another_student_but_spelling_does() -> None:
    assert same_student("Zoë") == same_student("zoe\u0308")
    assert same_student("Strauß") != same_student("Strauss")
