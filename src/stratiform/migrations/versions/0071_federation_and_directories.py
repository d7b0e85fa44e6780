"""Users of identity providers and of directories, and used passcodes."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES = {
    "users of identity providers": "identity_federated_user",
    "memberships of users of identity providers": "identity_expiring_membership",
    "users and groups of directories": "identity_directory_entry",
}

_MYSQL: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}


def upgrade() -> None:
    op.create_table(
        "identity_used_passcode",
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "step", name=op.f("pk_identity_used_passcode")),
        **_MYSQL,
    )
    op.create_index("ix_identity_used_passcode_step", "identity_used_passcode", ["step"])
    op.create_table(
        "identity_federated_user",
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("idp_id", sa.String(length=64), nullable=False),
        sa.Column("protocol_id", sa.String(length=64), nullable=False),
        sa.Column("unique_id", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_identity_federated_user")),
        sa.UniqueConstraint(
            "idp_id", "protocol_id", "unique_id", name=op.f("uq_identity_federated_user_idp_id_protocol_id_unique_id")
        ),
        **_MYSQL,
    )
    op.create_table(
        "identity_expiring_membership",
        sa.Column("group_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("idp_id", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("group_id", "user_id", name=op.f("pk_identity_expiring_membership")),
        **_MYSQL,
    )
    op.create_index("ix_identity_expiring_membership_user_id", "identity_expiring_membership", ["user_id"])
    op.create_table(
        "identity_directory_entry",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("domain_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("local_id", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_directory_entry")),
        sa.UniqueConstraint(
            "domain_id", "kind", "local_id", name=op.f("uq_identity_directory_entry_domain_id_kind_local_id")
        ),
        **_MYSQL,
    )


def downgrade() -> None:
    for name in ("directory_entry", "expiring_membership", "federated_user", "used_passcode"):
        op.drop_table(f"identity_{name}")
