"""Store the names and tags of resources at earlier positions of the ledger."""

import sqlalchemy as sa
from alembic import op

from stratiform.kit.database import Json

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES = {"earlier names of resources": "metering_called"}


def upgrade() -> None:
    op.create_table(
        "metering_called",
        sa.Column("resource", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("until", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("tags", Json(), nullable=False),
        sa.PrimaryKeyConstraint("resource", "until", name=op.f("pk_metering_called")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("metering_called", schema=None) as batch_op:
        batch_op.create_index("ix_metering_called_until", ["until"], unique=False)


def downgrade() -> None:
    op.drop_table("metering_called")
