"""The two files that other programs read: `grades.csv` and `results.jsonl`."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from autograder.core.files import replacing, write_atomically
from autograder.core.total import total
from autograder.records.result import Result

GRADE_COLUMNS = ("student", "score", "points", "pending", "percent", "status")
# The score in words, as on the pages and in the terminal.
TOTAL_COLUMN = "total"
PLATFORM_COLUMNS = ("platform_id", "email", "late", "attempts")
# A spreadsheet takes a cell that starts with one of these for a formula, or for the continuation of one.
# Also after other separators: a spreadsheet with a German locale splits every line at ";".
_FORMULA_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_CELL_WITHIN = re.compile(r"([;\t]\s*)(?=[=+\-@＝＋－＠])")


Add = Callable[[Result], None]


@contextmanager
def grades_csv(path: Path, question_ids: Sequence[str]) -> Iterator[Add]:
    """`grades.csv`, written at the end of the block from the results added in it; not written after an exception.

    One line per result in the order given: `student,score,points,pending,percent,status`, then a score per question and
    `total`, the score in words ("9 of 10, 1 needs review").

    UTF-8 without a byte order mark, "\\n" at line ends, numbers with a dot and at most three decimals. `percent` is
    the score's share of the points that are decided already (points - pending) and empty if none are. A question
    that needs review, or that the result does not have, is an empty cell, not a zero. A text that a spreadsheet
    would take for a formula gets an apostrophe in front. If something came through a platform, four more columns
    say how: `platform_id`, `email`, `late` and `attempts`.
    """
    lines: list[list[str]] = []
    through_platform = False

    def add(result: Result) -> None:
        nonlocal through_platform
        scores = {verdict.id: _number(verdict.score) for verdict in result.questions if not verdict.pending}
        through_platform |= result.handed_in is not None
        lines.append(
            [
                spreadsheet_text(result.student),
                _number(result.score),
                _number(result.points),
                _number(result.pending),
                _percent(result),
                spreadsheet_text(result.status),
                *(scores.get(question, "") for question in question_ids),
                total(result.score, result.points, result.pending),
                *_handed_in(result),
            ]
        )

    yield add
    header = [*GRADE_COLUMNS, *question_ids, TOTAL_COLUMN, *PLATFORM_COLUMNS]
    kept = len(header) if through_platform else len(header) - len(PLATFORM_COLUMNS)
    table = io.StringIO(newline="")
    csv.writer(table, lineterminator="\n").writerows(line[:kept] for line in [header, *lines])
    write_atomically(path, table.getvalue())


def _handed_in(result: Result) -> list[str]:
    """The cells of `PLATFORM_COLUMNS`; the members of a group share a cell, with " | " between them."""
    came = result.handed_in
    if came is None:
        return [""] * len(PLATFORM_COLUMNS)
    ids = " | ".join(filter(None, (one.id or one.number for one in came.persons)))
    emails = " | ".join(filter(None, (one.email for one in came.persons)))
    late = "" if came.late is None else "yes" if came.late else "no"
    return [spreadsheet_text(ids), spreadsheet_text(emails), late, str(1 + len(came.earlier))]


@contextmanager
def results_jsonl(path: Path) -> Iterator[Add]:
    """`results.jsonl`, written while results are added in the block; it replaces the old file at the end of the block.

    One `Result.line()` a line, keys sorted; pure ASCII, so that no reader splits a line at a rare separator.
    """
    with replacing(path) as file:
        yield lambda result: _write_line(file, result)


def _write_line(file: IO[bytes], result: Result) -> None:
    file.write(json.dumps(result.line(), sort_keys=True).encode("ascii") + b"\n")


def spreadsheet_text(value: str) -> str:
    """One line of text that no spreadsheet takes for a formula."""
    # A carriage return ends a line for many readers, and csv does not quote it.
    line = value.encode("utf-8", "replace").decode("utf-8").translate({13: " ", 10: " ", 0: " "})
    line = _CELL_WITHIN.sub(r"\1'", line)
    return f"'{line}" if value.startswith(_FORMULA_BEGINNINGS) else line


def _number(value: float) -> str:
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _percent(result: Result) -> str:
    decided = result.points - result.pending
    return f"{100 * result.score / decided:.2f}".rstrip("0").rstrip(".") if decided > 0 else ""
