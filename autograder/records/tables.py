"""The current tables of a gradebook. Every change to them, or to the format of their contents, needs a migration in
`migrations/versions/` and the next `SCHEMA_VERSION`, which is that migration's revision."""

from __future__ import annotations

from sqlalchemy import Float, Integer, LargeBinary, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SCHEMA_VERSION = 3


class BaseTable(DeclarativeBase):
    """The base class of all tables."""


class Keyed(BaseTable):
    """A table keyed by the hash of all inputs of its content."""

    __abstract__ = True
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class EvidenceRow(Keyed):
    """The evidence of a run."""

    __tablename__ = "evidence"


class TrainingRunRow(Keyed):
    """The measurements of a training run."""

    __tablename__ = "training_runs"


class OfStudent(BaseTable):
    """A table keyed by assignment and student."""

    __abstract__ = True
    assignment: Mapped[str] = mapped_column(String(300), primary_key=True)
    student: Mapped[str] = mapped_column(String(300), primary_key=True)
    slug: Mapped[str] = mapped_column(String(200))


class SubmissionRow(OfStudent):
    """What a student handed in."""

    __tablename__ = "submissions"
    path: Mapped[str] = mapped_column(Text)
    content: Mapped[bytes | None] = mapped_column(LargeBinary)


class ResultRow(OfStudent):
    """The result of a submission."""

    __tablename__ = "results"
    result_key: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary)


class FactRow(BaseTable):
    """Facts about a grading as a whole. The table's presence marks a database as a gradebook."""

    __tablename__ = "gradebook"
    assignment: Mapped[str] = mapped_column(String(300), primary_key=True)
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class OverrideRow(BaseTable):
    """One override; for each student and question the last entry counts, and one without a score withdraws it."""

    __tablename__ = "overrides"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    assignment: Mapped[str] = mapped_column(String(300), index=True)
    student: Mapped[str] = mapped_column(String(300))
    question: Mapped[str] = mapped_column(String(64))
    score: Mapped[float | None] = mapped_column(Float)
    points: Mapped[float] = mapped_column(Float)
    reason: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(String(200))
    at: Mapped[str] = mapped_column(String(40))
    seen: Mapped[str] = mapped_column(String(64))
