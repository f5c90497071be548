"""Alembic's environment script: runs the migrations on the caller's connection, in the caller's transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
