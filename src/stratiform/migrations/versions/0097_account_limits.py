"""Quotas of cloud accounts."""

import sqlalchemy as sa
from alembic import op

from stratiform.migrations.table_builders import build_reference, create_table

revision = "0097"
down_revision = "0096"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES = {"quotas of cloud accounts": "clouds_account_limit"}

_KEY = ("cloud_id", "scope", "owner_id", "resource")


def upgrade() -> None:
    create_table(
        "clouds_account_limit",
        sa.Column("cloud_id", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.Column("resource", sa.String(length=16), nullable=False),
        sa.Column("limit", sa.BigInteger(), nullable=False),
        build_reference("clouds_account_limit", "cloud_id", "clouds_cloud", cascades=True),
        key=_KEY,
    )


def downgrade() -> None:
    op.drop_table("clouds_account_limit")
