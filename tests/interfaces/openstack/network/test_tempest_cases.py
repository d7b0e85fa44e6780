"""Cases that Tempest found: what is deleted with a network or subnet, and attributes that only admins see."""

from typing import Any

from support.callers import Callers
from support.network_clouds import V2, create_subnet

Json = dict[str, Any]


def test_unassociated_floating_ips_are_deleted_with_their_network(api: Callers) -> None:
    network_id = create_subnet(api, "admin", "203.0.113.0/24", **{"router:external": True})["network_id"]
    api.ok("POST", f"{V2}/floatingips", json={"floatingip": {"floating_network_id": network_id}})
    api.ok("DELETE", f"{V2}/networks/{network_id}", "admin")
    assert api.ok("GET", f"{V2}/floatingips")["floatingips"] == []


def test_ports_lose_their_automatic_addresses_with_the_subnet(api: Callers) -> None:
    network = api.ok("POST", f"{V2}/networks", json={"network": {}})["network"]
    modes = {"ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac"}
    body = {"network_id": network["id"], "ip_version": 6, "cidr": "2001:db8::/64", **modes}
    subnet = api.ok("POST", f"{V2}/subnets", json={"subnet": body})["subnet"]
    port = api.ok("POST", f"{V2}/ports", json={"port": {"network_id": network["id"]}})["port"]
    assert len(port["fixed_ips"]) == 1
    api.ok("DELETE", f"{V2}/subnets/{subnet['id']}")
    assert api.ok("GET", f"{V2}/ports/{port['id']}")["port"]["fixed_ips"] == []


def test_only_admins_see_how_a_router_is_distributed(api: Callers) -> None:
    router = api.ok("POST", f"{V2}/routers", json={"router": {}})["router"]
    path = f"{V2}/routers/{router['id']}"
    assert {"distributed", "ha"} & router.keys() == set()
    assert api.ok("GET", path, "admin")["router"]["distributed"] is False


def test_subnets_with_service_types_serve_these_ports_only(api: Callers) -> None:
    network = api.ok("POST", f"{V2}/networks", json={"network": {}})["network"]
    body = {"network_id": network["id"], "ip_version": 4, "cidr": "192.0.2.0/24", "service_types": ["compute:nova"]}
    api.ok("POST", f"{V2}/subnets", json={"subnet": body})
    response = api.request("POST", f"{V2}/ports", json={"port": {"network_id": network["id"]}})
    assert (response.status_code, response.json()["NeutronError"]["type"]) == (
        409,
        "IpAddressGenerationFailureNoMatchingSubnet",
    )
    body = {"network_id": network["id"], "device_owner": "compute:nova"}
    assert api.ok("POST", f"{V2}/ports", json={"port": body})["port"]["fixed_ips"][0]["ip_address"] == "192.0.2.2"


def test_new_networks_have_the_default_qos_policy_of_their_project(api: Callers) -> None:
    body = {"policy": {"name": "gold", "is_default": True, "project_id": api.projects["green"]}}
    qos_policy = api.ok("POST", f"{V2}/qos/policies", "admin", json=body)["policy"]
    again = api.request("POST", f"{V2}/qos/policies", "admin", json=body)
    assert (again.status_code, again.json()["NeutronError"]["type"]) == (409, "QosPolicyDefaultAlreadyExists")
    network = api.ok("POST", f"{V2}/networks", json={"network": {}})["network"]
    assert network["qos_policy_id"] == qos_policy["id"]
    body = {"network": {"qos_policy_id": qos_policy["id"]}}
    assert api.request("POST", f"{V2}/networks", "blue", json=body).status_code == 404


def test_unsupported_options_name_their_reason(api: Callers) -> None:
    transparent = api.request("POST", f"{V2}/networks", json={"network": {"vlan_transparent": True}})
    assert transparent.status_code == 400
    assert transparent.json()["NeutronError"]["message"] == "Backend does not support VLAN Transparency."
    for body, expected in (({"vlan_transparent": False}, False), ({}, None)):
        created = api.ok("POST", f"{V2}/networks", json={"network": body})["network"]
        assert created["vlan_transparent"] is expected
    assert len(api.ok("GET", f"{V2}/networks?vlan_transparent=false")["networks"]) == 1
    zones = api.request("POST", f"{V2}/routers", json={"router": {"availability_zone_hints": ["mars"]}})
    assert (zones.status_code, zones.json()["NeutronError"]["type"]) == (404, "AvailabilityZoneNotFound")
