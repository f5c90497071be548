"""Numbers, names and states as people read them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autograder.checks.base import Dependency


_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufff9-\ufffb]"
)
# A line break within a paragraph: no empty line, list, quotation, table or indented line follows.
_WRAPPED = re.compile(r"(?<=[^\n])(?<!  )\n(?![\n\s>|#`]|[-*+] |\d+[.)] )")

# What a student reads, and what a lecturer reads, of the same state.
STUDENT_STATUS: Mapping[str, str] = {
    "correct": "right",
    "partial": "partly right",
    "wrong": "not right yet",
    "not_reached": "not reached",
    "needs_review": "waits for your lecturer",
    "error": "could not be graded",
}
CLASS_STATUS: Mapping[str, str] = {
    "correct": "correct",
    "partial": "partial",
    "wrong": "wrong",
    "not_reached": "not reached",
    "needs_review": "waits for a person",
    "error": "grading failed",
}
ROW_STATE: Mapping[str, str] = {
    "same": "as expected",
    "different": "differs",
    "missing": "missing",
    "extra": "not expected",
    "moved": "in another place",
    "consequence": "only follows",
}


def visible(text: str) -> str:
    """`text` without characters that hide, reorder or break what is around them: each is shown by its code instead.

    Such are control characters, the marks that turn the direction of writing (with which code can be made to read
    as what it is not), and lone surrogates, which no file can hold.
    """
    return _CONTROLS.sub(lambda match: f"⟨{ord(match[0]):04X}⟩", text)


def points(value: float) -> str:
    """A number of points, to a thousandth, without trailing zeros: 5, 3.75, 1,250.5."""
    if not math.isfinite(value):
        return "–"
    text = f"{value:,.3f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def point_count(value: float) -> str:
    """The number with its noun: "1 point", "3.75 points"."""
    return f"{points(value)} {'point' if value == 1 else 'points'}"


def integer(value: int | None) -> str:
    """A whole number with thousands separators, a dash for none."""
    return "–" if value is None else f"{value:,}"


def counted(number: int, noun: str, plural: str = "") -> str:
    """The number with its noun: "1 row", "1,200 rows"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def percent(share: float) -> str:
    """A share of 0..1 in whole percent; never "100 %" for less than all, nor "0 %" for more than nothing."""
    if not math.isfinite(share):
        return "–"
    whole = round(share * 100)
    if whole == 100 and share < 1:
        whole = 99
    if whole == 0 and share > 0:
        return "<1 %"
    return f"{whole} %"


def accuracy(value: float, against: float | None = None) -> str:
    """An accuracy (0..1) to three decimals, or to as many as it takes to tell it from the other number."""
    if not math.isfinite(value):
        return "–"
    for decimals in range(3, 7):
        text = f"{value:.{decimals}f}"
        if against is None or against == value or text != f"{against:.{decimals}f}":
            break
    return text


def duration(seconds: float) -> str:
    """How long something took: "0.4 seconds", "12 seconds", "2 min 5 s"."""
    if not math.isfinite(seconds) or seconds < 0:
        return "–"
    if seconds < 9.95:
        return f"{seconds:.1f} seconds"
    if seconds < 119.5:
        return f"{seconds:.0f} seconds"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes:,} min {rest} s"


def reflowed(text: str) -> str:
    """What was written in Markdown, with the lines of a paragraph joined; lists and empty lines stay."""
    return _WRAPPED.sub(" ", text)


def day(moment: str) -> str:
    """The day of a moment that is given in ISO 8601: "24 November 2026"; as it stands where it is no such moment."""
    try:
        parsed = datetime.fromisoformat(moment)
    except ValueError:
        return moment
    return f"{parsed.day} {parsed:%B %Y}"


def condition(dependency: Dependency, title: str) -> str:
    """The sentence that says what a question depends on."""
    if dependency.share >= 1:
        amount = "all"
    elif dependency.share == 0.5:
        amount = "at least half"
    else:
        amount = f"at least {percent(dependency.share)}"
    return f"This counts only where {amount} of “{title}” is right. {dependency.because}".rstrip()


def anchor(where: str) -> str:
    """The place on the page that a finding's `where` names: "cell 7, line 3" or "code cell 4"; "" for any other."""
    match = re.match(r"(code )?cell ([1-9][0-9]{0,4})\b", where)
    if match is None:
        return ""
    return f"{'code' if match[1] else 'cell'}-{match[2]}"
