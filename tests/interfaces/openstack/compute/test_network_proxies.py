"""`/os-floating-ips`, `/os-floating-ip-pools`, `/os-networks`, `/os-tenant-networks`, and the actions of servers."""

from typing import Any

import pytest

from support.compute_api import ComputeApi

UNKNOWN = "00000000-0000-4000-8000-00000000dead"


@pytest.fixture
def public_id(api: ComputeApi) -> str:
    """An external network with a router to the private network of project green."""
    callers, v2 = api.callers, "/network/v2.0"
    body = {"network": {"name": "public", "router:external": True}}
    public = callers.ok("POST", f"{v2}/networks", "admin", json=body)["network"]
    body = {"subnet": {"network_id": public["id"], "ip_version": 4, "cidr": "203.0.113.0/24"}}
    callers.ok("POST", f"{v2}/subnets", "admin", json=body)
    return str(public["id"])


def connect(api: ComputeApi, public_id: str) -> None:
    """Connect every subnet of project green to the external network."""
    v2 = "/network/v2.0"
    body = {"router": {"external_gateway_info": {"network_id": public_id}}}
    router_id = api.callers.ok("POST", f"{v2}/routers", json=body)["router"]["id"]
    project_id = api.callers.projects["green"]
    for subnet in api.callers.ok("GET", f"{v2}/subnets?project_id={project_id}")["subnets"]:
        path = f"{v2}/routers/{router_id}/add_router_interface"
        api.callers.ok("PUT", path, json={"subnet_id": subnet["id"]})


def allocate(api: ComputeApi, pool: str | None = "public") -> dict[str, Any]:
    return dict(api.ok("POST", "/os-floating-ips", {"pool": pool})["floating_ip"])


def act(api: ComputeApi, server_id: str, action: str, **values: Any) -> tuple[int, str]:
    status, body = api.action(server_id, {action: values}, microversion=43)
    return status, "" if body is None else next(iter(body.values()))["message"]


def test_floating_ips(api: ComputeApi, public_id: str) -> None:
    assert api.ok("GET", "/os-floating-ip-pools") == {"floating_ip_pools": [{"name": "public"}]}
    floating_ip = allocate(api)
    path = f"/os-floating-ips/{floating_ip['id']}"
    expected = {"pool": "public", "fixed_ip": None, "instance_id": None}
    assert floating_ip == {"id": floating_ip["id"], "ip": floating_ip["ip"], **expected}
    assert floating_ip["ip"].startswith("203.0.113.")
    assert api.ok("GET", path) == {"floating_ip": floating_ip}
    others = [allocate(api, public_id), allocate(api, None)]
    listed = api.ok("GET", "/os-floating-ips")["floating_ips"]
    assert sorted(item["id"] for item in listed) == sorted(item["id"] for item in (floating_ip, *others))
    assert api.ok("GET", "/os-floating-ips", caller="blue") == {"floating_ips": []}
    for method in ("GET", "DELETE"):
        response = api(method, path, caller="blue")
        text = f"Floating IP not found for ID {floating_ip['id']}"
        assert (response.status_code, response.json()["itemNotFound"]["message"]) == (404, text)
    assert api("DELETE", path).status_code == 202
    assert api("GET", path).status_code == 404
    response = api("POST", "/os-floating-ips", {"pool": "none"})
    assert (response.status_code, response.json()["itemNotFound"]["message"]) == (404, "Floating IP pool not found.")
    assert api("POST", "/os-floating-ips", {"pool": "public"}, caller="green-reader").status_code == 403
    assert api("GET", "/os-floating-ips", microversion=36).status_code == 404


def test_exceeded_quotas_are_forbidden(api: ComputeApi, public_id: str) -> None:
    path = f"/network/v2.0/quotas/{api.callers.projects['green']}"
    api.callers.ok("PUT", path, "admin", json={"quota": {"floatingip": 0}})
    response = api("POST", "/os-floating-ips", {"pool": public_id})
    assert response.status_code == 403
    assert response.json()["forbidden"]["message"] == "IP allocation over quota in pool public."


