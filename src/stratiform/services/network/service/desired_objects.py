"""The desired state of routers, floating IPs and security groups, as connectors receive it."""

from collections.abc import Sequence

from stratiform.contract.routing import Kind, RoutingObject
from stratiform.kit.database import Connection
from stratiform.services.network.model import Port
from stratiform.services.network.model.resource_types import Resource
from stratiform.services.network.repository import local_ips, resources, router_services, routers, security_groups

_RULE_FIELDS = (
    "direction",
    "ethertype",
    "protocol",
    "port_range_min",
    "port_range_max",
    "remote_ip_prefix",
    "remote_group_id",
    "remote_address_group_id",
)


def load_object(db: Connection, kind: Kind, resource_id: str) -> tuple[RoutingObject | None, str]:
    """Return the desired state of an object, None if it was deleted, and its project."""
    if kind == "router":
        resource = routers.find_router(db, resource_id)
        return (None, "") if resource is None else (_build_router(db, resource), resource.project_id)
    if kind == "floating_ip":
        resource = routers.find_floating_ip(db, resource_id)
        return (None, "") if resource is None else (_build_floating_ip(db, resource), resource.project_id)
    if kind == "local_ip":
        resource = local_ips.find_local_ip(db, resource_id)
        return (None, "") if resource is None else (_build_local_ip(db, resource), resource.project_id)
    resource = security_groups.find_group(db, resource_id)
    return (None, "") if resource is None else (_build_security_groups(db, [resource])[0], resource.project_id)


def load_security_groups(db: Connection, group_ids: Sequence[str]) -> list[RoutingObject]:
    """Return the desired state of security groups in the order of ids."""
    groups = {group.id: group for group in security_groups.list_groups_by_id(db, group_ids)}
    return _build_security_groups(db, [groups[group_id] for group_id in group_ids if group_id in groups])


def _build_router(db: Connection, router: Resource) -> RoutingObject:
    interfaces = routers.list_ports(db, [router.id], routers.INTERFACE_OWNER)[router.id]
    gateways = routers.list_ports(db, [router.id], routers.GATEWAY_OWNER)[router.id]
    fixed_ips = [fixed_ip for port in interfaces for fixed_ip in port.fixed_ips]
    subnets = {
        subnet.id: {"network_id": subnet.network_id, "cidr": subnet.cidr}
        for subnet in resources.list_subnets_by_id(db, [fixed_ip["subnet_id"] for fixed_ip in fixed_ips])
    }
    neighbors = routers.list_neighbors(db, router.id, sorted({port.network_id for port in interfaces}))
    properties = {
        "interfaces": [{**fixed_ip, **subnets[fixed_ip["subnet_id"]]} for fixed_ip in fixed_ips],
        "gateway": router["external_network_id"],
        "gateway_addresses": [fixed_ip["ip_address"] for port in gateways for fixed_ip in port.fixed_ips],
        "snat": router["enable_snat"],
        "routes": router["routes"],
        "admin_state_up": router["admin_state_up"],
        "conntrack_helpers": [
            {name: helper[name] for name in ("protocol", "port", "helper")}
            for helper in router_services.list_helpers(db, [router.id])[router.id]
        ],
        "ndp_proxies": [proxy["ip_address"] for proxy in router_services.list_proxies(db, router.id)],
        "other_subnets": sorted({fixed_ip["subnet_id"] for port in neighbors for fixed_ip in port.fixed_ips}),
        "other_gateways": _list_gateways(db, neighbors),
    }
    return RoutingObject("router", router.id, router.name, properties)


def _list_gateways(db: Connection, interfaces: Sequence[Port]) -> list[str]:
    """Return the external networks of the routers that have these interfaces."""
    others = routers.list_routers_by_id(db, [port.device_id for port in interfaces]).values()
    return sorted({str(other["external_network_id"]) for other in others if other["external_network_id"]})


def _build_floating_ip(db: Connection, floating_ip: Resource) -> RoutingObject:
    names = ("protocol", "external_port", "internal_ip_address", "internal_port")
    forwardings = routers.list_port_forwardings(db, [floating_ip.id])[floating_ip.id]
    port = None if floating_ip["port_id"] is None else resources.ports.find(db, floating_ip["port_id"])
    subnets = {} if port is None else {item["ip_address"]: item["subnet_id"] for item in port.fixed_ips}
    properties = {
        "address": floating_ip["floating_ip_address"],
        "fixed_address": floating_ip["fixed_ip_address"],
        "subnet_id": subnets.get(floating_ip["fixed_ip_address"]),
        "router": floating_ip["router_id"],
        "forwardings": [{name: forwarding[name] for name in names} for forwarding in forwardings],
    }
    return RoutingObject("floating_ip", floating_ip.id, "", properties)


def _build_local_ip(db: Connection, local_ip: Resource) -> RoutingObject:
    associations = local_ips.list_associations(db, local_ip.id)
    ports = {port.id: port for port in resources.list_ports_by_id(db, [item["fixed_port_id"] for item in associations])}
    properties = {
        "address": local_ip["local_ip_address"],
        "network_id": local_ip["network_id"],
        "ip_mode": local_ip["ip_mode"],
        "targets": [
            {"fixed_address": item["fixed_ip"], "network_id": ports[item["fixed_port_id"]].network_id}
            for item in associations
        ],
    }
    return RoutingObject("local_ip", local_ip.id, local_ip.name, properties)


def _build_security_groups(db: Connection, groups: Sequence[Resource]) -> list[RoutingObject]:
    rules = security_groups.list_rules_by_group(db, [group.id for group in groups])
    address_group_ids = {rule["remote_address_group_id"] for items in rules.values() for rule in items} - {None}
    addresses = security_groups.list_addresses_by_group(db, sorted(address_group_ids))
    return [
        RoutingObject(
            "security_group",
            group.id,
            group.name,
            {
                "stateful": group["stateful"],
                "rules": [
                    {
                        **{name: rule[name] for name in _RULE_FIELDS},
                        "remote_addresses": addresses.get(rule["remote_address_group_id"], []),
                    }
                    for rule in rules[group.id]
                ],
            },
        )
        for group in groups
    ]
