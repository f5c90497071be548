"""From a path to an intake: list the files, let a reader assign them to students, give every submission its slug."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

from autograder.core.messages import message
from autograder.intake.archive import is_otter_export, list_archive
from autograder.intake.canvas import read_canvas
from autograder.intake.folder import file_entry, list_folder
from autograder.intake.gradescope import read_gradescope
from autograder.intake.listing import Listing, without_wrapper
from autograder.intake.moodle import read_moodle
from autograder.intake.names import same_student, shown_name, slugs
from autograder.intake.nbgrader import read_nbgrader
from autograder.intake.nested import with_archives
from autograder.intake.plain import read_plain
from autograder.intake.platform_download import Understood
from autograder.intake.pulled import read_pulled
from autograder.intake.selection import Sought, not_opened, notebooks_among, why_not
from autograder.intake.submission import Ignored, Intake, IntakeError, Submission, student_order

_READERS = (read_gradescope, read_nbgrader, read_moodle, read_canvas)
_EXPECTED = "name a folder of notebooks, one notebook (.ipynb), or a zip of them"


def read_submissions(path: Path, notebook_name: str | None = None, handout: bytes | None = None) -> Intake:
    """Find the submissions in a folder, a zip archive or a single notebook.

    Opens only the directories of archives, the platform's own metadata files, and, if a student has several notebooks
    or none, the files that may be the one that counts.

    Args:
        path: a folder of notebooks, a folder with one folder per student, one notebook, a folder that `pull` filled, a
            download from Canvas, Moodle or Gradescope, an nbgrader tree, or a zip of any of these.
        notebook_name: the name of the assignment's notebook; decides if a student's folder holds several.
        handout: the assignment's notebook as students got it; it never counts if there is an edited one.

    Raises:
        IntakeError: there is nothing to grade; the sentence names the path and what to do.
    """
    listing = with_archives(_list(path))
    intake = _merged(_read(listing, Sought.of(notebook_name, handout)))
    if not intake.submissions:
        raise IntakeError(_nothing(path, listing, intake))
    if len(listing.files) == 1 and listing.files[0].is_packed and len(listing.files[0].parts) == 1:
        raise IntakeError(f"{path} holds one archive and nothing else. {not_opened(listing.files[0]).english}")
    stems = slugs(submission.student for submission in intake.submissions)
    submissions = sorted(
        (replace(submission, slug=stems[submission.student]) for submission in intake.submissions),
        key=lambda submission: student_order(submission.student),
    )
    return Intake(tuple(submissions), intake.ignored)


def _read(listing: Listing, sought: Sought) -> Intake:
    """Read a platform's download in its format; files that do not follow its naming are read as plain ones."""
    # Only at the very top: within the only folder around everything it would be a student's own file.
    if (pulled := read_pulled(listing, sought)) is not None:
        return _with_rest("", listing, listing, pulled, sought)
    for top, candidate in _candidates(listing):
        for reader in _READERS:
            understood = reader(candidate, sought)
            if understood is not None and understood.submissions:
                return _with_rest(top, listing, candidate, understood, sought)
    return read_plain(listing, sought)


def _with_rest(top: str, listing: Listing, candidate: Listing, understood: Understood, sought: Sought) -> Intake:
    """The understood submissions, and the other files read as plain ones."""
    ignored = [*listing.ignored, *(replace(one, path=top + one.path) for one in understood.ignored)]
    submissions = [replace(one, submission=top + one.submission) for one in understood.submissions]
    rest = replace(candidate, files=understood.rest, folders=(), ignored=())
    if notebooks_among(understood.rest):
        others = read_plain(rest, sought)
        submissions += [replace(one, submission=top + one.submission) for one in others.submissions]
        ignored += [replace(one, path=top + one.path) for one in others.ignored]
    else:
        ignored += [Ignored(top + entry.path, why_not(entry)) for entry in understood.rest]
    return Intake(tuple(submissions), tuple(ignored))


def _candidates(listing: Listing) -> list[tuple[str, Listing]]:
    """The listing, and the content of a single folder around everything if there is one; each with its path prefix."""
    inner = without_wrapper(listing)
    return [("", listing)] if inner is listing else [("", listing), (f"{inner.name}/", inner)]


def _merged(intake: Intake) -> Intake:
    """Two submissions of one student from different sources become one with a problem: it is unknown which counts."""
    by_student: dict[str, list[Submission]] = {}
    for submission in intake.submissions:
        by_student.setdefault(same_student(submission.student), []).append(submission)
    merged = []
    for first, *more in by_student.values():
        if more:
            named = (first.submission, *(one.submission for one in more))
            problem = message(
                "submission.twice", "More than one submission of one student: {named}. Keep the right one.", named=named
            )
            first = replace(first, problem=problem)
        merged.append(first)
    return Intake(tuple(merged), intake.ignored)


def _list(path: Path) -> Listing:
    try:
        if path.is_dir():
            return list_folder(path)
        if path.is_file():
            entry = file_entry(path)
            if notebooks_among([entry]) or is_otter_export(entry):
                return Listing(entry.stem, (entry,), (), ())
            if entry.name.lower().endswith(".zip") or zipfile.is_zipfile(path):
                return list_archive(path)
            raise IntakeError(f"{path} is not a notebook: {_EXPECTED}.")
        exists = path.exists()
    except (OSError, ValueError) as error:
        raise IntakeError(f"{shown_name(str(path))} cannot be read ({error}): {_EXPECTED}.") from None
    if exists:
        raise IntakeError(f"{path} is neither a file nor a folder: {_EXPECTED}.")
    raise IntakeError(f"{path} does not exist: {_EXPECTED}.")


def _nothing(path: Path, listing: Listing, intake: Intake) -> str:
    if not listing.files and not listing.folders and not listing.ignored:
        return f"{path} is empty: put the students' notebooks (.ipynb) into it."
    seen = "; ".join(f"{one.path}: {one.reason}" for one in intake.ignored[:1])
    return f"{path} holds no notebook: nothing usable in it ends in .ipynb{f' ({seen})' if seen else ''}."