def test_floating_ips_of_servers(api: ComputeApi, public_id: str) -> None:
    server_id, other_id = api.create_active(), api.create_active()
    floating_ip, second = allocate(api), allocate(api)
    address = floating_ip["ip"]
    status, text = act(api, server_id, "addFloatingIp", address=address)
    assert (status, text.startswith(f"Unable to associate floating IP {address} to fixed IP ")) == (400, True)
    connect(api, public_id)
    for owner_id in (server_id, other_id):  # as in Nova, it may have been another server's
        assert act(api, owner_id, "addFloatingIp", address=address) == (202, "")
        details = api.ok("GET", f"/os-floating-ips/{floating_ip['id']}")["floating_ip"]
        assert (details["instance_id"], details["fixed_ip"] is not None) == (owner_id, True)
    addresses = [item["addr"] for item in next(iter(api.ok("GET", f"/servers/{other_id}/ips")["addresses"].values()))]
    assert address in addresses
    text = f"Floating IP {address} is not associated with instance {server_id}."
    assert act(api, server_id, "removeFloatingIp", address=address) == (409, text)
    status, text = act(api, other_id, "addFloatingIp", address=second["ip"])
    assert (status, "already has a floating IP" in text) == (400, True)
    assert act(api, other_id, "removeFloatingIp", address=address) == (202, "")
    assert api.ok("GET", f"/os-floating-ips/{floating_ip['id']}")["floating_ip"] == floating_ip


@pytest.mark.parametrize("action", ["addFloatingIp", "removeFloatingIp"])
def test_invalid_addresses(api: ComputeApi, public_id: str, action: str) -> None:
    server_id = api.create_active()
    assert act(api, server_id, action, address="0.0.0.0") == (404, "floating IP not found")
    for address in ("", "x", None):
        assert act(api, server_id, action, address=address)[0] == 400
    address = allocate(api, public_id)["ip"]
    assert act(api, UNKNOWN, action, address=address)[0] == 404
    if action == "addFloatingIp":
        status, text = act(api, server_id, action, address=address, fixed_address="198.51.100.1")
        assert (status, text) == (400, "Specified fixed address not assigned to instance")
    status, _body = api.action(server_id, {action: {"address": address}}, microversion=44)
    assert status in (400, 404)


def test_networks(api: ComputeApi, public_id: str) -> None:
    body = {"network": {"name": "mine"}}
    network_id = api.callers.ok("POST", "/network/v2.0/networks", json=body)["network"]["id"]
    labels = {item["id"]: item["label"] for item in api.ok("GET", "/os-networks")["networks"]}
    assert (labels[network_id], labels[public_id]) == ("mine", "public")
    details = api.ok("GET", f"/os-networks/{network_id}")["network"]
    assert (details["id"], details["label"], details["cidr"], "vlan" in details) == (network_id, "mine", None, False)
    assert "vlan" in api.ok("GET", f"/os-networks/{network_id}", caller="admin")["network"]
    tenant_network = {"id": network_id, "label": "mine", "cidr": "None"}
    assert tenant_network in api.ok("GET", "/os-tenant-networks")["networks"]
    assert api.ok("GET", f"/os-tenant-networks/{network_id}") == {"network": tenant_network}
    for path in ("/os-networks", "/os-tenant-networks"):
        response = api("GET", f"{path}/{network_id}", caller="blue")
        assert (response.status_code, response.json()["itemNotFound"]["message"]) == (404, "Network not found")
        assert network_id not in api("GET", path, caller="blue").text
        assert api("GET", path, microversion=36).status_code == 404
        assert api("POST", path, {"network": {}}).status_code == 410
        assert api("DELETE", f"{path}/{network_id}").status_code == 410
