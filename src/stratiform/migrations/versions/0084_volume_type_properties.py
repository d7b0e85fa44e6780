"""QoS specs and encryption of volume types, default types of projects, groups and their types and snapshots."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql
from sqlalchemy.schema import SchemaItem

revision = "0084"
down_revision = "0083"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES = {
    "QoS specs": "volume_qos_spec",
    "encryption of volume types": "volume_type_encryption",
    "default volume types of projects": "volume_default_type",
    "group types": "volume_group_type",
    "groups of volumes": "volume_group",
    "group snapshots": "volume_group_snapshot",
}

_INDEXES = (
    ("volume_group", "project_id"),
    ("volume_group_snapshot", "project_id"),
    ("volume_group_snapshot", "group_id"),
)

_JSON = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")


def upgrade() -> None:
    _create_table(
        "volume_qos_spec",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("consumer", sa.String(length=16), nullable=False),
        sa.Column("specs", _JSON, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_volume_qos_spec")),
        sa.UniqueConstraint("name", name=op.f("uq_volume_qos_spec_name")),
    )
    _create_table(
        "volume_type_encryption",
        sa.Column("type_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=255), nullable=False),
        sa.Column("control_location", sa.String(length=16), nullable=False),
        sa.Column("cipher", sa.String(length=255), nullable=True),
        sa.Column("key_size", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("type_id", name=op.f("pk_volume_type_encryption")),
    )
    _create_table(
        "volume_default_type",
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("type_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_volume_default_type")),
    )
    _create_table(
        "volume_group_type",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("group_specs", _JSON, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_volume_group_type")),
        sa.UniqueConstraint("name", name=op.f("uq_volume_group_type_name")),
    )
    _create_table(
        "volume_group",
        *_group_columns(),
        sa.Column("type_ids", _JSON, nullable=False),
        sa.Column("zone", sa.String(length=255), nullable=False),
        sa.Column("group_snapshot_id", sa.String(length=64), nullable=False),
        sa.Column("source_group_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_volume_group")),
    )
    _create_table(
        "volume_group_snapshot",
        *_group_columns(),
        sa.Column("group_id", sa.String(length=64), nullable=False),
        sa.Column("is_consistent", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_volume_group_snapshot")),
    )
    for table, column in _INDEXES:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    _add_column("volume_type", sa.Column("qos_spec_id", sa.String(length=64), nullable=True), "")
    _add_column("volume_volume", sa.Column("encrypted", sa.Boolean(), nullable=True), value=False)


def downgrade() -> None:
    for table, column in (("volume_type", "qos_spec_id"), ("volume_volume", "encrypted")):
        with op.batch_alter_table(table) as batch:
            batch.drop_column(column)
    for table in (
        "volume_group_snapshot",
        "volume_group",
        "volume_group_type",
        "volume_default_type",
        "volume_type_encryption",
        "volume_qos_spec",
    ):
        op.drop_table(table)


def _group_columns() -> list[sa.Column[Any]]:
    """Return the columns that groups and group snapshots have in common."""
    texts = ("project_id", "user_id", "group_type_id", "cloud_id", "cloud_name")
    return [
        sa.Column("id", sa.String(length=64), nullable=False),
        *(sa.Column(name, sa.String(length=64), nullable=False) for name in texts),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
    ]


def _add_column(table: str, column: sa.Column[Any], value: object) -> None:
    """Add a column without NULL; existing rows get `value`."""
    with op.batch_alter_table(table) as batch:
        batch.add_column(column)
    rows = sa.table(table, sa.column(column.name, column.type))
    op.execute(rows.update().values({column.name: value}))
    with op.batch_alter_table(table) as batch:
        batch.alter_column(column.name, existing_type=column.type, nullable=False)


def _create_table(name: str, *items: SchemaItem) -> None:
    op.create_table(name, *items, mysql_engine="InnoDB", mysql_charset="utf8mb4", mysql_collate="utf8mb4_bin")
