"""The result type of the readers of platforms' downloads, and the conversion of a selection into a submission."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autograder.core.messages import message
from autograder.intake.listing import Entry
from autograder.intake.selection import Selection
from autograder.intake.submission import Ignored, Submission, nothing_to_read
from autograder.records.result import HandedIn


@dataclass(frozen=True)
class Understood:
    """The submissions of a download, the ignored files, and the files that do not follow its naming."""

    submissions: tuple[Submission, ...]
    ignored: tuple[Ignored, ...]
    rest: tuple[Entry, ...]


def submission_of(student: str, choice: Selection, entries: Sequence[Entry], handed_in: HandedIn) -> Submission:
    """The submission of one student, from the selection among the entries."""
    if choice.chosen is not None:
        chosen = choice.chosen
        return Submission(student, chosen.path, chosen.fetch, problem=chosen.problem, handed_in=handed_in)
    path = entries[0].path if entries else student
    problem = choice.problem or message("submission.empty", "No notebook (.ipynb) was handed in: the folder is empty.")
    return Submission(student, path, nothing_to_read, problem=problem, handed_in=handed_in)
