"""Networks of OpenStack: pools, security groups by prefix, group and address group, routers, unfiltered interfaces."""

from typing import Any
from uuid import uuid4

import pytest

from connectors.openstack.conftest import ADDRESS, FaultyCloud, build_subnet
from stratiform.contract.compute import NetworkInterface
from stratiform.contract.errors import NotSupported, RequestRejected
from stratiform.contract.network import SubnetSpec
from stratiform.contract.routing import RoutingObject
from stratiform.contract.volume import VolumeSpec
from support.faulty_proxy import find_requests

RULE: dict[str, Any] = {
    "direction": "ingress",
    "ethertype": "IPv4",
    "protocol": "tcp",
    "port_range_min": 22,
    "port_range_max": 22,
    "remote_ip_prefix": None,
    "remote_group_id": None,
    "remote_address_group_id": None,
    "remote_addresses": [],
}


def build_group(*rules: dict[str, Any], token: str = "") -> RoutingObject:
    return RoutingObject("security_group", token or str(uuid4()), "web", {"stateful": True, "rules": list(rules)})


def read_rules(cloud: FaultyCloud, native_id: str) -> set[tuple[Any, ...]]:
    rules = cloud.peer.admin.network.get_security_group(native_id).security_group_rules
    names = ("direction", "protocol", "port_range_min", "remote_ip_prefix", "remote_group_id")
    return {tuple(rule[name] for name in names) for rule in rules}


def ensure(cloud: FaultyCloud, group: RoutingObject) -> str:
    [native_id] = cloud.routing.ensure_security_groups([group], "", filtered=True)
    return native_id


def test_rules_have_prefixes_groups_and_addresses(cloud: FaultyCloud) -> None:
    other, token = build_group(), str(uuid4())
    group = build_group(
        {**RULE, "remote_ip_prefix": "192.0.2.0/24"},
        {**RULE, "port_range_min": 80, "port_range_max": 80, "remote_group_id": other.token},
        {**RULE, "port_range_min": 81, "port_range_max": 81, "remote_group_id": token},
        {**RULE, "remote_address_group_id": "a", "remote_addresses": ["198.51.100.1/32", "198.51.100.2/32"]},
        {**RULE, "port_range_min": 99, "port_range_max": 99, "remote_address_group_id": "b"},
        {**RULE, "direction": "egress", "protocol": None, "port_range_min": None, "port_range_max": None},
        token=token,
    )
    native_id = ensure(cloud, group)
    other_id = ensure(cloud, other)
    assert read_rules(cloud, native_id) == {
        ("ingress", "tcp", 22, "192.0.2.0/24", None),
        ("ingress", "tcp", 80, None, other_id),
        ("ingress", "tcp", 81, None, native_id),
        ("ingress", "tcp", 22, "198.51.100.1/32", None),
        ("ingress", "tcp", 22, "198.51.100.2/32", None),
        ("egress", None, None, None, None),
    }
    cloud.proxy.clear()
    assert ensure(cloud, group) == native_id
    assert find_requests(cloud.proxy, "^(POST|PUT|DELETE) /network") == []
    cloud.routing.apply(build_group(token=token))
    assert read_rules(cloud, native_id) == set()


def test_a_default_group_has_another_name(cloud: FaultyCloud) -> None:
    """Neutron reserves the name `default` for the default group of the project."""
    group = RoutingObject("security_group", str(uuid4()), "default", {"stateful": True, "rules": []})
    assert cloud.peer.admin.network.get_security_group(ensure(cloud, group)).name == f"stratiform-{group.token}"


def test_a_group_exists_from_its_first_use(cloud: FaultyCloud) -> None:
    """Neutron limits the number of groups of a project to ten by default."""
    cloud.routing.apply(build_group(RULE))
    assert find_requests(cloud.proxy, "POST /network") == []


def test_an_interface_without_groups_is_closed_or_unfiltered(cloud: FaultyCloud) -> None:
    closed = cloud.routing.ensure_security_groups([], "", filtered=True)
    unfiltered = cloud.routing.ensure_security_groups([], "", filtered=False)
    spec = build_subnet()
    subnet = cloud.network.ensure_subnet(spec)
    interfaces = tuple(
        NetworkInterface(subnet.id, f"10.70.0.{20 + number}", f"fa:16:3e:00:00:0{number}", groups)
        for number, groups in enumerate((closed, unfiltered))
    )
    cloud.compute.create(cloud.build_spec(interfaces=interfaces))

    def read_ports() -> list[tuple[bool, int]]:
        ports = cloud.peer.admin.network.ports(network_id=_network_of(cloud, subnet.id))
        ours = sorted(
            (port for port in ports if port.device_owner.startswith("compute")), key=lambda port: str(port.fixed_ips)
        )
        return [(port.is_port_security_enabled, len(port.security_group_ids)) for port in ours]

    assert read_ports() == [(True, 0), (False, 0)]
    cloud.routing.set_security_groups(spec.token, "10.70.0.21", [build_group(RULE)], filtered=True)
    cloud.routing.set_security_groups(spec.token, "10.70.0.20", [], filtered=False)
    assert read_ports() == [(False, 0), (True, 1)]


