"""The language of everything students and lecturers read.

Sentences are written in English in the code. Text that is shown at once is the argument of `gettext` or `ngettext`;
text that is stored or passed on is a `Message` (`autograder.core.messages`), which becomes a sentence when displayed.
A language is one gettext catalogue, `languages/<code>.po`. A sentence that is missing from it, or whose placeholders
differ, stays English. docs/languages.md says how a course adds a language.

The language is the assignment's, active while one of its results is displayed (`use_language`).
"""

from __future__ import annotations

import functools
import os
import string
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from gettext import NullTranslations
from importlib import resources
from pathlib import Path
from typing import Any

ENGLISH = "en"
# A folder with the course's catalogues, which take precedence over the packaged ones.
FOLDER_VARIABLE = "AUTOGRADER_LANGUAGES"
# The thousands separator in every language but English: ISO 80000-1 allows neither a point nor a comma, and in a
# programming exercise 307.300 would be read as 307.3.
_THIN_SPACE = "\u202f"

_active: ContextVar[str] = ContextVar("language", default=ENGLISH)


def gettext_noop(template: str) -> str:
    """`template` unchanged: marks a sentence in a table for extraction into the catalogue."""
    return template


def gettext(template: str, /, **values: object) -> str:
    """The sentence in the active language, with each `{name}` replaced by its value.

    Values are formatted as by `str.format`; `{name:,}` gives whole numbers a thousands separator.
    """
    return filled(_translations(_active.get()).gettext(template), template, values)


def ngettext(one: str, many: str, number: int, /, **values: object) -> str:
    """The singular or plural sentence; `{number}` is the number with thousands separators."""
    english = one if number == 1 else many
    translated = _translations(_active.get()).ngettext(one, many, number)
    return filled(translated, english, {"number": format_integer(number), **values})


def filled(translated: str, english: str, values: Mapping[str, object]) -> str:
    """The sentence `translated` with its values filled in; `english` if they do not fit its placeholders."""
    if translated is not english:
        try:
            return _FORMATTER.vformat(translated, (), values)
        except (KeyError, IndexError, ValueError):
            pass
    return _FORMATTER.vformat(english, (), values)


@contextmanager
def use_language(language: str) -> Iterator[None]:
    """Use `language` inside the block; English if there is no catalogue for it."""
    token = _active.set(language)
    try:
        yield
    finally:
        _active.reset(token)


def active() -> str:
    """The code of the active language."""
    return _active.get()


def format_integer(value: int) -> str:
    """A whole number with thousands separators: 307,300 in English, else a narrow space."""
    text = f"{value:,}"
    return text if _active.get() == ENGLISH else text.replace(",", _THIN_SPACE)


def format_decimal(text: str) -> str:
    """A number formatted by `format`, with the separators of the active language."""
    if _active.get() == ENGLISH:
        return text
    whole, point, rest = text.partition(".")
    return whole.replace(",", _THIN_SPACE) + (_decimal_mark(_active.get()) if point else "") + rest


def plain_number(value: float) -> str:
    """A number for a form field, without thousands separators: 3.75, in German 3,75."""
    return format_decimal(f"{value:g}")


def available() -> list[str]:
    """The codes of the available languages, English first."""
    found = {path.stem for folder in _folders() if folder.is_dir() for path in folder.glob("*.po")}
    return [ENGLISH, *sorted(found - {ENGLISH})]


def catalogue(language: str) -> bytes:
    """The bytes of a language's catalogue; b"" for English and for a language without a catalogue."""
    if language == ENGLISH:
        return b""
    paths = (folder / f"{language}.po" for folder in _folders())
    found = next((path for path in paths if path.is_file()), None)
    return b"" if found is None else found.read_bytes()


def unusable(language: str) -> str:
    """Why the catalogue of a language cannot be used, as a sentence; "" if it can."""
    try:
        _translations(language)
    except Exception as error:  # Babel lets errors of its parts through: PoFileError, UnicodeDecodeError, LookupError
        return f"The catalogue {language}.po cannot be read: {error}"
    return ""


def _folders() -> list[Path]:
    own = os.environ.get(FOLDER_VARIABLE)
    packaged = Path(str(resources.files("autograder") / "core" / "languages"))
    return [*([Path(own).expanduser()] if own else []), packaged]


@functools.cache
def _translations(language: str) -> NullTranslations:
    content = catalogue(language)
    if not content:
        return NullTranslations()
    # Imported late: Babel takes a moment to import, and English does not need it.
    from io import BytesIO

    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po
    from babel.support import Translations

    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(content), locale=language, abort_invalid=True))
    compiled.seek(0)
    return Translations(compiled)


@functools.cache
def _decimal_mark(language: str) -> str:
    from babel import Locale, UnknownLocaleError

    try:
        return str(Locale.parse(language).number_symbols["latn"]["decimal"])
    except (UnknownLocaleError, KeyError):
        return "."


class _Formatter(string.Formatter):
    """Like `str.format`, but numbers with a format specification get the separators of the active language.

    `{thing!c}` capitalizes the first letter, for a value at the beginning of a sentence.
    """

    def convert_field(self, value: object, conversion: Any) -> Any:
        if conversion != "c":
            return super().convert_field(value, conversion)
        text = str(value)
        return text[:1].upper() + text[1:]

    def format_field(self, value: object, format_spec: str) -> str:
        text = str(super().format_field(value, format_spec))
        if not format_spec or not isinstance(value, int | float) or _active.get() == ENGLISH:
            return text
        return format_decimal(text.replace("%", f"{_THIN_SPACE}%"))


_FORMATTER = _Formatter()
