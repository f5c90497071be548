"""Gradescope: the export of all submissions, one folder for each, and `submission_metadata.yml` with their students.

A group hands in once: its submission has several persons. A later submission of the same persons replaces an earlier
one; the other attempts in Gradescope's history are not in the export and are only counted.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from typing import Any

import yaml  # type: ignore[import-untyped]

from autograder.core.messages import Message, phrase
from autograder.intake.listing import Entry, Listing
from autograder.intake.names import shown_name
from autograder.intake.platform_download import Understood, submission_of
from autograder.intake.selection import Sought, select
from autograder.intake.submission import Ignored, IntakeError, Submission, UnreadableSubmission
from autograder.records.result import HandedIn, Person

METADATA = "submission_metadata.yml"
# Databases keep no more than 300 characters of a student's name.
_MAX_NAME = 200
_MAX_METADATA_BYTES = 64 * 2**20
# libyaml's faster loader if available: exports hold every student's output and may have megabytes.
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]
    """Reads plain data; a tagged Ruby object is read as the plain data in it."""


def _plain(loader: Any, _: str, node: Any) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return node.value


_Loader.add_multi_constructor("!", _plain)
# Whole numbers here are identities: they stay as they are written, leading zeros and any length included.
_Loader.add_constructor("tag:yaml.org,2002:int", lambda _, node: node.value)
# What PyYAML raises if a value does not have the type of its tag.
_DAMAGED = (
    yaml.YAMLError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


def read_gradescope(listing: Listing, sought: Sought) -> Understood | None:
    """The submissions of the export; None if it has no `submission_metadata.yml` at its top.

    Raises:
        IntakeError: the file cannot be read.
    """
    metadata = next((entry for entry in listing.files if entry.path == METADATA), None)
    if metadata is None:
        return None
    sentence = _load(metadata)
    files: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in listing.files:
        if entry.parts[0] in sentence and entry is not metadata:
            files[entry.parts[0]].append(entry)
    by_persons: defaultdict[tuple[Person, ...], list[tuple[str, str, Submission]]] = defaultdict(list)
    ignored: list[Ignored] = []
    for folder, record in sentence.items():
        entries, persons = files[folder], _persons(record)
        choice = select(entries, sought)
        if not any(entry.is_notebook for entry in entries):
            ignored.extend(choice.ignored)
        at = _time(record.get(":created_at"))
        handed_in = HandedIn(
            platform="gradescope", persons=persons, late=_late(record), at=at, earlier=(*_history(record),)
        )
        submission = submission_of(_student(persons, folder), choice, entries, handed_in)
        if choice.chosen is not None:
            ignored.extend(choice.ignored)
        by_persons[persons or (Person(id=folder),)].append((at, folder, submission))
    submissions = []
    for attempts in by_persons.values():
        attempts.sort(key=lambda one: (one[0], one[1]))
        *before, (_, _, latest) = attempts
        submissions.append(_after(latest, [one[2] for one in before]))
        ignored.extend(
            Ignored(one[2].submission, f"an earlier attempt; {latest.submission} is graded") for one in before
        )
    rest = tuple(entry for entry in listing.files if entry.parts[0] not in sentence and entry is not metadata)
    return Understood(tuple(submissions), tuple(ignored), rest)


def _load(metadata: Entry) -> dict[str, dict[str, Any]]:
    try:
        plain = yaml.load(metadata.fetch(_MAX_METADATA_BYTES), Loader=_Loader)  # a loader of plain data only
    except UnreadableSubmission as error:
        raise IntakeError(f"{METADATA} of the Gradescope export cannot be read: {error}") from None
    except _DAMAGED:
        raise IntakeError(f"{METADATA} of the Gradescope export is damaged: export the submissions again.") from None
    records = plain if isinstance(plain, dict) else {}
    return {shown_name(str(key)): value for key, value in records.items() if isinstance(value, dict)}


def _persons(record: dict[str, Any]) -> tuple[Person, ...]:
    submitters = record.get(":submitters")
    return tuple(
        Person(name=_text(one, ":name"), number=_text(one, ":sid"), email=_text(one, ":email"))
        for one in (submitters if isinstance(submitters, list) else [])
        if isinstance(one, dict)
    )


def _text(record: dict[str, Any], key: str) -> str:
    value = record.get(key)
    return shown_name(str(value)) if isinstance(value, str | int) else ""


def _student(persons: tuple[Person, ...], folder: str) -> str:
    names = [
        f"{one.name or one.email} ({identity})" if (identity := one.number or one.email) else one.name
        for one in persons
        if one.name or one.email
    ]
    joined = ", ".join(names) or folder
    return joined if len(joined) <= _MAX_NAME else f"{names[0][:_MAX_NAME]} and {len(names) - 1} more"


def _time(value: Any) -> str:
    if isinstance(value, datetime.datetime):
        # PyYAML converts the time to UTC if the file gives a zone.
        try:
            return value.astimezone(datetime.UTC).isoformat() if value.tzinfo else value.isoformat()
        except OverflowError:  # in the first or the last year that `datetime` can represent
            return ""
    return shown_name(value)[:60] if isinstance(value, str) else ""


def _late(record: dict[str, Any]) -> bool | None:
    """Whether it was late, if the export says so: seconds or h:m:s after the due date."""
    value = record.get(":lateness", record.get(":late"))
    if isinstance(value, bool | int | float):
        return bool(value)
    return any(digit in "123456789" for digit in value) if isinstance(value, str) else None


def _history(record: dict[str, Any]) -> list[Message]:
    history = record.get(":history")
    found = [one for one in (history if isinstance(history, list) else []) if isinstance(one, dict)]
    return [
        phrase("submission {number} of {time}", number=str(one.get(":id", "")), time=_time(one.get(":created_at")))
        for one in found
    ]


def _after(latest: Submission, before: list[Submission]) -> Submission:
    if not before or latest.handed_in is None:
        return latest
    earlier = (*latest.handed_in.earlier, *(one.submission for one in before))
    return Submission(
        latest.student,
        latest.submission,
        latest.fetch,
        problem=latest.problem,
        handed_in=latest.handed_in.model_copy(update={"earlier": earlier}),
    )
