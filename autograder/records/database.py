"""The databases of gradebooks: a SQLite file or a PostgreSQL server, with the same models.

The instructor sees a database error as one sentence, never with a password in it.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import create_engine, event, inspect
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.dml import Insert

from autograder.core.errors import UserError

# A PostgreSQL URL without a driver uses the one that this project installs.
DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg"}
# How long to wait for another program that writes to the same file, and for a server that does not respond.
_BUSY_SECONDS = 20
_CONNECT_SECONDS = 8
# The advisory lock for creating the tables: an arbitrary number that no other program uses.
_MAKING = 0x6772616465
_PASSWORD = "set PGPASSWORD or write a line into ~/.pgpass"
# Database error texts, and what they mean to the instructor. Servers come first: their texts are longer.
_MEANINGS = (
    (
        ("password authentication failed", "no password supplied", "authentication failed", "no pg_hba.conf entry"),
        f"does not let this user in: correct the user's name, and {_PASSWORD}",
    ),
    (
        ("permission denied", "no schema has been selected", "must be owner"),
        "cannot be written to: let its user create tables there, or name a database of the user's own",
    ),
    (('role "',), "does not know this user: correct the user's name in the URL"),
    (('database "',), "is not there: make the database with createdb, or correct its name in the URL"),
    (
        (
            "connection refused",
            "no such file or directory",
            "timeout expired",
            "could not translate host name",
            "failed to resolve host",
            "connection is bad",
            "server closed the connection",
            "starting up",
            "shutting down",
            "terminating connection",
            "too many clients",
        ),
        "cannot be reached: start its server, or correct host and port in the URL",
    ),
    (
        ("invalid connection option", "invalid uri query"),
        "has an option in its URL that PostgreSQL does not know: correct it",
    ),
    (("not a database", "malformed"), "is damaged: move it away and grade again from the same submissions"),
    (("no such column", "no such table"), "belongs to another program: name another file"),
    (("undefinedcolumn", "undefinedtable"), "belongs to another program: name another database"),
    (("locked", "busy"), "is kept busy by another program: try again when that has ended"),
    (
        ("disk is full", "no space left"),
        "cannot grow because the disk is full: free some space and grade again, nothing stored is lost",
    ),
    (("unable to open", "readonly", "read-only"), "cannot be opened for writing: check its folder and permissions"),
)


class GradebookError(UserError):
    """The gradebook cannot be used; the message is one sentence that names it and says what to do."""


def engine_of(target: Path | str) -> tuple[str, Engine]:
    """The engine for a file or URL, and a name for it without its password.

    Raises:
        GradebookError: the URL is not valid, its driver is missing, or its folder cannot be created.
    """
    if isinstance(target, str) and "://" in target:
        url = url_of(target)
        name = url.difference_update_query(secrets_of(url)).render_as_string(hide_password=True)
    else:
        url, name = URL.create("sqlite", database=str(target)), str(target)
    try:
        if url.get_backend_name() != "sqlite":
            return name, _server(url)
        if not isinstance(target, str) or "://" not in target:
            Path(target).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS})
    except ModuleNotFoundError as error:
        raise GradebookError(
            f"A gradebook at {name} needs {error.name}: pip install 'keras-autograder[postgresql]'."
        ) from error
    except (SQLAlchemyError, ImportError, OSError, ValueError) as error:
        raise GradebookError(f"No gradebook can be opened at {name} ({error}): name a file or a database.") from error

    @event.listens_for(engine, "connect")
    def safe_from_power_cuts(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA synchronous=FULL")

    return name, engine


def url_of(text: str) -> URL:
    """The URL of a SQLite file or a PostgreSQL database, with its driver.

    Raises:
        GradebookError: the text is not such a URL. The message does not quote it, as it may contain a password.
    """
    named = "name sqlite:////FOLDER/FILE.db or postgresql+psycopg://USER@HOST/DATABASE"
    try:
        url = make_url(text)
    except (SQLAlchemyError, ValueError):
        raise GradebookError(f"What was named as the gradebook is not the URL of a database: {named}.") from None
    if url.drivername not in (*DRIVERS, *DRIVERS.values()):
        raise GradebookError(f"A gradebook cannot be kept by {url.drivername}: {named}.")
    return url.set(drivername=DRIVERS[url.get_backend_name()])


def secrets_of(url: URL) -> list[str]:
    """The values of those options of a URL that are passwords."""
    return [option for option in url.query if "password" in option.lower()]


def lock_for_making(connection: Connection) -> None:
    """Begin the transaction that creates the tables: of several graders one creates them while the others wait."""
    if connection.dialect.name == "sqlite":
        # Stored in the file: readers do not wait for a writer. It cannot be set within a transaction.
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MAKING})")


def upsert(dialect: str, row: DeclarativeBase) -> Insert:
    """A statement that inserts a row, or replaces the row with the same key.

    It is a single statement: of two graders writing the same row, one waits and the later wins.
    """
    table = inspect(type(row))
    values = {str(column.key): getattr(row, str(column.key)) for column in table.columns}
    keys = [str(column.key) for column in table.primary_key]
    others = {key: value for key, value in values.items() if key not in keys}
    if dialect == "sqlite":
        return sqlite.insert(type(row)).values(values).on_conflict_do_update(index_elements=keys, set_=others)
    # Imported only when used: a dialect takes a tenth of a second to import.
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(type(row)).values(values).on_conflict_do_update(index_elements=keys, set_=others)


def attempt(work: Callable[[], None]) -> None:
    """Call `work`, again if another grader wrote the same row or created the same table at the same moment."""
    for pause in (0.05, 0.2):
        with suppress(IntegrityError, OperationalError, ProgrammingError):
            work()
            return
        time.sleep(pause)
    work()


@contextmanager
def explain_database_errors(name: str) -> Iterator[None]:
    """Turn database errors into a sentence.

    Raises:
        GradebookError: the database failed.
    """
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise GradebookError(f"The gradebook {name} {_meaning(error)}.") from error


def _server(url: URL) -> Engine:
    sentence = "connect_timeout" in url.query or "PGCONNECT_TIMEOUT" in os.environ
    connect_args = {} if sentence else {"connect_timeout": _CONNECT_SECONDS}
    return create_engine(url, pool_pre_ping=True, connect_args=connect_args)


def _meaning(error: Exception) -> str:
    original = error.orig if isinstance(error, DBAPIError) else error
    said = str(original).partition("\n")[0]
    kind = type(original).__name__.lower()
    for signs, meaning in _MEANINGS:
        if any(sign in said.lower() or sign == kind for sign in signs):
            return meaning
    return f"cannot be used ({said})"
