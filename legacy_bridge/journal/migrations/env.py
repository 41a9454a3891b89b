"""Runs the journal's migrations on the connection that `journal.database` hands over."""

from alembic import context

from legacy_bridge.journal.tables import METADATA

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
