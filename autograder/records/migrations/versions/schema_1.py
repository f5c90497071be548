"""The tables of autograder 0.1. Gradebooks of that time lack the overrides where no person was ever asked."""

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    for name in ("evidence", "training_runs"):
        op.create_table(
            name,
            sa.Column("key", sa.String(64), primary_key=True),
            sa.Column("content", sa.LargeBinary, nullable=False),
        )
    op.create_table(
        "submissions",
        *_of_student(),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=True),
    )
    op.create_table(
        "results",
        *_of_student(),
        sa.Column("result_key", sa.String(64), nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "gradebook",
        sa.Column("assignment", sa.String(300), primary_key=True),
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )


def _of_student() -> list[sa.Column[str]]:
    return [
        sa.Column("assignment", sa.String(300), primary_key=True),
        sa.Column("student", sa.String(300), primary_key=True),
        sa.Column("slug", sa.String(200), nullable=False),
    ]
