"""Visibility of resources across projects; the authorization matrix covers roles and single resources."""

from typing import Any

from support.callers import Callers

V2 = "/network/v2.0"
Json = dict[str, Any]


def test_lists_of_another_project_are_empty(api: Callers, port: Json) -> None:
    assert port["project_id"] == api.projects["green"]
    assert api.ok("GET", f"{V2}/networks", "blue") == {"networks": []}
    assert api.ok("GET", f"{V2}/subnets", "blue") == {"subnets": []}
    assert api.ok("GET", f"{V2}/ports", "blue") == {"ports": []}


def test_network_of_another_project_cannot_be_used(api: Callers, network: Json) -> None:
    subnet = {"network_id": network["id"], "ip_version": 4, "cidr": "198.51.100.0/24"}
    for collection, body in (("subnets", {"subnet": subnet}), ("ports", {"port": {"network_id": network["id"]}})):
        response = api.request("POST", f"{V2}/{collection}", "blue", json=body)
        assert (response.status_code, response.json()["NeutronError"]["type"]) == (404, "NetworkNotFound")


def test_unauthorized_request_has_the_format_of_neutron(api: Callers) -> None:
    response = api.request("GET", f"{V2}/networks", "")
    assert (response.status_code, list(response.json())) == (401, ["NeutronError"])


def test_admin_sees_and_changes_resources_of_every_project(api: Callers, port: Json) -> None:
    path = f"{V2}/ports/{port['id']}"
    assert [network["id"] for network in api.ok("GET", f"{V2}/networks", "admin")["networks"]] == [port["network_id"]]
    assert api.ok("GET", path, "admin")["port"]["binding:vif_type"] == "unbound"
    assert "binding:vif_type" not in api.ok("GET", path)["port"]
    assert api.ok("GET", f"{path}?fields=binding:vif_type&fields=name")["port"] == {"name": ""}
    api.ok("DELETE", path, "admin")
    api.ok("DELETE", f"{V2}/networks/{port['network_id']}", "admin")


def test_only_admin_creates_resources_for_another_project(api: Callers) -> None:
    green, blue = api.projects["green"], api.projects["blue"]
    network = api.ok("POST", f"{V2}/networks", "admin", json={"network": {"tenant_id": green}})["network"]
    assert (network["project_id"], network["tenant_id"]) == (green, green)
    response = api.request("POST", f"{V2}/networks", json={"network": {"project_id": blue}})
    assert (response.status_code, response.json()["NeutronError"]["type"]) == (400, "HTTPBadRequest")
