"""Resources of the Networking API in project green, for the authorization matrix and other tests."""

from dataclasses import dataclass
from typing import Any

from support.callers import Callers


@dataclass(frozen=True, slots=True)
class Ipv6Router:
    """A router that may have NDP proxies, and a port that it reaches. Both its networks are in one address scope."""

    router_id: str
    port: dict[str, Any]
    scope_id: str


def create_ipv6_router(api: Callers) -> Ipv6Router:
    """Create a router of project green between an external network and one with a port."""
    v2 = "/network/v2.0"
    scope = {"ip_version": 6, "name": "ipv6", "shared": True}
    scope_id = api.ok("POST", f"{v2}/address-scopes", "admin", json={"address_scope": scope})["address_scope"]["id"]
    pool = {"prefixes": ["2001:db8::/48"], "default_prefixlen": 64, "address_scope_id": scope_id, "shared": True}
    pool_id = api.ok("POST", f"{v2}/subnetpools", "admin", json={"subnetpool": pool})["subnetpool"]["id"]
    external = api.ok("POST", f"{v2}/networks", "admin", json={"network": {"router:external": True}})["network"]
    network = api.ok("POST", f"{v2}/networks", json={"network": {}})["network"]
    subnets = [
        api.ok(
            "POST",
            f"{v2}/subnets",
            caller,
            json={"subnet": {"network_id": item["id"], "ip_version": 6, "subnetpool_id": pool_id}},
        )["subnet"]
        for item, caller in ((external, "admin"), (network, "green"))
    ]
    gateway = {"enable_ndp_proxy": True, "external_gateway_info": {"network_id": external["id"]}}
    router_id = str(api.ok("POST", f"{v2}/routers", json={"router": gateway})["router"]["id"])
    api.ok("PUT", f"{v2}/routers/{router_id}/add_router_interface", json={"subnet_id": subnets[1]["id"]})
    port = api.ok("POST", f"{v2}/ports", json={"port": {"network_id": network["id"]}})["port"]
    return Ipv6Router(router_id, dict(port), str(scope_id))


def create_network_resources(api: Callers) -> dict[str, str]:
    network = api.ok("POST", "/network/v2.0/networks", json={"network": {"name": "private"}})["network"]
    subnet_body = {"network_id": network["id"], "ip_version": 4, "cidr": "192.0.2.0/24"}
    subnet = api.ok("POST", "/network/v2.0/subnets", json={"subnet": subnet_body})["subnet"]
    port = api.ok("POST", "/network/v2.0/ports", json={"port": {"network_id": network["id"]}})["port"]
    body = {"security_group": {"name": "web"}}
    group = api.ok("POST", "/network/v2.0/security-groups", json=body)["security_group"]
    rule = {"protocol": "tcp", "port_range_min": 22, "port_range_max": 22, "direction": "ingress"}
    template = api.ok(
        "POST", "/network/v2.0/default-security-group-rules", "admin", json={"default_security_group_rule": rule}
    )
    statefulness = api.ok(
        "POST",
        "/network/v2.0/security-groups-default-statefulness",
        "admin",
        json={"security_group_default_statefulness": {"stateful": True, "project_id": api.projects["green"]}},
    )
    return {
        **_create_routers(api, subnet, port),
        **_create_shared_resources(api, network),
        "local_ip_id": _create_local_ip(api, port),
        "segment_id": _find_segment(api, network),
        "network_id": network["id"],
        "subnet_id": subnet["id"],
        "port_id": port["id"],
        "security_group_id": group["id"],
        "security_group_rule_id": group["security_group_rules"][0]["id"],
        "default_security_group_rule_id": template["default_security_group_rule"]["id"],
        "security_group_default_statefulness_id": statefulness["security_group_default_statefulness"]["id"],
    }


def _create_local_ip(api: Callers, port: dict[str, Any]) -> str:
    """Create a local IP that is associated with a port."""
    path, body = "/network/v2.0/local_ips", {"local_ip": {"network_id": port["network_id"]}}
    local_ip_id = str(api.ok("POST", path, json=body)["local_ip"]["id"])
    association = {"port_association": {"fixed_port_id": port["id"]}}
    api.ok("POST", f"{path}/{local_ip_id}/port_associations", json=association)
    return local_ip_id


def _find_segment(api: Callers, network: dict[str, Any]) -> str:
    path = f"/network/v2.0/segments?network_id={network['id']}"
    return str(api.ok("GET", path, "admin")["segments"][0]["id"])


