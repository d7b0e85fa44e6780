"""The clouds in which routers, floating IPs and security groups were applied."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0050"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES: dict[str, str] = {}


def upgrade() -> None:
    op.create_table(
        "network_object_in_cloud",
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("resource_id", sa.String(length=64), nullable=False),
        sa.Column("cloud_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("kind", "resource_id", "cloud_id", name=op.f("pk_network_object_in_cloud")),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
    )


def downgrade() -> None:
    op.drop_table("network_object_in_cloud")
