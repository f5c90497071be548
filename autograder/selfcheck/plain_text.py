"""Findings as plain text, as the terminal shows those of `autograder check`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter
from textwrap import TextWrapper

from autograder.checks.student_network import StudentNetwork
from autograder.core.language import gettext, gettext_noop
from autograder.core.messages import in_plain_text
from autograder.network.measure import rows, sum_up
from autograder.network.values import shown_value
from autograder.records.result import ComparisonExhibit, Finding, RowCells, Verdict

_WIDTH = 90  # fits an output of JupyterLab on a small screen, with otter's indent

SIGNS = {"correct": "✓", "partial": "◐", "wrong": "✗", "not_reached": "–", "needs_review": "…", "error": "!"}
ROW_SIGNS = {"different": "≠", "missing": "−", "extra": "+", "moved": "↕", "consequence": "~", "same": " "}
STATUS_WORDS = {
    "partial": gettext_noop("partly right"),
    "wrong": gettext_noop("not right yet"),
    "not_reached": gettext_noop("not there yet"),
    "error": gettext_noop("could not be checked"),
}


def heading(verdict: Verdict) -> str:
    """The question and its status."""
    words = STATUS_WORDS.get(verdict.status, verdict.status)
    stands = gettext(words)
    return f"{SIGNS[verdict.status]} {in_plain_text(verdict.title)}: {stands}"


def findings_in_words(found: Verdict | Finding) -> str:
    """Each finding on separate lines, a hint below those that share it, then the differences between the networks.

    Lines are broken between words, because JupyterLab breaks long lines anywhere.
    """
    lines: list[str] = []
    for hint, findings in groupby([found] if isinstance(found, Finding) else found.findings, attrgetter("hint")):
        lines += [line for finding in findings for line in _broken(_line(finding))]
        lines += _broken(in_plain_text(hint), "  → ")
    if isinstance(found, Finding):
        return "\n".join(lines)
    for exhibit in found.exhibits:
        if isinstance(exhibit, ComparisonExhibit):
            lines += ["", *_comparison(exhibit)]
    return "\n".join(lines)


def network_in_words(student: StudentNetwork, name: str) -> str:
    """A student's network as it is understood; it must have an architecture."""
    called = shown_value(student.captured.name) if student.captured is not None else name
    measured = rows(student.architecture) if student.architecture is not None else ()
    sentence = gettext(
        "`{name}` is understood as a network of {layers:,} operations with {parameters:,} parameters.",
        name=called,
        layers=len(measured),
        parameters=sum_up(measured).total,
    )
    return in_plain_text(f"{student.understood} {sentence}".lstrip())


def _line(finding: Finding) -> str:
    where = f"{finding.where}: " if finding.where else ""
    return in_plain_text(f"{where}{finding.message}")


def _broken(text: str, first: str = "") -> list[str]:
    """A text's lines, of at most `_WIDTH` characters if its words allow; continued lines are indented."""
    wrapper = TextWrapper(
        _WIDTH, initial_indent=first, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )
    return [line for said in text.splitlines() for line in wrapper.wrap(said)]


def _comparison(exhibit: ComparisonExhibit) -> Iterator[str]:
    table = [("", gettext("expected"), gettext("yours"))]
    table += [(ROW_SIGNS[row.state], _cells(row.expected), _cells(row.actual)) for row in exhibit.rows]
    width = max(len(left) for _, left, _ in table)
    for sign, left, right in table:
        yield f"{sign:1} {left:{width}}  {right}".rstrip()


def _cells(cells: RowCells | None) -> str:
    if cells is None:
        return ""
    return f"{cells.layer} {cells.shape} {cells.parameters if cells.parameters is not None else ''}".rstrip()
