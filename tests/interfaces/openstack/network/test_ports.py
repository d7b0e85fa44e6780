"""Ports and the addresses they hold."""

from typing import Any

import pytest

from support.callers import People

V2 = "/network/v2.0"
Thing = dict[str, Any]


def failure(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["NeutronError"]["type"]


def create(api: People, subnet: Thing, **more: Any) -> Any:
    return api.ask("POST", f"{V2}/ports", json={"port": {"network_id": subnet["network_id"], **more}})


def address(port: Thing) -> str:
    return str(port["fixed_ips"][0]["ip_address"])


def test_a_port_as_neutron_shows_it(api: People, port: Thing, subnet: Thing) -> None:
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


def test_addresses_that_are_asked_for(api: People, subnet: Thing) -> None:
    exact = create(api, subnet, fixed_ips=[{"ip_address": "192.0.2.9"}], security_groups=[]).json()["port"]
    assert (address(exact), exact["security_groups"]) == ("192.0.2.9", [])
    again = create(api, subnet, fixed_ips=[{"ip_address": "192.0.2.9", "subnet_id": subnet["id"]}])
    assert failure(again) == (409, "IpAddressInUse")
    several = create(api, subnet, fixed_ips=[{"subnet_id": subnet["id"]}, {"ip_address": "192.0.2.1"}]).json()["port"]
    assert [fixed["ip_address"] for fixed in several["fixed_ips"]] == ["192.0.2.1", "192.0.2.2"]
    assert create(api, subnet, fixed_ips=[]).json()["port"]["fixed_ips"] == []


@pytest.mark.parametrize(
    ("more", "expected"),
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
        ({"qos": "x"}, (400, "HTTPBadRequest")),
    ],
)
def test_what_can_not_be(api: People, subnet: Thing, more: Thing, expected: tuple[int, str]) -> None:
    answer = create(api, subnet, **more)
    assert failure(answer) == expected, answer.text
    assert api.ok("GET", f"{V2}/ports")["ports"] == []


def test_a_card_is_one_of_a_kind(api: People, subnet: Thing) -> None:
    mac = "FA:16:3E:00:00:01"
    assert create(api, subnet, mac_address=mac).json()["port"]["mac_address"] == mac.lower()
    assert failure(create(api, subnet, mac_address=mac)) == (409, "MacAddressInUse")
    other = create(api, subnet).json()["port"]
    changed = api.ask("PUT", f"{V2}/ports/{other['id']}", "admin", json={"port": {"mac_address": mac}})
    assert failure(changed) == (409, "MacAddressInUse")


def test_a_full_pool(api: People, subnet: Thing) -> None:
    body = {"ports": [{"network_id": subnet["network_id"]}] * 13}
    made = api.ok("POST", f"{V2}/ports", json=body)["ports"]
    assert len({address(port) for port in made}) == 13
    assert "192.0.2.1" not in {address(port) for port in made}
    assert failure(create(api, subnet)) == (409, "IpAddressGenerationFailure")
    api.ok("DELETE", f"{V2}/ports/{made[4]['id']}")
    assert address(create(api, subnet).json()["port"]) == address(made[4])


def test_move_to_other_addresses(api: People, port: Thing, subnet: Thing) -> None:
    path = f"{V2}/ports/{port['id']}"
    wanted = [{"subnet_id": subnet["id"]}, {"ip_address": "192.0.2.10"}]
    after = api.ok("PUT", path, json={"port": {"fixed_ips": wanted}})["port"]
    assert sorted(fixed["ip_address"] for fixed in after["fixed_ips"]) == ["192.0.2.10", "192.0.2.2"]
    after = api.ok("PUT", path, json={"port": {"fixed_ips": [{"ip_address": "192.0.2.10"}]}})["port"]
    assert [fixed["ip_address"] for fixed in after["fixed_ips"]] == ["192.0.2.10"]
    assert address(create(api, subnet, fixed_ips=[{"ip_address": "192.0.2.2"}]).json()["port"]) == "192.0.2.2"
    taken = api.ask("PUT", path, json={"port": {"fixed_ips": [{"ip_address": "192.0.2.2"}]}})
    assert failure(taken) == (409, "IpAddressInUse")
    assert api.ok("GET", path)["port"] == after
    named = api.ok("PUT", path, json={"port": {"name": "p", "device_id": "d", "device_owner": "x:y"}})["port"]
    assert (named["name"], named["status"], named["device_owner"]) == ("p", "ACTIVE", "x:y")


def test_filters(api: People, port: Thing, subnet: Thing) -> None:
    other = create(api, subnet, name="other", device_id="d-1", device_owner="compute:nova").json()["port"]

    def ids(query: str) -> list[str]:
        return [found["id"] for found in api.ok("GET", f"{V2}/ports?{query}")["ports"]]

    assert ids("fixed_ips=ip_address%3D192.0.2.2") == [port["id"]]
    assert ids(f"fixed_ips=ip_address%3D192.0.2.3&fixed_ips=subnet_id%3D{subnet['id']}") == [other["id"]]
    assert ids("fixed_ips=ip_address_substr%3D.2.3") == [other["id"]]
    assert ids("device_id=d-1") == [other["id"]]
    assert ids("device_owner=compute:nova") == [other["id"]]
    assert ids(f"network_id={subnet['network_id']}&status=DOWN") == [port["id"]]
    assert ids(f"mac_address={port['mac_address']}") == [port["id"]]
    assert ids("network_id=none") == []
    assert failure(api.ask("GET", f"{V2}/ports?fixed_ips=colour%3Dred")) == (400, "HTTPBadRequest")


def test_an_ipv6_card_gives_itself_its_address(api: People, network: Thing) -> None:
    body = {
        "network_id": network["id"],
        "ip_version": 6,
        "cidr": "2001:db8:1::/64",
        "ipv6_address_mode": "slaac",
        "ipv6_ra_mode": "slaac",
    }
    api.ok("POST", f"{V2}/subnets", json={"subnet": body})
    made = api.ok(
        "POST", f"{V2}/ports", json={"port": {"network_id": network["id"], "mac_address": "fa:16:3e:00:00:0a"}}
    )
    assert address(made["port"]) == "2001:db8:1:0:f816:3eff:fe00:a"
