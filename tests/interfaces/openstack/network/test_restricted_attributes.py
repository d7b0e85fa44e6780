"""Attributes that only admins, or only the project of a network, may set: on creation and on update alike."""

from typing import Any

import pytest

from support.callers import Callers

V2 = "/network/v2.0"
Json = dict[str, Any]

PROVIDER = {
    "provider:network_type": "vlan",
    "provider:physical_network": "physnet1",
    "provider:segmentation_id": 5,
}
#: Attributes with which a port could act for others on its network.
ACTING_FOR_OTHERS: Json = {
    "device_owner": "network:dhcp",
    "port_security_enabled": False,
    "allowed_address_pairs": [{"ip_address": "203.0.113.0/24"}],
}


@pytest.fixture
def shared(api: Callers) -> Json:
    """A network of the admin that every project may use."""
    network = api.ok("POST", f"{V2}/networks", "admin", json={"network": {"name": "shared", "shared": True}})["network"]
    subnet = {"network_id": network["id"], "ip_version": 4, "cidr": "203.0.113.0/24"}
    api.ok("POST", f"{V2}/subnets", "admin", json={"subnet": subnet})
    return dict(network)


@pytest.mark.parametrize("name", PROVIDER)
def test_members_change_no_provider_attributes(api: Callers, network: Json, name: str) -> None:
    path, body = f"{V2}/networks/{network['id']}", {"network": {name: PROVIDER[name]}}
    response = api.request("PUT", path, json=body)
    assert (response.status_code, response.json()["NeutronError"]["type"]) == (403, "PolicyNotAuthorized")
    assert api.ok("GET", path, "admin")["network"][name] is None
    assert api.ok("PUT", path, "admin", json=body)["network"][name] == PROVIDER[name]


@pytest.mark.parametrize(("kind", "segment"), [("vlan", 0), ("vlan", 4095), ("vxlan", 2**24), ("flat", -1)])
def test_segmentation_ids_are_in_the_range_of_their_type(api: Callers, network: Json, kind: str, segment: int) -> None:
    body = {"network": {"provider:network_type": kind, "provider:segmentation_id": segment}}
    for method, path in (("POST", "networks"), ("PUT", f"networks/{network['id']}")):
        response = api.request(method, f"{V2}/{path}", "admin", json=body)
        assert response.status_code == 400
        assert "segmentation_id out of range (1 through" in response.json()["NeutronError"]["message"]


@pytest.mark.parametrize("name", ACTING_FOR_OTHERS)
def test_on_a_shared_network_members_act_for_nobody_else(api: Callers, shared: Json, name: str) -> None:
    attributes = {name: ACTING_FOR_OTHERS[name]}
    body = {"port": {"network_id": shared["id"], **attributes}}
    assert api.request("POST", f"{V2}/ports", json=body).status_code == 403
    port = api.ok("POST", f"{V2}/ports", json={"port": {"network_id": shared["id"], "device_owner": "compute:x"}})
    path = f"{V2}/ports/{port['port']['id']}"
    assert api.request("PUT", path, json={"port": attributes}).status_code == 403
    assert api.ok("GET", path)["port"] == port["port"]
    assert api.ok("PUT", path, "admin", json={"port": attributes})["port"][name] != port["port"][name]
    assert api.ok("POST", f"{V2}/ports", "admin", json=body)["port"][name] != port["port"][name]


@pytest.mark.parametrize("name", ACTING_FOR_OTHERS)
def test_on_their_own_network_members_may(api: Callers, subnet: Json, port: Json, name: str) -> None:
    attributes = {name: ACTING_FOR_OTHERS[name]}
    api.ok("POST", f"{V2}/ports", json={"port": {"network_id": subnet["network_id"], **attributes}})
    assert api.ok("PUT", f"{V2}/ports/{port['id']}", json={"port": attributes})["port"][name] != port[name]
