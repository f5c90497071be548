"""The plain form: notebooks named after students, or one folder per student, or both."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from autograder.core.messages import NOTHING, message
from autograder.intake.listing import Entry, Listing
from autograder.intake.names import same_student
from autograder.intake.selection import Sought, moment, not_opened, notebooks_among, select, several, why_not
from autograder.intake.submission import Ignored, Intake, Submission, nothing_to_read
from autograder.records.result import HandedIn


def read_plain(listing: Listing, sought: Sought) -> Intake:
    """The submissions: a notebook at the top level is named after its student, and so is a folder.

    In a student's folder the only notebook counts, or the one that `select` chooses from several. A student with two
    notebooks left, or with a folder without any, gets a submission with a `problem`.
    """
    top = _wrapper(listing)
    files = [replace(entry, path=entry.path.removeprefix(top)) for entry in listing.files]
    folders = {
        path.removeprefix(top).split("/")[0] for path in listing.folders if path.startswith(top) and path != top[:-1]
    }
    submissions: list[Submission] = []
    ignored: list[Ignored] = []
    for route in _students(files, folders):
        submission, left = _choose(route, sought)
        submissions.extend([submission] if submission else [])
        ignored.extend(left)
    return Intake(
        tuple(replace(submission, submission=top + submission.submission) for submission in submissions),
        (*listing.ignored, *(replace(one, path=top + one.path) for one in ignored)),
    )


def _wrapper(listing: Listing) -> str:
    """The single folder, with its "/", that holds all of an archive's content; "" if there is none.

    A single folder with one notebook directly in it is a student's, unless it has the archive's own name.
    """
    tops = {entry.parts[0] for entry in listing.files} | {path.split("/")[0] for path in listing.folders}
    is_archive = listing.is_archive or any(top.lower().endswith(".zip") for top in tops)
    if not is_archive or len(tops) != 1 or any(len(entry.parts) == 1 for entry in listing.files):
        return ""
    (top,) = tops
    notebooks = [entry for entry in listing.files if entry.is_notebook]
    alone = not notebooks or (len(notebooks) == 1 and len(notebooks[0].parts) == 2)
    return "" if alone and same_student(top) != same_student(listing.name) else f"{top}/"


class _Student:
    """What belongs to one student: files at the top of that name, and a folder's."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.files: list[Entry] = []
        self.folder = ""


def _students(files: list[Entry], folders: set[str]) -> list[_Student]:
    """Everything by student. If no folder holds a notebook, folders are not students': they hold data, for example."""
    below: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in files:
        if len(entry.parts) > 1:
            below[entry.parts[0]].append(entry)
    in_folders = any(notebooks_among(entries) for entries in below.values())
    students: defaultdict[str, _Student] = defaultdict(_Student)
    for folder in sorted(folders):
        student = students[same_student(folder)]
        student.folder = student.folder or (folder if in_folders else "")
        student.names.add(folder)
    for entry in files:
        name = _name(entry)
        student = students[same_student(name)]
        student.names.add(name)
        student.files.append(entry)
    return list(students.values())


def _choose(student: _Student, sought: Sought) -> tuple[Submission | None, list[Ignored]]:
    """A student's submission, and the files that were ignored."""
    notebooks = notebooks_among(student.files)
    others = [Ignored(entry.path, why_not(entry)) for entry in student.files if entry not in notebooks]
    if not notebooks:
        shut = next((one for one in student.files if one.is_packed and (student.folder or len(one.parts) == 1)), None)
        if shut is not None:
            return Submission(_name(shut), shut.path, nothing_to_read, problem=not_opened(shut)), others
        if not student.folder:
            return None, others
        held = ", ".join(entry.path.partition("/")[2] for entry in student.files[:3] if len(entry.parts) > 1)
        problem = message(
            "submission.empty_folder",
            "The folder {folder} is empty: no notebook (.ipynb) was handed in.",
            folder=student.folder,
        )
        if held:
            problem = message(
                "submission.no_notebook_in_folder",
                "The folder {folder} holds no notebook (.ipynb), only {files}.",
                folder=student.folder,
                files=held,
            )
        return Submission(student.folder, student.folder, nothing_to_read, problem=problem), others
    by_one_route = len(notebooks) == 1 or all(
        len(one.parts) > 1 and one.parts[0] == notebooks[0].parts[0] for one in notebooks
    )
    chosen: Entry | None = None
    problem = NOTHING
    exports = [entry for entry in notebooks if moment(entry)]
    if len(exports) == len(notebooks):
        chosen = max(exports, key=lambda entry: (moment(entry), entry.path))
    elif by_one_route:
        choice = select(student.files, sought)
        chosen, problem, others = choice.chosen, choice.problem, list(choice.ignored)
    else:
        problem = several([entry.path for entry in notebooks])
    if chosen is None:
        return Submission(min(student.names), notebooks[0].path, nothing_to_read, problem=problem), others
    sentence = {one.path for one in others}
    left = [entry for entry in notebooks if entry is not chosen]
    beside = [Ignored(entry.path, f"{chosen.path} is graded") for entry in left if entry.path not in sentence]
    exported = moment(chosen)
    handed_in = HandedIn(platform="otter", at=exported, earlier=tuple(e.path for e in left)) if exported else None
    chosen_one = Submission(_name(chosen), chosen.path, chosen.fetch, problem=chosen.problem, handed_in=handed_in)
    return chosen_one, others + beside


def _name(entry: Entry) -> str:
    """The student's name: that of the folder, or of the notebook or otter archive without its suffix."""
    if len(entry.parts) == 1:
        return entry.stem
    if entry.parts[0].lower().endswith(".zip"):
        return entry.parts[0][: -len(".zip")].strip() or entry.parts[0]
    return entry.parts[0]
