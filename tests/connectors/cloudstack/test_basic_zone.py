"""The CloudStack connector in a basic zone: a shared network with security groups."""

from typing import Any

import pytest

from stratiform.connectors.cloudstack.connector import CloudStackCloud
from stratiform.contract.compute import NetworkInterface
from stratiform.contract.errors import NotSupported, RequestRejected
from stratiform.contract.network import SubnetSpec
from stratiform.contract.routing import RoutingObject
from support.cloudstack import connect_cloudstack
from support.cloudstack.api_server import ApiServer
from support.cloudstack.catalog import SHARED_CIDR
from support.cloudstack.scenarios import compute_of, create_server, get_vm, list_owned, network_of, routing_of

SUBNET = SubnetSpec("n1", "net-1", "shared", SHARED_CIDR, "192.0.2.1")
RULE = {
    "direction": "ingress",
    "ethertype": "IPv4",
    "protocol": "tcp",
    "port_range_min": 22,
    "port_range_max": 23,
    "remote_ip_prefix": None,
    "remote_group_id": None,
    "remote_address_group_id": None,
    "remote_addresses": [],
}


def new_group(token: str, *rules: dict[str, Any]) -> RoutingObject:
    return RoutingObject("security_group", token, token, {"stateful": True, "rules": list(rules)})


def create_member(cloud: CloudStackCloud, server: ApiServer, *groups: RoutingObject, filtered: bool = True) -> str:
    native = network_of(cloud).ensure_subnet(SUBNET)
    group_ids = routing_of(cloud).ensure_security_groups(groups, native.id, filtered=filtered)
    interface = NetworkInterface(native.id, "192.0.2.20", "", group_ids)
    return create_server(cloud, server, interfaces=(interface,)).id


def read_group(server: ApiServer, token: str) -> tuple[list[Any], list[Any]]:
    """Return the ingress and egress rules of a group: protocol, ports, and source or destination."""
    [group] = [row for row in list_owned(server, "groups") if row["name"].endswith(f"-{token}")]
    ingress, egress = (
        sorted(
            (rule["protocol"], rule.get("startport"), rule.get("cidr") or rule["securitygroupname"][-2:])
            for rule in group[key]
        )
        for key in ("ingressrule", "egressrule")
    )
    return ingress, egress


def list_groups_of_server(server: ApiServer) -> list[str]:
    return sorted(group["name"].rsplit("-", 1)[-1] for group in get_vm(server)["securitygroup"])


def test_subnet_is_the_shared_network(basic_cloud: CloudStackCloud, basic_server: ApiServer) -> None:
    subnet = network_of(basic_cloud).ensure_subnet(SUBNET)
    assert (subnet.id, subnet.cidr) == (basic_server.state.rows("networks")[0]["id"], SHARED_CIDR)
    with pytest.raises(RequestRejected, match="is not in CloudStack's network"):
        network_of(basic_cloud).ensure_subnet(SubnetSpec("n2", "net-2", "x", "10.0.0.0/24", "10.0.0.1"))
    network_of(basic_cloud).delete_subnet(subnet.id)
    assert (len(basic_server.state.rows("networks")), list(network_of(basic_cloud).list_subnets())) == (1, [])


def test_server_without_interfaces_gets_the_zones_network(
    basic_cloud: CloudStackCloud, basic_server: ApiServer
) -> None:
    assert create_server(basic_cloud, basic_server).addresses == ("192.0.2.2",)


def test_server_is_in_its_security_groups(basic_cloud: CloudStackCloud, basic_server: ApiServer) -> None:
    web = new_group("web", RULE, {**RULE, "protocol": None, "remote_group_id": "db"}, {**RULE, "direction": "egress"})
    create_member(basic_cloud, basic_server, web)
    assert list_groups_of_server(basic_server) == ["web"]
    assert read_group(basic_server, "web") == (
        [("all", None, "db"), ("tcp", 22, "0.0.0.0/0")],
        [("tcp", 22, "0.0.0.0/0")],
    )
    # Without an egress rule CloudStack would allow all outgoing traffic.
    routing_of(basic_cloud).apply(new_group("web"))
    assert read_group(basic_server, "web") == ([], [("tcp", 1, "127.0.0.1/32")])


def test_groups_of_a_server_change(basic_cloud: CloudStackCloud, basic_server: ApiServer) -> None:
    routing = routing_of(basic_cloud)
    server_id = create_member(basic_cloud, basic_server)
    assert list_groups_of_server(basic_server) == ["closed"]
    routing.set_security_groups("n1", "192.0.2.20", [], filtered=True)
    with pytest.raises(RequestRejected, match="while it runs") as raised:
        routing.set_security_groups("n1", "192.0.2.20", [new_group("web")], filtered=True)
    assert "stop the server" in raised.value.hint
    compute_of(basic_cloud).stop(server_id)
    basic_server.state.finish_jobs()
    routing.set_security_groups("n1", "192.0.2.20", [new_group("web"), new_group("db")], filtered=True)
    assert list_groups_of_server(basic_server) == ["db", "web"]
    with pytest.raises(RequestRejected, match="in use by virtual machines"):
        routing.delete("security_group", "web")
    routing.set_security_groups("n1", "192.0.2.20", [], filtered=False)
    assert list_groups_of_server(basic_server) == ["open"]
    assert read_group(basic_server, "open") == ([("all", None, "0.0.0.0/0")],) * 2
    routing.delete("security_group", "web")
    assert [item.token for item in routing.list_objects()] == ["db"]


def test_deleted_server_releases_its_groups(basic_cloud: CloudStackCloud, basic_server: ApiServer) -> None:
    server_id = create_member(basic_cloud, basic_server, new_group("web"))
    compute_of(basic_cloud).delete(server_id)
    basic_server.state.finish_jobs()
    routing_of(basic_cloud).delete("security_group", "web")
    assert list_owned(basic_server, "groups") == []


def test_routers_have_no_effect_and_floating_ips_are_refused(basic_cloud: CloudStackCloud) -> None:
    interface = {"subnet_id": "n1", "ip_address": "192.0.2.1", "network_id": "net-1", "cidr": SHARED_CIDR}
    router = RoutingObject("router", "r1", "edge", {"interfaces": [interface], "gateway": "public"})
    routing_of(basic_cloud).apply(router)
    assert list(routing_of(basic_cloud).list_objects()) == []
    with pytest.raises(NotSupported, match="only for isolated networks"):
        routing_of(basic_cloud).allocate_address("f1")


def test_setting_names_the_network_of_servers_in_an_advanced_zone(server: ApiServer, home: Any) -> None:
    owner = connect_cloudstack(server.url, home)
    network_of(owner).ensure_subnet(SubnetSpec("n0", "net-0", "existing", "10.9.0.0/24", "10.9.0.1"))
    name = list_owned(server, "networks")[0]["name"]
    cloud = connect_cloudstack(server.url, home, network=name)
    subnet = network_of(cloud).ensure_subnet(SubnetSpec("n1", "net-1", "x", "10.9.0.0/24", "10.9.0.1"))
    assert subnet.id == list_owned(server, "networks")[0]["id"]
    assert create_server(cloud, server).addresses == ("10.9.0.2",)
    wrong = connect_cloudstack(server.url, home, network="nowhere")
    with pytest.raises(RequestRejected, match="network 'nowhere' not found"):
        network_of(wrong).ensure_subnet(SUBNET)
