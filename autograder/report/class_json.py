"""The class page for programs: `class.json`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from autograder.core.files import write_atomically
from autograder.records.run_statistics import RunStatistics, TrainingStatistics
from autograder.report.similarity import Likeness
from autograder.report.summary import STATUSES, ClassSummary


def write_class_json(
    path: Path,
    *,
    summary: ClassSummary,
    assignment: str,
    run: RunStatistics | None,
    training: TrainingStatistics,
    alike: Sequence[Likeness],
) -> None:
    """Everything on the class page except the pages' addresses, as one JSON object; numbers as numbers."""
    names = [row.student for row in summary.rows]

    def who(rows: Iterable[int]) -> list[str]:
        return [names[row] for row in rows]

    attention = summary.attention
    content: dict[str, Any] = {
        "assignment": assignment,
        "submissions": {"total": len(names), **dict(sorted(summary.statuses.items()))},
        "scores": {
            "points": summary.points,
            "decided": summary.decided,
            "least_decided": summary.least_decided,
            "mean": summary.mean,
            "median": summary.median,
            "pending": summary.pending,
            "shares": [round(share, 4) for share in summary.shares],
        },
        "questions": [
            {
                "title": question.title,
                "points": question.points,
                "counts": {status: question.counts[status] for status in STATUSES},
                "discrimination": None if question.discrimination is None else round(question.discrimination, 3),
            }
            for question in summary.questions
        ],
        "misconceptions": [
            {
                "question": one.question,
                "code": one.code,
                "found": dict(one.found.most_common()),
                "students": who(one.students),
                "example": names[one.example],
                "say": one.sentence(),
            }
            for one in summary.misconceptions
        ],
        "networks": [
            {
                "variable": one.variable,
                "differs": list(one.differs),
                "parameters": one.parameters,
                "students": who(one.students),
                "accuracy": None if one.accuracy is None else round(one.accuracy, 4),
            }
            for one in summary.networks
        ],
        "leaderboards": [
            {
                "question": board.question,
                "standings": [{"place": one.place, "name": one.name, "score": one.score} for one in board.standings],
            }
            for board in summary.boards
        ],
        "attention": {
            "machine": [
                {"fault": str(fault), "remedy": str(remedy), "students": who(rows)}
                for fault, remedy, rows in attention.of_the_machine()
            ],
            "waiting": who(attention.waiting),
            "failed": who(attention.failed),
            "unfinished": who(attention.unfinished),
            "near_threshold": who(attention.near),
            "decided_before_new_notebook": who(attention.outdated),
            "not_graded": run.failures if run else {},
            "alike": [
                {"students": list(one.students), "share": one.share, "fingerprints": one.fingerprints} for one in alike
            ],
            "late": who(attention.late),
            "several_attempts": who(attention.again),
            "same_answers": [{"question": title, "students": who(rows)} for title, rows in attention.same_answers()],
        },
        "decided": [
            {
                "student": names[one.row],
                "question": one.question,
                "score": one.score,
                "points": one.points,
                "judged_score": one.override.judged_score,
                "judged_status": one.override.judged_status,
                "by": one.override.by,
                "at": one.override.at,
                "reason": one.override.reason,
                "outdated": one.override.outdated,
            }
            for one in attention.decisions
        ],
        "run": run.model_dump(mode="json", exclude={"failures"}) if run else None,
        "training": training.model_dump(mode="json"),
    }
    write_atomically(path, json.dumps(content, indent=1, ensure_ascii=True) + "\n")
