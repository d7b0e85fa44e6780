"""Run by Alembic; the connection comes from app.schema."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from stratiform.app import schema
from stratiform.kit.db import Json


def _render(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    if kind == "type" and isinstance(item, Json):
        autogen.imports.add("from stratiform.kit.db import Json")
        return "Json()"
    return False


schema.load_tables()
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=schema.metadata,
    compare_type=True,
    render_as_batch=True,
    render_item=_render,
)
with context.begin_transaction():
    context.run_migrations()
