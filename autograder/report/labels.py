"""Numbers, names and states as people read them, in the active language."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from autograder.core import language
from autograder.core.language import format_decimal, gettext, gettext_noop
from autograder.core.messages import Message
from autograder.core.total import of_points as of_points
from autograder.core.total import points as points
from autograder.records.result import RowCells

if TYPE_CHECKING:
    from autograder.checks.base import Dependency


_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufff9-\ufffb]"
)
# A line break within a paragraph: no empty line, list, quotation, table or indented line follows.
_WRAPPED = re.compile(r"(?<=[^\n])(?<!  )\n(?![\n\s>|#`]|[-*+] |\d+[.)] )")

# What a student reads, and what a lecturer reads, for the same state; to be translated.
STUDENT_STATUS: Mapping[str, str] = {
    "correct": gettext_noop("right"),
    "partial": gettext_noop("partly right"),
    "wrong": gettext_noop("not right yet"),
    "not_reached": gettext_noop("not reached"),
    "needs_review": gettext_noop("waits for your lecturer"),
    "error": gettext_noop("could not be graded"),
}
CLASS_STATUS: Mapping[str, str] = {
    "correct": gettext_noop("correct"),
    "partial": gettext_noop("partial"),
    "wrong": gettext_noop("wrong"),
    "not_reached": gettext_noop("not reached"),
    "needs_review": gettext_noop("needs review"),
    "error": gettext_noop("grading failed"),
}
ROW_STATE: Mapping[str, str] = {
    "same": gettext_noop("as expected"),
    "different": gettext_noop("differs"),
    "missing": gettext_noop("missing"),
    "extra": gettext_noop("not expected"),
    "moved": gettext_noop("in another place"),
    "consequence": gettext_noop("only follows"),
}
# Words in results that are not sentences: the isolation, what kept the limits, the device, the
# status of a submission.
_FACTS = frozenset(
    {
        gettext_noop("nothing was executed"),
        gettext_noop("none"),
        gettext_noop("graded"),
        gettext_noop("incomplete"),
        gettext_noop("unreadable"),
        gettext_noop("supervisor"),
    }
)
# By the codes of the places in a notebook that findings name: what their `number` counts.
PLACE_NUMBERS: Mapping[str, str] = {"where.cell": "cell", "where.code_cell": "code", "where.setting": "code"}


def visible(text: str) -> str:
    """`text` without characters that hide, reorder or break their surroundings: each is shown as its code instead.

    These are control characters, the marks that turn the direction of writing (which can make code read as what it
    is not), and lone surrogates, which a file cannot hold.
    """
    return _CONTROLS.sub(lambda match: f"⟨{ord(match[0]):04X}⟩", text)


def point_count(value: float) -> str:
    """The number with its noun: "1 point", "3.75 points"."""
    number = points(value)
    return gettext("{points} point", points=number) if value == 1 else gettext("{points} points", points=number)


def integer_or_dash(value: int | None) -> str:
    """A whole number with thousands separators, a dash for none."""
    return "–" if value is None else language.format_integer(value)


def fact(text: str) -> str:
    """A word of a result in the active language; names, such as a device's, stay as they are."""
    return gettext(text) if text in _FACTS else text


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
    """An accuracy (0..1) to three decimals, or to as many as distinguish it from the other number."""
    if not math.isfinite(value):
        return "–"
    for decimals in range(3, 7):
        text = f"{value:.{decimals}f}"
        if against is None or against == value or text != f"{against:.{decimals}f}":
            break
    return format_decimal(text)


def accuracies(values: Sequence[float]) -> str:
    """Several accuracies; if decimals have a comma, they are not separated by commas."""
    between = ", " if format_decimal("0.1") == "0.1" else "; "
    return between.join(map(accuracy, values))


def fixed(value: float, decimals: int) -> str:
    """A number to this many decimals, with a minus that is as wide as a plus."""
    return format_decimal(f"{value:.{decimals}f}".replace("-", "−"))


def duration(seconds: float) -> str:
    """How long something took: "0.4 seconds", "12 seconds", "2 min 5 s"."""
    if not math.isfinite(seconds) or seconds < 0:
        return "–"
    if seconds < 9.95:
        return gettext("{seconds:.1f} seconds", seconds=seconds)
    if seconds < 119.5:
        return gettext("{seconds:.0f} seconds", seconds=seconds)
    minutes, rest = divmod(round(seconds), 60)
    return gettext("{minutes:,} min {seconds} s", minutes=minutes, seconds=rest)


def reflowed(text: str) -> str:
    """Markdown text with the lines of a paragraph joined; lists and empty lines stay."""
    return _WRAPPED.sub(" ", text)


def day(moment: str) -> str:
    """The day of a moment given in ISO 8601: "24 November 2026"; unchanged if it is not such a moment.

    The day is that of this machine's clock: a decision made late in the evening shows that evening's date, whatever UTC
    says.
    """
    try:
        parsed = datetime.fromisoformat(moment)
    except ValueError:
        return moment
    if parsed.tzinfo is not None:
        parsed = parsed.astimezone()
    if language.active() == language.ENGLISH:
        return f"{parsed.day} {parsed:%B %Y}"
    from babel import UnknownLocaleError
    from babel.dates import format_date

    try:
        return format_date(parsed.date(), format="long", locale=language.active())
    except UnknownLocaleError:
        return f"{parsed:%Y-%m-%d}"


def condition(dependency: Dependency, title: str) -> str:
    """The sentence that says what a question depends on."""
    because = dependency.because
    if dependency.share >= 1:
        said = gettext("This counts only where all of “{title}” is right.", title=title)
    elif dependency.share == 0.5:
        said = gettext("This counts only where at least half of “{title}” is right.", title=title)
    else:
        share = percent(dependency.share)
        said = gettext("This counts only where at least {share} of “{title}” is right.", share=share, title=title)
    return f"{said} {because}".rstrip()


def places(where: Message) -> tuple[Message, ...]:
    """The places that a finding's `where` names one after the other, if some of them are on the page."""
    parts = where.values.get("parts")
    named = tuple(one for one in parts if isinstance(one, Message)) if isinstance(parts, tuple | list) else ()
    return named if any(map(anchor, named)) and len(named) == len(parts or ()) else (where,)


def anchor(where: Message) -> str:
    """The place on the page that a finding's `where` names: "cell-7" or "code-4"; "" for any other."""
    kind, number = PLACE_NUMBERS.get(where.code, ""), where.values.get("number")
    return f"{kind}-{number}" if kind and isinstance(number, int) else ""


def settings_text(cells: RowCells) -> str:
    """The settings of a row for reading, with commas between them."""
    return ", ".join(map(str, cells.settings))
