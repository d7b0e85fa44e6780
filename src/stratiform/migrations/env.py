"""The environment of Alembic. The caller passes the connection and the metadata as attributes of the configuration."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from stratiform.kit.database import Json


def _render_json(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    if kind == "type" and isinstance(item, Json):
        autogen.imports.add("from stratiform.kit.database import Json")
        return "Json()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes["metadata"],
    compare_type=True,
    render_as_batch=True,
    render_item=_render_json,
)
with context.begin_transaction():
    context.run_migrations()
