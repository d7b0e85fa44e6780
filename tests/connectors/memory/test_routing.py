"""Security groups of the simulated cloud: their members are the interfaces that have them."""

from uuid import uuid4

from stratiform.connectors.memory.connector import MemoryCloud
from stratiform.contract.compute import NetworkInterface, ServerSize, ServerSpec
from stratiform.contract.network import SubnetSpec
from stratiform.contract.routing import RoutingObject
from stratiform.kit.clock import SECOND_US, ManualClock

from .conftest import Connect

ADDRESSES = ("10.77.0.20", "10.77.0.21")


def test_members_are_the_interfaces_of_servers(connect: Connect, clock: ManualClock) -> None:
    cloud = connect(latency_ms="0")
    assert cloud.compute is not None
    assert cloud.network is not None
    assert cloud.routing is not None
    subnet = cloud.network.ensure_subnet(SubnetSpec(str(uuid4()), str(uuid4()), "private", "10.77.0.0/24", "10.77.0.1"))
    web, database = (RoutingObject("security_group", str(uuid4()), name, {"rules": []}) for name in ("web", "database"))
    cloud.routing.apply(web)
    groups = cloud.routing.ensure_security_groups([web], subnet.id, filtered=True)
    servers = [cloud.compute.create(_new_server(subnet.id, address, groups)).id for address in ADDRESSES]
    assert _list_members(cloud) == {web.token: list(ADDRESSES)}
    cloud.routing.set_security_groups(subnet.token, ADDRESSES[1], [web, database], filtered=True)
    cloud.routing.apply(database)
    assert _list_members(cloud) == {web.token: list(ADDRESSES), database.token: [ADDRESSES[1]]}
    cloud.compute.delete(servers[0])
    clock.advance(SECOND_US)
    assert _list_members(cloud)[web.token] == [ADDRESSES[1]]


def _new_server(subnet_id: str, address: str, groups: tuple[str, ...]) -> ServerSpec:
    interface = NetworkInterface(subnet_id, address, "fa:16:3e:00:00:01", groups)
    return ServerSpec(str(uuid4()), "web", ServerSize(1, 512, 1), "memory-debian-12", (interface,))


def _list_members(cloud: MemoryCloud) -> dict[str, list[str]]:
    assert cloud.routing is not None
    return {item.token: item.properties["addresses"] for item in cloud.routing.list_objects()}
