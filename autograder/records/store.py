"""The gradebook: stores the output of every stage at once, so that nothing is computed twice or lost.

Evidence and training runs are stored under a key that hashes all their inputs; results and submissions under the
assignment and the student. Data is on disk when a storing method returns. Several threads, and several graders, may use
one gradebook.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from sqlalchemy import delete, select, update
from sqlalchemy.orm import sessionmaker

from autograder.core.closing import Closing
from autograder.core.data import Data, packed, unpacked
from autograder.records.database import GradebookError, attempt, engine_of, explain_database_errors, upsert
from autograder.records.evidence import Evidence
from autograder.records.forgetting import ForgottenRows, forget_rows
from autograder.records.overrides import Overrides
from autograder.records.result import Result
from autograder.records.schema_upgrade import prepare
from autograder.records.tables import (
    BaseTable,
    EvidenceRow,
    FactRow,
    OfStudent,
    ResultRow,
    SubmissionRow,
    TrainingRunRow,
)
from autograder.records.training import TrainingRun

__all__ = ["GRADEBOOK_FILE", "Gradebook", "GradebookError", "StoredResult", "StoredSubmission"]

GRADEBOOK_FILE = "gradebook.db"
_ROWS_AT_ONCE = 50
# Far more than any stored data unpacks to.
_MAX_INFLATED = 256 * 2**20


@dataclass(frozen=True)
class StoredResult:
    """A result, the key of all its inputs, and the file stem of the student's page."""

    result: Result
    result_key: str
    slug: str


@dataclass(frozen=True)
class StoredSubmission:
    """What a student handed in, stored so that pages can be rebuilt without the original folder.

    `path` is the submission's path as results name it; `content` is None if it could not be read.
    """

    student: str
    slug: str
    path: str
    content: bytes | None


AnyRow = TypeVar("AnyRow", bound=BaseTable)
StudentRow = TypeVar("StudentRow", bound=OfStudent)
_Kept = TypeVar("_Kept", bound=Data)


