"""Environment of Alembic, which uses the connection that ``vmodel.core.database`` hands it."""

from __future__ import annotations

from alembic import context

from vmodel.core.database import Table

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=Table.metadata, render_as_batch=connection.dialect.name == "sqlite"
)
with context.begin_transaction():
    context.run_migrations()
