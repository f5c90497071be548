"""Every gradebook has the table of overrides; before, it was made when somebody first asked for them."""

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"


def upgrade() -> None:
    """Make the table where it is missing."""
    if sa.inspect(op.get_bind()).has_table("overrides"):
        return
    op.create_table(
        "overrides",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("assignment", sa.String(300), nullable=False),
        sa.Column("student", sa.String(300), nullable=False),
        sa.Column("question", sa.String(64), nullable=False),
        sa.Column("score", sa.Float, nullable=True),
        sa.Column("points", sa.Float, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("at", sa.String(40), nullable=False),
        sa.Column("seen", sa.String(64), nullable=False),
    )
    op.create_index("ix_overrides_assignment", "overrides", ["assignment"])
