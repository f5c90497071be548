"""The table of students as data, from which the page draws a limited number of rows at a time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.core.language import format_decimal, format_integer, gettext
from autograder.core.messages import in_plain_text
from autograder.report import labels
from autograder.report.similarity import Likeness
from autograder.report.summary import STATUSES, ClassSummary

ROWS_AT_ONCE = 100
NETWORKS_SHOWN = 15
LONGEST_LABEL = 70
SUBMISSION_STATUSES = ("graded", "incomplete", "unreadable")


@dataclass(frozen=True)
class TableData:
    """`text` is JSON that is safe within a page; `filters` are (group, [(value, label, number of rows)])."""

    text: str
    filters: tuple[tuple[str, tuple[tuple[str, str, int], ...]], ...]


def _short(label: str) -> str:
    """A label as plain text, short enough for a list of filters."""
    label = in_plain_text(label)
    return label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1].rstrip() + "…"


def table_data(summary: ClassSummary, alike: Sequence[Likeness]) -> TableData:
    """Rows as short lists, and for each filter the rows that match it, by its value in the list of filters."""
    sets: dict[str, list[int]] = {}
    filters: list[tuple[str, tuple[tuple[str, str, int], ...]]] = []

    def offer(group: str, offered: Sequence[tuple[str, str, list[int]]]) -> None:
        kept = [(value, label, rows) for value, label, rows in offered if rows]
        sets.update({value: rows for value, _, rows in kept})
        if kept:
            filters.append((group, tuple((value, label, len(rows)) for value, label, rows in kept)))

    of_status = {
        status: [place for place, row in enumerate(summary.rows) if row.status == status]
        for status in SUBMISSION_STATUSES
    }
    offer(gettext("The submission"), [(f"s-{status}", labels.fact(status), rows) for status, rows in of_status.items()])
    attention = summary.attention
    number = {row.student: place for place, row in enumerate(summary.rows)}
    same = sorted({row for _, rows in attention.same_answers() for row in rows})
    pairs = sorted({number[student] for one in alike for student in one.students if student in number})
    offer(
        gettext("Needs a person"),
        [
            ("p-waiting", gettext("waits for points"), attention.waiting),
            ("p-failed", gettext("grading failed"), attention.failed),
            ("p-near", gettext("near the threshold"), attention.near),
            ("p-unfinished", gettext("did not run to the end, or could not be read"), attention.unfinished),
            ("p-outdated", gettext("new notebook since a decision"), attention.outdated),
            ("p-alike", gettext("near-duplicate"), pairs),
            ("p-same", gettext("the same long answer as another"), same),
        ],
    )
    decided = [
        ("d-changed", gettext("a score was changed"), attention.changed()),
        ("d-given", gettext("an answer got its points"), attention.given()),
    ]
    offer(
        gettext("Decided by a person"),
        [(value, label, list(dict.fromkeys(one.row for one in decisions))) for value, label, decisions in decided],
    )
    again = gettext("in several attempts")
    offer(gettext("Handed in"), [("h-late", gettext("late"), attention.late), ("h-again", again, attention.again)])
    offer(
        gettext("Misconceptions"),
        [
            (f"m-{i}", _short(one.found.most_common(1)[0][0]), one.students)
            for i, one in enumerate(summary.misconceptions)
        ],
    )
    networks = enumerate(summary.networks[:NETWORKS_SHOWN])
    offer(gettext("Networks"), [(f"n-{place}", _short(one.differs_in_words), one.students) for place, one in networks])
    for column, question in enumerate(summary.questions):
        held: dict[str, list[int]] = {status: [] for status in STATUSES}
        for place, row in enumerate(summary.rows):
            answer = row.answers[column]
            if answer is not None:
                held[answer[0]].append(place)
        offer(
            question.title,
            [(f"q-{column}-{status}", gettext(labels.CLASS_STATUS[status]), held[status]) for status in STATUSES],
        )
    rows = [
        [
            labels.visible(row.student),
            row.href,
            labels.visible(row.submission),
            row.status,
            row.total,
            round(row.share, 5),
            labels.percent(row.share),
            labels.points(row.pending) if row.pending else "",
            [
                [STATUSES.index(answer[0]), "" if answer[0] == "needs_review" else labels.points(answer[1])]
                if answer
                else None
                for answer in row.answers
            ],
        ]
        for row in summary.rows
    ]
    content = {
        "rows": rows,
        "sets": sets,
        "statuses": STATUSES,
        "submissions": {status: labels.fact(status) for status in SUBMISSION_STATUSES},
        "size": ROWS_AT_ONCE,
        "words": {
            # The separators of thousands and decimals, and the script's own texts.
            "thousands": format_integer(1000)[1:-3],
            "decimal": format_decimal("0.1")[1:-1],
            "range": gettext("{first} to {last} of {number}", first="{first}", last="{last}", number="{number}"),
            "all": gettext("{number} students", number="{number}"),
            "some": gettext("{shown} of {number} students", shown="{shown}", number="{number}"),
        },
    }
    text = json.dumps(content, separators=(",", ":"))
    # The data must not end the element that contains it, or begin a comment.
    return TableData(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"), tuple(filters))
