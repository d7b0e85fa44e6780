"""Record retroactive price changes, and what they cost each customer account."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql
from sqlalchemy.schema import SchemaItem

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES = {"records of retroactive price changes": "billing_price_change"}

_LONG_TEXT = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
_FORWARD = sa.column("start", sa.BigInteger) < sa.column("end", sa.BigInteger)


def upgrade() -> None:
    _create_table(
        "billing_price_change",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("author", _LONG_TEXT, nullable=False),
        sa.Column("reason", _LONG_TEXT, nullable=False),
        sa.Column("plan", sa.String(length=64), nullable=False),
        sa.Column("previous_plan", sa.String(length=64), nullable=True),
        sa.Column("versions", _LONG_TEXT, nullable=False),
        sa.ForeignKeyConstraint(["plan"], ["rating_plan.name"], name=op.f("fk_billing_price_change_plan")),
        sa.ForeignKeyConstraint(
            ["previous_plan"], ["rating_plan.name"], name=op.f("fk_billing_price_change_previous_plan")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_price_change")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_billing_price_change_reason")),
        sa.CheckConstraint("plan <> previous_plan", name=op.f("ck_billing_price_change_plan")),
    )
    op.create_index(op.f("ix_billing_price_change_created_at"), "billing_price_change", ["created_at"])
    _create_table(
        "billing_price_difference",
        sa.Column("change_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("account_name", sa.String(length=255), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("net_before", sa.String(length=64), nullable=False),
        sa.Column("net_after", sa.String(length=64), nullable=False),
        sa.Column("difference", sa.String(length=64), nullable=False),
        sa.Column("exact_difference", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["change_id"], ["billing_price_change.id"], name=op.f("fk_billing_price_difference_change_id")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["billing_account.id"], name=op.f("fk_billing_price_difference_account_id")
        ),
        sa.PrimaryKeyConstraint("change_id", "account_id", name=op.f("pk_billing_price_difference")),
        sa.CheckConstraint(_FORWARD, name=op.f("ck_billing_price_difference_period")),
    )
    op.create_index(op.f("ix_billing_price_difference_account_id"), "billing_price_difference", ["account_id"])


def downgrade() -> None:
    op.drop_table("billing_price_difference")
    op.drop_table("billing_price_change")


def _create_table(name: str, *items: SchemaItem) -> sa.Table:
    return op.create_table(name, *items, mysql_engine="InnoDB", mysql_charset="utf8mb4", mysql_collate="utf8mb4_bin")
