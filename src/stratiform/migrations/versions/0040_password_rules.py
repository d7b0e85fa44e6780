"""Failed sign-ins, earlier passwords, and the expiry of passwords."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

revision = "0040"
down_revision = "0013"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES = {
    "earlier passwords": "identity_earlier_password",
    "expiry times of passwords": "identity_user WHERE password_expires_at IS NOT NULL",
}


def upgrade() -> None:
    op.add_column("identity_user", sa.Column("password_expires_at", sa.BigInteger(), nullable=True))
    _create_table(
        "identity_earlier_password",
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("password", sa.String(length=128), nullable=False),
        sa.Column("replaced_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "password", name=op.f("pk_identity_earlier_password")),
    )
    _create_table(
        "identity_failed_sign_in",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_identity_failed_sign_in")),
    )
    op.create_index("ix_identity_failed_sign_in_failed_at", "identity_failed_sign_in", ["failed_at"])


def downgrade() -> None:
    op.drop_table("identity_failed_sign_in")
    op.drop_table("identity_earlier_password")
    op.drop_column("identity_user", "password_expires_at")


def _create_table(name: str, *items: SchemaItem) -> sa.Table:
    return op.create_table(name, *items, mysql_engine="InnoDB", mysql_charset="utf8mb4", mysql_collate="utf8mb4_bin")
