"""Names from file systems and archives, made safe to show and to write."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

MAX_SLUG_CHARACTERS = 80
# A file name may have 255 bytes on common file systems; this leaves room for ".html" and a temporary suffix.
MAX_SLUG_BYTES = 200
_DIGEST_DIGITS = 20
# A stem that could equal another one's digested form, or names a device on Windows, is digested as well.
_AMBIGUOUS = re.compile(rf"-[0-9a-f]{{{_DIGEST_DIGITS}}}$|^(con|prn|aux|nul|(com|lpt)[0-9])(\..*)?$")


def shown_name(name: str) -> str:
    """`name` as it is shown: composed Unicode, without control, bidirectional-override or invisible characters.

    Bytes that are not UTF-8 (the file system's surrogates) are read as Windows-1252, the likeliest other encoding.
    """
    if name.isascii() and name.isprintable():  # nearly every one, and an archive may hold tens of thousands
        return " ".join(name.split())
    if any("\ud800" <= character <= "\udfff" for character in name):
        name = name.encode("utf-8", "surrogateescape" if _escaped(name) else "replace").decode("cp1252", "replace")
    composed = unicodedata.normalize("NFC", name)
    # Cc, Cf, Cs, Co and Cn; line and paragraph separators count as white space.
    visible = "".join(
        " " if character.isspace() else "" if unicodedata.category(character)[0] == "C" else character
        for character in composed
    )
    return " ".join(visible.split())


def _escaped(name: str) -> bool:
    return all("\udc80" <= character <= "\udcff" for character in name if "\ud800" <= character <= "\udfff")


def same_student(name: str) -> str:
    """A key that names of the same student share: `Anna` and `anna` do, `Strauß` and `Strauss` do not."""
    return unicodedata.normalize("NFC", shown_name(name).lower())


def slugs(students: Iterable[str]) -> dict[str, str]:
    """A file stem for each student: readable, safe on every file system, and unique when case is ignored.

    The stem of a student depends on the other students, but not on their order. If two would be equal, both get a
    digest of their name.
    """
    everyone = sorted(set(students))
    stems = {student: _stem(student) for student in everyone}
    taken = Counter(_alike(stem) for stem in stems.values())
    return {
        student: _digested(stem, student)
        if not stem or taken[_alike(stem)] > 1 or _AMBIGUOUS.search(_alike(stem))
        else stem
        for student, stem in stems.items()
    }


def _stem(student: str) -> str:
    """Letters, marks, digits, dots, dashes and underscores of a name; anything else becomes a dash."""
    kept = "".join(
        character if unicodedata.category(character)[0] in "LMN" or character in "._" else "-"
        for character in shown_name(student)
    )
    return _cut(re.sub(r"-{2,}", "-", re.sub(r"\.{2,}", ".", kept)).strip("-._"), MAX_SLUG_CHARACTERS)


def _cut(stem: str, characters: int) -> str:
    shortened = stem[:characters].encode("utf-8")[:MAX_SLUG_BYTES].decode("utf-8", "ignore")
    return shortened.rstrip("-._")


def _digested(stem: str, student: str) -> str:
    digest = hashlib.sha256(student.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_DIGITS]
    return f"{_cut(stem, MAX_SLUG_CHARACTERS - _DIGEST_DIGITS - 1) or 'student'}-{digest}"


def _alike(stem: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", stem).casefold())
