"""Store check values of the keys of an installation, so that a start with lost keys is refused."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES: dict[str, str] = {}

_NAMES = ("tokens", "secrets", "ledger", "installation")


def upgrade() -> None:
    table = op.create_table(
        "installation_key",
        sa.Column("name", sa.String(16), nullable=False),
        sa.Column("check_value", sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_installation_key")),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
    )
    projects = sa.table("identity_project", sa.column("id", sa.String))
    if op.get_bind().execute(sa.select(projects.c.id).limit(1)).first() is not None:
        # An installation that exists has keys: the next start requires them, and stores their check values.
        op.bulk_insert(table, [{"name": name, "check_value": ""} for name in _NAMES])


def downgrade() -> None:
    op.drop_table("installation_key")
