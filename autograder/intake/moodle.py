"""Moodle: the archive of "Download all submissions", one folder per participant.

`{Full name}_{participant number}_assignsubmission_file/…`, before Moodle 4.1 with another underscore at the end;
online text is `…_assignsubmission_onlinetext/onlinetext.html`; if the download is set to one flat folder, file names
begin with this prefix. The number is the participant's in this assignment, not the user's. For team submissions, name
and number are the group's; students in no group are one team, under a name without a number (moodle/moodle,
mod/assign/classes/downloader.php: `get_student_prefix`).
"""

from __future__ import annotations

import re
from collections import defaultdict

from autograder.intake.listing import Entry, Listing
from autograder.intake.platform_download import Understood, submission_of
from autograder.intake.selection import Sought, select
from autograder.intake.submission import Ignored
from autograder.records.result import HandedIn, Person

_FOLDER = re.compile(r"(?P<name>[^_]*)(?:_(?P<id>\d+))?_assignsubmission_(?P<plugin>[a-z]+)(?:_(?P<file>.*))?")


def read_moodle(listing: Listing, sought: Sought) -> Understood | None:
    """The submissions in it; None if fewer than half of the folders and files follow Moodle's naming."""
    found = {entry: match for entry in listing.files if (match := _FOLDER.fullmatch(entry.parts[0]))}
    empty = {path: match for path in listing.folders if (match := _FOLDER.fullmatch(path))}
    tops = {entry.parts[0] for entry in listing.files} | {path for path in listing.folders if "/" not in path}
    if 2 * len({entry.parts[0] for entry in found} | set(empty)) < max(1, len(tops)):
        return None
    by_participant: defaultdict[Person, list[Entry]] = defaultdict(list)
    for entry, match in found.items():
        by_participant[_person(match)].append(entry)
    for match in empty.values():
        by_participant.setdefault(_person(match), [])
    submissions = []
    ignored: list[Ignored] = []
    for person, entries in by_participant.items():
        choice = select(entries, sought, name_of=lambda entry: _file(found[entry], entry))
        handed_in = HandedIn(platform="moodle", persons=(person,), earlier=choice.earlier)
        student = f"{person.name} ({person.id})" if person.id else person.name
        submissions.append(submission_of(student, choice, entries, handed_in))
        ignored.extend(choice.ignored)
    return Understood(tuple(submissions), tuple(ignored), tuple(e for e in listing.files if e not in found))


def _person(match: re.Match[str]) -> Person:
    return Person(name=match["name"], id=match["id"] or "")


def _file(match: re.Match[str], entry: Entry) -> str:
    return entry.name if len(entry.parts) > 1 else (match["file"] or entry.name)
