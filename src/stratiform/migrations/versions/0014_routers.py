"""Routers, floating IPs, subnet pools, address scopes and groups, RBAC and QoS policies, trunks, metering labels."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql
from sqlalchemy.schema import SchemaItem

revision = "0014"
down_revision = "0030"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES = {
    "routers": "network_router",
    "floating IPs": "network_floatingip",
    "port forwardings": "network_port_forwarding",
    "subnet pools": "network_subnetpool",
    "address scopes": "network_address_scope",
    "address groups": "network_address_group",
    "RBAC policies": "network_rbac_policy",
    "QoS policies": "network_policy",
    "trunks": "network_trunk",
    "metering labels": "network_metering_label",
}

_JSON = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")

#: The new columns of older tables, which are empty in existing rows.
_COLUMNS = {
    "network_network": (
        ("dns_domain", sa.String(length=255)),
        ("qos_policy_id", sa.String(length=64)),
        ("provider_network_type", sa.String(length=32)),
        ("provider_physical_network", sa.String(length=64)),
        ("provider_segmentation_id", sa.BigInteger()),
    ),
    "network_subnet": (("subnetpool_id", sa.String(length=64)),),
    "network_port": (
        ("allowed_address_pairs", _JSON),
        ("extra_dhcp_opts", _JSON),
        ("dns_name", sa.String(length=255)),
        ("qos_policy_id", sa.String(length=64)),
    ),
}

#: The new tables, in the order in which they can be deleted.
_TABLES = (
    "network_metering_label_rule",
    "network_metering_label",
    "network_trunk",
    "network_rbac_policy",
    "network_port_forwarding",
    "network_floatingip",
    "network_router",
    "network_packet_rate_limit_rule",
    "network_minimum_packet_rate_rule",
    "network_minimum_bandwidth_rule",
    "network_dscp_marking_rule",
    "network_bandwidth_limit_rule",
    "network_policy",
    "network_subnetpool",
    "network_address_group",
    "network_address_scope",
)


def upgrade() -> None:
    for table, columns in _COLUMNS.items():
        for name, column_type in columns:
            op.add_column(table, sa.Column(name, column_type, nullable=True))
    op.create_index("ix_network_subnet_subnetpool_id", "network_subnet", ["subnetpool_id"])
    _create_resource_table(
        "network_address_scope",
        sa.Column("ip_version", sa.BigInteger(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
    )
    _create_resource_table(
        "network_address_group",
        sa.Column("addresses", _JSON, nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
    )
    _create_resource_table(
        "network_subnetpool",
        sa.Column("prefixes", _JSON, nullable=False),
        sa.Column("default_quota", sa.BigInteger(), nullable=True),
        sa.Column("ip_version", sa.BigInteger(), nullable=False),
        sa.Column("default_prefixlen", sa.BigInteger(), nullable=True),
        sa.Column("min_prefixlen", sa.BigInteger(), nullable=True),
        sa.Column("max_prefixlen", sa.BigInteger(), nullable=True),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("address_scope_id", sa.String(length=64), nullable=True),
        _key("network_subnetpool", "address_scope_id", "network_address_scope"),
        indexes=("address_scope_id",),
    )
    _create_resource_table(
        "network_policy",
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
    )
    _create_resource_table(
        "network_bandwidth_limit_rule",
        sa.Column("policy_id", sa.String(length=64), nullable=False),
        sa.Column("max_kbps", sa.BigInteger(), nullable=False),
        sa.Column("max_burst_kbps", sa.BigInteger(), nullable=False),
        sa.Column("direction", sa.String(length=255), nullable=False),
        _key("network_bandwidth_limit_rule", "policy_id", "network_policy", cascades=True),
        sa.UniqueConstraint("policy_id", "direction", name=op.f("uq_network_bandwidth_limit_rule_policy_id_direction")),
        indexes=("policy_id",),
    )
    _create_resource_table(
        "network_dscp_marking_rule",
        sa.Column("policy_id", sa.String(length=64), nullable=False),
        sa.Column("dscp_mark", sa.BigInteger(), nullable=False),
        _key("network_dscp_marking_rule", "policy_id", "network_policy", cascades=True),
        sa.UniqueConstraint("policy_id", name=op.f("uq_network_dscp_marking_rule_policy_id")),
        indexes=("policy_id",),
    )
    _create_resource_table(
        "network_minimum_bandwidth_rule",
        sa.Column("policy_id", sa.String(length=64), nullable=False),
        sa.Column("min_kbps", sa.BigInteger(), nullable=False),
        sa.Column("direction", sa.String(length=255), nullable=False),
        _key("network_minimum_bandwidth_rule", "policy_id", "network_policy", cascades=True),
        sa.UniqueConstraint(
            "policy_id", "direction", name=op.f("uq_network_minimum_bandwidth_rule_policy_id_direction")
        ),
        indexes=("policy_id",),
    )
    _create_resource_table(
        "network_minimum_packet_rate_rule",
        sa.Column("policy_id", sa.String(length=64), nullable=False),
        sa.Column("min_kpps", sa.BigInteger(), nullable=False),
        sa.Column("direction", sa.String(length=255), nullable=False),
        _key("network_minimum_packet_rate_rule", "policy_id", "network_policy", cascades=True),
        sa.UniqueConstraint(
            "policy_id", "direction", name=op.f("uq_network_minimum_packet_rate_rule_policy_id_direction")
        ),
        indexes=("policy_id",),
    )
    _create_resource_table(
        "network_packet_rate_limit_rule",
        sa.Column("policy_id", sa.String(length=64), nullable=False),
        sa.Column("max_kpps", sa.BigInteger(), nullable=False),
        sa.Column("max_burst_kpps", sa.BigInteger(), nullable=False),
        sa.Column("direction", sa.String(length=255), nullable=False),
        _key("network_packet_rate_limit_rule", "policy_id", "network_policy", cascades=True),
        sa.UniqueConstraint(
            "policy_id", "direction", name=op.f("uq_network_packet_rate_limit_rule_policy_id_direction")
        ),
        indexes=("policy_id",),
    )
    _create_resource_table(
        "network_router",
        sa.Column("admin_state_up", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=255), nullable=False),
        sa.Column("routes", _JSON, nullable=False),
        sa.Column("distributed", sa.Boolean(), nullable=False),
        sa.Column("ha", sa.Boolean(), nullable=False),
        sa.Column("flavor_id", sa.String(length=255), nullable=True),
        sa.Column("availability_zone_hints", _JSON, nullable=False),
        sa.Column("external_network_id", sa.String(length=64), nullable=True),
        sa.Column("enable_snat", sa.Boolean(), nullable=False),
        sa.Column("cloud_name", sa.String(length=255), nullable=False),
        _key("network_router", "external_network_id", "network_network"),
        indexes=("external_network_id",),
    )
    _create_resource_table(
        "network_floatingip",
        sa.Column("floating_network_id", sa.String(length=64), nullable=False),
        sa.Column("floating_ip_address", sa.String(length=255), nullable=True),
        sa.Column("port_id", sa.String(length=64), nullable=True),
        sa.Column("fixed_ip_address", sa.String(length=255), nullable=True),
        sa.Column("router_id", sa.String(length=64), nullable=True),
        sa.Column("status", sa.String(length=255), nullable=False),
        sa.Column("dns_name", sa.String(length=255), nullable=False),
        sa.Column("dns_domain", sa.String(length=255), nullable=False),
        sa.Column("qos_policy_id", sa.String(length=64), nullable=True),
        sa.Column("cloud_name", sa.String(length=255), nullable=False),
        sa.Column("external_port_id", sa.String(length=255), nullable=False),
        _key("network_floatingip", "floating_network_id", "network_network"),
        _key("network_floatingip", "port_id", "network_port"),
        _key("network_floatingip", "qos_policy_id", "network_policy"),
        _key("network_floatingip", "router_id", "network_router"),
        sa.UniqueConstraint(
            "floating_network_id",
            "port_id",
            "fixed_ip_address",
            name=op.f("uq_network_floatingip_floating_network_id_port_id_fixed_ip_address"),
        ),
        indexes=(
            "floating_network_id",
            "port_id",
            "router_id",
            "qos_policy_id",
        ),
    )
    _create_resource_table(
        "network_port_forwarding",
        sa.Column("floatingip_id", sa.String(length=64), nullable=False),
        sa.Column("internal_port_id", sa.String(length=64), nullable=False),
        sa.Column("internal_ip_address", sa.String(length=255), nullable=False),
        sa.Column("internal_port", sa.BigInteger(), nullable=False),
        sa.Column("external_port", sa.BigInteger(), nullable=False),
        sa.Column("protocol", sa.String(length=255), nullable=False),
        _key("network_port_forwarding", "floatingip_id", "network_floatingip"),
        _key("network_port_forwarding", "internal_port_id", "network_port", cascades=True),
        sa.UniqueConstraint(
            "internal_port_id",
            "internal_ip_address",
            "internal_port",
            "protocol",
            name=op.f("uq_network_port_forwarding_internal_port_id_internal_ip_address_internal_port_protocol"),
        ),
        sa.UniqueConstraint(
            "floatingip_id",
            "external_port",
            "protocol",
            name=op.f("uq_network_port_forwarding_floatingip_id_external_port_protocol"),
        ),
        indexes=(
            "floatingip_id",
            "internal_port_id",
        ),
    )
    _create_resource_table(
        "network_rbac_policy",
        sa.Column("object_type", sa.String(length=255), nullable=False),
        sa.Column("object_id", sa.String(length=255), nullable=False),
        sa.Column("target_tenant", sa.String(length=255), nullable=False),
        sa.Column("action", sa.String(length=255), nullable=False),
        sa.UniqueConstraint(
            "object_id", "target_tenant", "action", name=op.f("uq_network_rbac_policy_object_id_target_tenant_action")
        ),
    )
    _create_resource_table(
        "network_trunk",
        sa.Column("admin_state_up", sa.Boolean(), nullable=False),
        sa.Column("port_id", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=255), nullable=False),
        sa.Column("sub_ports", _JSON, nullable=False),
        _key("network_trunk", "port_id", "network_port"),
        sa.UniqueConstraint("port_id", name=op.f("uq_network_trunk_port_id")),
        indexes=("port_id",),
    )
    _create_resource_table(
        "network_metering_label",
        sa.Column("shared", sa.Boolean(), nullable=False),
    )
    _create_resource_table(
        "network_metering_label_rule",
        sa.Column("metering_label_id", sa.String(length=64), nullable=False),
        sa.Column("direction", sa.String(length=255), nullable=False),
        sa.Column("excluded", sa.Boolean(), nullable=False),
        sa.Column("remote_ip_prefix", sa.String(length=255), nullable=True),
        sa.Column("source_ip_prefix", sa.String(length=255), nullable=True),
        sa.Column("destination_ip_prefix", sa.String(length=255), nullable=True),
        _key("network_metering_label_rule", "metering_label_id", "network_metering_label", cascades=True),
        indexes=("metering_label_id",),
    )


def downgrade() -> None:
    for table in _TABLES:
        op.drop_table(table)
    _delete_service_ports()
    op.drop_index("ix_network_subnet_subnetpool_id", "network_subnet")
    for table, columns in _COLUMNS.items():
        for name, _ in columns:
            op.drop_column(table, name)


def _delete_service_ports() -> None:
    """Delete the ports of routers and floating IPs, and release their addresses."""
    connection = op.get_bind()
    owners = "('network:router_interface', 'network:router_gateway', 'network:floatingip')"
    ports = f"SELECT id FROM network_port WHERE device_owner IN {owners}"  # noqa: S608 - constant names
    connection.execute(sa.text(f"UPDATE network_address SET port_id = NULL WHERE port_id IN ({ports})"))  # noqa: S608 - constant names
    connection.execute(sa.text(f"DELETE FROM network_port WHERE device_owner IN {owners}"))  # noqa: S608 - constant names


def _key(table: str, column: str, target: str, *, cascades: bool = False) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete="CASCADE" if cascades else None)


def _create_resource_table(name: str, *items: SchemaItem, indexes: tuple[str, ...] = ()) -> None:
    op.create_table(
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
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
    )
    for column in ("project_id", *indexes):
        op.create_index(f"ix_{name}_{column}", name, [column])
