"""Subnets, pools and gateways."""

from typing import Any

import pytest

from support.callers import Callers

V2 = "/network/v2.0"
Json = dict[str, Any]


def failure(response: Any) -> tuple[int, str]:
    """Return the status and the type of an error."""
    return response.status_code, response.json()["NeutronError"]["type"]


def create(api: Callers, network: Json, cidr: str, **attributes: Any) -> Any:
    body = {"network_id": network["id"], "ip_version": 6 if ":" in cidr else 4, "cidr": cidr, **attributes}
    return api.request("POST", f"{V2}/subnets", json={"subnet": body})


def test_defaults(api: Callers, network: Json) -> None:
    subnet = create(api, network, "10.0.0.0/24", name="s").json()["subnet"]
    assert subnet["gateway_ip"] == "10.0.0.1"
    assert subnet["allocation_pools"] == [{"start": "10.0.0.2", "end": "10.0.0.254"}]
    assert (subnet["enable_dhcp"], subnet["dns_nameservers"], subnet["host_routes"]) == (True, [], [])
    assert (subnet["subnetpool_id"], subnet["ipv6_address_mode"]) == (None, None)
    assert api.ok("GET", f"{V2}/networks/{network['id']}")["network"]["subnets"] == [subnet["id"]]


def test_pools_exclude_the_gateway(api: Callers, network: Json) -> None:
    without = create(api, network, "10.0.0.0/24", gateway_ip=None).json()["subnet"]
    assert without["gateway_ip"] is None
    assert without["allocation_pools"] == [{"start": "10.0.0.1", "end": "10.0.0.254"}]
    middle = create(api, network, "10.0.1.0/29", gateway_ip="10.0.1.3").json()["subnet"]
    assert middle["allocation_pools"] == [
        {"start": "10.0.1.1", "end": "10.0.1.2"},
        {"start": "10.0.1.4", "end": "10.0.1.6"},
    ]


def test_ipv6(api: Callers, network: Json) -> None:
    subnet = create(api, network, "2001:db8::/64").json()["subnet"]
    assert subnet["gateway_ip"] == "2001:db8::1"
    assert subnet["allocation_pools"] == [{"start": "2001:db8::2", "end": "2001:db8::ffff:ffff:ffff:ffff"}]
    port = api.ok("POST", f"{V2}/ports", json={"port": {"network_id": network["id"]}})["port"]
    assert port["fixed_ips"] == [{"subnet_id": subnet["id"], "ip_address": "2001:db8::2"}]


@pytest.mark.parametrize(
    ("cidr", "attributes", "expected"),
    [
        ("10.0.0.0/33", {}, (400, "HTTPBadRequest")),
        ("nonsense", {}, (400, "HTTPBadRequest")),
        ("10.0.0.0/24", {"ip_version": 6}, (400, "InvalidInput")),
        ("224.0.0.0/24", {}, (400, "InvalidInput")),
        ("10.0.0.0/24", {"gateway_ip": "10.0.0.0"}, (400, "InvalidInput")),
        ("10.0.0.0/24", {"gateway_ip": "10.0.0"}, (400, "HTTPBadRequest")),
        (
            "10.0.0.0/24",
            {"allocation_pools": [{"start": "10.0.0.1", "end": "10.0.0.9"}]},
            (409, "GatewayConflictWithAllocationPools"),
        ),
        (
            "10.0.0.0/24",
            {"allocation_pools": [{"start": "10.0.0.9", "end": "10.0.0.3"}]},
            (400, "InvalidAllocationPool"),
        ),
        (
            "10.0.0.0/24",
            {"allocation_pools": [{"start": "10.0.0.9", "end": "10.0.1.3"}]},
            (400, "OutOfBoundsAllocationPool"),
        ),
        (
            "10.0.0.0/24",
            {
                "allocation_pools": [
                    {"start": "10.0.0.9", "end": "10.0.0.20"},
                    {"start": "10.0.0.3", "end": "10.0.0.9"},
                ]
            },
            (409, "OverlappingAllocationPools"),
        ),
        ("10.0.0.0/24", {"host_routes": [{"destination": "x", "nexthop": "10.0.0.1"}]}, (400, "HTTPBadRequest")),
        ("10.0.0.0/24", {"dns_nameservers": ["x"]}, (400, "HTTPBadRequest")),
        ("10.0.0.0/24", {"ipv6_ra_mode": "slaac"}, (400, "InvalidInput")),
        ("2001:db8::/64", {"ipv6_ra_mode": "magic"}, (400, "HTTPBadRequest")),
        (
            "2001:db8::/64",
            {"ipv6_ra_mode": "slaac", "ipv6_address_mode": "dhcpv6-stateless"},
            (400, "InvalidInput"),
        ),
        ("10.0.0.0/24", {"subnetpool_id": "x"}, (404, "SubnetPoolNotFound")),
    ],
)
def test_invalid_requests(api: Callers, network: Json, cidr: str, attributes: Json, expected: tuple[int, str]) -> None:
    response = create(api, network, cidr, **attributes)
    assert failure(response) == expected, response.text
    assert api.ok("GET", f"{V2}/subnets")["subnets"] == []


