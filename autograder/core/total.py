"""The total score of a submission in words, the same on every page, in the terminal and in tables."""

from __future__ import annotations

import math

from autograder.core.language import format_decimal, gettext, ngettext


def total(score: float, out_of: float, pending: float) -> str:
    """Points earned, out of how many, and how many need review: "9 of 10, 1 needs review", "10 of 10 points"."""
    return f"{points(score)} {beside_score(out_of, pending)}"


def beside_score(out_of: float, pending: float) -> str:
    """What follows a score: "of 10 points", or with points that need review "of 10, 1 needs review"."""
    if not pending:
        return of_points(out_of)
    return ngettext(
        "of {points}, {pending} needs review",
        "of {points}, {pending} need review",
        1 if pending == 1 else 2,
        points=points(out_of),
        pending=points(pending),
    )


def points(value: float) -> str:
    """A number of points, rounded to three decimals, without trailing zeros: 5, 3.75, 1,250.5."""
    if not math.isfinite(value):
        return "–"
    text = f"{value:,.3f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else format_decimal(text)


def of_points(value: float) -> str:
    """The maximum after a score: "of 1 point", "of 3.75 points"; in many languages "of" changes the noun."""
    number = points(value)
    return gettext("of {points} point", points=number) if value == 1 else gettext("of {points} points", points=number)
