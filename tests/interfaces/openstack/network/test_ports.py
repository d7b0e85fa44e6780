"""Ports and their addresses."""

from typing import Any

import pytest

from support.callers import Callers

V2 = "/network/v2.0"
Json = dict[str, Any]


def failure(response: Any) -> tuple[int, str]:
    """Return the status and the type of an error."""
    return response.status_code, response.json()["NeutronError"]["type"]


def create(api: Callers, subnet: Json, **attributes: Any) -> Any:
    return api.request("POST", f"{V2}/ports", json={"port": {"network_id": subnet["network_id"], **attributes}})


def address(port: Json) -> str:
    return str(port["fixed_ips"][0]["ip_address"])


def test_response_has_the_attributes_of_neutron(api: Callers, port: Json, subnet: Json) -> None:
    group = api.ok("GET", f"{V2}/security-groups")["security_groups"][0]["id"]
    assert port["mac_address"].startswith("fa:16:3e:")
    assert port == port | {
        "status": "DOWN",
        "admin_state_up": True,
        "device_id": "",
        "device_owner": "",
        "fixed_ips": [{"subnet_id": subnet["id"], "ip_address": "192.0.2.2"}],
        "security_groups": [group],
        "binding:vnic_type": "normal",
        "revision_number": 1,
    }
    assert api.ok("GET", f"{V2}/ports/{port['id']}")["port"] == port


def test_requested_addresses(api: Callers, subnet: Json) -> None:
    exact = create(api, subnet, fixed_ips=[{"ip_address": "192.0.2.9"}], security_groups=[]).json()["port"]
    assert (address(exact), exact["security_groups"]) == ("192.0.2.9", [])
    again = create(api, subnet, fixed_ips=[{"ip_address": "192.0.2.9", "subnet_id": subnet["id"]}])
    assert failure(again) == (409, "IpAddressInUse")
    several = create(api, subnet, fixed_ips=[{"subnet_id": subnet["id"]}, {"ip_address": "192.0.2.1"}]).json()["port"]
    assert [fixed["ip_address"] for fixed in several["fixed_ips"]] == ["192.0.2.1", "192.0.2.2"]
    assert create(api, subnet, fixed_ips=[]).json()["port"]["fixed_ips"] == []


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"fixed_ips": [{"ip_address": "198.51.100.1"}]}, (400, "InvalidIpForNetwork")),
        ({"fixed_ips": [{"ip_address": "192.0.2.15"}]}, (400, "InvalidIpForNetwork")),
        ({"fixed_ips": [{"ip_address": "x"}]}, (400, "HTTPBadRequest")),
        ({"fixed_ips": [{}]}, (400, "HTTPBadRequest")),
        ({"fixed_ips": [{"subnet_id": "none"}]}, (404, "SubnetNotFound")),
        ({"mac_address": "x"}, (400, "HTTPBadRequest")),
        ({"mac_address": "01:00:5e:00:00:01"}, (400, "HTTPBadRequest")),
        ({"security_groups": ["none"]}, (404, "SecurityGroupNotFound")),
        ({"network_id": "none"}, (404, "NetworkNotFound")),
        ({"binding:host_id": "h"}, (403, "PolicyNotAuthorized")),
        ({"binding:vnic_type": "direct"}, (400, "HTTPBadRequest")),
        ({"qos": "x"}, (400, "HTTPBadRequest")),
    ],
)
def test_invalid_requests(api: Callers, subnet: Json, attributes: Json, expected: tuple[int, str]) -> None:
    response = create(api, subnet, **attributes)
    assert failure(response) == expected, response.text
    assert api.ok("GET", f"{V2}/ports")["ports"] == []


def test_only_the_usual_vnic_type_is_supported(api: Callers, port: Json) -> None:
    change = {"port": {"binding:vnic_type": "macvtap"}}
    response = api.request("PUT", f"{V2}/ports/{port['id']}", json=change)
    assert failure(response) == (400, "HTTPBadRequest")
    assert "binding:vnic_type 'macvtap' is not supported" in response.text
    api.ok("PUT", f"{V2}/ports/{port['id']}", json={"port": {"binding:vnic_type": "normal"}})
    assert api.ok("GET", f"{V2}/ports/{port['id']}")["port"]["binding:vnic_type"] == "normal"