class Gradebook(Closing):
    """An open gradebook; close it, or use it as a context manager.

    Args:
        target: a SQLite file, created if missing, or a database of its own as an SQLAlchemy URL
            ("postgresql+psycopg://...").
        assignment: the assignment that the results and submissions belong to, if several share a database.

    Raises:
        GradebookError: it is damaged, belongs to another program or a newer autograder, or cannot be reached. Every
            method raises it too.
    """

    def __init__(self, target: Path | str, assignment: str = "") -> None:
        self._assignment = assignment
        self._name, self._engine = engine_of(target)
        self._session = sessionmaker(self._engine, expire_on_commit=False)
        try:
            with self._explained():
                attempt(lambda: prepare(self._engine, self._name))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close every connection; stored data is already on disk."""
        self._engine.dispose()

    def evidence(self, key: str) -> Evidence | None:
        """The evidence under this key; None if there is none or it cannot be read."""
        row = self._row(EvidenceRow, key)
        return _unpacked(Evidence, row.content) if row else None

    def store_evidence(self, evidence: Evidence) -> None:
        """Store evidence under its key."""
        self._replace(EvidenceRow(key=evidence.key, content=_packed(evidence)))

    def training_run(self, key: str) -> TrainingRun | None:
        """The training run under this key; None if there is none or it cannot be read."""
        row = self._row(TrainingRunRow, key)
        return _unpacked(TrainingRun, row.content) if row else None

    def store_training_run(self, run: TrainingRun) -> None:
        """Store a training run under its key."""
        self._replace(TrainingRunRow(key=run.key, content=_packed(run)))

    def result(self, student: str) -> StoredResult | None:
        """A student's result; None if there is none or it cannot be read."""
        row = self._row(ResultRow, (self._assignment, student))
        result = _unpacked(Result, row.content) if row else None
        return StoredResult(result, row.result_key, row.slug) if row and result else None

    def store_result(self, result: Result, *, result_key: str, slug: str) -> None:
        """Store a student's result, replacing any earlier one."""
        self._replace(self._result_row(result, result_key, slug))

    def replace_result_if_unchanged(self, before: StoredResult, after: Result, *, result_key: str) -> bool:
        """Replace the result `before`; returns False if another grader has already replaced it.

        This keeps a student's stored submission and result consistent.
        """
        same = (ResultRow.assignment == self._assignment, ResultRow.student == after.student)
        change = update(ResultRow).where(*same, ResultRow.result_key == before.result_key)
        kept: list[int] = []

        def replace() -> None:
            with self._engine.begin() as connection:
                done = connection.execute(change.values(result_key=result_key, content=_packed(after)))
                kept.append(done.rowcount)

        with self._explained():
            attempt(replace)
        return kept[-1] > 0

    def results(self) -> Iterator[StoredResult]:
        """Every result, sorted by student, a few at a time in memory."""
        for row in self._rows(ResultRow):
            result = _unpacked(Result, row.content)
            if result is None:
                raise GradebookError(
                    f"The gradebook {self._name} holds a result of {row.student} that this autograder cannot read: "
                    "grade again with --fresh."
                )
            yield StoredResult(result, row.result_key, row.slug)

    @cached_property
    def overrides(self) -> Overrides:
        """The overrides of this assignment's results."""
        return Overrides(self._engine, self._assignment, self._explained)

    def submission(self, student: str) -> StoredSubmission | None:
        """What a student handed in; None if nothing was stored."""
        row = self._row(SubmissionRow, (self._assignment, student))
        return self._handed_in(row) if row else None

    def store_submission(self, student: str, slug: str, path: str, content: bytes | None) -> None:
        """Store what a student handed in, replacing anything earlier."""
        self._replace(self._submission_row(student, slug, path, content))

    def store_graded(self, result: Result, *, result_key: str, slug: str, path: str, content: bytes | None) -> None:
        """Store what a student handed in and its result in one transaction, so that two graders cannot mix them up."""
        handed_in = self._submission_row(result.student, slug, path, content)
        self._replace(handed_in, self._result_row(result, result_key, slug))

    def submissions(self) -> Iterator[StoredSubmission]:
        """Everything handed in, sorted by student, a few at a time in memory."""
        return (self._handed_in(row) for row in self._rows(SubmissionRow))

    def remove_missing(self, students: Iterable[str]) -> tuple[str, ...]:
        """Delete the results and submissions of everyone not among `students`; returns the removed students."""
        gone = sorted({*self._students(ResultRow), *self._students(SubmissionRow)} - set(students))
        with self._explained(), self._session.begin() as session:
            for student in gone:
                for table in (ResultRow, SubmissionRow):
                    session.execute(delete(table).where(table.assignment == self._assignment, table.student == student))
        return tuple(gone)

    def forget(self, student: str | None = None) -> ForgottenRows:
        """Delete a student, or the whole assignment, and every stored computation that no result uses then."""
        return forget_rows(self._engine, self._assignment, student, self._explained)

    def fact(self, name: str) -> str | None:
        """A stored fact about the grading itself, such as the assignment's folder."""
        row = self._row(FactRow, (self._assignment, name))
        return row.value if row else None

    def store_fact(self, name: str, value: str) -> None:
        """Store a fact about the grading itself."""
        self._replace(FactRow(assignment=self._assignment, name=name, value=value))

    def _handed_in(self, row: SubmissionRow) -> StoredSubmission:
        try:
            content = None if row.content is None else _inflated(row.content)
        except zlib.error:
            raise GradebookError(
                f"The gradebook {self._name} is damaged where it holds what {row.student} handed in: grade again "
                "with --fresh."
            ) from None
        return StoredSubmission(row.student, row.slug, row.path, content)

    def _row(self, table: type[AnyRow], key: str | tuple[str, str]) -> AnyRow | None:
        with self._explained(), self._session() as session:
            return session.get(table, key)

    def _students(self, table: type[OfStudent]) -> list[str]:
        """All students of this assignment in the table, in the order of `intake`, whatever the database's collation."""
        with self._explained(), self._session() as session:
            students = session.scalars(select(table.student).where(table.assignment == self._assignment))
            return sorted(students, key=lambda student: (student.casefold(), student))

    def _rows(self, table: type[StudentRow]) -> Iterator[StudentRow]:
        students = self._students(table)
        for start in range(0, len(students), _ROWS_AT_ONCE):
            some = students[start : start + _ROWS_AT_ONCE]
            with self._explained(), self._session() as session:
                found = session.scalars(
                    select(table).where(table.assignment == self._assignment, table.student.in_(some))
                )
                rows = {row.student: row for row in found}
            yield from (rows[student] for student in some if student in rows)

    def _result_row(self, result: Result, result_key: str, slug: str) -> ResultRow:
        owner = {"assignment": self._assignment, "student": result.student}
        return ResultRow(**owner, slug=slug, result_key=result_key, content=_packed(result))

    def _submission_row(self, student: str, slug: str, path: str, content: bytes | None) -> SubmissionRow:
        packed = None if content is None else zlib.compress(content)
        return SubmissionRow(assignment=self._assignment, student=student, slug=slug, path=path, content=packed)

    def _replace(self, *rows: BaseTable) -> None:
        """Insert rows or replace those with the same keys; of two graders at the same moment, the later wins."""
        statements = [upsert(self._engine.dialect.name, row) for row in rows]

        def replace() -> None:
            with self._session.begin() as session:
                for statement in statements:
                    session.execute(statement)

        with self._explained():
            attempt(replace)

    def _explained(self) -> AbstractContextManager[None]:
        return explain_database_errors(self._name)


def _packed(data: Data) -> bytes:
    return zlib.compress(packed(data))


def _inflated(content: bytes) -> bytes:
    """Decompressed content.

    Raises:
        zlib.error: it is damaged, or far larger than any stored data.
    """
    stream = zlib.decompressobj()
    inflated = stream.decompress(content, _MAX_INFLATED)
    if not stream.eof:
        raise zlib.error("incomplete, or too large")
    return inflated


def _unpacked(kind: type[_Kept], content: bytes) -> _Kept | None:
    """The data; None if it is damaged or has another shape, so that it is computed again."""
    try:
        return unpacked(kind, _inflated(content))
    except (zlib.error, ValueError, RecursionError):
        return None
