"""Sentences in the language of the assignment; the sentence in the code wherever the catalogue cannot help."""

from pathlib import Path

import pytest

from autograder.core import language
from autograder.core.language import format_integer, gettext, ngettext, use_language

CATALOGUE = r"""
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"

msgid "{layer} is missing."
msgstr "{layer} fehlt."

msgid "It should have {count:,} parameters."
msgstr "Es sollten {count:,} Parameter sein."

msgid "It reached {accuracy:.3f}."
msgstr "Erreicht wurden {accuracy:.3f}."

msgid "Placeholders of {one}."
msgstr "Platzhalter von {two}."

msgid "{number} row"
msgid_plural "{number} rows"
msgstr[0] "{number} Zeile"
msgstr[1] "{number} Zeilen"
"""


@pytest.fixture(autouse=True)
def _catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "de.po").write_text(CATALOGUE, encoding="utf-8")
    monkeypatch.setenv(language.FOLDER_VARIABLE, str(tmp_path))
    language._translations.cache_clear()
    yield
    language._translations.cache_clear()


def test_english_is_what_stands_in_the_code():
    assert gettext("{layer} is missing.", layer="Flatten") == "Flatten is missing."
    assert gettext("It should have {count:,} parameters.", count=307300) == "It should have 307,300 parameters."


def test_a_sentence_is_said_in_the_language_of_the_moment():
    with use_language("de"):
        assert gettext("{layer} is missing.", layer="Flatten") == "Flatten fehlt."
        assert language.active() == "de"
    assert language.active() == "en"


def test_thousands_cannot_be_read_as_a_decimal_point():
    with use_language("de"):
        expected = gettext("It should have {count:,} parameters.", count=307300)
        assert expected == "Es sollten 307\u202f300 Parameter sein."
        assert format_integer(695970) == "695\u202f970"


def test_decimals_have_the_mark_of_the_language():
    with use_language("de"):
        assert gettext("It reached {accuracy:.3f}.", accuracy=0.94) == "Erreicht wurden 0,940."


@pytest.mark.parametrize(("number", "expected"), [(1, "1 Zeile"), (0, "0 Zeilen"), (1200, "1\u202f200 Zeilen")])
def test_a_number_has_its_noun(number: int, expected: str):
    with use_language("de"):
        assert ngettext("{number} row", "{number} rows", number) == expected


@pytest.mark.parametrize("code", ["de", "fr", "xx"])
def test_what_the_catalogue_lacks_stays_english(code: str):
    with use_language(code):
        assert gettext("Nothing of {name}.", name="this") == "Nothing of this."


def test_a_translation_with_other_placeholders_is_not_used():
    with use_language("de"):
        assert gettext("Placeholders of {one}.", one="mine") == "Placeholders of mine."


def test_what_a_student_wrote_is_never_taken_as_a_placeholder():
    with use_language("de"):
        assert gettext("{layer} is missing.", layer="{0.__class__}") == "{0.__class__} fehlt."
