"""Policy rules of the Networking API. Source: Neutron's policy reference (secure defaults)."""

from collections.abc import Mapping
from dataclasses import dataclass

from stratiform.kit.policy import (
    Caller,
    Check,
    Rule,
    admin,
    anyone,
    list_declared_rules,
    project_member,
    project_reader,
)


@dataclass(frozen=True, slots=True)
class ResourceRules:
    """The rules for the operations on resources of one type."""

    create: Rule
    get: Rule
    update: Rule
    delete: Rule

    @classmethod
    def build(
        cls, name: str, title: str, *, write: Check = project_member, read: Check = project_reader
    ) -> "ResourceRules":
        """Return the rules for Neutron's resource `name`; `title` is its plural in documentation."""
        return cls(
            Rule(f"create_{name}", write, f"Create {title}"),
            Rule(f"get_{name}", read, f"List and show {title}"),
            Rule(f"update_{name}", write, f"Update {title}"),
            Rule(f"delete_{name}", write, f"Delete {title}"),
        )

    def list(self) -> tuple[Rule, ...]:
        return (self.create, self.get, self.update, self.delete)


def list_resource_rules(module: Mapping[str, object]) -> list[ResourceRules]:
    """Return the rules of all resource types that a module declares, in order of declaration."""
    values = (item for value in module.values() for item in (value.values() if isinstance(value, dict) else (value,)))
    return [value for value in values if isinstance(value, ResourceRules)]


def _any_reader(caller: Caller, _project_id: str | None) -> bool:
    """Readers of any project."""
    return caller.is_admin or (caller.project_id is not None and "reader" in caller.roles)


NETWORKS_CREATE = Rule("create_network", project_member, "Create a network")
NETWORKS_CREATE_SHARED = Rule("create_network:shared", admin, "Create a shared network")
NETWORKS_CREATE_EXTERNAL = Rule("create_network:router:external", admin, "Create an external network")
NETWORKS_CREATE_DEFAULT = Rule("create_network:is_default", admin, "Create the default external network")
NETWORKS_GET = Rule("get_network", project_reader, "List and show networks")
NETWORKS_UPDATE = Rule("update_network", project_member, "Update a network")
NETWORKS_UPDATE_SHARED = Rule("update_network:shared", admin, "Update the `shared` attribute of a network")
NETWORKS_UPDATE_EXTERNAL = Rule("update_network:router:external", admin, "Update `router:external` of a network")
NETWORKS_UPDATE_DEFAULT = Rule("update_network:is_default", admin, "Update `is_default` of a network")
NETWORKS_DELETE = Rule("delete_network", project_member, "Delete a network")
SUBNETS_CREATE = Rule("create_subnet", project_member, "Create a subnet")
SUBNETS_GET = Rule("get_subnet", project_reader, "List and show subnets")
SUBNETS_UPDATE = Rule("update_subnet", project_member, "Update a subnet")
SUBNETS_DELETE = Rule("delete_subnet", project_member, "Delete a subnet")
PORTS_CREATE = Rule("create_port", project_member, "Create a port")
PORTS_CREATE_IP_ADDRESS = Rule("create_port:fixed_ips:ip_address", project_member, "Choose the IP address of a port")
PORTS_CREATE_MAC_ADDRESS = Rule("create_port:mac_address", project_member, "Choose the MAC address of a port")
PORTS_CREATE_DEVICE_OWNER = Rule(
    "create_port:device_owner", project_member, "Create a port of a network service (`network:…`)"
)
PORTS_CREATE_PORT_SECURITY = Rule(
    "create_port:port_security_enabled", project_member, "Create a port without port security"
)
PORTS_CREATE_ADDRESS_PAIRS = Rule(
    "create_port:allowed_address_pairs", project_member, "Allow other addresses on a new port"
)
PORTS_CREATE_HOST = Rule("create_port:binding:host_id", admin, "Bind a new port to a host")
PORTS_CREATE_PROFILE = Rule("create_port:binding:profile", admin, "Set the binding profile of a new port")
PORTS_GET = Rule("get_port", project_reader, "List and show ports")
PORTS_UPDATE = Rule("update_port", project_member, "Update a port")
PORTS_UPDATE_IP_ADDRESS = Rule("update_port:fixed_ips:ip_address", project_member, "Change the IP address of a port")
PORTS_UPDATE_MAC_ADDRESS = Rule("update_port:mac_address", admin, "Change the MAC address of a port")
PORTS_UPDATE_DEVICE_OWNER = Rule(
    "update_port:device_owner", project_member, "Turn a port into one of a network service (`network:…`)"
)
PORTS_UPDATE_PORT_SECURITY = Rule(
    "update_port:port_security_enabled", project_member, "Disable or enable the port security of a port"
)
PORTS_UPDATE_ADDRESS_PAIRS = Rule(
    "update_port:allowed_address_pairs", project_member, "Change the other addresses that a port allows"
)
PORTS_UPDATE_HOST = Rule("update_port:binding:host_id", admin, "Bind a port to another host")
PORTS_UPDATE_PROFILE = Rule("update_port:binding:profile", admin, "Change the binding profile of a port")
PORTS_DELETE = Rule("delete_port", project_member, "Delete a port")
IP_AVAILABILITIES_GET = Rule("get_network_ip_availability", admin, "Show the number of used IP addresses")
AVAILABILITY_ZONES_GET = Rule("get_availability_zone", project_reader, "List availability zones")
EXTENSIONS_GET = Rule("get_extension", anyone, "List and show extensions")
QUOTAS_GET = Rule("get_quota", project_reader, "Show the quota of a project")

