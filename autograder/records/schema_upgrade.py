"""The schema of a gradebook: created in an empty database, upgraded if it is from an older autograder."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import insert, inspect, select, update
from sqlalchemy.engine import Connection, Engine

from autograder.records.database import GradebookError, lock_for_making
from autograder.records.tables import SCHEMA_VERSION, BaseTable, FactRow

_VERSION = {"assignment": "", "name": "schema version"}


def prepare(engine: Engine, name: str) -> None:
    """Create the tables in an empty database, and upgrade those of an older autograder.

    Both are atomic and happen once, even if several graders open the gradebook at the same moment. Before a file is
    upgraded, a copy is kept next to it.

    Raises:
        GradebookError: it belongs to another program or a newer autograder, or the copy cannot be kept.
    """
    with engine.connect() as connection:
        version = _version(connection, name)
    if version == SCHEMA_VERSION:
        return
    with engine.connect() as connection:
        lock_for_making(connection)
        version = _version(connection, name)
        if version is None:
            BaseTable.metadata.create_all(connection)
            connection.execute(insert(FactRow).values(_VERSION | {"value": str(SCHEMA_VERSION)}))
        elif version < SCHEMA_VERSION:
            _keep_copy(engine, version)
            # Imported late: Alembic takes a second to import, and a gradebook is upgraded once.
            from autograder.records.migrations import upgrade_schema

            upgrade_schema(connection, version)
            connection.execute(update(FactRow).filter_by(**_VERSION).values(value=str(SCHEMA_VERSION)))
        connection.commit()


def copy_of(file: Path, version: int) -> Path:
    """The path of the copy of a gradebook made before its schema `version` was upgraded."""
    return file.with_name(f"{file.stem}.schema-{version}{file.suffix}")


def _version(connection: Connection, name: str) -> int | None:
    """The version of the schema; None for an empty database."""
    is_file = connection.dialect.name == "sqlite"
    tables = inspect(connection).get_table_names()
    if not tables:
        return None
    if FactRow.__tablename__ not in tables:
        another = "file" if is_file else "database"
        raise GradebookError(f"{name} is the database of another program: name another {another}.")
    stored = connection.scalar(select(FactRow.value).filter_by(**_VERSION)) or ""
    if not stored.isdecimal() or not 1 <= int(stored) <= SCHEMA_VERSION:
        again = "move the file away and grade again" if is_file else "name another database"
        raise GradebookError(
            f"The gradebook {name} was made by a newer version of autograder (its format is {stored or 'unknown'}, "
            f"this one's is {SCHEMA_VERSION}): use that version, or {again}."
        )
    return int(stored)


def _keep_copy(engine: Engine, version: int) -> None:
    """Copy the file while the caller's lock excludes other writers; a server has its own backups."""
    if engine.dialect.name != "sqlite" or not engine.url.database:
        return
    file = Path(engine.url.database)
    kept = copy_of(file, version)
    unfinished = kept.with_name(f"{kept.name}.part")
    try:
        unfinished.unlink(missing_ok=True)
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(unfinished)) as target:
            source.backup(target)
        shutil.copymode(file, unfinished)
        os.replace(unfinished, kept)
    except OSError as error:
        raise GradebookError(
            f"The gradebook {file} must be upgraded, but no copy of it can be kept at {kept} ({error.strerror}): "
            "make room or correct the permissions, then try again."
        ) from None
