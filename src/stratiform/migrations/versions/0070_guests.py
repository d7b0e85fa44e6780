"""Passwords of guests, tokens of consoles, and requests with a client token."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

revision = "0070"
down_revision = "0031"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES = {
    "passwords that guests have reported": "compute_server_password",
    "tokens of consoles": "compute_console_token",
    "client tokens of the EC2 API": "compute_client_request",
}


def upgrade() -> None:
    _create_table(
        "compute_server_password",
        sa.Column("server_id", sa.String(length=64), nullable=False),
        sa.Column("password", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("server_id", name=op.f("pk_compute_server_password")),
    )
    _create_table(
        "compute_console_token",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("server_id", sa.String(length=64), nullable=False),
        sa.Column("console_type", sa.String(length=16), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_compute_console_token")),
    )
    for column in ("server_id", "expires_at"):
        op.create_index(op.f(f"ix_compute_console_token_{column}"), "compute_console_token", [column])
    _create_table(
        "compute_client_request",
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("result_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "token", name=op.f("pk_compute_client_request")),
    )


def downgrade() -> None:
    for table in LOSSES.values():
        op.drop_table(table)


def _create_table(name: str, *items: SchemaItem) -> None:
    op.create_table(name, *items, mysql_engine="InnoDB", mysql_charset="utf8mb4", mysql_collate="utf8mb4_bin")
