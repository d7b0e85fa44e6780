"""Run by Alembic; the connection comes from app.schema."""

from alembic import context

from stratiform.app import schema

schema.load_tables()
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=schema.metadata,
    compare_type=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
