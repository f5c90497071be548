"""`answers.csv`: a line for each student and question, in the shape that pandas groups and pivots."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder.core.files import write_atomically
from autograder.records.result import Result
from autograder.report.grades_files import Add, spreadsheet_text

ANSWER_COLUMNS = (
    *("student", "question", "title", "status", "score", "points", "findings", "codes"),
    *("decided_by", "decided_at", "reason"),
)


@contextmanager
def answers_csv(path: Path) -> Iterator[Add]:
    """`answers.csv`, written at the end of the block from the results added in it; not written after an exception.

    UTF-8, "\\n" at line ends, numbers with a dot; all findings of a question in one field, in the language in use, with
    " | " between them, and their codes likewise. A text that a spreadsheet would take for a formula gets an apostrophe
    in front, as in `grades.csv`. If a lecturer has decided, the last columns say who, when (ISO 8601, UTC) and why.
    """
    table = io.StringIO(newline="")
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(ANSWER_COLUMNS)

    def add(result: Result) -> None:
        for verdict in result.questions:
            said = " | ".join(str(finding.message) for finding in verdict.findings)
            codes = " | ".join(filter(None, (finding.code for finding in verdict.findings)))
            person = verdict.override
            decided = (person.by, person.at, person.reason) if person else ("", "", "")
            cells = (result.student, verdict.id, verdict.title, verdict.status)
            rows.writerow(
                [
                    *map(spreadsheet_text, cells),
                    verdict.score,
                    verdict.points,
                    *map(spreadsheet_text, (said, codes, *decided)),
                ]
            )

    yield add
    write_atomically(path, table.getvalue())