def test_mac_address_is_unique_on_the_network(api: Callers, subnet: Json) -> None:
    mac = "FA:16:3E:00:00:01"
    assert create(api, subnet, mac_address=mac).json()["port"]["mac_address"] == mac.lower()
    assert failure(create(api, subnet, mac_address=mac)) == (409, "MacAddressInUse")
    other = create(api, subnet).json()["port"]
    changed = api.request("PUT", f"{V2}/ports/{other['id']}", "admin", json={"port": {"mac_address": mac}})
    assert failure(changed) == (409, "MacAddressInUse")


def test_exhausted_pool(api: Callers, subnet: Json) -> None:
    body = {"ports": [{"network_id": subnet["network_id"]}] * 13}
    ports = api.ok("POST", f"{V2}/ports", json=body)["ports"]
    assert len({address(port) for port in ports}) == 13
    assert "192.0.2.1" not in {address(port) for port in ports}
    assert failure(create(api, subnet)) == (409, "IpAddressGenerationFailure")
    api.ok("DELETE", f"{V2}/ports/{ports[4]['id']}")
    assert address(create(api, subnet).json()["port"]) == address(ports[4])


def test_update_of_addresses(api: Callers, port: Json, subnet: Json) -> None:
    path = f"{V2}/ports/{port['id']}"
    requests = [{"subnet_id": subnet["id"]}, {"ip_address": "192.0.2.10"}]
    updated = api.ok("PUT", path, json={"port": {"fixed_ips": requests}})["port"]
    assert sorted(fixed["ip_address"] for fixed in updated["fixed_ips"]) == ["192.0.2.10", "192.0.2.2"]
    updated = api.ok("PUT", path, json={"port": {"fixed_ips": [{"ip_address": "192.0.2.10"}]}})["port"]
    assert [fixed["ip_address"] for fixed in updated["fixed_ips"]] == ["192.0.2.10"]
    assert address(create(api, subnet, fixed_ips=[{"ip_address": "192.0.2.2"}]).json()["port"]) == "192.0.2.2"
    conflict = api.request("PUT", path, json={"port": {"fixed_ips": [{"ip_address": "192.0.2.2"}]}})
    assert failure(conflict) == (409, "IpAddressInUse")
    assert api.ok("GET", path)["port"] == updated
    renamed = api.ok("PUT", path, json={"port": {"name": "p", "device_id": "d", "device_owner": "x:y"}})["port"]
    assert (renamed["name"], renamed["status"], renamed["device_owner"]) == ("p", "ACTIVE", "x:y")


def test_filters(api: Callers, port: Json, subnet: Json) -> None:
    other = create(api, subnet, name="other", device_id="d-1", device_owner="compute:nova").json()["port"]

    def ids(query: str) -> list[str]:
        return [item["id"] for item in api.ok("GET", f"{V2}/ports?{query}")["ports"]]

    assert ids("fixed_ips=ip_address%3D192.0.2.2") == [port["id"]]
    assert ids(f"fixed_ips=ip_address%3D192.0.2.3&fixed_ips=subnet_id%3D{subnet['id']}") == [other["id"]]
    assert ids("fixed_ips=ip_address_substr%3D.2.3") == [other["id"]]
    assert ids("device_id=d-1") == [other["id"]]
    assert ids("device_owner=compute:nova") == [other["id"]]
    assert ids(f"network_id={subnet['network_id']}&status=DOWN") == [port["id"]]
    assert ids(f"mac_address={port['mac_address']}") == [port["id"]]
    assert ids("network_id=none") == []
    [group_id] = port["security_groups"]
    assert sorted(ids(f"security_groups={group_id}")) == sorted([port["id"], other["id"]])
    assert ids("security_groups=none") == []
    assert failure(api.request("GET", f"{V2}/ports?fixed_ips=colour%3Dred")) == (400, "HTTPBadRequest")


def test_slaac_address_is_derived_from_the_mac_address(api: Callers, network: Json) -> None:
    body = {
        "network_id": network["id"],
        "ip_version": 6,
        "cidr": "2001:db8:1::/64",
        "ipv6_address_mode": "slaac",
        "ipv6_ra_mode": "slaac",
    }
    api.ok("POST", f"{V2}/subnets", json={"subnet": body})
    created = api.ok(
        "POST", f"{V2}/ports", json={"port": {"network_id": network["id"], "mac_address": "fa:16:3e:00:00:0a"}}
    )
    assert address(created["port"]) == "2001:db8:1:0:f816:3eff:fe00:a"
