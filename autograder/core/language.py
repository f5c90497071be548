"""The language in which students and lecturers are addressed.

Every sentence of ours stands in the code in English. What is shown right away is the argument of `gettext` (or
`ngettext`); what is stored or passed on is a `Message` (`autograder.core.messages`), which becomes a sentence only
where somebody reads it. A language is one gettext catalogue, `languages/<code>.po`, which maps those sentences to its
own; a sentence that it lacks, or whose placeholders differ, stays English. docs/languages.md says how a course adds a
language.

The language is that of the assignment, set for as long as one of its results is shown (`use_language`).
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
# A folder with catalogues of one's own, which come before the packaged ones.
FOLDER_VARIABLE = "AUTOGRADER_LANGUAGES"
# Between the thousands in every language but English: ISO 80000-1 allows neither a point nor a comma there, and in an
# exercise on code 307.300 would be read as 307.3.
_THIN_SPACE = "\u202f"

_active: ContextVar[str] = ContextVar("language", default=ENGLISH)


def gettext_noop(template: str) -> str:
    """`template` itself: marks a sentence that stands in a table of ours for the catalogue, to be used later."""
    return template


def gettext(template: str, /, **values: object) -> str:
    """The sentence in the active language, with `{name}` in it replaced by the values.

    Values are put in as `str.format` does; whole numbers get their thousands separator from `{name:,}`.
    """
    return filled(_translations(_active.get()).gettext(template), template, values)


def ngettext(one: str, many: str, number: int, /, **values: object) -> str:
    """The sentence for one or for many, `{number}` in it being the number with its thousands separators."""
    english = one if number == 1 else many
    translated = _translations(_active.get()).ngettext(one, many, number)
    return filled(translated, english, {"number": integer(number), **values})


def filled(translated: str, english: str, values: Mapping[str, object]) -> str:
    """A sentence as the catalogue has it, `translated`, with its values in it; `english` where they do not fit."""
    if translated is not english:
        try:
            return _FORMATTER.vformat(translated, (), values)
        except (KeyError, IndexError, ValueError):
            pass
    return _FORMATTER.vformat(english, (), values)


@contextmanager
def use_language(language: str) -> Iterator[None]:
    """Address the reader in `language` inside the block; in English where there is no catalogue for it."""
    token = _active.set(language)
    try:
        yield
    finally:
        _active.reset(token)


def active() -> str:
    """The code of the language in use."""
    return _active.get()


def integer(value: int) -> str:
    """A whole number with separators between its thousands: 307,300 in English, else with a narrow space."""
    text = f"{value:,}"
    return text if _active.get() == ENGLISH else text.replace(",", _THIN_SPACE)


def decimal(text: str) -> str:
    """A number as `format` wrote it, with the separators of the active language."""
    if _active.get() == ENGLISH:
        return text
    whole, point, rest = text.partition(".")
    return whole.replace(",", _THIN_SPACE) + (_decimal_mark(_active.get()) if point else "") + rest


def plain_number(value: float) -> str:
    """A number as it is written into a form, without separators of thousands: 3.75, in German 3,75."""
    return decimal(f"{value:g}")


def percentage(share: float) -> str:
    """A share (0..1) in whole percent: 53% in English, else with a narrow space before the sign (ISO 80000-1)."""
    text = f"{share:.0%}"
    return text if _active.get() == ENGLISH else text.replace("%", f"{_THIN_SPACE}%")


def available() -> list[str]:
    """The codes of the languages that there are, English first."""
    found = {path.stem for folder in _folders() if folder.is_dir() for path in folder.glob("*.po")}
    return [ENGLISH, *sorted(found - {ENGLISH})]


def catalogue(language: str) -> bytes:
    """The catalogue of a language as it is stored; b"" for English and for a language that has none."""
    if language == ENGLISH:
        return b""
    paths = (folder / f"{language}.po" for folder in _folders())
    found = next((path for path in paths if path.is_file()), None)
    return b"" if found is None else found.read_bytes()


def unusable(language: str) -> str:
    """Why the catalogue of a language cannot be used, as a sentence; "" where it can."""
    try:
        _translations(language)
    except Exception as error:  # Babel raises what its parts raise: PoFileError, UnicodeDecodeError, LookupError
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
    # Babel takes a moment to import, which English need not wait for.
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
    """As `str.format`, with the separators of the active language in numbers that have a format of their own.

    `{thing!c}` begins with a capital letter, for a value at the beginning of a sentence.
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
        return decimal(text.replace("%", f"{_THIN_SPACE}%"))


_FORMATTER = _Formatter()
