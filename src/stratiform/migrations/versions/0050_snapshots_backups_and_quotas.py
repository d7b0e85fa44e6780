"""Snapshots and backups of volumes, and quotas of block storage."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

from stratiform.kit.database import Json

revision = "0050"
down_revision = "0014"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES = {
    "snapshots of volumes": "volume_snapshot",
    "backups of volumes": "volume_backup",
    "quotas of block storage": "volume_quota",
}

#: What a volume was created from, its group, and the resource of the operation in progress.
_VOLUME_COLUMNS = ("snapshot_id", "source_volume_id", "backup_id", "group_id", "target_id")


def upgrade() -> None:
    for name in _VOLUME_COLUMNS:
        op.add_column("volume_volume", sa.Column(name, sa.String(length=64), nullable=False, server_default=""))
    with op.batch_alter_table("volume_volume") as batch:
        for name in _VOLUME_COLUMNS:
            batch.alter_column(name, existing_type=sa.String(length=64), existing_nullable=False, server_default=None)
    _create_table(
        "volume_snapshot",
        *_copy_columns(),
        sa.Column("type_id", sa.String(length=64), nullable=False),
        sa.Column("group_snapshot_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_volume_snapshot")),
    )
    _create_table(
        "volume_backup",
        *_copy_columns(),
        sa.Column("snapshot_id", sa.String(length=64), nullable=False),
        sa.Column("parent_id", sa.String(length=64), nullable=False),
        sa.Column("container", sa.String(length=255), nullable=False),
        sa.Column("data_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_volume_backup")),
    )
    for table in ("volume_snapshot", "volume_backup"):
        for column in ("project", "volume", "cloud"):
            op.create_index(f"ix_{table}_{column}", table, [f"{column}_id", "deleted_at"])
    _create_table(
        "volume_quota",
        sa.Column("scope", sa.String(length=64), nullable=False),
        sa.Column("resource", sa.String(length=255), nullable=False),
        sa.Column("limit", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "resource", name=op.f("pk_volume_quota")),
    )
    _create_table(
        "volume_quota_lock",
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_volume_quota_lock")),
    )


def downgrade() -> None:
    for table in ("volume_quota_lock", "volume_quota", "volume_backup", "volume_snapshot"):
        op.drop_table(table)
    with op.batch_alter_table("volume_volume") as batch:
        for name in _VOLUME_COLUMNS:
            batch.drop_column(name)


def _create_table(name: str, *items: SchemaItem) -> None:
    op.create_table(name, *items, mysql_engine="InnoDB", mysql_charset="utf8mb4", mysql_collate="utf8mb4_bin")


def _copy_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("volume_id", sa.String(length=64), nullable=False),
        sa.Column("size_gib", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("zone", sa.String(length=255), nullable=False),
        sa.Column("cloud_id", sa.String(length=64), nullable=False),
        sa.Column("cloud_name", sa.String(length=64), nullable=False),
        sa.Column("native_id", sa.String(length=255), nullable=False),
        sa.Column("metadata", Json(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
    ]
