"""The names of the members of a zip archive, in the encoding they were written in.

The format defines two encodings, code page 437 and UTF-8 with a flag; programs write others. A name is decoded by the
flag, then by the field that some programs add for it (Info-ZIP's Unicode Path, 0x7075), then as UTF-8; if none of
these applies, all such names of the archive are decoded by the code page in which they look most like names.
"""

from __future__ import annotations

import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Sequence

_UTF8_NAME = 0x800
_UNICODE_PATH = 0x7075
# If two fit equally, the first counts: that of DOS and of Windows' own "compressed folders" in Western Europe, then
# Windows programs', then Central Europe's, then mainland China's.
_CODE_PAGES = ("cp850", "cp437", "cp1252", "cp852", "gbk")
_MAX_SAMPLE = 2000
# Letters that are rare in names.
_RARE = frozenset("þÞðÐƒÿªº")


def member_names(members: Sequence[zipfile.ZipInfo]) -> list[str]:
    """The name of every member, in their order."""
    names = [_certain(member) for member in members]
    unclear = [_raw(member) for member, name in zip(members, names, strict=True) if name is None]
    page = _code_page(unclear) if unclear else ""
    return [
        _raw(member).decode(page, "replace") if name is None else name
        for member, name in zip(members, names, strict=True)
    ]


def _certain(member: zipfile.ZipInfo) -> str | None:
    """The name if its encoding is known; None otherwise."""
    name = member.orig_filename
    if member.flag_bits & _UTF8_NAME or name.isascii():
        return name
    try:
        raw = _raw(member)
        return _unicode_path(member.extra, raw) or raw.decode("utf-8")
    except UnicodeError:
        return None


def _raw(member: zipfile.ZipInfo) -> bytes:
    """The bytes of a name that `zipfile` read as code page 437."""
    return member.orig_filename.encode("cp437", "replace")


def _unicode_path(extra: bytes, raw: bytes) -> str:
    """The name in the Unicode Path field; "" if there is none, or if it belongs to another name."""
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        held = extra[4 : 4 + size]
        if kind == _UNICODE_PATH and len(held) > 5 and held[0] == 1:
            (checksum,) = struct.unpack_from("<L", held, 1)
            return held[5:].decode("utf-8", "strict") if checksum == zlib.crc32(raw) else ""
        extra = extra[4 + size :]
    return ""


def _code_page(names: Iterable[bytes]) -> str:
    """The code page in which the names look most like names."""
    sample = b"/".join(names)[:_MAX_SAMPLE]
    return max(_CODE_PAGES, key=lambda page: _likeness(sample.decode(page, "replace")))


def _likeness(text: str) -> float:
    """How much of the text beyond ASCII looks like names, counted in bytes."""
    total = 0.0
    for place, character in enumerate(text):
        if character.isascii():
            continue
        before, after = text[place - 1 : place], text[place + 1 : place + 2]
        if "\u4e00" <= character <= "\u9fff":
            total += _commonness(character)
        elif not unicodedata.category(character).startswith("L") or not _latin(character):
            total -= 1
        elif character.isupper() and (before.islower() or (before.isalpha() and after.islower())):
            total -= 0.5  # a capital within a word
        elif character in _RARE:
            total += 0.4
        else:
            total += 1
    return total


def _commonness(character: str) -> float:
    """Two bytes' worth for the 3,755 most common Chinese characters, which come first in GB 2312; less for others."""
    try:
        first = character.encode("gb2312")[0]
    except UnicodeEncodeError:
        return -2
    return 2 if first <= 0xD7 else 1


def _latin(character: str) -> bool:
    return unicodedata.name(character, "").startswith("LATIN")
