"""Where a report folder's gradebook is if it is not in the folder itself: in a database that a URL names.

A small file in the report folder names the database for later commands, without a password: that comes from where every
PostgreSQL program reads it. In one database each assignment has its own rows, found by its name; report folders that
name the same database and assignment show the same class.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy.engine import URL

from autograder.assignment import Assignment, load, search_path
from autograder.core.data import Data
from autograder.core.errors import UsageError
from autograder.core.files import write_atomically
from autograder.records.database import GradebookError, secrets_of, url_of
from autograder.records.store import GRADEBOOK_FILE, Gradebook

NOTE_NAME = "gradebook.json"


class GradebookLocation(Data):
    """A database that keeps the gradebook of an assignment, and the folder of that assignment on this machine."""

    url: str
    assignment: str
    assignment_folder: str

    @contextmanager
    def opened(self) -> Iterator[Gradebook]:
        """The gradebook.

        Raises:
            GradebookError: it cannot be used, or is the file of another report folder.
        """
        with Gradebook(self.url, self.assignment) as gradebook:
            # The rows of a report folder's own file have no assignment in their keys.
            with Gradebook(self.url) as own:
                owner = own.fact("assignment")
            if owner is not None:
                raise GradebookError(
                    f"{self.url} is a report folder's own gradebook: leave --gradebook out and name that folder with "
                    "--output, or name another file."
                )
            yield gradebook

    def note(self, folder: Path) -> None:
        """Record the database in a report folder, where later commands find it."""
        write_atomically(folder / NOTE_NAME, self.model_dump_json(indent=2) + "\n")


def location_of(folder: Path) -> GradebookLocation | None:
    """The gradebook location recorded in a report folder; None if there is none.

    Raises:
        GradebookError: it cannot be read, or does not name a database.
    """
    note = folder / NOTE_NAME
    try:
        found = GradebookLocation.model_validate_json(note.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValidationError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is damaged"
        raise GradebookError(
            f"{note} does not say where the gradebook is ({why}): remove it and grade again with --gradebook."
        ) from None
    return found.model_copy(update={"url": stored_url(found.url, str(note))})


def locate_gradebook(folder: Path, assignment: Assignment, url: str | None) -> GradebookLocation | None:
    """Where to store what is graded into a report folder: at `url`, or where it was stored before.

    None means the file in the folder itself.

    Raises:
        GradebookError: the URL is invalid or holds a password, or the folder keeps its grades elsewhere or holds
            those of another assignment.
    """
    before = location_of(folder)
    if url is None and before is None:
        return None
    if before is not None and before.assignment != assignment.name:
        raise GradebookError(
            f'{folder} holds the grades of "{before.assignment}", not of "{assignment.name}"; name another folder '
            "with --output."
        )
    wanted = before.url if url is None and before is not None else stored_url(url or "", "--gradebook")
    if before is not None and before.url != wanted:
        raise GradebookError(
            f"{folder} keeps its grades in {before.url}, not in {wanted}: name another folder with --output, or, "
            f"where the database has moved, correct {folder / NOTE_NAME}."
        )
    if before is None and _is_file(wanted, folder / GRADEBOOK_FILE):
        return None
    if before is None and (folder / GRADEBOOK_FILE).exists():
        raise GradebookError(
            f"{folder} keeps its grades in {GRADEBOOK_FILE}: leave --gradebook out, or name another folder with "
            "--output."
        )
    return GradebookLocation(url=wanted, assignment=assignment.name, assignment_folder=str(assignment.place))


def stored_url(url: str, where: str) -> str:
    """The URL as it is stored: with its driver, and with the whole path of a file.

    Raises:
        GradebookError: it is invalid or holds a password, which is not repeated; `where` says where it was written.
    """
    read = url_of(url)
    if read.password is not None or secrets_of(read):
        raise GradebookError(
            f"The URL in {where} holds a password, which others could read there and which is never stored: leave it "
            "out, and set PGPASSWORD or write a line into ~/.pgpass."
        )
    if read.get_backend_name() == "sqlite":
        read = _whole(read, where)
    return read.render_as_string()


def _whole(url: URL, where: str) -> URL:
    if not url.database or url.database == ":memory:" or url.query or url.host:
        raise GradebookError(f"The URL in {where} names no file: write sqlite:////FOLDER/FILE.db.")
    return url.set(database=str(Path(url.database).resolve()))


def _is_file(url: str, file: Path) -> bool:
    read = url_of(url)
    return read.get_backend_name() == "sqlite" and Path(read.database or "") == file.resolve()


LANGUAGE_FACT = "language"  # gradebook fact: the language last asked for, "" for the assignment's own


def claim(gradebook: Gradebook, assignment: Assignment, output: Path) -> None:
    """Record in a gradebook which assignment it belongs to.

    Raises:
        UsageError: it belongs to another one.
    """
    owner = gradebook.fact("assignment")
    if owner is not None and owner != assignment.name:
        raise UsageError(
            f'{output} holds the grades of "{owner}", not of "{assignment.name}"; name another folder with --output.'
        )
    gradebook.store_fact("assignment", assignment.name)
    gradebook.store_fact("assignment_folder", str(assignment.place))


@contextmanager
def opened_gradebook(folder: Path) -> Iterator[Gradebook]:
    """A report folder's gradebook, in the folder or in a database.

    Raises:
        UsageError: it is not a report folder.
        GradebookError: with a sentence for the instructor.
    """
    location = location_of(folder)
    if location is None and not (folder / GRADEBOOK_FILE).is_file():
        raise UsageError(f"{folder} holds no {GRADEBOOK_FILE}; name a folder that `autograder grade` wrote.")
    with location.opened() if location else Gradebook(folder / GRADEBOOK_FILE) as gradebook:
        yield gradebook


@contextmanager
def opened(folder: Path) -> Iterator[tuple[Assignment, Gradebook]]:
    """A report folder's assignment and gradebook.

    Raises:
        UsageError: it is not a report folder.
        AssignmentError, GradebookError: with a sentence for the instructor.
    """
    location = location_of(folder)
    with opened_gradebook(folder) as gradebook:
        where = location.assignment_folder if location else gradebook.fact("assignment_folder")
        if where is None:
            raise UsageError(f"{folder / GRADEBOOK_FILE} does not say which assignment it belongs to; grade again.")
        if location is None and not Path(where).exists():
            where = _of_that_name(gradebook.fact("assignment") or "") or where
        yield load(where).in_language(gradebook.fact(LANGUAGE_FACT)), gradebook


def _of_that_name(name: str) -> str | None:
    """The assignment of this name here, for a report that was made on another machine; None if there is none."""
    found = any((folder / name).is_dir() for folder in search_path()) if name else False
    return name if found and load(name).name == name else None
