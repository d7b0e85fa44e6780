"""Attachments of boot volumes, of volumes that are deleted with their server, and of the Block Storage API."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0083"
down_revision = "0081"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES = {"boot order, tags and connectors of attachments": "volume_attachment"}

_JSON = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")

#: The new columns, with the values of existing rows.
_COLUMNS: dict[str, tuple[sa.types.TypeEngine[Any], object]] = {
    "delete_on_termination": (sa.Boolean(), False),
    "mode": (sa.String(length=8), "rw"),
    "host": (sa.String(length=255), ""),
    "connector": (_JSON, "{}"),
    "replaced_id": (sa.String(length=64), ""),
    "is_recorded": (sa.Boolean(), False),
}


def upgrade() -> None:
    with op.batch_alter_table("volume_attachment") as batch:
        batch.add_column(sa.Column("boot_index", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("tag", sa.String(length=64), nullable=True))
        for name, (column_type, _value) in _COLUMNS.items():
            batch.add_column(sa.Column(name, column_type, nullable=True))
        batch.drop_constraint("uq_volume_attachment_server_id_device", type_="unique")
    attachments = sa.table("volume_attachment", *(sa.column(name, kind) for name, (kind, _) in _COLUMNS.items()))
    op.execute(attachments.update().values({name: value for name, (_, value) in _COLUMNS.items()}))
    with op.batch_alter_table("volume_attachment") as batch:
        for name, (column_type, _value) in _COLUMNS.items():
            batch.alter_column(name, existing_type=column_type, nullable=False)
    op.create_index(op.f("ix_volume_attachment_server_id"), "volume_attachment", ["server_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_volume_attachment_server_id"), table_name="volume_attachment")
    with op.batch_alter_table("volume_attachment") as batch:
        for name in ("boot_index", "tag", *_COLUMNS):
            batch.drop_column(name)
        batch.create_unique_constraint("uq_volume_attachment_server_id_device", ["server_id", "device"])
