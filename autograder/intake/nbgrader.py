"""nbgrader: the tree `submitted/{student}/{assignment}/`, with `timestamp.txt` next to the notebook.

https://nbgrader.readthedocs.io/en/stable/user_guide/philosophy.html: `{nbgrader_step}/{student_id}/{assignment_id}`.
"""

from __future__ import annotations

import re
from collections import defaultdict

from autograder.intake.listing import Entry, Listing
from autograder.intake.platform_download import Understood, submission_of
from autograder.intake.selection import Sought, select
from autograder.intake.submission import Ignored, IntakeError, UnreadableSubmission
from autograder.records.result import HandedIn, Person

_STAMP = "timestamp.txt"
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}[.\d]* ?\S{0,40}")


def read_nbgrader(listing: Listing, sought: Sought) -> Understood | None:
    """The submissions to one assignment in the tree; None if it is not such a tree.

    It is one if the folder is called `submitted` or holds a folder of that name, or if there are timestamp files.

    Raises:
        IntakeError: it holds several assignments, and none or several of them have a notebook of that name.
    """
    top = "submitted/" if any(path == "submitted" for path in listing.folders) else ""
    inside = {
        entry: parts
        for entry in listing.files
        if entry.path.startswith(top) and len(parts := entry.path.removeprefix(top).split("/")) >= 3
    }
    stamped = any(parts[2:] == [_STAMP] for parts in inside.values())
    if not (top or stamped or listing.name == "submitted") or not any(entry.is_notebook for entry in inside):
        return None
    assignment = _assignment(inside, sought.name)
    by_student: defaultdict[str, list[Entry]] = defaultdict(list)
    ignored: list[Ignored] = []
    for entry, parts in inside.items():
        if parts[1] == assignment:
            by_student[parts[0]].append(entry)
        else:
            ignored.append(Ignored(entry.path, f"of another assignment; {assignment} is graded"))
    submissions = []
    for student, entries in by_student.items():
        stamps = [entry for entry in entries if inside[entry][2:] == [_STAMP]]
        choice = select([entry for entry in entries if entry not in stamps], sought)
        handed_in = HandedIn(
            platform="nbgrader", persons=(Person(id=student),), at=_time(stamps), earlier=choice.earlier
        )
        submissions.append(submission_of(student, choice, entries, handed_in))
        ignored.extend(choice.ignored)
    beside = [entry for entry in listing.files if entry not in inside]
    ignored.extend(Ignored(entry.path, "beside the students' folders of the nbgrader tree") for entry in beside)
    return Understood(tuple(submissions), tuple(ignored), ())


def _assignment(inside: dict[Entry, list[str]], notebook_name: str | None) -> str:
    found = sorted({parts[1] for entry, parts in inside.items() if entry.is_notebook})
    name = (notebook_name or "").removesuffix(".ipynb").casefold()
    if len(found) > 1:
        called = [one for one in found if one.casefold() == name]
        holding = {parts[1] for entry, parts in inside.items() if entry.is_notebook and entry.stem.casefold() == name}
        found = called or sorted(holding) or found
    if len(found) == 1:
        return found[0]
    raise IntakeError(
        f"The nbgrader tree holds several assignments ({', '.join(found[:6])}), and not just one of them a notebook "
        f"called {notebook_name or 'as the assignment asks'}: name a tree with one assignment."
    )


def _time(stamps: list[Entry]) -> str:
    try:
        text = stamps[0].fetch(200).decode("utf-8", "replace").strip() if stamps else ""
    except UnreadableSubmission:
        return ""
    return text if _TIME.fullmatch(text) else ""
