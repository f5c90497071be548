"""Upgrades of gradebooks made by older autograders: one Alembic revision per schema version.

A revision is self-contained: it uses SQL and plain JSON and never imports the models, which change later.
"""

from __future__ import annotations

import threading

from alembic import command
from alembic.config import Config
from sqlalchemy.engine import Connection

_CONNECTION = "connection"
# Alembic keeps the running migration in global variables.
_one_at_a_time = threading.Lock()


def configuration(connection: Connection) -> Config:
    """The Alembic configuration: the revisions of this package, on this connection and in its transaction."""
    made = Config()
    made.set_main_option("script_location", "autograder.records:migrations")
    made.attributes[_CONNECTION] = connection
    return made


def upgrade_schema(connection: Connection, version: int) -> None:
    """Upgrade a gradebook from schema `version` to the latest; the caller commits."""
    with _one_at_a_time:
        made = configuration(connection)
        # The gradebook's own version is authoritative; Alembic's is set from it.
        command.stamp(made, str(version), purge=True)
        command.upgrade(made, "head")