def test_subnets_of_a_network_do_not_overlap(api: Callers, network: Json) -> None:
    assert create(api, network, "10.0.0.0/24").status_code == 201
    assert failure(create(api, network, "10.0.0.128/25")) == (400, "InvalidInput")
    other = api.ok("POST", f"{V2}/networks", json={"network": {}})["network"]
    assert create(api, other, "10.0.0.128/25").status_code == 201


def test_update(api: Callers, subnet: Json) -> None:
    path = f"{V2}/subnets/{subnet['id']}"
    body = {"name": "s", "dns_nameservers": ["9.9.9.9"], "enable_dhcp": False}
    updated = api.ok("PUT", path, json={"subnet": body})["subnet"]
    assert updated == updated | body | {"revision_number": 2}
    pools = [{"start": "192.0.2.5", "end": "192.0.2.5"}]
    assert api.ok("PUT", path, json={"subnet": {"allocation_pools": pools}})["subnet"]["allocation_pools"] == pools
    moved = api.request("PUT", path, json={"subnet": {"gateway_ip": "192.0.2.5"}})
    assert failure(moved) == (409, "GatewayConflictWithAllocationPools")
    assert failure(api.request("PUT", path, json={"subnet": {"cidr": "10.0.0.0/8"}})) == (400, "HTTPBadRequest")
    port = {"port": {"network_id": subnet["network_id"]}}
    assert api.ok("POST", f"{V2}/ports", json=port)["port"]["fixed_ips"][0]["ip_address"] == "192.0.2.5"
    assert failure(api.request("POST", f"{V2}/ports", json=port)) == (409, "IpAddressGenerationFailure")


def test_subnet_in_use_is_not_deleted(api: Callers, port: Json) -> None:
    subnet_id = port["fixed_ips"][0]["subnet_id"]
    assert failure(api.request("DELETE", f"{V2}/subnets/{subnet_id}")) == (409, "SubnetInUse")
    assert failure(api.request("DELETE", f"{V2}/networks/{port['network_id']}")) == (409, "NetworkInUse")
    assert api.request("DELETE", f"{V2}/ports/{port['id']}").status_code == 204
    assert api.request("DELETE", f"{V2}/subnets/{subnet_id}").status_code == 204
    assert failure(api.request("GET", f"{V2}/subnets/{subnet_id}")) == (404, "SubnetNotFound")
    assert api.request("DELETE", f"{V2}/networks/{port['network_id']}").status_code == 204
    assert failure(api.request("GET", f"{V2}/networks/{port['network_id']}")) == (404, "NetworkNotFound")


def test_ip_availability(api: Callers, port: Json) -> None:
    [availability] = api.ok("GET", f"{V2}/network-ip-availabilities", "admin")["network_ip_availabilities"]
    assert (availability["total_ips"], availability["used_ips"]) == (13, 1)
    assert availability["subnet_ip_availability"][0]["cidr"] == "192.0.2.0/28"
    path = f"{V2}/network-ip-availabilities/{port['network_id']}"
    assert api.ok("GET", path, "admin") == {"network_ip_availability": availability}
