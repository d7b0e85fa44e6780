"""Attributes of volumes in backups, progress of snapshots, and references without the ids of requests."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from stratiform.kit.database import Json

revision = "0092"
down_revision = "0091"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES = {"attributes of volumes in backups": "volume_backup WHERE volume_attributes <> '{}'"}

#: The new columns, and their values in existing rows.
_COLUMNS: tuple[tuple[str, sa.Column[Any], object], ...] = (
    ("volume_backup", sa.Column("volume_attributes", Json(), nullable=True), {}),
    ("volume_snapshot", sa.Column("progress", sa.String(length=8), nullable=True), ""),
)


def upgrade() -> None:
    for table, column, value in _COLUMNS:
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column(column.name, column.type, nullable=True))
        rows = sa.table(table, sa.column(column.name, column.type))
        op.execute(rows.update().values({column.name: value}))
        with op.batch_alter_table(table) as batch:
            batch.alter_column(column.name, existing_type=column.type, nullable=False)
    _create_table("volume_reference", sa.Column("reference", Json(), nullable=False))
    op.execute(
        "INSERT INTO volume_reference (resource_id, reference)"
        " SELECT resource_id, reference FROM volume_request WHERE reference <> '{}'"
    )
    op.drop_table("volume_request")


def downgrade() -> None:
    request_id = sa.Column("request_id", sa.String(length=64), nullable=False)
    _create_table("volume_request", request_id, sa.Column("reference", Json(), nullable=False))
    op.execute(
        "INSERT INTO volume_request (resource_id, request_id, reference)"
        " SELECT resource_id, '', reference FROM volume_reference"
    )
    op.drop_table("volume_reference")
    for table, column, _value in _COLUMNS:
        with op.batch_alter_table(table) as batch:
            batch.drop_column(column.name)


def _create_table(name: str, *columns: sa.Column[Any]) -> None:
    resource_id = sa.Column("resource_id", sa.String(length=64), nullable=False)
    key = sa.PrimaryKeyConstraint("resource_id", name=op.f(f"pk_{name}"))
    options: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
    op.create_table(name, resource_id, *columns, key, **options)
