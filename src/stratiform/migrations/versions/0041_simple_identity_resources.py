"""Policies, limits, credentials, trusts, federation; access rules of application credentials."""

import sqlalchemy as sa
from alembic import op

from stratiform.kit.database import Json

revision = "0041"
down_revision = "0015"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES = {
    "policies, limits, credentials, trusts and federation": "identity_simple_resource",
    "access rules of application credentials": "identity_application_credential WHERE access_rules IS NOT NULL",
}


def upgrade() -> None:
    op.add_column("identity_application_credential", sa.Column("access_rules", Json(), nullable=True))
    op.create_table(
        "identity_simple_resource",
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("unique_key", sa.String(length=512), nullable=False),
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.Column("attributes", Json(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "id", name=op.f("pk_identity_simple_resource")),
        sa.UniqueConstraint("kind", "unique_key", name=op.f("uq_identity_simple_resource_kind_unique_key")),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
    )
    op.create_index("ix_identity_simple_resource_owner_id", "identity_simple_resource", ["owner_id"])


def downgrade() -> None:
    op.drop_table("identity_simple_resource")
    op.drop_column("identity_application_credential", "access_rules")
