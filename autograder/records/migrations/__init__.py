"""How the gradebooks of older autograders become those of this one: a revision of Alembic for each schema version.

A revision stands for itself. It uses SQL and plain JSON, and imports nothing of the models, which change after it.
"""

from __future__ import annotations

import threading

from alembic import command
from alembic.config import Config
from sqlalchemy.engine import Connection

_CONNECTION = "connection"
# Alembic keeps the migration that is under way in global variables.
_one_at_a_time = threading.Lock()


def configuration(connection: Connection) -> Config:
    """What Alembic works with: the revisions of this package, on this connection and in its transaction."""
    made = Config()
    made.set_main_option("script_location", "autograder.records:migrations")
    made.attributes[_CONNECTION] = connection
    return made


def upgrade(connection: Connection, version: int) -> None:
    """Bring a gradebook of this schema version up to the latest one; the caller commits."""
    with _one_at_a_time:
        made = configuration(connection)
        # The gradebook itself says which version it has; Alembic's own note follows it.
        command.stamp(made, str(version), purge=True)
        command.upgrade(made, "head")
