"""Tables of the network service."""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from stratiform.kit.database import Json, define_table
from stratiform.services.network.model.declared_types import RESOURCE_TYPES
from stratiform.services.network.model.resource_types import Attribute, ResourceType
from stratiform.services.network.model.resource_types import Column as AttributeColumn


def _standard_attributes() -> list[Column[object]]:
    """Return the columns of Neutron's standard attributes."""
    return [
        Column("id", String(64), primary_key=True),
        Column("project_id", String(64), nullable=False, index=True),
        Column("name", String(255), nullable=False),
        Column("description", String(255), nullable=False),
        Column("tags", Json, nullable=False),
        Column("created_at", BigInteger, nullable=False),
        Column("updated_at", BigInteger, nullable=False),
        Column("revision", Integer, nullable=False),
    ]


networks_table = define_table(
    "network_network",
    *_standard_attributes(),
    Column("admin_state_up", Boolean, nullable=False),
    Column("shared", Boolean, nullable=False),
    Column("external", Boolean, nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("mtu", Integer, nullable=False),
    Column("port_security_enabled", Boolean, nullable=False),
    Column("dns_domain", String(255)),
    Column("qos_policy_id", String(64)),
    Column("provider_network_type", String(32)),
    Column("provider_physical_network", String(64)),
    Column("provider_segmentation_id", BigInteger),
    Column("vlan_transparent", Boolean),
)

subnets_table = define_table(
    "network_subnet",
    *_standard_attributes(),
    Column("network_id", String(64), ForeignKey("network_network.id"), nullable=False, index=True),
    Column("ip_version", Integer, nullable=False),
    Column("cidr", String(64), nullable=False),
    Column("gateway_ip", String(45)),
    Column("enable_dhcp", Boolean, nullable=False),
    Column("ipv6_address_mode", String(32)),
    Column("ipv6_ra_mode", String(32)),
    Column("dns_nameservers", Json, nullable=False),
    Column("host_routes", Json, nullable=False),
    Column("service_types", Json, nullable=False),
    Column("allocation_pools", Json, nullable=False),
    Column("subnetpool_id", String(64), index=True),
    Column("segment_id", String(64), index=True),
)

#: Allocation pools as numbers (32 hexadecimal digits). Every address below `next` has been allocated at least once.
address_pools_table = define_table(
    "network_pool",
    Column("subnet_id", String(64), ForeignKey("network_subnet.id"), primary_key=True),
    Column("first", String(32), primary_key=True),
    Column("last", String(32), nullable=False),
    Column("next", String(33), nullable=False),
)

#: Addresses that are allocated to a port (`port_id`) or were released. The primary key prevents a double allocation.
addresses_table = define_table(
    "network_address",
    Column("subnet_id", String(64), ForeignKey("network_subnet.id"), primary_key=True),
    Column("number", String(32), primary_key=True),
    Column("address", String(45), nullable=False),
    Column("port_id", String(64), index=True),
    Column("released_at", BigInteger, nullable=False),
    Index("ix_network_address_rested", "subnet_id", "port_id", "released_at"),
)

ports_table = define_table(
    "network_port",
    *_standard_attributes(),
    Column("network_id", String(64), ForeignKey("network_network.id"), nullable=False),
    Column("admin_state_up", Boolean, nullable=False),
    Column("mac_address", String(17), nullable=False),
    Column("fixed_ips", Json, nullable=False),
    Column("device_id", String(255), nullable=False, index=True),
    Column("device_owner", String(255), nullable=False),
    Column("security_groups", Json, nullable=False),
    Column("port_security_enabled", Boolean, nullable=False),
    Column("host", String(255), nullable=False),
    Column("vnic_type", String(64), nullable=False),
    Column("profile", Json, nullable=False),
    Column("made_for_server", Boolean, key="created_for_server", nullable=False),
    Column("allowed_address_pairs", Json),
    Column("extra_dhcp_opts", Json),
    Column("dns_name", String(255)),
    Column("qos_policy_id", String(64)),
    UniqueConstraint("network_id", "mac_address"),
)

#: Subnets created in clouds. A row is written with `native_id` "" before the request, so that a lost response leaves
#: no orphan.
native_subnets_table = define_table(
    "network_subnet_in_cloud",
    Column("subnet_id", String(64), primary_key=True),
    Column("cloud_id", String(64), primary_key=True),
    Column("native_id", String(255), nullable=False),
)

#: The security groups of a port, which cannot be deleted meanwhile.
port_security_groups_table = define_table(
    "network_port_security_group",
    Column("port_id", String(64), ForeignKey("network_port.id", ondelete="CASCADE"), primary_key=True),
    Column("security_group_id", String(64), ForeignKey("network_security_group.id"), primary_key=True, index=True),
)

#: The clouds in which routers, floating IPs and security groups were applied.
cloud_objects_table = define_table(
    "network_object_in_cloud",
    Column("kind", String(32), primary_key=True),
    Column("resource_id", String(64), primary_key=True),
    Column("cloud_id", String(64), primary_key=True),
)

#: The network and the router that a project got when it first requested its auto-allocated topology.
auto_allocated_topologies_table = define_table(
    "network_auto_allocated_topology",
    Column("project_id", String(64), primary_key=True),
    Column("network_id", String(64), ForeignKey("network_network.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("router_id", String(64), ForeignKey("network_router.id", ondelete="CASCADE"), nullable=False, index=True),
)

#: Limits that an operator has set. -1: unlimited.
quotas_table = define_table(
    "network_quota",
    Column("project_id", String(64), primary_key=True),
    Column("resource", String(64), primary_key=True),
    Column("limit", BigInteger, nullable=False),
)

#: Rows that requests lock, so that concurrent ones of a project are counted.
quota_locks_table = define_table("network_quota_lock", Column("project_id", String(64), primary_key=True))

#: The service profiles of flavors. A profile that a flavor has cannot be deleted.
flavor_service_profiles_table = define_table(
    "network_flavor_service_profile",
    Column("flavor_id", String(64), ForeignKey("network_flavor.id", ondelete="CASCADE"), primary_key=True),
    Column("service_profile_id", String(64), ForeignKey("network_service_profile.id"), primary_key=True, index=True),
)

#: The kinds of resources of which the initial ones were created; operators may have deleted them since.
initial_resources_table = define_table("network_initial_resources", Column("kind", String(64), primary_key=True))

_COLUMN_TYPES: dict[AttributeColumn, Any] = {
    AttributeColumn.TEXT: String(255),
    AttributeColumn.LONG_TEXT: String(4096),
    AttributeColumn.NUMBER: BigInteger(),
    AttributeColumn.FLAG: Boolean(),
    AttributeColumn.JSON: Json(),
}


def _define_resource_table(resource_type: ResourceType) -> Table:
    return define_table(
        resource_type.table_name,
        *_standard_attributes(),
        *(_define_column(attribute) for attribute in resource_type.stored_attributes),
        *(UniqueConstraint(*names) for names in resource_type.unique),
    )


def _define_column(attribute: Attribute) -> Column[object]:
    if not attribute.refers_to:
        return Column(attribute.name, _COLUMN_TYPES[attribute.column], nullable=attribute.nullable)
    key = ForeignKey(f"{attribute.refers_to}.id", ondelete="CASCADE" if attribute.cascades else None)
    return Column(attribute.name, String(64), key, nullable=attribute.nullable, index=True)


#: The tables of the declared resource types, by the name of the type.
resource_tables = {resource_type.name: _define_resource_table(resource_type) for resource_type in RESOURCE_TYPES}
