"""Checks of the credentials of clouds."""

import sqlalchemy as sa
from alembic import op

from stratiform.kit.database import Json
from stratiform.migrations.table_builders import build_reference, create_table

revision = "0095"
down_revision = "0094"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES = {"results of credential checks": "clouds_credential_check"}


def upgrade() -> None:
    create_table(
        "clouds_credential_check",
        sa.Column("cloud_id", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("checked_at", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("valid_at", sa.BigInteger(), nullable=True),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("zones", Json(), nullable=False),
        build_reference("clouds_credential_check", "cloud_id", "clouds_cloud", cascades=True),
        key=("cloud_id",),
    )


def downgrade() -> None:
    op.drop_table("clouds_credential_check")
