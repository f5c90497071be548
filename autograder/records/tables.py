"""The tables of a gradebook as they are now. Every change of them, or of what their contents hold, comes with a
migration in `migrations/versions/` and the next `SCHEMA_VERSION`, which is that migration's revision."""

from __future__ import annotations

from sqlalchemy import Float, Integer, LargeBinary, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SCHEMA_VERSION = 3


class Table(DeclarativeBase):
    """What all tables have in common."""


class Keyed(Table):
    """What is found again by the hash of everything it was made from."""

    __abstract__ = True
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class EvidenceRow(Keyed):
    """What a run left behind."""

    __tablename__ = "evidence"


class TrainingRunRow(Keyed):
    """What a training run measured."""

    __tablename__ = "training_runs"


class OfStudent(Table):
    """What is found again by assignment and student."""

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
    """What was concluded from it."""

    __tablename__ = "results"
    result_key: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary)


class FactRow(Table):
    """What is known of a grading as a whole. The table's presence marks a database as a gradebook."""

    __tablename__ = "gradebook"
    assignment: Mapped[str] = mapped_column(String(300), primary_key=True)
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class OverrideRow(Table):
    """One thing that a person said; of a student's entries for a question the last counts, no score withdraws."""

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
