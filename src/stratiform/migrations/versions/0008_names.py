"""Names of projects, volume types and images with a time; times of ignored messages."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES = {"names of projects": "metering_name"}

_names = sa.table("metering_name", *map(sa.column, ("resource_id", "resource_type", "cloud", "at", "name", "recorded")))


def upgrade() -> None:
    op.create_table(
        "metering_name",
        sa.Column("resource_id", _binary(128), nullable=False),
        sa.Column("resource_type", _binary(32), nullable=False),
        sa.Column("cloud", _binary(64), nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("recorded", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("resource_id", "resource_type", "cloud", "at", name=op.f("pk_metering_name")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("metering_unknown", schema=None) as batch_op:
        batch_op.add_column(sa.Column("at", sa.BigInteger(), nullable=True))
    _insert_own_names()


def downgrade() -> None:
    with op.batch_alter_table("metering_unknown", schema=None) as batch_op:
        batch_op.drop_column("at")
    op.drop_table("metering_name")


def _insert_own_names() -> None:
    """Store the present names of this installation's resources, as if they had always been known."""
    id_, name = sa.column("id", sa.String), sa.column("name", sa.String)
    is_domain = sa.column("is_domain", sa.Boolean)
    sources = {
        "project": sa.select(id_, name).select_from(sa.table("identity_project")).where(is_domain.is_(sa.false())),
        "volume_type": sa.select(id_, name).select_from(sa.table("volume_type")),
        "image": sa.select(id_, name).select_from(sa.table("image_image")).where(name != "", name.is_not(None)),
    }
    for resource_type, query in sources.items():
        rows = [
            {"resource_id": row[0], "resource_type": resource_type, "cloud": "", "at": 0, "name": row[1], "recorded": 0}
            for row in op.get_bind().execute(query)
        ]
        if rows:
            op.bulk_insert(_names, rows)


def _binary(length: int) -> sa.String:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")
