"""Alembic runs this for every migration; the connection comes from `harness.server.store.database`."""

from __future__ import annotations

from alembic import context

from harness.server.store.tables import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
