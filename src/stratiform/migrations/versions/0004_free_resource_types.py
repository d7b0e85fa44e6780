"""Store the resource types that a price plan declares free of charge.

Until now, only instances and volumes could be priced, and all other types were free; plans that exist keep that.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES = {"free resource types": "rating_free_type"}

_FREE_UNTIL_NOW = (
    "backup", "container", "floating_ip", "image", "load_balancer", "network", "object_store", "port", "router",
    "snapshot", "subnet",
)  # fmt: skip


def upgrade() -> None:
    free_types = op.create_table(
        "rating_free_type",
        sa.Column("plan", sa.String(length=64), nullable=False),
        sa.Column("resource_type", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["plan"], ["rating_plan.name"], name=op.f("fk_rating_free_type_plan")),
        sa.PrimaryKeyConstraint("plan", "resource_type", name=op.f("pk_rating_free_type")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    plans = op.get_bind().execute(sa.text("SELECT name FROM rating_plan")).scalars().all()
    rows = [{"plan": plan, "resource_type": name} for plan in plans for name in _FREE_UNTIL_NOW]
    op.bulk_insert(free_types, rows)


def downgrade() -> None:
    op.drop_table("rating_free_type")
