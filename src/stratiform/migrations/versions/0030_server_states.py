"""Arguments of server actions in progress, images of shelved servers, requested zones and server groups."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from stratiform.kit.errors import Conflict

revision = "0030"
down_revision = "0060"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES: dict[str, str] = {}

_JSON = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")

#: The states that releases before this one know.
_KNOWN_STATES = ("active", "building", "stopped", "resized", "error", "deleted")

_servers = sa.table(
    "compute_server",
    *(sa.column(name) for name in ("vm_state", "task_arguments", "shelved_image_id", "group_id")),
)


def upgrade() -> None:
    with op.batch_alter_table("compute_server") as batch:
        batch.add_column(sa.Column("task_arguments", _JSON, nullable=True))
        batch.add_column(sa.Column("shelved_image_id", sa.String(length=64), nullable=True))
        batch.add_column(sa.Column("pinned_zone", sa.String(length=255), nullable=True))
        batch.add_column(sa.Column("group_id", sa.String(length=64), nullable=True))
    op.execute(_servers.update().values(task_arguments="{}", shelved_image_id="", group_id=""))
    with op.batch_alter_table("compute_server") as batch:
        batch.alter_column("task_arguments", existing_type=_JSON, nullable=False)
        batch.alter_column("shelved_image_id", existing_type=sa.String(length=64), nullable=False)
        batch.alter_column("group_id", existing_type=sa.String(length=64), nullable=False)


def downgrade() -> None:
    _require_known_states()
    with op.batch_alter_table("compute_server") as batch:
        for name in ("task_arguments", "shelved_image_id", "pinned_zone", "group_id"):
            batch.drop_column(name)


def _require_known_states() -> None:
    """Raises Conflict: older releases do not know the states of these servers."""
    unknown = sa.select(_servers.c.vm_state).where(_servers.c.vm_state.not_in(_KNOWN_STATES)).distinct()
    states = sorted(op.get_bind().execute(unknown).scalars())
    if states:
        raise Conflict(
            f"Servers are in states that the older release does not know: {', '.join(states)}",
            hint="unpause, resume, unrescue, unshelve or delete them first",
        )