def _create_routers(api: Callers, subnet: dict[str, Any], port: dict[str, Any]) -> dict[str, str]:
    v2 = "/network/v2.0"
    body = {"network": {"name": "public", "router:external": True}}
    external = api.ok("POST", f"{v2}/networks", "admin", json=body)["network"]
    external_subnet = {"network_id": external["id"], "ip_version": 4, "cidr": "203.0.113.0/24"}
    api.ok("POST", f"{v2}/subnets", "admin", json={"subnet": external_subnet})
    gateway = {"external_gateway_info": {"network_id": external["id"]}}
    router = api.ok("POST", f"{v2}/routers", json={"router": gateway})["router"]
    api.ok("PUT", f"{v2}/routers/{router['id']}/add_router_interface", json={"subnet_id": subnet["id"]})
    body = {"floatingip": {"floating_network_id": external["id"]}}
    floating_ip = api.ok("POST", f"{v2}/floatingips", json=body)["floatingip"]
    values = {
        "internal_port_id": port["id"],
        "internal_ip_address": port["fixed_ips"][0]["ip_address"],
        "internal_port": 80,
        "external_port": 80,
        "protocol": "tcp",
    }
    path = f"{v2}/floatingips/{floating_ip['id']}/port_forwardings"
    forwarding = api.ok("POST", path, json={"port_forwarding": values})["port_forwarding"]
    body = {"conntrack_helper": {"helper": "ftp", "protocol": "tcp", "port": 21}}
    helper = api.ok("POST", f"{v2}/routers/{router['id']}/conntrack_helpers", json=body)["conntrack_helper"]
    ipv6 = create_ipv6_router(api)
    body = {"ndp_proxy": {"router_id": ipv6.router_id, "port_id": ipv6.port["id"]}}
    proxy = api.ok("POST", f"{v2}/ndp_proxies", json=body)["ndp_proxy"]
    return {
        "router_id": router["id"],
        "floatingip_id": floating_ip["id"],
        "port_forwarding_id": forwarding["id"],
        "conntrack_helper_id": helper["id"],
        "ndp_proxy_id": proxy["id"],
    }


#: The bodies of new resources by path, name in bodies and caller; "NETWORK", "PORT" and "PARENT" are replaced by ids.
_SHARED_RESOURCES: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("/subnetpools", "subnetpool", "green", {"prefixes": ["10.0.0.0/8"]}),
    ("/address-scopes", "address_scope", "green", {"ip_version": 4}),
    ("/address-groups", "address_group", "green", {"addresses": ["10.0.0.0/8"]}),
    ("/rbac-policies", "rbac_policy", "green", {"object_id": "NETWORK", "target_tenant": "x"}),
    ("/metering/metering-labels", "metering_label", "admin", {}),
)

_QOS_RULES = {
    "bandwidth_limit": {"max_kbps": 1},
    "dscp_marking": {"dscp_mark": 8},
    "minimum_bandwidth": {"min_kbps": 1},
    "minimum_packet_rate": {"min_kpps": 1},
    "packet_rate_limit": {"max_kpps": 1},
}


def _create_shared_resources(api: Callers, network: dict[str, Any]) -> dict[str, str]:
    v2 = "/network/v2.0"
    identifiers = {}
    profile = {"service_profile": {"driver": "stratiform"}}
    identifiers["service_profile_id"] = api.ok("POST", f"{v2}/service_profiles", "admin", json=profile)[
        "service_profile"
    ]["id"]
    flavor = {"flavor": {"service_type": "L3_ROUTER_NAT", "service_profiles": [identifiers["service_profile_id"]]}}
    identifiers["network_flavor_id"] = api.ok("POST", f"{v2}/flavors", "admin", json=flavor)["flavor"]["id"]
    for path, name, caller, values in _SHARED_RESOURCES:
        body = {key: network["id"] if value == "NETWORK" else value for key, value in values.items()}
        created = api.ok("POST", v2 + path, caller, json={name: body})[name]
        identifiers[f"{name}_id"] = created["id"]
    rule = {"metering_label_id": identifiers["metering_label_id"], "direction": "ingress", "remote_ip_prefix": "::/0"}
    path = f"{v2}/metering/metering-label-rules"
    created = api.ok("POST", path, "admin", json={"metering_label_rule": rule})["metering_label_rule"]
    identifiers["metering_label_rule_id"] = created["id"]
    parent = api.ok("POST", f"{v2}/ports", json={"port": {"network_id": network["id"]}})["port"]
    trunk = api.ok("POST", f"{v2}/trunks", json={"trunk": {"port_id": parent["id"]}})["trunk"]
    body = {"policy": {"project_id": api.projects["green"]}}
    qos_policy = api.ok("POST", f"{v2}/qos/policies", "admin", json=body)["policy"]
    for kind, values in _QOS_RULES.items():
        path = f"{v2}/qos/policies/{qos_policy['id']}/{kind}_rules"
        created = api.ok("POST", path, "admin", json={f"{kind}_rule": values})[f"{kind}_rule"]
        identifiers[f"{kind}_rule_id"] = created["id"]
    return {**identifiers, "trunk_id": trunk["id"], "policy_id": qos_policy["id"]}
