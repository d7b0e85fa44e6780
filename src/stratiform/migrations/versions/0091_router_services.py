"""Conntrack helpers and NDP proxies of routers."""

import sqlalchemy as sa
from alembic import op

from stratiform.migrations.table_builders import build_reference, create_resource_table

revision = "0091"
down_revision = "0090"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES = {
    "conntrack helpers of routers": "network_conntrack_helper",
    "NDP proxies": "network_ndp_proxy",
}

_HELPER_KEY = ("router_id", "protocol", "port", "helper")


def upgrade() -> None:
    op.add_column("network_router", sa.Column("enable_ndp_proxy", sa.Boolean(), nullable=True))
    routers = sa.table("network_router", sa.column("enable_ndp_proxy", sa.Boolean()))
    op.execute(routers.update().values(enable_ndp_proxy=sa.false()))
    create_resource_table(
        "network_conntrack_helper",
        sa.Column("router_id", sa.String(length=64), nullable=False),
        sa.Column("protocol", sa.String(length=255), nullable=False),
        sa.Column("port", sa.BigInteger(), nullable=False),
        sa.Column("helper", sa.String(length=255), nullable=False),
        build_reference("network_conntrack_helper", "router_id", "network_router", cascades=True),
        sa.UniqueConstraint(*_HELPER_KEY, name=op.f(f"uq_network_conntrack_helper_{'_'.join(_HELPER_KEY)}")),
        indexes=("router_id",),
    )
    create_resource_table(
        "network_ndp_proxy",
        sa.Column("router_id", sa.String(length=64), nullable=False),
        sa.Column("port_id", sa.String(length=64), nullable=False),
        sa.Column("ip_address", sa.String(length=255), nullable=True),
        build_reference("network_ndp_proxy", "router_id", "network_router", cascades=True),
        build_reference("network_ndp_proxy", "port_id", "network_port", cascades=True),
        indexes=("router_id", "port_id"),
    )


def downgrade() -> None:
    op.drop_table("network_ndp_proxy")
    op.drop_table("network_conntrack_helper")
    with op.batch_alter_table("network_router") as batch:
        batch.drop_column("enable_ndp_proxy")
