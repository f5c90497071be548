"""Fetches the submissions of one assignment into a folder, and only what is new."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from autograder.core.errors import UsageError
from autograder.core.files import write_atomically
from autograder.intake.names import shown_name
from autograder.lms.online.site import Attempt, Connection, Participant, RemoteFile, Site
from autograder.records.pulled import PULLED_FILE, Pulled, PulledSubmission

Attempts = Literal["latest", "all"]
_LONGEST_NAME = 100


@dataclass(frozen=True)
class PullReport:
    """What a pull did: the students with something new, how many were there already, and what to know."""

    folder: Path
    fetched: tuple[str, ...]
    kept: int
    late: int
    without: int
    files: int
    notes: tuple[str, ...]


def pull(
    connection: Connection,
    address: str,
    course: str,
    assignment: str,
    folder: Path | None,
    *,
    attempts: Attempts = "latest",
    say: Callable[[str], None] = lambda line: None,
) -> PullReport:
    """Bring the submissions into `folder`, by default `pulled/PLATFORM-ASSIGNMENT`.

    What an earlier pull stored is not fetched again unless the student has handed in since. `pulled.json` is written
    after each student's files, so a pull that stopped goes on where it was.

    Raises:
        PlatformError: the platform refuses or cannot be reached.
        UsageError: the folder holds something else, or another assignment.
    """
    site = connection.read(course, assignment)
    folder = folder or Path("pulled") / f"{site.platform}-{site.assignment}"
    before = _earlier(folder, site, address)
    known = {one.folder: one for one in before.submissions} if before else {}
    done: dict[str, PulledSubmission] = dict(known)
    fetched: list[str] = []
    kept = files = 0
    handed_in = list(_submissions(site))

    def note() -> None:
        pulled = Pulled(
            platform=site.platform,
            url=address,
            course=site.course,
            assignment=site.assignment,
            title=site.title,
            maximum=site.maximum,
            anonymous=site.anonymous,
            attempts=attempts,
            submissions=tuple(done[name] for name in sorted(done)),
        )
        write_atomically(folder / PULLED_FILE, pulled.model_dump_json(indent=1) + "\n")
        (folder / PULLED_FILE).chmod(0o600)

    _private(folder)
    for name, members in handed_in:
        wanted = members[0].attempts if attempts == "all" else members[0].attempts[-1:]
        there = known.get(name)
        one = _described(name, members, wanted)
        again = _still_good(there, one)
        changed = there is None or there.at != one.at
        for path, file in _files(wanted):
            if path not in again or not (folder / name / path).is_file():
                connection.download(file, folder / name / path)
                files += 1
                changed = True
        done[name] = one
        if changed:
            note()
            _drop_others(folder / name, one.files)
            fetched.append(members[0].group or members[0].person.name or members[0].person.id)
            say(f"fetched: {fetched[-1]}")
        else:
            kept += 1
    note()
    gone = sorted(known.keys() - {name for name, _ in handed_in})
    notes = list(site.notes)
    if gone:
        notes.append(f"no longer there, kept here: {'; '.join(known[name].persons[0].name or name for name in gone)}")
    return PullReport(
        folder,
        tuple(fetched),
        kept,
        late=sum(one.late for one in done.values()),
        without=sum(not one.attempts for one in site.participants),
        files=files,
        notes=tuple(notes),
    )


def _submissions(site: Site) -> Iterator[tuple[str, list[Participant]]]:
    """Each submission's folder with its students: the members of a group have one together."""
    by_folder: dict[str, list[Participant]] = {}
    for one in site.participants:
        if one.attempts:
            name = f"group-{one.group_id}" if one.group_id else one.person.id
            by_folder.setdefault(name, []).append(one)
    yield from sorted(by_folder.items())


def _described(name: str, members: list[Participant], wanted: tuple[Attempt, ...]) -> PulledSubmission:
    first = members[0]
    last = first.attempts[-1]
    return PulledSubmission(
        persons=tuple(one.person for one in members),
        group=first.group,
        folder=name,
        at=last.at,
        late=last.late,
        attempt=last.number,
        files=tuple(path for path, _ in _files(wanted)),
        grade=first.grade,
        excused=first.excused,
    )


def _still_good(there: PulledSubmission | None, now: PulledSubmission) -> frozenset[str]:
    """The files that an earlier pull stored and that cannot have changed: an attempt that is over does not."""
    if there is None:
        return frozenset()
    if there.at == now.at:
        return frozenset(there.files)
    return frozenset(path for path in there.files if not path.startswith(f"attempt-{now.attempt}/"))


def _files(attempts: tuple[Attempt, ...]) -> list[tuple[str, RemoteFile]]:
    """The path of each file within the student's folder."""
    found: list[tuple[str, RemoteFile]] = []
    for attempt in attempts:
        taken: set[str] = set()
        for file in attempt.files:
            name = _safe(file.name)
            while name.casefold() in taken:
                name = f"again-{name}"
            taken.add(name.casefold())
            found.append((f"attempt-{attempt.number}/{name}", file))
    return found


def _safe(name: str) -> str:
    """A student's file name without folders, and never hidden, too long or empty."""
    plain = shown_name(name.replace("\\", "/").rpartition("/")[2]).strip(" .~$") or "file"
    plain = "".join("_" if sign in '<>:"|?*' else sign for sign in plain)
    stem, dot, suffix = plain.rpartition(".")
    while len(plain.encode()) > _LONGEST_NAME and stem:
        stem = stem[:-1]
        plain = f"{stem}{dot}{suffix}"
    return plain if len(plain.encode()) <= _LONGEST_NAME else "file"


def _private(folder: Path) -> None:
    """Only the owner may look into it."""
    folder.mkdir(parents=True, exist_ok=True)
    with suppress(OSError):
        folder.chmod(0o700)


def _drop_others(folder: Path, files: tuple[str, ...]) -> None:
    """Delete attempts that no longer count."""
    kept = {file.split("/")[0] for file in files}
    if folder.is_dir():
        for inner in folder.iterdir():
            if (
                inner.is_dir()
                and not inner.is_symlink()
                and inner.name.startswith("attempt-")
                and inner.name not in kept
            ):
                shutil.rmtree(inner)


def _earlier(folder: Path, site: Site, address: str) -> Pulled | None:
    """What an earlier pull stored in the folder.

    Raises:
        UsageError: the folder is not empty and holds something else.
    """
    try:
        before = Pulled.model_validate_json((folder / PULLED_FILE).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UsageError(f"{folder} holds something else: name a new folder with --output.") from None
        return None
    except (OSError, ValidationError):
        raise UsageError(f"{folder / PULLED_FILE} is damaged: name a new folder with --output.") from None
    if (before.platform, before.url, before.assignment) != (site.platform, address, site.assignment):
        raise UsageError(f'{folder} holds the submissions of "{before.title}": name another folder with --output.')
    return before
