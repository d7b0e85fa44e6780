"""Addresses, interfaces and security groups of servers."""

from typing import Any

from support.compute_api import ComputeApi

NETWORK = "/network/v2.0"


def test_addresses_and_interfaces(api: ComputeApi) -> None:
    server_id = api.create_active()
    (address,) = api.ok("GET", f"/servers/{server_id}/ips/private")["private"]
    assert api("GET", f"/servers/{server_id}/ips/public").status_code == 404
    (interface,) = api.ok("GET", f"/servers/{server_id}/os-interface")["interfaceAttachments"]
    assert interface["fixed_ips"][0]["ip_address"] == address["addr"]
    path = f"/servers/{server_id}/os-interface/{interface['port_id']}"
    assert api.ok("GET", path)["interfaceAttachment"] == interface
    assert "tag" in api.ok("GET", path, microversion=70)["interfaceAttachment"]
    assert api("GET", f"/servers/{server_id}/os-interface/none").status_code == 404


def test_security_groups(api: ComputeApi) -> None:
    server_id = api.create_active()
    default = {"name": "default"}
    assert api.action(server_id, {"addSecurityGroup": default})[0] == 409
    assert api.action(server_id, {"removeSecurityGroup": default})[0] == 202
    assert api.action(server_id, {"addSecurityGroup": default})[0] == 202
    (group,) = api.ok("GET", f"/servers/{server_id}/os-security-groups")["security_groups"]
    assert (group["name"], group["tenant_id"]) == ("default", api.callers.projects["green"])


def test_security_groups_by_id_and_unknown_ones(api: ComputeApi) -> None:
    (group,) = api.callers.ok("GET", "/network/v2.0/security-groups")["security_groups"]
    server_id = api.create_active(security_groups=[{"name": group["id"]}])
    assert api.ok("GET", f"/servers/{server_id}")["server"]["security_groups"] == [{"name": "default"}]
    assert api.action(server_id, {"addSecurityGroup": {"name": "web"}})[0] == 404
    response = api("POST", "/servers", api.server_body(security_groups=[{"name": "web"}]))
    assert response.status_code == 400
    assert "Security group web not found" in response.json()["badRequest"]["message"]


def test_floating_ips_are_addresses_of_the_server(api: ComputeApi) -> None:
    server_id, floating_ip = api.create_active(), create_floating_ip(api)
    (interface,) = api.ok("GET", f"/servers/{server_id}/os-interface")["interfaceAttachments"]
    path = f"{NETWORK}/floatingips/{floating_ip['id']}"
    assert len(list_addresses(api)) == 1
    api.callers.ok("PUT", path, json={"floatingip": {"port_id": interface["port_id"]}})
    fixed, floating = list_addresses(api)
    assert (fixed["OS-EXT-IPS:type"], floating["OS-EXT-IPS:type"]) == ("fixed", "floating")
    assert floating["addr"] == floating_ip["floating_ip_address"]
    assert floating["OS-EXT-IPS-MAC:mac_addr"] == fixed["OS-EXT-IPS-MAC:mac_addr"] == interface["mac_addr"]
    assert api.ok("GET", f"/servers/{server_id}")["server"]["addresses"]["private"] == [fixed, floating]
    by_network = api.ok("GET", f"/servers/{server_id}/ips")["addresses"]
    assert [item["addr"] for item in by_network["private"]] == [fixed["addr"], floating["addr"]]
    assert api.ok("GET", f"/servers/{server_id}/ips/private") == by_network
    api.callers.ok("PUT", path, json={"floatingip": {"port_id": None}})
    assert list_addresses(api) == [fixed]


def list_addresses(api: ComputeApi) -> list[dict[str, Any]]:
    (server,) = api.ok("GET", "/servers/detail")["servers"]
    return list(server["addresses"]["private"])


def create_floating_ip(api: ComputeApi) -> dict[str, Any]:
    """Create a floating IP that the ports of the network `private` can use."""
    callers = api.callers
    body = {"network": {"name": "public", "router:external": True}}
    external = callers.ok("POST", f"{NETWORK}/networks", "admin", json=body)["network"]["id"]
    subnet = {"network_id": external, "ip_version": 4, "cidr": "203.0.113.0/28"}
    callers.ok("POST", f"{NETWORK}/subnets", "admin", json={"subnet": subnet})
    gateway = {"external_gateway_info": {"network_id": external}}
    router = callers.ok("POST", f"{NETWORK}/routers", json={"router": gateway})["router"]["id"]
    (private,) = callers.ok("GET", f"{NETWORK}/subnets?name=private")["subnets"]
    callers.ok("PUT", f"{NETWORK}/routers/{router}/add_router_interface", json={"subnet_id": private["id"]})
    created = callers.ok("POST", f"{NETWORK}/floatingips", json={"floatingip": {"floating_network_id": external}})
    return dict(created["floatingip"])
