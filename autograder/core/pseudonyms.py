"""Names that students choose for themselves: whether one can be read, and whether two look alike."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

# Printable characters that show nothing: a joiner of marks, fillers of Hangul (in NFKC they are U+115F and U+1160),
# inherent vowels of Khmer, selectors of variants, an empty pattern of Braille, a note without a head.
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\ufe00-\ufe0f\U0001d159\U000e0100-\U000e01ef]")
# Scripts that are written together, by the first words of their characters' names.
_TOGETHER = ({"LATIN", "CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"}, {"LATIN", "CJK", "HANGUL"})
# Of letters that look like a Latin one, the most common ones (Unicode Technical Standard 39 lists thousands); a name
# that mixes scripts is not listed at all.
_CAPITALS = str.maketrans("АВЕКМНОРСТУХЅІЈΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEKMHOPCTYXSIJABEZHIKMNOPTYX")
_LIKE = "авгекмнопрстухьѕіјһԁԛԝαβγεικνορτυχωσօոսհøłıi1|0"
_LATIN = "abrekmhonpctyxbsljhdqwabyelkvoptuxwoonuholllllo"
_SMALL = str.maketrans(_LIKE, _LATIN)
_NUMBER = re.compile(r" ?#\d+$")


def readable(name: str, longest: int) -> str:
    """The name in one line and in its usual characters; "" if it is longer than `longest`, cannot be seen or mixes
    scripts, as names do that are to look like another one."""
    line = " ".join(unicodedata.normalize("NFKC", name).replace("\ufe0f", "").split())
    if len(line) > longest or not line.isprintable() or _BLANK.search(line):
        return ""
    kinds = [unicodedata.category(character)[0] for character in line]
    if not set(kinds) & set("LNS") or kinds[0] == "M":
        return ""
    # Letters have two marks at most; piled up, they cover the rows beside.
    if any(first == second == third == "M" for (first, second), (_, third) in pairwise(pairwise(kinds))):
        return ""
    scripts = {unicodedata.name(one, "").split()[0] for one, kind in zip(line, kinds, strict=True) if kind == "L"}
    return line if len(scripts) <= 1 or any(scripts <= together for together in _TOGETHER) else ""


def appearance(name: str) -> str:
    """What a name looks like: the same for two names that are easily taken for each other."""
    letters = unicodedata.normalize("NFKD", _NUMBER.sub("", name))
    bare = "".join(one for one in letters if unicodedata.category(one)[0] in "LNS")
    latin = bare.translate(_CAPITALS).casefold().translate(_SMALL)
    return latin.replace("rn", "m").replace("vv", "w")
