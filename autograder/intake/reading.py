"""From a path to an intake: list what is there, ask the readers whose it is, give every submission its slug."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

from autograder.intake.archive import list_archive
from autograder.intake.folder import file_entry, list_folder
from autograder.intake.listing import Listing
from autograder.intake.names import shown, slugs
from autograder.intake.plain import read_plain
from autograder.intake.submission import Intake, IntakeError, student_order

_EXPECTED = "name a folder of notebooks, one notebook (.ipynb), or a zip of them"


def read_submissions(path: Path, notebook_name: str | None = None) -> Intake:
    """Find the submissions in a folder, a zip archive or a single notebook; nothing is opened but the archive's list.

    Args:
        path: a folder of notebooks, a folder with one folder per student, one notebook, or a zip of any of these.
        notebook_name: what the assignment's notebook is called; decides where a student's folder holds several.

    Raises:
        IntakeError: there is nothing to grade; the sentence names the path and what to do.
    """
    listing = _list(path)
    intake = read_plain(listing, notebook_name)
    if not intake.submissions:
        raise IntakeError(_nothing(path, listing, intake))
    stems = slugs(submission.student for submission in intake.submissions)
    submissions = sorted(
        (replace(submission, slug=stems[submission.student]) for submission in intake.submissions),
        key=lambda submission: student_order(submission.student),
    )
    return Intake(tuple(submissions), intake.ignored)


def _list(path: Path) -> Listing:
    try:
        if path.is_dir():
            return list_folder(path)
        if path.is_file():
            entry = file_entry(path)
            if entry.is_notebook:
                return Listing(entry.stem, (entry,), (), ())
            if entry.name.lower().endswith(".zip") or zipfile.is_zipfile(path):
                return list_archive(path)
            raise IntakeError(f"{path} is no notebook: {_EXPECTED}.")
        exists = path.exists()
    except (OSError, ValueError) as error:
        raise IntakeError(f"{shown(str(path))} cannot be read ({error}): {_EXPECTED}.") from None
    if exists:
        raise IntakeError(f"{path} is neither a file nor a folder: {_EXPECTED}.")
    raise IntakeError(f"{path} does not exist: {_EXPECTED}.")


def _nothing(path: Path, listing: Listing, intake: Intake) -> str:
    if not listing.files and not listing.folders and not listing.ignored:
        return f"{path} is empty: put the students' notebooks (.ipynb) into it."
    archives = [one.path for one in intake.ignored if one.path.lower().endswith(".zip")]
    if archives:
        return f"{path} holds no notebook, but {archives[0]}: unpack it first, or name it instead."
    seen = "; ".join(f"{one.path}: {one.reason}" for one in intake.ignored[:1])
    return f"{path} holds no notebook: nothing usable in it ends in .ipynb{f' ({seen})' if seen else ''}."
