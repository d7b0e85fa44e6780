"""Local IPs."""

import sqlalchemy as sa
from alembic import op

from stratiform.migrations.table_builders import build_reference, create_resource_table

revision = "0093"
down_revision = "0092"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES = {"local IPs": "network_local_ip"}

_KEY = ("local_ip_id", "fixed_port_id")


def upgrade() -> None:
    create_resource_table(
        "network_local_ip",
        sa.Column("local_port_id", sa.String(length=64), nullable=True),
        sa.Column("network_id", sa.String(length=64), nullable=True),
        sa.Column("local_ip_address", sa.String(length=255), nullable=True),
        sa.Column("ip_mode", sa.String(length=255), nullable=False),
        build_reference("network_local_ip", "local_port_id", "network_port", cascades=True),
        build_reference("network_local_ip", "network_id", "network_network"),
        indexes=("local_port_id", "network_id"),
    )
    create_resource_table(
        "network_port_association",
        sa.Column("local_ip_id", sa.String(length=64), nullable=False),
        sa.Column("fixed_port_id", sa.String(length=64), nullable=False),
        sa.Column("fixed_ip", sa.String(length=255), nullable=True),
        build_reference("network_port_association", "local_ip_id", "network_local_ip", cascades=True),
        build_reference("network_port_association", "fixed_port_id", "network_port", cascades=True),
        sa.UniqueConstraint(*_KEY, name=op.f(f"uq_network_port_association_{'_'.join(_KEY)}")),
        indexes=("local_ip_id", "fixed_port_id"),
    )


def downgrade() -> None:
    op.drop_table("network_port_association")
    op.drop_table("network_local_ip")
