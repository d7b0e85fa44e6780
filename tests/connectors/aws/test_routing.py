"""Routing capability of AWS, beyond the conformance tests."""

from typing import Any

import pytest

from stratiform.connectors.aws.connector import AwsCloud
from stratiform.contract.compute import NetworkInterface, ServerSize, ServerSpec
from stratiform.contract.network import SubnetSpec
from stratiform.contract.routing import RoutingDriver, RoutingObject
from support.moto import IMAGE

SUBNET = SubnetSpec("s1", "n1", "blue", "10.7.0.0/24", "10.7.0.1")
INTERFACE = {"subnet_id": "s1", "ip_address": "10.7.0.1", "network_id": "n1", "cidr": "10.7.0.0/24"}
ADDRESS = "10.7.0.20"


def get_routing(aws: AwsCloud) -> RoutingDriver:
    assert aws.routing
    return aws.routing


def new_router(**properties: Any) -> RoutingObject:
    values = {"interfaces": [INTERFACE], "gateway": "public", "snat": True, "routes": [], "admin_state_up": True}
    return RoutingObject("router", "r1", "edge", {**values, **properties})


def new_rule(**values: Any) -> dict[str, Any]:
    names = ("protocol", "port_range_min", "port_range_max", "remote_ip_prefix", "remote_group_id")
    rule: dict[str, Any] = {
        "direction": "ingress",
        "ethertype": "IPv4",
        "remote_address_group_id": None,
        "remote_addresses": [],
    }
    return {**dict.fromkeys(names), **rule, **values}


def new_group(token: str, *rules: dict[str, Any]) -> RoutingObject:
    return RoutingObject("security_group", token, token, {"stateful": True, "rules": list(rules)})


def create_server(aws: AwsCloud, *groups: RoutingObject, filtered: bool = True) -> None:
    assert aws.network
    assert aws.compute
    subnet = aws.network.ensure_subnet(SUBNET)
    native_groups = get_routing(aws).ensure_security_groups(groups, subnet.id, filtered=filtered)
    interface = NetworkInterface(subnet.id, ADDRESS, "", native_groups)
    aws.compute.create(ServerSpec("server-1", "s", ServerSize(1, 512, 0), IMAGE, (interface,)))


def describe(aws: AwsCloud, what: str) -> list[dict[str, Any]]:
    """Return the resources of this installation, such as of `security_groups`."""
    response = getattr(aws._client.ec2, f"describe_{what}")(Filters=aws._client.build_tag_filters())
    return list(response["".join(part.title() for part in what.split("_"))])


def list_permissions(aws: AwsCloud, name: str, direction: str = "") -> list[tuple[Any, ...]]:
    """Return protocol, ports and sources of the permissions of a group."""
    [group] = [group for group in describe(aws, "security_groups") if group["GroupName"] == name]
    return sorted(
        (
            item["IpProtocol"],
            item.get("FromPort"),
            item.get("ToPort"),
            *(entry["CidrIp"] for entry in item["IpRanges"]),
            *(pair["GroupId"] for pair in item["UserIdGroupPairs"]),
        )
        for item in group[f"IpPermissions{direction}"]
    )


def get_interface(aws: AwsCloud) -> dict[str, Any]:
    [subnet] = describe(aws, "subnets")
    filters = [{"Name": "subnet-id", "Values": [subnet["SubnetId"]]}]
    [interface] = aws._client.ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]  # type: ignore[arg-type]
    return dict(interface)


def list_groups_of_interface(aws: AwsCloud) -> list[str]:
    return sorted(group["GroupName"] for group in get_interface(aws)["Groups"])


def list_routes(aws: AwsCloud) -> dict[str, str]:
    """Return the kind of target of each destination of the router's table, except the local one."""
    [table] = describe(aws, "route_tables")
    routes = [route for route in table["Routes"] if route.get("GatewayId") != "local"]
    targets = {route["DestinationCidrBlock"]: route.get("GatewayId") or route["NetworkInterfaceId"] for route in routes}
    return {destination: target.split("-")[0] for destination, target in targets.items()}


def test_rules_are_permissions_by_prefix_and_by_group(aws: AwsCloud) -> None:
    web = new_group(
        "web",
        new_rule(protocol="tcp", port_range_min=80, port_range_max=81, remote_ip_prefix="192.0.2.9/24"),
        new_rule(protocol="icmp"),
        new_rule(protocol="17", remote_group_id="db"),
        new_rule(ethertype="IPv6", protocol="tcp", remote_group_id="db"),
        new_rule(remote_address_group_id="a1", remote_addresses=["198.51.100.0/24", "2001:db8::/32"]),
        new_rule(direction="egress", ethertype="IPv6"),
        new_rule(direction="egress", remote_ip_prefix="10.0.0.0/8"),
    )
    create_server(aws, web)
    [database_id] = [item["GroupId"] for item in describe(aws, "security_groups") if item["GroupName"][-3:] == "-db"]
    assert list_permissions(aws, "stratiform-web") == [
        ("-1", None, None, "198.51.100.0/24"),
        ("icmp", -1, -1, "0.0.0.0/0"),
        ("tcp", 80, 81, "192.0.2.0/24"),
        ("udp", 0, 65535, database_id),
    ]
    assert list_permissions(aws, "stratiform-web", "Egress") == [("-1", None, None, "10.0.0.0/8")]
    get_routing(aws).apply(new_group("web", new_rule(protocol="icmp")))
    assert list_permissions(aws, "stratiform-web") == [("icmp", -1, -1, "0.0.0.0/0")]
    assert list_permissions(aws, "stratiform-web", "Egress") == []


