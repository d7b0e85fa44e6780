"""Flavors and service profiles, segments, VLAN transparency, and the initial resources of the Networking API."""

from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

from stratiform.migrations.table_builders import build_reference, create_resource_table, create_table

revision = "0088"
down_revision = "0087"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES = {
    "network flavors": "network_flavor",
    "service profiles of network flavors": "network_service_profile",
    "segments of networks": "network_segment",
}

_NETWORK_COLUMNS = (
    "id",
    "project_id",
    "created_at",
    "updated_at",
    "provider_network_type",
    "provider_physical_network",
    "provider_segmentation_id",
)
_SEGMENT_COLUMNS = (
    *(name.removeprefix("provider_") for name in _NETWORK_COLUMNS),
    "network_id",
    "name",
    "description",
    "tags",
    "revision",
)

#: In the order of their foreign keys.
_TABLES = (
    "network_initial_resources",
    "network_flavor",
    "network_service_profile",
    "network_flavor_service_profile",
    "network_segment",
)

#: The new columns of older tables, which are empty in existing rows.
_COLUMNS: dict[str, tuple[tuple[str, sa.types.TypeEngine[Any]], ...]] = {
    "network_network": (("vlan_transparent", sa.Boolean()),),
    "network_subnet": (("segment_id", sa.String(length=64)),),
}


def upgrade() -> None:
    for table, columns in _COLUMNS.items():
        for name, column_type in columns:
            op.add_column(table, sa.Column(name, column_type, nullable=True))
    create_table("network_initial_resources", sa.Column("kind", sa.String(length=64), nullable=False), key=("kind",))
    create_resource_table(
        "network_flavor",
        sa.Column("service_type", sa.String(length=255), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
    )
    create_resource_table(
        "network_service_profile",
        sa.Column("driver", sa.String(length=4096), nullable=False),
        sa.Column("metainfo", sa.String(length=4096), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
    )
    create_table(
        "network_flavor_service_profile",
        sa.Column("flavor_id", sa.String(length=64), nullable=False),
        sa.Column("service_profile_id", sa.String(length=64), nullable=False),
        build_reference("network_flavor_service_profile", "flavor_id", "network_flavor", cascades=True),
        build_reference("network_flavor_service_profile", "service_profile_id", "network_service_profile"),
        key=("flavor_id", "service_profile_id"),
        indexes=("service_profile_id",),
    )
    op.create_index("ix_network_subnet_segment_id", "network_subnet", ["segment_id"], unique=False)
    _create_segments()


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)
    op.drop_index("ix_network_subnet_segment_id", "network_subnet")
    for table, columns in _COLUMNS.items():
        with op.batch_alter_table(table) as batch:
            for name, _ in columns:
                batch.drop_column(name)


def _create_segments() -> None:
    """Create the table of segments, and the segment of each network, from its provider attributes."""
    create_resource_table(
        "network_segment",
        sa.Column("network_id", sa.String(length=64), nullable=False),
        sa.Column("network_type", sa.String(length=255), nullable=True),
        sa.Column("physical_network", sa.String(length=255), nullable=True),
        sa.Column("segmentation_id", sa.BigInteger(), nullable=True),
        sa.Column("fingerprint", sa.String(length=255), nullable=True),
        build_reference("network_segment", "network_id", "network_network", cascades=True),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_network_segment_fingerprint")),
        indexes=("network_id",),
    )
    db, networks = op.get_bind(), sa.table("network_network", *map(sa.column, _NETWORK_COLUMNS))
    segments = sa.table("network_segment", *map(sa.column, _SEGMENT_COLUMNS))
    for row in db.execute(sa.select(networks)).mappings().all():
        values = {name.removeprefix("provider_"): value for name, value in row.items() if name != "id"}
        empty = {"name": "", "description": "", "tags": "[]", "revision": 1}
        db.execute(segments.insert().values(id=str(uuid4()), network_id=row["id"], **values, **empty))
