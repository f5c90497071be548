"""Deletes a student, or a whole assignment, from a gradebook, with everything stored that nobody else needs."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, sessionmaker

from autograder.core.data import unpacked
from autograder.records.result import Result
from autograder.records.tables import (
    BaseTable,
    EvidenceRow,
    FactRow,
    Keyed,
    OverrideRow,
    ResultRow,
    SubmissionRow,
    TrainingRunRow,
)

_AT_ONCE = 100


@dataclass(frozen=True)
class ForgottenRows:
    """How many rows were deleted of each kind; `evidence` and `training_runs` are those that no result uses now."""

    submissions: int
    results: int
    overrides: int
    evidence: int
    training_runs: int

    def __bool__(self) -> bool:
        return any((self.submissions, self.results, self.overrides, self.evidence, self.training_runs))


def forget_rows(
    engine: Engine, assignment: str, student: str | None, explained: Callable[[], AbstractContextManager[None]]
) -> ForgottenRows:
    """Delete one student of an assignment, or all of them with the assignment's facts.

    Evidence and training runs have no student in their key, and those of earlier attempts belong to no result any
    more. So all that no result of any assignment in the database uses is deleted; it could be computed again.

    Raises:
        GradebookError: the database cannot be used.
    """
    with explained():
        with sessionmaker(engine).begin() as session:
            counts = [_delete(session, table, assignment, student) for table in (SubmissionRow, ResultRow, OverrideRow)]
            if student is None:
                session.execute(delete(FactRow).where(FactRow.assignment == assignment, FactRow.name != _VERSION))
            evidence, runs = _used(session)
            counts += [_delete_others(session, EvidenceRow, evidence), _delete_others(session, TrainingRunRow, runs)]
        if engine.dialect.name == "sqlite":
            # Deleted rows would stay readable in the free pages of the file and in its log.
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("VACUUM")
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return ForgottenRows(*counts)


_VERSION = "schema version"


def _delete(session: Session, table: type[BaseTable], assignment: str, student: str | None) -> int:
    columns = table.__table__.columns
    chosen = delete(table).where(columns["assignment"] == assignment)
    if student is not None:
        chosen = chosen.where(columns["student"] == student)
    return session.connection().execute(chosen).rowcount


def _used(session: Session) -> tuple[set[str], set[str]]:
    """The keys of the evidence and of the training runs that results of any assignment use."""
    evidence: set[str] = set()
    runs: set[str] = set()
    for content in session.scalars(select(ResultRow.content)).yield_per(_AT_ONCE):
        try:
            keys = unpacked(Result, zlib.decompress(content)).keys
        except (zlib.error, ValueError, RecursionError):
            continue  # unreadable, so it is graded again
        evidence.add(keys.get("evidence", ""))
        runs.update(keys.get("training", "").split(","))
    return evidence, runs


def _delete_others(session: Session, table: type[Keyed], used: set[str]) -> int:
    gone = [key for key in session.scalars(select(table.key)) if key not in used]
    for start in range(0, len(gone), _AT_ONCE):
        session.execute(delete(table).where(table.key.in_(gone[start : start + _AT_ONCE])))
    return len(gone)
