"""Auto-allocated topologies; apply the security groups of all servers in their clouds."""

import sqlalchemy as sa
from alembic import op

revision = "0080"
down_revision = "0071"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES = {"auto-allocated topologies": "network_auto_allocated_topology"}

_TABLE = "network_auto_allocated_topology"
_REFERENCES = {"network_id": "network_network", "router_id": "network_router"}
_WORK = ("kind", "key", "due_at", "wanted", "leased_until", "owner", "attempts", "last_error")

_work = sa.table("work", *(sa.column(name) for name in _WORK))
_ports = sa.table("network_port", sa.column("id"), sa.column("device_owner"))


def upgrade() -> None:
    op.create_table(
        _TABLE,
        sa.Column("project_id", sa.String(length=64), nullable=False),
        *(sa.Column(column, sa.String(length=64), nullable=False) for column in _REFERENCES),
        sa.PrimaryKeyConstraint("project_id", name=op.f(f"pk_{_TABLE}")),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_{_TABLE}_{column}"), ondelete="CASCADE")
            for column, table in _REFERENCES.items()
        ),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
    )
    for column in _REFERENCES:
        op.create_index(op.f(f"ix_{_TABLE}_{column}"), _TABLE, [column])
    zero, one = sa.literal_column("0", sa.BigInteger()), sa.literal_column("1", sa.BigInteger())
    kind, empty = sa.literal_column("'network.port'", sa.String()), sa.literal_column("''", sa.String())
    ports = sa.select(kind, _ports.c.id, zero, one, zero, empty, zero, empty)
    servers = ports.where(_ports.c.device_owner == "compute:nova")
    op.get_bind().execute(sa.insert(_work).from_select(list(_WORK), servers))


def downgrade() -> None:
    op.get_bind().execute(sa.delete(_work).where(_work.c.kind == "network.port"))
    op.drop_table(_TABLE)