def test_interface_has_exactly_its_groups(aws: AwsCloud) -> None:
    routing, web, database = get_routing(aws), new_group("web"), new_group("db")
    create_server(aws, web)
    assert list_groups_of_interface(aws) == ["stratiform-web"]
    routing.set_security_groups("s1", ADDRESS, [web, database], filtered=True)
    assert list_groups_of_interface(aws) == ["stratiform-db", "stratiform-web"]
    routing.set_security_groups("s1", ADDRESS, [], filtered=False)
    assert list_groups_of_interface(aws) == ["stratiform-open"]
    for direction in ("", "Egress"):
        assert list_permissions(aws, "stratiform-open", direction) == [("-1", None, None, "0.0.0.0/0")]
    routing.set_security_groups("s1", ADDRESS, [database], filtered=True)
    routing.delete("security_group", "db")
    assert list_groups_of_interface(aws) == ["stratiform-closed"]
    assert list_permissions(aws, "stratiform-closed", "Egress") == []


def test_route_table_follows_the_router(aws: AwsCloud) -> None:
    routing = get_routing(aws)
    create_server(aws)
    route = {"destination": "172.16.0.0/12", "nexthop": ADDRESS}
    routing.apply(new_router(routes=[route, {"destination": "192.168.0.0/16", "nexthop": "10.7.0.99"}]))
    [table] = describe(aws, "route_tables")
    assert [item["SubnetId"] for item in table["Associations"]] == [get_interface(aws)["SubnetId"]]
    assert list_routes(aws) == {"0.0.0.0/0": "igw", "172.16.0.0/12": "eni"}
    assert get_interface(aws)["SourceDestCheck"] is False
    routing.apply(new_router(gateway=None, routes=[route]))
    assert list_routes(aws) == {"172.16.0.0/12": "eni"}
    routing.apply(new_router(admin_state_up=False))
    assert list_routes(aws) == {}
    routing.apply(new_router(interfaces=[]))
    assert describe(aws, "route_tables") == []


def test_duplicates_of_interrupted_calls_are_deleted(aws: AwsCloud) -> None:
    routing = get_routing(aws)
    create_server(aws)
    routing.apply(new_router())
    [table] = describe(aws, "route_tables")
    specification = aws._client.build_tag_specification("route-table", "edge", {"stratiform:token": "r1"})
    aws._client.ec2.create_route_table(VpcId=table["VpcId"], TagSpecifications=[specification])
    routing.apply(new_router())
    assert len(describe(aws, "route_tables")) == 1
    address = routing.allocate_address("f1")
    specification = aws._client.build_tag_specification("elastic-ip", "", {"stratiform:token": "f1"})
    aws._client.ec2.allocate_address(Domain="vpc", TagSpecifications=[specification])
    assert address in [item["PublicIp"] for item in describe(aws, "addresses")]
    routing.delete("floating_ip", "f1")
    assert describe(aws, "addresses") == []


def test_floating_ip_is_an_elastic_ip_of_the_interface(aws: AwsCloud) -> None:
    routing, address = get_routing(aws), get_routing(aws).allocate_address("f1")
    properties = {"address": address, "fixed_address": ADDRESS, "subnet_id": "s1", "forwardings": []}
    floating_ip = RoutingObject("floating_ip", "f1", "", properties)
    routing.apply(floating_ip)  # no server has the address yet
    assert "AssociationId" not in describe(aws, "addresses")[0]
    create_server(aws)
    routing.apply(floating_ip)
    [native] = describe(aws, "addresses")
    assert native["NetworkInterfaceId"] == get_interface(aws)["NetworkInterfaceId"]
    assert native["PublicIp"] == address


def test_last_subnet_takes_groups_and_route_tables_with_it(aws: AwsCloud) -> None:
    assert aws.network
    subnet = aws.network.ensure_subnet(SUBNET)
    rule = new_rule(remote_group_id="db")
    get_routing(aws).ensure_security_groups([new_group("web", rule), new_group("db", rule)], subnet.id, filtered=True)
    get_routing(aws).apply(new_router())
    aws.network.delete_subnet(subnet.id)
    assert [describe(aws, what) for what in ("vpcs", "security_groups", "route_tables")] == [[], [], []]


@pytest.mark.parametrize("kind", ["router", "floating_ip", "security_group"])
def test_objects_without_subnets_create_nothing(aws: AwsCloud, kind: str) -> None:
    objects = {"router": new_router(), "security_group": new_group("web", new_rule())}
    if kind in objects:
        get_routing(aws).apply(objects[kind])
    assert list(get_routing(aws).list_objects()) == []
