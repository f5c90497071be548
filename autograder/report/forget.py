"""Deletes what is stored about a student or a class: pulled files, gradebook, pages and tables."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from autograder.core.errors import UsageError
from autograder.core.files import write_atomically
from autograder.grading.gradebook_location import NOTE_NAME, location_of, opened
from autograder.intake.pulled import student_name
from autograder.records.forgetting import ForgottenRows
from autograder.records.pulled import (
    PULLED_FACT,
    PULLED_FILE,
    PULLED_FOLDER_FACT,
    SENT_FACT,
    Pulled,
    Sent,
)
from autograder.records.result import Person
from autograder.records.run_statistics import RunStatistics
from autograder.records.store import GRADEBOOK_FILE, Gradebook
from autograder.report.report_folder import write_report

# What `grade` and `export` write into a report folder, beside the students' pages and the gradebook.
_TABLES = ("index.html", "class.json", "grades.csv", "answers.csv", "results.jsonl")
_EXPORTS = ("export.csv", "*.graded.*", "*.graded", "*-feedback.zip")
_COPIES = ("gradebook.schema-*.db",)
_JOURNALS = (f"{GRADEBOOK_FILE}-wal", f"{GRADEBOOK_FILE}-shm")


@dataclass(frozen=True)
class Forgetting:
    """What would be deleted, or was: files and folders, what else changes, and what stays.

    `rows` is None until it is done.
    """

    students: tuple[str, ...]
    paths: tuple[Path, ...]
    changes: tuple[str, ...]
    stays: tuple[str, ...]
    rows: ForgottenRows | None = None


def forget(folder: Path, student: str | None, *, really: bool) -> Forgetting:
    """Delete everything about a student, or all of it; without `really` only say what it is.

    Args:
        folder: a report folder that `grade` wrote.
        student: a student by name or id as the report shows them; None for everyone.
        really: whether to delete.

    Raises:
        UsageError: it is not a report folder, or the student is not in it or not the only one of that name.
        AssignmentError, GradebookError: with a sentence for the instructor.
    """
    return _everyone(folder, really=really) if student is None else _one(folder, student, really=really)


def _one(folder: Path, wanted: str, *, really: bool) -> Forgetting:
    with opened(folder) as (assignment, gradebook):
        pulled, place = _pulled(gradebook), _pulled_folder(gradebook)
        there = _read(place) if place else None
        one = _named(gradebook, [note for note in (pulled, there) if note], folder, wanted)
        paths = [folder / "students" / f"{one.slug}.html"] if one.slug else []
        paths += [place / name for name in one.folders if place]
        paths += _matching(folder, (*_EXPORTS, *_COPIES))
        paths = [path for path in paths if path.exists()]
        changes = ["written again without them: the class page and the tables"]
        if place and one.folders:
            changes.append(f"the lines about them in {place / PULLED_FILE}")
        if len(one.persons) > 1:
            names = ", ".join(person.name or person.id for person in one.persons)
            changes.append(f"it is the submission of a group, so nobody of these has one any more: {names}")
        found = Forgetting((one.student,) if one.slug else (), tuple(paths), tuple(changes), _stays(pulled, place))
        if not really:
            return found
        for path in paths:
            _delete(path)
        if pulled is not None and one.folders:
            gradebook.store_fact(PULLED_FACT, _without(pulled, one.folders).model_dump_json())
        if place and there is not None and one.folders:
            write_atomically(place / PULLED_FILE, _without(there, one.folders).model_dump_json(indent=1) + "\n")
            (place / PULLED_FILE).chmod(0o600)
        _forget_sent(gradebook, {person.id for person in one.persons})
        _forget_failure(gradebook, one.student)
        rows = gradebook.forget(one.student)
        write_report(folder, assignment, gradebook, changed=())
        return Forgetting(found.students, found.paths, found.changes, found.stays, rows)


def _everyone(folder: Path, *, really: bool) -> Forgetting:
    location = location_of(folder)
    with opened(folder) as (_, gradebook):
        students = tuple(stored.result.student for stored in gradebook.results())
        pulled, place = _pulled(gradebook), _pulled_folder(gradebook)
        paths = [folder / "students", *(folder / name for name in _TABLES), *_matching(folder, (*_EXPORTS, *_COPIES))]
        if location is None:
            paths += [folder / name for name in (GRADEBOOK_FILE, *_JOURNALS)]
        else:
            paths.append(folder / NOTE_NAME)
        if place and (there := _read(place)) is not None:
            paths += _all_pulled(place, there)
        paths = [path for path in paths if path.exists()]
        changes = [f"the rows of this assignment in {location.url}"] if location else []
        found = Forgetting(students, tuple(paths), tuple(changes), _stays(pulled, place))
        if not really:
            return found
        rows = gradebook.forget()
    for path in (*paths, *(folder / name for name in _JOURNALS)):
        _delete(path)
    left = tuple(
        f"{path}: not written by autograder"
        for one in (folder, place)
        if one and one.is_dir()
        for path in sorted(one.iterdir())
    )
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
    return Forgetting(students, found.paths, found.changes, (*found.stays, *left), rows)


@dataclass(frozen=True)
class _Known:
    """What is stored of one submission: a result has a `slug`, a pulled one `folders`, a failed one its name only."""

    student: str
    persons: tuple[Person, ...] = ()
    slug: str = ""
    folders: frozenset[str] = frozenset()

    @property
    def names(self) -> set[str]:
        texts = {self.student, *(text for one in self.persons for text in (one.name, one.id, one.number, one.email))}
        return {_key(text) for text in texts if text}


def _named(gradebook: Gradebook, notes: Sequence[Pulled], folder: Path, wanted: str) -> _Known:
    key = _key(wanted)
    found = [one for one in _all_known(gradebook, notes) if key in one.names]
    if len(found) == 1:
        return found[0]
    if found:
        listed = "; ".join(one.student for one in found)
        raise UsageError(f'"{wanted}" may be {listed}: name one of them as written here.')
    raise UsageError(f'{folder} has no result of "{wanted}": write the name as on the class page.')


def _all_known(gradebook: Gradebook, notes: Sequence[Pulled]) -> Iterator[_Known]:
    """Everyone with a result, then who was pulled or failed without one."""
    folders: dict[frozenset[str], set[str]] = {}
    labels: dict[frozenset[str], tuple[str, tuple[Person, ...]]] = {}
    for note in notes:
        for one in note.submissions:
            ids = frozenset(person.id for person in one.persons)
            folders.setdefault(ids, set()).add(one.folder)
            labels[ids] = student_name(one, anonymous=note.anonymous), one.persons
    seen = set()
    for stored in gradebook.results():
        persons = stored.result.handed_in.persons if stored.result.handed_in else ()
        own = {person.id for person in persons}
        theirs = [ids for ids in folders if ids & own]
        seen.add(stored.result.student)
        places = frozenset().union(*(folders[ids] for ids in theirs))
        for ids in theirs:
            labels.pop(ids, None)
        yield _Known(stored.result.student, persons, stored.slug, places)
    for ids, (label, persons) in labels.items():
        seen.add(label)
        yield _Known(label, persons, folders=frozenset(folders[ids]))
    text = gradebook.fact("last_run")
    failed = RunStatistics.model_validate_json(text).failures if text else {}
    yield from (_Known(student) for student in failed if student not in seen)


def _key(text: str) -> str:
    return " ".join(text.split()).casefold()


def _pulled(gradebook: Gradebook) -> Pulled | None:
    text = gradebook.fact(PULLED_FACT)
    try:
        return Pulled.model_validate_json(text) if text else None
    except ValidationError:
        return None


def _pulled_folder(gradebook: Gradebook) -> Path | None:
    """The folder that was pulled and graded, if it is still one."""
    text = gradebook.fact(PULLED_FOLDER_FACT)
    return Path(text) if text and (Path(text) / PULLED_FILE).is_file() else None


def _all_pulled(place: Path, there: Pulled) -> list[Path]:
    """The pulled folder, or what was pulled in it if somebody else's files are there too.

    A pull that broke off leaves a student's folder that is not noted yet; it holds nothing but attempts.
    """
    noted = {PULLED_FILE, *(one.folder for one in there.submissions)}
    inside = sorted(place.iterdir())
    ours = [path for path in inside if path.name in noted or _holds_attempts(path)]
    return [place] if len(ours) == len(inside) else ours


def _holds_attempts(path: Path) -> bool:
    if path.is_symlink() or not path.is_dir():
        return False
    names = [inner.name for inner in path.iterdir()]
    return bool(names) and all(name.startswith("attempt-") for name in names)


def _read(place: Path) -> Pulled | None:
    try:
        return Pulled.model_validate_json((place / PULLED_FILE).read_bytes())
    except (OSError, ValidationError):
        return None


def _without(pulled: Pulled, folders: Set[str]) -> Pulled:
    left = tuple(one for one in pulled.submissions if one.folder not in folders)
    return pulled.model_copy(update={"submissions": left})


def _stays(pulled: Pulled | None, place: Path | None) -> tuple[str, ...]:
    if pulled is not None:
        return (f"what stands on {pulled.platform}",) if place else (f"what stands on {pulled.platform}", _FILES)
    return (_FILES,)


_FILES = "the files that were graded, wherever you keep them"


def _forget_sent(gradebook: Gradebook, ids: set[str]) -> None:
    text = gradebook.fact(SENT_FACT)
    if not text:
        return
    try:
        grades = Sent.model_validate_json(text).grades
    except ValidationError:
        grades = {}
    kept = {key: one for key, one in grades.items() if key.rpartition(" ")[2] not in ids}
    gradebook.store_fact(SENT_FACT, Sent(grades=kept).model_dump_json())


def _forget_failure(gradebook: Gradebook, student: str) -> None:
    text = gradebook.fact("last_run")
    if not text:
        return
    run = RunStatistics.model_validate_json(text)
    failures = {name: why for name, why in run.failures.items() if name != student}
    gradebook.store_fact("last_run", run.model_copy(update={"failures": failures}).model_dump_json())


def _matching(folder: Path, patterns: Iterable[str]) -> list[Path]:
    return sorted({path for pattern in patterns for path in folder.glob(pattern) if path.is_file()})


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
