"""Import tasks of images."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0061"
down_revision = "0051"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES = {"import tasks of images": "image_task"}

_LONG_TEXT = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")


def upgrade() -> None:
    op.create_table(
        "image_task",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("image_id", sa.String(length=64), nullable=False),
        sa.Column("input", _LONG_TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("result", _LONG_TEXT, nullable=True),
        sa.Column("message", _LONG_TEXT, nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_task")),
        sa.CheckConstraint(
            "status IN ('pending', 'processing', 'success', 'failure')", name=op.f("ck_image_task_status")
        ),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
    )
    for column in ("owner", "image_id", "created_at", "expires_at"):
        op.create_index(op.f(f"ix_image_task_{column}"), "image_task", [column])


def downgrade() -> None:
    op.drop_table("image_task")
