"""Security groups and their rules, the groups of ports, and quotas of networking resources."""

import json
from typing import Any
from uuid import UUID, uuid5

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql
from sqlalchemy.schema import SchemaItem

revision = "0013"
down_revision = "0011"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES = {
    "security groups": "network_security_group WHERE name <> 'default'",
    "security group rules": "network_security_group_rule WHERE protocol IS NOT NULL",
    "rules of new security groups": "network_default_security_group_rule",
    "the default statefulness of security groups": "network_security_group_default_statefulness",
    "quotas of networking resources": "network_quota",
}

_NAMESPACE = UUID("6f1c2a52-0f2c-4f0b-9d5e-0c7d1b8a4e10")
_JSON = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")


def upgrade() -> None:
    groups = _create_resource_table(
        "network_security_group",
        sa.Column("stateful", sa.Boolean(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
    )
    rules = _create_resource_table(
        "network_security_group_rule",
        sa.Column("security_group_id", sa.String(length=64), nullable=False),
        *_rule_columns(),
        sa.Column("remote_group_id", sa.String(length=64), nullable=True),
        sa.Column("remote_address_group_id", sa.String(length=255), nullable=True),
        sa.Column("fingerprint", sa.String(length=255), nullable=False),
        *(_cascading_key("network_security_group_rule", name) for name in ("security_group_id", "remote_group_id")),
        sa.UniqueConstraint(
            "security_group_id",
            "fingerprint",
            name=op.f("uq_network_security_group_rule_security_group_id_fingerprint"),
        ),
    )
    for name in ("security_group_id", "remote_group_id"):
        op.create_index(f"ix_network_security_group_rule_{name}", "network_security_group_rule", [name])
    _create_resource_table(
        "network_default_security_group_rule",
        *_rule_columns(),
        sa.Column("remote_group_id", sa.String(length=255), nullable=True),
        sa.Column("remote_address_group_id", sa.String(length=255), nullable=True),
        sa.Column("used_in_default_sg", sa.Boolean(), nullable=False),
        sa.Column("used_in_non_default_sg", sa.Boolean(), nullable=False),
        sa.Column("fingerprint", sa.String(length=255), nullable=False),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_network_default_security_group_rule_fingerprint")),
    )
    _create_resource_table(
        "network_security_group_default_statefulness",
        sa.Column("stateful", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("project_id", name=op.f("uq_network_security_group_default_statefulness_project_id")),
    )
    memberships = _create_memberships_table()
    _create_quota_tables()
    _create_default_groups(groups, rules, memberships)


def downgrade() -> None:
    for name in (
        "network_quota_lock",
        "network_quota",
        "network_port_security_group",
        "network_security_group_default_statefulness",
        "network_default_security_group_rule",
        "network_security_group_rule",
        "network_security_group",
    ):
        op.drop_table(name)
    _restore_default_groups()


def _rule_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("direction", sa.String(length=255), nullable=False),
        sa.Column("ethertype", sa.String(length=255), nullable=False),
        sa.Column("protocol", sa.String(length=255), nullable=True),
        sa.Column("port_range_min", sa.BigInteger(), nullable=True),
        sa.Column("port_range_max", sa.BigInteger(), nullable=True),
        sa.Column("remote_ip_prefix", sa.String(length=255), nullable=True),
    ]


def _cascading_key(table: str, name: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [name], ["network_security_group.id"], name=op.f(f"fk_{table}_{name}"), ondelete="CASCADE"
    )


def _create_memberships_table() -> sa.Table:
    table = _create_table(
        "network_port_security_group",
        sa.Column("port_id", sa.String(length=64), nullable=False),
        sa.Column("security_group_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["port_id"], ["network_port.id"], name=op.f("fk_network_port_security_group_port_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["security_group_id"],
            ["network_security_group.id"],
            name=op.f("fk_network_port_security_group_security_group_id"),
        ),
        sa.PrimaryKeyConstraint("port_id", "security_group_id", name=op.f("pk_network_port_security_group")),
    )
    op.create_index(
        "ix_network_port_security_group_security_group_id", "network_port_security_group", ["security_group_id"]
    )
    return table


def _create_quota_tables() -> None:
    _create_table(
        "network_quota",
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("resource", sa.String(length=64), nullable=False),
        sa.Column("limit", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "resource", name=op.f("pk_network_quota")),
    )
    _create_table(
        "network_quota_lock",
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_network_quota_lock")),
    )


def _create_resource_table(name: str, *items: SchemaItem) -> sa.Table:
    table = _create_table(
        name,
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("tags", _JSON, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        *items,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    op.create_index(f"ix_{name}_project_id", name, ["project_id"])
    return table


def _create_table(name: str, *items: SchemaItem) -> sa.Table:
    return op.create_table(name, *items, mysql_engine="InnoDB", mysql_charset="utf8mb4", mysql_collate="utf8mb4_bin")


def _create_default_groups(groups: sa.Table, rules: sa.Table, memberships: sa.Table) -> None:
    """Store the default groups of the projects with ports, which older releases derive from the project's id."""
    connection = op.get_bind()
    ports = connection.execute(sa.text("SELECT id, project_id, security_groups, created_at FROM network_port")).all()
    first_use: dict[str, int] = {}
    for _, project_id, _, created_at in ports:
        first_use[project_id] = min(created_at, first_use.get(project_id, created_at))
    for project_id, created_at in sorted(first_use.items()):
        standard = {"project_id": project_id, "tags": "[]", "created_at": created_at, "updated_at": created_at}
        group_id = str(uuid5(_NAMESPACE, f"group/{project_id}"))
        group = {"name": "default", "description": "Default security group", "stateful": True, "shared": False}
        connection.execute(groups.insert().values(id=group_id, revision=1, **standard, **group))
        for direction in ("egress", "ingress"):
            for ethertype in ("IPv4", "IPv6"):
                values = _rule_values(group_id, direction, ethertype)
                rule_id = str(uuid5(_NAMESPACE, f"rule/{project_id}/{direction}/{ethertype}"))
                connection.execute(rules.insert().values(id=rule_id, revision=1, **standard, **values))
    stored = {str(uuid5(_NAMESPACE, f"group/{project_id}")) for project_id in first_use}
    for port_id, _, group_ids, _ in ports:
        for group_id in sorted(set(json.loads(group_ids)) & stored):
            connection.execute(memberships.insert().values(port_id=port_id, security_group_id=group_id))


def _rule_values(group_id: str, direction: str, ethertype: str) -> dict[str, object]:
    remote = group_id if direction == "ingress" else None
    return {
        "name": "",
        "description": "",
        "security_group_id": group_id,
        "direction": direction,
        "ethertype": ethertype,
        "remote_group_id": remote,
        "fingerprint": "|".join(["", direction, ethertype, "", "", "", remote or "", ""]),
    }


def _restore_default_groups() -> None:
    """Remove other groups than the default one from ports, which older releases do not know."""
    connection = op.get_bind()
    for port_id, project_id, group_ids in connection.execute(
        sa.text("SELECT id, project_id, security_groups FROM network_port")
    ).all():
        default = str(uuid5(_NAMESPACE, f"group/{project_id}"))
        kept = json.dumps([default] if json.loads(group_ids) else [])
        if kept != group_ids:
            connection.execute(
                sa.text("UPDATE network_port SET security_groups = :groups WHERE id = :id"),
                {"groups": kept, "id": port_id},
            )
