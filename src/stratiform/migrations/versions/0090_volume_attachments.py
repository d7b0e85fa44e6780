"""Volumes that are attached to several servers; references without the ids of requests, which work rows have now."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from stratiform.kit.database import Json

revision = "0090"
down_revision = "0089"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES = {"attachments of multiattach volumes": "volume_attachment WHERE exclusive_volume_id IS NULL"}


def upgrade() -> None:
    _add_column("volume_backup", sa.Column("volume_attributes", Json(), nullable=True), {})
    _add_column("volume_snapshot", sa.Column("progress", sa.String(length=8), nullable=True), "")
    _add_column("volume_volume", sa.Column("multiattach", sa.Boolean(), nullable=True), value=False)
    _create_table("volume_reference", sa.Column("reference", Json(), nullable=False))
    op.execute(
        "INSERT INTO volume_reference (resource_id, reference)"
        " SELECT resource_id, reference FROM volume_request WHERE reference <> '{}'"
    )
    op.drop_table("volume_request")
    with op.batch_alter_table("volume_attachment") as batch:
        batch.add_column(sa.Column("exclusive_volume_id", sa.String(length=64), nullable=True))
    attachments = sa.table("volume_attachment", sa.column("volume_id"), sa.column("exclusive_volume_id"))
    op.execute(attachments.update().values(exclusive_volume_id=attachments.c.volume_id))
    with op.batch_alter_table("volume_attachment") as batch:
        batch.drop_constraint("uq_volume_attachment_volume_id", type_="unique")
        batch.create_unique_constraint("uq_volume_attachment_exclusive_volume_id", ["exclusive_volume_id"])
    op.create_index(op.f("ix_volume_attachment_volume_id"), "volume_attachment", ["volume_id"])


def downgrade() -> None:
    attachments = sa.table("volume_attachment", sa.column("exclusive_volume_id"))
    op.execute(attachments.delete().where(attachments.c.exclusive_volume_id.is_(None)))
    op.drop_index(op.f("ix_volume_attachment_volume_id"), "volume_attachment")
    with op.batch_alter_table("volume_attachment") as batch:
        batch.drop_constraint("uq_volume_attachment_exclusive_volume_id", type_="unique")
        batch.create_unique_constraint("uq_volume_attachment_volume_id", ["volume_id"])
        batch.drop_column("exclusive_volume_id")
    for table, column in (
        ("volume_volume", "multiattach"),
        ("volume_snapshot", "progress"),
        ("volume_backup", "volume_attributes"),
    ):
        with op.batch_alter_table(table) as batch:
            batch.drop_column(column)
    request_id = sa.Column("request_id", sa.String(length=64), nullable=False)
    _create_table("volume_request", request_id, sa.Column("reference", Json(), nullable=False))
    op.execute(
        "INSERT INTO volume_request (resource_id, request_id, reference)"
        " SELECT resource_id, '', reference FROM volume_reference"
    )
    op.drop_table("volume_reference")


def _add_column(table: str, column: sa.Column[Any], value: object) -> None:
    """Add a column without NULL; existing rows get `value`."""
    with op.batch_alter_table(table) as batch:
        batch.add_column(column)
    rows = sa.table(table, sa.column(column.name, column.type))
    op.execute(rows.update().values({column.name: value}))
    with op.batch_alter_table(table) as batch:
        batch.alter_column(column.name, existing_type=column.type, nullable=False)


def _create_table(name: str, *columns: sa.Column[Any]) -> None:
    resource_id = sa.Column("resource_id", sa.String(length=64), nullable=False)
    key = sa.PrimaryKeyConstraint("resource_id", name=op.f(f"pk_{name}"))
    options: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
    op.create_table(name, resource_id, *columns, key, **options)
