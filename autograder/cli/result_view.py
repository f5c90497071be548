"""A result in the terminal: what a student sees of `autograder check`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from autograder.assignment import Assignment
from autograder.core.language import gettext, gettext_noop, plain_number, use_language
from autograder.core.messages import CODE_SPAN, Message, in_plain_text
from autograder.core.total import total
from autograder.records.result import ComparisonExhibit, Finding, Result, Verdict
from autograder.selfcheck.plain_text import ROW_SIGNS, SIGNS

# Beside the colour there are a sign and a word: some readers cannot tell the colours apart.
_COLOURS = {
    "correct": "green",
    "partial": "yellow",
    "wrong": "red",
    "not_reached": "red",
    "needs_review": "cyan",
    "error": "magenta",
}
STATUS_LABELS = {
    "correct": gettext_noop("correct"),
    "partial": gettext_noop("partial"),
    "wrong": gettext_noop("wrong"),
    "not_reached": gettext_noop("not reached"),
    "needs_review": gettext_noop("read by your lecturer after you submit"),
    "error": gettext_noop("error"),
}


def print_result(console: Console, assignment: Assignment, result: Result, warnings: Sequence[Message] = ()) -> None:
    """Print a result for its student; what counts only after handing in is named, not shown. `warnings` come last."""
    with use_language(assignment.language):
        _print(console, assignment, result)
        for warning in warnings:
            console.print(Text(str(warning), style="yellow"))


def _print(console: Console, assignment: Assignment, result: Result) -> None:
    hidden = {question.id for question in assignment.questions if question.hidden}
    console.print(Text(assignment.title, style="bold"))
    for note in result.notes:
        console.print(_finding(note).append_text(_text(f" {note.hint}" if note.hint else "", style="dim")))
    for verdict in result.questions:
        if verdict.id in hidden:
            console.print(Text(f"… {in_plain_text(verdict.title)}: {_checked_later(verdict)}", style="cyan"))
        else:
            for part in _question(verdict):
                console.print(part)
    shown = [verdict for verdict in result.questions if verdict.id not in hidden]
    score, points = sum(verdict.score for verdict in shown), sum(verdict.points for verdict in shown)
    pending = sum(verdict.pending for verdict in shown)
    console.print(Text(total(score, points, pending), style="bold"))
    if result.isolation == "none":
        unprotected = gettext("Run without the sandbox, with your own rights: this is your own code.")
        console.print(Text(unprotected, style="dim"))


def _checked_later(verdict: Verdict) -> str:
    return gettext("checked after you submit ({points} points)", points=plain_number(verdict.points))


def _question(verdict: Verdict) -> Iterator[Text | Padding]:
    sign, style = SIGNS[verdict.status], _COLOURS[verdict.status]
    words = gettext(STATUS_LABELS[verdict.status])
    head = Text(f"{sign} {in_plain_text(verdict.title)}: ", style=style)
    head.append(f"{plain_number(verdict.score)}/{plain_number(verdict.points)}, {words}", style="bold " + style)
    yield head
    if verdict.beside_student_code:
        yield Padding(Text(gettext("tests run beside student code"), style="dim"), (0, 0, 0, 2))
    for hint, findings in groupby(verdict.findings, attrgetter("hint")):
        for finding in findings:
            yield Padding(_finding(finding), (0, 0, 0, 2))
        if hint:
            yield Padding(_text(f"→ {hint}", style="dim"), (0, 0, 0, 4))
    for exhibit in verdict.exhibits:
        if isinstance(exhibit, ComparisonExhibit) and verdict.status != "correct":
            yield Padding(_comparison(exhibit), (0, 0, 0, 2))


def _finding(finding: Finding) -> Text:
    text = Text()
    if finding.where:
        text.append(in_plain_text(f"{finding.where}: "), style="bold")
    return text.append_text(_text(finding.message))


def _text(sentence: Message | str, style: str = "") -> Text:
    """A sentence for the terminal, with the code in it in bold."""
    text = Text(style=style)
    end = 0
    said = str(sentence)
    for code in CODE_SPAN.finditer(said):
        text.append(said[end : code.start()]).append(code[2], style="bold")
        end = code.end()
    return text.append(said[end:])


def _comparison(exhibit: ComparisonExhibit) -> Table:
    table = Table("", gettext("expected"), gettext("yours"), box=None, pad_edge=False)
    for row in exhibit.rows:
        sides = [
            Text(f"{side.layer} {side.shape} {side.parameters if side.parameters is not None else ''}".rstrip())
            if side is not None
            else Text("")
            for side in (row.expected, row.actual)
        ]
        style = {"same": "", "consequence": "dim"}.get(row.state, "bold")
        table.add_row(ROW_SIGNS[row.state], *sides, style=style)
    return table
