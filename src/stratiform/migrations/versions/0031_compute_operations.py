"""Quotas, server groups, host aggregates and the state of compute services."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql
from sqlalchemy.schema import SchemaItem

revision = "0031"
down_revision = "0061"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES = {
    "quotas of compute resources": "compute_quota",
    "quotas of quota classes": "compute_quota_class",
    "server groups": "compute_server_group",
    "host aggregates": "compute_aggregate",
    "disabled compute services": "compute_service_state",
}

_JSON = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")


def upgrade() -> None:
    for name, owner in (("compute_quota", "project_id"), ("compute_quota_class", "class_name")):
        _create_table(
            name,
            sa.Column(owner, sa.String(length=64), nullable=False),
            sa.Column("resource", sa.String(length=64), nullable=False),
            sa.Column("limit", sa.BigInteger(), nullable=False),
            sa.PrimaryKeyConstraint(owner, "resource", name=op.f(f"pk_{name}")),
        )
    _create_table(
        "compute_quota_lock",
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("owner_id", name=op.f("pk_compute_quota_lock")),
    )
    _create_table(
        "compute_server_group",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("policy", sa.String(length=32), nullable=False),
        sa.Column("rules", _JSON, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compute_server_group")),
    )
    op.create_index("ix_compute_server_group_project_id", "compute_server_group", ["project_id"])
    _create_table(
        "compute_aggregate",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("uuid", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("availability_zone", sa.String(length=255), nullable=True),
        sa.Column("metadata", _JSON, nullable=False),
        sa.Column("hosts", _JSON, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compute_aggregate")),
        sa.UniqueConstraint("name", name=op.f("uq_compute_aggregate_name")),
    )
    _create_table(
        "compute_service_state",
        sa.Column("cloud_id", sa.String(length=64), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("disabled_reason", sa.String(length=255), nullable=True),
        sa.Column("forced_down", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("cloud_id", name=op.f("pk_compute_service_state")),
    )


def downgrade() -> None:
    for name in (
        "compute_service_state",
        "compute_aggregate",
        "compute_server_group",
        "compute_quota_lock",
        "compute_quota_class",
        "compute_quota",
    ):
        op.drop_table(name)


def _create_table(name: str, *items: SchemaItem) -> None:
    op.create_table(name, *items, mysql_engine="InnoDB", mysql_charset="utf8mb4", mysql_collate="utf8mb4_bin")
