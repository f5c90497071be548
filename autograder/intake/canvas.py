"""Canvas: the archive of "Download Submissions", one flat list of files whose names identify the students.

`{sortable name}[_LATE]_{user id}_{attachment id}_{file}`, or for anonymous grading
`[LATE_]anon_{anonymous id}_{attachment id}_{file}`; text and links are `…_text.html` and `…_link.html`
(instructure/canvas-lms, lib/content_zipper.rb: `get_filename`, `add_upload_submission`, `add_text_or_url`).
"""

from __future__ import annotations

import re
from collections import defaultdict

from autograder.intake.listing import Entry, Listing
from autograder.intake.platform_download import Understood, submission_of
from autograder.intake.selection import Sought, select
from autograder.intake.submission import Ignored
from autograder.records.result import HandedIn, Person

# Canvas writes LATE_anon_…; older copies of its archives have anon_LATE_….
_ANONYMOUS = re.compile(
    r"(?:(?P<late>LATE)_)?anon_(?:(?P<late2>LATE)_)?(?P<id>[0-9A-Za-z]+)_(?:(?P<upload>\d+)_(?P<file>.+)|text\.html|link\.html)"
)
# Ruby's [[:word:]], which includes the vowel signs of Hindi, for example; Python's `\w` does not.
_NAMED = re.compile(
    r"(?P<name>[\w\x80-\U0010ffff]+?)(?:_(?P<late>LATE))?_(?P<id>\d+)_(?:(?P<upload>\d+)_(?P<file>.+)|text\.html|link\.html)"
)

# `jane_doe_999_12345_67890_x.ipynb` may come from user 12345 who calls herself "jane_doe_999". A name that can be read
# in two ways identifies nobody; the file is graded under its plain name. The time in the name of an otter export does
# not identify anybody either: `cnn2_2026_11_20T10_00_00_000001.zip` is not an upload of user 2026.
_SECOND_READING = re.compile(r"\d+_.|(text|link)\.html$|\d\dT\d\d_\d\d_\d\d_\d+\.zip$", re.IGNORECASE)


def read_canvas(listing: Listing, sought: Sought) -> Understood | None:
    """The submissions in it; None if fewer than half of the files at the top follow Canvas' naming."""
    found = {entry: match for entry in listing.files if (match := _match(entry))}
    tops = {entry.parts[0] for entry in listing.files}
    if not found or 2 * len({entry.parts[0] for entry in found}) < len(tops):
        return None
    by_student: defaultdict[tuple[bool, str], list[Entry]] = defaultdict(list)
    for entry, match in found.items():
        by_student[match.re is _ANONYMOUS, match["id"]].append(entry)
    submissions = []
    ignored: list[Ignored] = []
    for (anonymous, identity), entries in by_student.items():
        choice = select(
            entries,
            sought,
            name_of=lambda entry: _file(found[entry], entry),
            order=lambda entry: (int(found[entry]["upload"] or 0),),
        )
        name = "" if anonymous else found[entries[0]]["name"]
        late = any(
            "late" in match.groupdict() and (match["late"] or match.groupdict().get("late2"))
            for match in ([found[choice.chosen]] if choice.chosen else [found[entry] for entry in entries])
        )
        person = Person(name=name, id=identity)
        handed_in = HandedIn(platform="canvas", persons=(person,), late=late, earlier=choice.earlier)
        student = f"anonymous {identity}" if anonymous else f"{name} ({identity})"
        submissions.append(submission_of(student, choice, entries, handed_in))
        ignored.extend(choice.ignored)
    rest = tuple(entry for entry in listing.files if entry not in found)
    return Understood(tuple(submissions), tuple(ignored), rest)


def _match(entry: Entry) -> re.Match[str] | None:
    """The first part of the path, parsed by Canvas' naming; deeper parts are in an archive of the student's."""
    name = entry.parts[0]
    named = _NAMED.fullmatch(name)
    if named and named["file"] and _SECOND_READING.match(named["file"]):
        return None
    return _ANONYMOUS.fullmatch(name) or named


def _file(match: re.Match[str], entry: Entry) -> str:
    return entry.name if len(entry.parts) > 1 else (match["file"] or entry.name)
