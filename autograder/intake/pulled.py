"""A folder that `autograder pull` filled: `pulled.json` says whose each file is; no name is interpreted."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from autograder.intake.listing import Entry, Listing
from autograder.intake.platform_download import Understood, submission_of
from autograder.intake.selection import Sought, select
from autograder.intake.submission import Ignored, IntakeError, Submission, UnreadableSubmission
from autograder.records.pulled import PULLED_FILE, Pulled, PulledSubmission
from autograder.records.result import HandedIn

MAX_PULLED_BYTES = 64 * 2**20


def read_pulled(listing: Listing, sought: Sought) -> Understood | None:
    """The submissions in it; None if there is no `pulled.json` at its top.

    Only a folder is read that way, never an archive: a student may have made that.

    Raises:
        IntakeError: `pulled.json` is damaged.
    """
    notes = [entry for entry in listing.files if entry.path == PULLED_FILE]
    if listing.is_archive or not notes:
        return None
    pulled = _read(notes[0])
    by_folder: dict[str, list[Entry]] = {}
    rest: list[Entry] = []
    known = {one.folder for one in pulled.submissions}
    for entry in listing.files:
        if entry is notes[0]:
            continue
        top = entry.parts[0]
        if len(entry.parts) > 1 and top in known:
            by_folder.setdefault(top, []).append(entry)
        else:
            rest.append(entry)
    submissions: list[Submission] = []
    ignored: list[Ignored] = []
    for one in pulled.submissions:
        entries = by_folder.get(one.folder, [])
        choice = select(entries, sought, name_of=_name, order=lambda entry: (_attempt(entry),))
        handed_in = HandedIn(
            platform=pulled.platform, persons=one.persons, late=one.late, at=one.at, earlier=choice.earlier
        )
        submissions.append(submission_of(student_name(one, anonymous=pulled.anonymous), choice, entries, handed_in))
        ignored.extend(choice.ignored)
    return Understood(tuple(submissions), tuple(ignored), tuple(rest))


def pulled_note(path: Path) -> str | None:
    """The text of a pulled folder's `pulled.json`; None for any other path."""
    try:
        return (path / PULLED_FILE).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def student_name(submission: PulledSubmission, *, anonymous: bool) -> str:
    """The student or group as shown in the report: the name with the platform's id."""
    first = submission.persons[0]
    if submission.group:
        return f"{submission.group} ({', '.join(person.id for person in submission.persons)})"
    return f"anonymous {first.id}" if anonymous or not first.name else f"{first.name} ({first.id})"


def _read(entry: Entry) -> Pulled:
    try:
        return Pulled.model_validate_json(entry.fetch(MAX_PULLED_BYTES))
    except (ValidationError, UnreadableSubmission) as error:
        why = "it is damaged" if isinstance(error, ValidationError) else str(error.reason.english)
        raise IntakeError(
            f"{PULLED_FILE} does not say whose the submissions are ({why}): remove the folder and pull again."
        ) from None


def _attempt(entry: Entry) -> int:
    """The number in `ID/attempt-2/cnn2.ipynb`."""
    part = entry.parts[1] if len(entry.parts) > 2 else ""
    number = part.removeprefix("attempt-")
    return int(number) if number.isdecimal() else 0


def _name(entry: Entry) -> str:
    return entry.name
