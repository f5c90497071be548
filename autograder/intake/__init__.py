"""What students handed in, as a list of submissions: from a folder, one notebook, or a zip of either.

`folder` and `archive` list the files; one reader per format (`plain`, and one file for each platform's download)
assigns them to students; `notebook` turns the bytes of one submission into a notebook.
"""

from autograder.intake.discovery import read_submissions
from autograder.intake.single import one_submission
from autograder.intake.submission import (
    Intake,
    IntakeError,
    Submission,
    SubmissionTooLarge,
    UnreadableSubmission,
)

__all__ = [
    "Intake",
    "IntakeError",
    "Submission",
    "SubmissionTooLarge",
    "UnreadableSubmission",
    "one_submission",
    "read_submissions",
]
