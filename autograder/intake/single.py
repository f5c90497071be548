"""The one submission of one student, as a platform passes it to an autograder."""

from __future__ import annotations

from pathlib import Path

from autograder.core.messages import Message, message
from autograder.intake.folder import file_entry, list_folder
from autograder.intake.listing import Entry, Listing
from autograder.intake.nested import with_archives
from autograder.intake.selection import Sought, notebooks_among, select
from autograder.intake.submission import Submission, nothing_to_read

_SLUG = "submission"


def one_submission(handed_in: Path, student: str, notebook_name: str, handout: bytes | None = None) -> Submission:
    """The submission in `handed_in` (a notebook, zip or folder); if no notebook can be chosen, `problem` says why.

    Of several notebooks the one called `notebook_name` counts; the unchanged `handout` does not count next to an
    edited one.
    """
    if handed_in.is_dir():
        listing = list_folder(handed_in)
    else:
        entry = file_entry(handed_in)
        listing = Listing(entry.stem, (entry,), (), ())
        if not entry.is_zip:
            return Submission(student, entry.path, entry.fetch, _SLUG)
    files = with_archives(listing).files
    choice = select(files, Sought.of(notebook_name, handout))
    if choice.chosen is not None:
        chosen = choice.chosen
        return Submission(student, chosen.path, chosen.fetch, _SLUG, chosen.problem)
    notebooks = notebooks_among(files)
    problem = _several(notebooks, notebook_name) if notebooks else choice.problem or _none()
    return Submission(student, handed_in.name, nothing_to_read, _SLUG, problem)


def _none() -> Message:
    return message("submission.no_notebook", "No notebook was handed in. Hand in the .ipynb file itself.")


def _several(notebooks: list[Entry], notebook_name: str) -> Message:
    return message(
        "submission.several_notebooks",
        "{count} notebooks were handed in ({names}). Hand in one, called {name}.",
        count=len(notebooks),
        names=", ".join(entry.path for entry in notebooks[:5]),
        name=notebook_name,
    )
