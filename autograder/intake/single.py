"""The one submission of one student, as a platform lays it before an autograder."""

from __future__ import annotations

from pathlib import Path

from autograder.core.messages import message
from autograder.intake.submission import Submission, UnreadableSubmission, nothing_to_read, read_bounded


def one_submission(handed_in: Path, student: str, notebook_name: str) -> Submission:
    """The submission in `handed_in`, a notebook or a folder; where no notebook can be chosen, it says why.

    Of several notebooks in a folder the one called `notebook_name` is meant.
    """
    if not handed_in.is_dir():
        return _of(handed_in, student)
    notebooks = sorted(
        path
        for path in handed_in.rglob("*.ipynb")
        if not any(part.startswith((".", "__MACOSX")) for part in path.relative_to(handed_in).parts)
    )
    meant = [path for path in notebooks if path.name == notebook_name] if len(notebooks) > 1 else notebooks
    if len(meant) == 1:
        return _of(meant[0], student)
    problem = message("submission.no_notebook", "No notebook was handed in. Hand in the .ipynb file itself.")
    if notebooks:
        names = ", ".join(str(path.relative_to(handed_in)) for path in notebooks[:5])
        problem = message(
            "submission.several_notebooks",
            "{count} notebooks were handed in ({names}). Hand in one, called {name}.",
            count=len(notebooks),
            names=names,
            name=notebook_name,
        )
    return Submission(student, handed_in.name, nothing_to_read, "submission", problem)


def _of(path: Path, student: str) -> Submission:
    def fetch(limit: int) -> bytes:
        try:
            with path.open("rb") as file:
                return read_bounded(file, limit, path.name)
        except OSError as error:
            told = message(
                "submission.cannot_be_read", "{file} cannot be read: {reason}.", file=path.name, reason=error.strerror
            )
            raise UnreadableSubmission(told) from None

    return Submission(student, path.name, fetch, "submission")