def _network_of(cloud: FaultyCloud, subnet_id: str) -> str:
    return str(cloud.peer.admin.network.get_subnet(subnet_id).network_id)


@pytest.mark.parametrize(
    ("cidr", "pools"),
    [
        ("10.70.0.0/24", [("10.70.0.252", "10.70.0.254")]),
        ("10.70.0.0/28", [("10.70.0.12", "10.70.0.14")]),
        ("10.70.0.0/29", [("10.70.0.2", "10.70.0.6")]),
    ],
)
def test_the_clouds_own_ports_get_the_last_addresses(
    cloud: FaultyCloud, cidr: str, pools: list[tuple[str, str]]
) -> None:
    subnet = cloud.network.ensure_subnet(SubnetSpec(str(uuid4()), str(uuid4()), "small", cidr, "10.70.0.1"))
    native = cloud.peer.admin.network.get_subnet(subnet.id)
    assert [(pool["start"], pool["end"]) for pool in native.allocation_pools] == pools


def test_an_ipv6_subnet_and_one_without_a_gateway(cloud: FaultyCloud) -> None:
    network_id = str(uuid4())
    first = cloud.network.ensure_subnet(SubnetSpec(str(uuid4()), network_id, "v6", "2001:db8::/64", "2001:db8::1"))
    second = cloud.network.ensure_subnet(SubnetSpec(str(uuid4()), network_id, "v4", "10.70.0.0/24", ""))
    natives = [cloud.peer.admin.network.get_subnet(subnet.id) for subnet in (first, second)]
    assert [(native.ip_version, native.gateway_ip) for native in natives] == [(6, "2001:db8::1"), (4, None)]
    assert len({native.network_id for native in natives}) == 1


def test_an_invalid_cidr_is_rejected(cloud: FaultyCloud) -> None:
    with pytest.raises(RequestRejected, match="invalid CIDR"):
        cloud.network.ensure_subnet(SubnetSpec(str(uuid4()), str(uuid4()), "n", "10.70.0.1/24", ""))


def test_a_router_has_the_interfaces_the_gateway_and_the_routes(cloud: FaultyCloud) -> None:
    first, second = build_subnet(), build_subnet("10.71.0.0/24")
    for spec in (first, second):
        cloud.network.ensure_subnet(spec)
    interfaces = [
        {"subnet_id": spec.token, "ip_address": address, "network_id": spec.network_id, "cidr": spec.cidr}
        for spec, address in ((first, "10.70.0.1"), (second, "10.71.0.9"))
    ]
    routes = [
        {"destination": "192.0.2.0/24", "nexthop": ADDRESS},
        {"destination": "198.51.100.0/24", "nexthop": "203.0.113.1"},
    ]
    properties: dict[str, Any] = {"interfaces": interfaces, "gateway": "public", "routes": routes}
    router = RoutingObject("router", str(uuid4()), "edge", properties)
    for _ in range(2):
        cloud.routing.apply(router)
    [native] = [item for item in cloud.routing.list_objects() if item.kind == "router"]
    assert native.properties["gateway"] == cloud.peer.admin.network.find_network("public").id
    assert native.properties["routes"] == routes[:1]
    ports = cloud.peer.admin.network.ports(device_owner="network:router_interface")
    addresses = {port.fixed_ips[0]["ip_address"] for port in ports if port.device_id == _native_router(cloud)}
    assert addresses == {"10.70.0.1", "10.71.0.9"}
    changed = {"interfaces": interfaces[:1], "gateway": None, "routes": []}
    cloud.routing.apply(RoutingObject("router", router.token, "edge", changed))
    [native] = [item for item in cloud.routing.list_objects() if item.kind == "router"]
    assert (native.properties["gateway"], native.properties["routes"]) == (None, [])
    unused = {"interfaces": [{**interfaces[0], "subnet_id": str(uuid4())}], "gateway": "public"}
    cloud.routing.apply(RoutingObject("router", router.token, "edge", unused))
    assert list(cloud.routing.list_objects()) == []


def _native_router(cloud: FaultyCloud) -> str:
    [router] = [
        item for item in cloud.peer.admin.network.routers() if cloud.installation_id in (item.description or "")
    ]
    return str(router.id)


def test_volumes_need_types_for_encryption_and_several_servers(cloud: FaultyCloud) -> None:
    with pytest.raises(RequestRejected) as raised:
        cloud.volume.create(VolumeSpec(str(uuid4()), "secret", 1, encrypted=True))
    assert "encrypted_type" in raised.value.hint
    volume = cloud.create_volume()
    cloud.volume.set_multiattach(volume.id, multiattach=False)
    other = cloud.volume.create(VolumeSpec(str(uuid4()), "shared", 1, multiattach=True))
    with pytest.raises(NotSupported):
        cloud.volume.set_multiattach(other.id, multiattach=False)


def test_a_zone_of_servers_that_volumes_do_not_have_is_the_default(cloud: FaultyCloud) -> None:
    for zone in ("nova", "no-such-zone"):
        volume = cloud.volume.create(VolumeSpec(str(uuid4()), "data", 1, availability_zone=zone))
        assert volume.token
