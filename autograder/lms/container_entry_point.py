"""What the image of PrairieLearn or Coursera starts: `python -m autograder.lms.container_entry_point KIND SOURCE BASE`.

PrairieLearn: the files are in /grade/student, and /grade/results/results.json is read (prairielearn.readthedocs.io,
"External grading"). Coursera: the file is in /shared/submission, and /shared/feedback.json is read
(github.com/coursera/coursera_autograder). Both take a share of 1, so undecided points do not count.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Set
from pathlib import Path
from typing import Any, Literal

from autograder.core.files import write_atomically
from autograder.core.language import use_language
from autograder.core.messages import in_plain_text
from autograder.core.total import total
from autograder.lms.export import undecided
from autograder.lms.packaged import close_to_others, grade_packaged, packaged_assignment
from autograder.records.result import Result, Verdict
from autograder.report.fragments import findings_as_lines

ContainerKind = Literal["prairielearn", "coursera"]
# More than any page of feedback; the platforms show it as plain text.
MAX_FEEDBACK = 20_000
_PLACES = {"prairielearn": ("student", "results/results.json"), "coursera": ("submission", "feedback.json")}


def main(kind: ContainerKind, source: Path, base: Path) -> int:
    """Grade what lies below `base`; 1 if the grader itself failed, which then leaves no result and no grade."""
    handed_in, answer = (base / name for name in _PLACES[kind])
    try:
        close_to_others(source, base)
        result = grade_packaged(source, handed_in, "submission")
        assignment = packaged_assignment(source)
    except Exception as failure:
        print(f"The autograder itself failed, not the student: {failure}", file=sys.stderr)
        return 1
    hidden = {question.id for question in assignment.questions if question.hidden}
    with use_language(assignment.language):
        document = (prairielearn_json if kind == "prairielearn" else coursera_json)(result, hidden)
    write_atomically(answer, json.dumps(document, indent=2))
    return 0


def prairielearn_json(result: Result, hidden: Set[str]) -> dict[str, Any]:
    """The object of `results.json`; what could not be opened is not gradable, which costs no attempt there."""
    if result.status == "unreadable":
        said = [in_plain_text(note.message) for note in result.notes]
        return {"gradable": False, "score": 0.0, "message": " ".join(said), "format_errors": said, "tests": []}
    tests = [
        {
            "name": verdict.title,
            "points": verdict.score,
            "max_points": verdict.points,
            "output": findings_as_lines(verdict.findings)[:MAX_FEEDBACK],
        }
        for verdict in _shown(result, hidden)
        if verdict.status not in ("needs_review", "error")
    ]
    return {"gradable": True, "score": _share(result), "message": _total(result), "tests": tests}


def coursera_json(result: Result, hidden: Set[str]) -> dict[str, Any]:
    """The object of `feedback.json`: the share, and the feedback as plain text."""
    parts = [_total(result), *(in_plain_text(note.message) for note in result.notes)]
    for verdict in _shown(result, hidden):
        said = f"{verdict.title}: {total(verdict.score, verdict.points, verdict.pending)}"
        parts.append("\n".join(filter(None, (said, findings_as_lines(verdict.findings)))))
    return {"fractionalScore": _share(result), "feedback": "\n\n".join(parts)[:MAX_FEEDBACK]}


def _shown(result: Result, hidden: Set[str]) -> list[Verdict]:
    return [verdict for verdict in result.questions if verdict.id not in hidden]


def _total(result: Result) -> str:
    return total(result.score, result.points, result.pending)


def _share(result: Result) -> float:
    decided = result.points - undecided(result)
    return round(min(max(result.score / decided, 0.0), 1.0), 4) if decided > 0 else 0.0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))  # type: ignore[arg-type]
