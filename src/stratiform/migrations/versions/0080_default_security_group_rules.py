"""Neutron's rules of new security groups become rows; the groups of all servers are applied in their clouds."""

from uuid import UUID, uuid5

import sqlalchemy as sa
from alembic import op

revision = "0080"
down_revision = "0070"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES: dict[str, str] = {}

_NAMESPACE = UUID("6f1c2a52-0f2c-4f0b-9d5e-0c7d1b8a4e10")
_CREATED_AT = 1_796_000_000_000_000  # November 2026

_templates = sa.table(
    "network_default_security_group_rule",
    *(sa.column(name) for name in ("id", "project_id", "name", "description", "tags", "direction", "ethertype")),
    *(sa.column(name) for name in ("remote_group_id", "fingerprint")),
    *(sa.column(name, sa.Boolean()) for name in ("used_in_default_sg", "used_in_non_default_sg")),
    *(sa.column(name, sa.BigInteger()) for name in ("created_at", "updated_at", "revision")),
)
_WORK = ("kind", "key", "due_at", "wanted", "leased_until", "owner", "attempts", "last_error")
_work = sa.table("work", *(sa.column(name) for name in _WORK))
_ports = sa.table("network_port", sa.column("id"), sa.column("device_owner"))


def upgrade() -> None:
    db = op.get_bind()
    existing = set(db.execute(sa.select(_templates.c.fingerprint)).scalars())
    rows = [_build_row(*rule) for rule in _list_rules()]
    new = [row for row in rows if row["fingerprint"] not in existing]
    if new:
        db.execute(_templates.insert(), new)
    zero, empty = sa.literal_column("0"), sa.literal_column("''")
    kind, one = sa.literal_column("'network.port'"), sa.literal_column("1")
    servers = sa.select(kind, _ports.c.id, zero, one, zero, empty, zero, empty)
    db.execute(sa.insert(_work).from_select(list(_WORK), servers.where(_ports.c.device_owner == "compute:nova")))


def downgrade() -> None:
    db = op.get_bind()
    ids = [_build_row(*rule)["id"] for rule in _list_rules()]
    db.execute(sa.delete(_templates).where(_templates.c.id.in_(ids)))
    db.execute(sa.delete(_work).where(_work.c.kind == "network.port"))


def _list_rules() -> list[tuple[str, str]]:
    return [(direction, ethertype) for direction in ("egress", "ingress") for ethertype in ("IPv4", "IPv6")]


def _build_row(direction: str, ethertype: str) -> dict[str, object]:
    is_ingress = direction == "ingress"
    remote = "PARENT" if is_ingress else None
    return {
        "id": str(uuid5(_NAMESPACE, f"template/{direction}/{ethertype}")),
        "project_id": "",
        "name": "",
        "description": "",
        "tags": "[]",
        "direction": direction,
        "ethertype": ethertype,
        "remote_group_id": remote,
        "used_in_default_sg": True,
        "used_in_non_default_sg": not is_ingress,
        "fingerprint": f"|{direction}|{ethertype}||||{remote or ''}|",
        "created_at": _CREATED_AT,
        "updated_at": _CREATED_AT,
        "revision": 1,
    }