ROUTERS_DISTRIBUTED = Rule("create_router:distributed", admin, "Set the `distributed` attribute of a router")
ROUTERS_HA = Rule("create_router:ha", admin, "Set the `ha` attribute of a router")
ROUTERS_GET_DISTRIBUTED = Rule("get_router:distributed", admin, "Show the `distributed` attribute of a router")
ROUTERS_GET_HA = Rule("get_router:ha", admin, "Show the `ha` attribute of a router")
ROUTERS_ENABLE_SNAT = Rule("create_router:external_gateway_info:enable_snat", admin, "Set `enable_snat` of a gateway")
ROUTERS_EXTERNAL_FIXED_IPS = Rule(
    "create_router:external_gateway_info:external_fixed_ips", admin, "Choose the addresses of a gateway"
)
FLOATING_IPS_ADDRESS = Rule("create_floatingip:floating_ip_address", admin, "Choose the address of a floating IP")
SUBNET_POOLS_SHARED = Rule("create_subnetpool:shared", admin, "Create a shared subnet pool")
SUBNET_POOLS_DEFAULT = Rule("create_subnetpool:is_default", admin, "Set the default subnet pool")
ADDRESS_SCOPES_SHARED = Rule("create_address_scope:shared", admin, "Share an address scope")
RBAC_POLICIES_WILDCARD = Rule("create_rbac_policy:target_tenant", admin, "Share a resource with all projects")
NETWORKS_PROVIDER = Rule("create_network:provider:network_type", admin, "Set provider attributes of a network")
NETWORKS_SEGMENTS = Rule("create_network:segments", admin, "Create a network with several segments")
NETWORKS_UPDATE_PROVIDER = Rule(
    "update_network:provider:network_type", admin, "Change provider attributes of a network"
)
SERVICE_PROVIDERS_GET = Rule("get_service_provider", _any_reader, "List service providers")
AGENTS_GET = Rule("get_agent", admin, "Show agents")
AGENTS_LIST = Rule("get_agents", _any_reader, "List agents; only admins see any")
AGENTS_UPDATE = Rule("update_agent", admin, "Update agents, and assign networks and routers to them")
SUBNETS_CREATE_SEGMENT = Rule("create_subnet:segment_id", admin, "Create a subnet on a segment")
SUBNETS_UPDATE_SEGMENT = Rule("update_subnet:segment_id", admin, "Associate a subnet with a segment")
FLAVORS_ASSOCIATE = Rule("create_flavor_service_profile", admin, "Associate a service profile with a flavor")
FLAVORS_DISASSOCIATE = Rule("delete_flavor_service_profile", admin, "Remove a service profile from a flavor")
TOPOLOGY_GET = Rule("get_auto_allocated_topology", project_reader, "Get the auto-allocated topology of a project")
TOPOLOGY_DELETE = Rule(
    "delete_auto_allocated_topology", project_member, "Delete the auto-allocated topology of a project"
)
QUOTAS_LIST = Rule("get_quotas", admin, "List the quotas of all projects")
QUOTAS_UPDATE = Rule("update_quota", admin, "Update the quota of a project")
QUOTAS_DELETE = Rule("delete_quota", admin, "Reset the quota of a project")
SECURITY_GROUPS = ResourceRules.build("security_group", "security groups")
SECURITY_GROUP_RULES = ResourceRules.build("security_group_rule", "security group rules")
DEFAULT_SECURITY_GROUP_RULES = ResourceRules.build(
    "default_security_group_rule", "the rules of new security groups", write=admin, read=_any_reader
)
DEFAULT_STATEFULNESS = ResourceRules.build(
    "security_groups_default_statefulness", "the default statefulness of security groups", write=admin
)
ROUTERS = ResourceRules.build("router", "routers")
CONNTRACK_HELPERS = ResourceRules.build("router_conntrack_helper", "conntrack helpers of routers")
LOCAL_IPS = ResourceRules.build("local_ip", "local IPs")
LOCAL_IP_ASSOCIATIONS = ResourceRules.build("local_ip_port_association", "associations of local IPs with ports")
NDP_PROXIES = ResourceRules.build("ndp_proxy", "NDP proxies of routers")
FLOATING_IPS = ResourceRules.build("floatingip", "floating IPs")
PORT_FORWARDINGS = ResourceRules.build("floatingip_port_forwarding", "port forwardings of floating IPs")
SUBNET_POOLS = ResourceRules.build("subnetpool", "subnet pools")
ADDRESS_SCOPES = ResourceRules.build("address_scope", "address scopes")
ADDRESS_GROUPS = ResourceRules.build("address_group", "address groups")
RBAC_POLICIES = ResourceRules.build("rbac_policy", "RBAC policies")
QOS_POLICIES = ResourceRules.build("policy", "QoS policies", write=admin)
QOS_RULES = {
    kind: ResourceRules.build(f"policy_{kind}_rule", f"QoS rules of type {kind}", write=admin)
    for kind in ("bandwidth_limit", "dscp_marking", "minimum_bandwidth", "minimum_packet_rate", "packet_rate_limit")
}
TRUNKS = ResourceRules.build("trunk", "trunks")
FLAVORS = ResourceRules.build("flavor", "flavors of network services", write=admin, read=_any_reader)
SERVICE_PROFILES = ResourceRules.build("service_profile", "service profiles of flavors", write=admin, read=admin)
SEGMENTS = ResourceRules.build("segment", "segments", write=admin, read=admin)
SEGMENT_RANGES = ResourceRules.build("network_segment_range", "network segment ranges", write=admin, read=admin)
METERING_LABELS = ResourceRules.build("metering_label", "metering labels", write=admin, read=admin)
METERING_LABEL_RULES = ResourceRules.build("metering_label_rule", "rules of metering labels", write=admin, read=admin)

RULES = (
    *list_declared_rules(globals()),
    *(rule for rules in list_resource_rules(globals()) for rule in rules.list()),
)
