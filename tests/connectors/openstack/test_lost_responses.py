"""Lost, late and malformed responses: nothing is created twice, and nothing remains."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest

from connectors.openstack.conftest import ADDRESS, FaultyCloud, build_subnet
from stratiform.connectors.openstack import tags
from stratiform.contract.compute import NativeServerState
from stratiform.contract.errors import CloudUnreachable, InsufficientCapacity, RequestRejected
from stratiform.contract.routing import RoutingObject
from stratiform.contract.snapshot import SnapshotSpec
from stratiform.contract.volume import VolumeSpec
from support.faulty_proxy import answer, change, drop, find_requests, lose
from support.processes import wait_until

#: The requests that create a server with a network, an image of it, and so on.
SERVER, PORT = r"POST /compute/v2.1/servers$", r"POST /network/v2.0/ports$"


def repeat(request: Callable[[], Any]) -> Any:
    """Send a request whose response is lost, and then again."""
    with pytest.raises(CloudUnreachable):
        request()
    return request()


@pytest.mark.parametrize("fault", [lose, drop])
@pytest.mark.parametrize("pattern", [SERVER, PORT])
def test_a_server_is_created_once(cloud: FaultyCloud, fault: Any, pattern: str) -> None:
    spec = cloud.build_spec(has_network=True)
    cloud.proxy.add(pattern, fault)
    server = repeat(lambda: cloud.compute.create(spec))
    assert cloud.wait_for_server(server.id).addresses == (ADDRESS,)
    assert [item.id for item in cloud.compute.list()] == [server.id]
    assert cloud.list_ports() == [spec.token]


def test_a_server_that_is_not_listed_yet_is_found_by_its_port(cloud: FaultyCloud) -> None:
    spec = cloud.build_spec(has_network=True)
    server = cloud.compute.create(spec)
    cloud.wait_for_server(server.id)
    cloud.proxy.add(r"GET .*/servers/detail", change(lambda _body: b'{"servers": []}'))
    assert cloud.compute.create(spec).id == server.id
    assert len(find_requests(cloud.proxy, SERVER)) == 1


def test_of_servers_of_late_requests_one_is_found_and_all_are_listed(cloud: FaultyCloud) -> None:
    """The observer deletes all listed servers with the token but the one that it knows."""
    spec = cloud.build_spec()
    first = cloud.compute.create(spec)
    cloud.wait_for_server(first.id)
    cloud.proxy.add(r"GET .*/servers/detail", change(lambda _body: b'{"servers": []}'))
    second = cloud.compute.create(spec)
    assert second.id != first.id
    existing = cloud.compute.find(spec.token)
    assert existing is not None
    again = cloud.compute.find(spec.token)
    assert again is not None
    assert again.id == existing.id  # those of the same second are ordered by their ids
    assert {server.id for server in cloud.compute.list()} == {first.id, second.id}
    [surplus] = {first.id, second.id} - {existing.id}
    cloud.compute.delete(surplus)
    wait_until(lambda: [item.id for item in cloud.compute.list()] == [existing.id], "the surplus server remains", 20)


@pytest.mark.parametrize(
    "body", [b"<html>gateway</html>", b'{"server": {"id": 1}}', b'{"server"', b"[]", b"{}", b"\xff"]
)
def test_a_malformed_response_is_as_a_lost_one(cloud: FaultyCloud, body: bytes) -> None:
    spec = cloud.build_spec()
    cloud.proxy.add(SERVER, change(lambda _body: body))
    server = repeat(lambda: cloud.compute.create(spec))
    assert [item.id for item in cloud.compute.list()] == [server.id]


def test_a_gateway_timeout_is_as_a_lost_response(cloud: FaultyCloud) -> None:
    spec = cloud.build_spec()
    cloud.proxy.add(SERVER, answer(504, b"<html><h1>504 Gateway Time-out</h1>The server didn't respond</html>"))
    with pytest.raises(CloudUnreachable, match=r"The server didn't respond \(504\)"):
        cloud.compute.create(spec)
    assert len(find_requests(cloud.proxy, SERVER)) == 1


@pytest.mark.parametrize("fault", [lose, drop])
def test_volumes_and_snapshots_are_created_once(cloud: FaultyCloud, fault: Any) -> None:
    token = str(uuid4())
    cloud.proxy.add(r"POST /volume/v3[^?]*/volumes$", fault)
    volume = repeat(lambda: cloud.volume.create(VolumeSpec(token, "data", 1)))
    assert [item.id for item in cloud.volume.list()] == [volume.id]
    wait_until(lambda: cloud.volume.get(volume.id).state.value == "available", "the volume is not available", 20)
    cloud.proxy.add(r"POST /volume/v3[^?]*/snapshots$", fault)
    snapshot = repeat(lambda: cloud.snapshot.create(SnapshotSpec(token, "copy", volume.id)))
    assert [item.id for item in cloud.snapshot.list()] == [snapshot.id]


@pytest.mark.parametrize("pattern", [r"POST /image/v2/images$", r"PUT /image/v2/images/[^/]*/file$"])
@pytest.mark.parametrize("fault", [lose, drop])
def test_an_image_is_uploaded_once(cloud: FaultyCloud, pattern: str, fault: Any) -> None:
    token = str(uuid4())
    cloud.proxy.add(pattern, fault)
    image = repeat(lambda: cloud.image.upload(token, "golden", "raw", 4096, iter([bytes(4096)])))
    assert (image.token, image.is_ready, image.size_bytes) == (token, True, 4096)
    owned = [item for item in cloud.peer.admin.image.images() if (item.properties or {}).get(tags.TOKEN) == token]
    assert [item.id for item in owned] == [image.id]
    cloud.image.delete(image.id)


def test_an_image_of_a_server_is_created_once(cloud: FaultyCloud) -> None:
    server, token = cloud.create_server(), str(uuid4())
    cloud.proxy.add(r"POST .*/action$", lose)
    image = repeat(lambda: cloud.compute.create_image(server.id, token, "golden"))
    assert len(find_requests(cloud.proxy, "/action$")) == 1
    assert image.token == token


@pytest.mark.parametrize("fault", [lose, drop])
@pytest.mark.parametrize("resource", ["networks", "subnets"])
def test_a_subnet_is_created_once(cloud: FaultyCloud, fault: Any, resource: str) -> None:
    spec = build_subnet()
    cloud.proxy.add(rf"POST .*/{resource}$", fault)
    subnet = repeat(lambda: cloud.network.ensure_subnet(spec))
    assert list(cloud.network.list_subnets()) == [subnet]
    networks = [item.description for item in cloud.peer.admin.network.networks()]
    assert networks.count(f"stratiform {cloud.installation_id} {spec.network_id}") == 1


@pytest.mark.parametrize("fault", [lose, drop])
def test_routing_objects_are_created_once(cloud: FaultyCloud, fault: Any) -> None:
    token = str(uuid4())
    cloud.proxy.add(r"POST .*/floatingips$", fault)
    address = repeat(lambda: cloud.routing.allocate_address(token))
    subnet = build_subnet()
    cloud.network.ensure_subnet(subnet)
    interface = {"subnet_id": subnet.token, "ip_address": "10.70.0.1"}
    router = RoutingObject("router", token, "edge", {"interfaces": [interface], "gateway": "public"})
    cloud.proxy.add(r"POST .*/routers$", fault)
    repeat(lambda: cloud.routing.apply(router))
    group = RoutingObject("security_group", token, "web", {"stateful": True, "rules": []})
    cloud.proxy.add(r"POST .*/security-groups$", fault)
    repeat(lambda: cloud.routing.ensure_security_groups([group], "", filtered=True))
    objects = list(cloud.routing.list_objects())
    assert sorted(item.kind for item in objects) == ["floating_ip", "router", "security_group"]
    assert address in [item.properties.get("address") for item in objects]
    for item in objects:
        cloud.routing.delete(item.kind, item.token)
    assert list(cloud.routing.list_objects()) == []


@pytest.mark.parametrize("pattern", [PORT, r"PUT .*/add_router_interface$"])
@pytest.mark.parametrize("fault", [lose, drop])
def test_a_router_with_an_address_of_its_own_is_connected_once(cloud: FaultyCloud, pattern: str, fault: Any) -> None:
    subnet = build_subnet()
    cloud.network.ensure_subnet(subnet)
    interface = {"subnet_id": subnet.token, "ip_address": "10.70.0.9"}
    router = RoutingObject("router", str(uuid4()), "edge", {"interfaces": [interface], "gateway": None})
    cloud.proxy.add(pattern, fault)
    repeat(lambda: cloud.routing.apply(router))
    assert len(cloud.list_ports()) == 1
    cloud.routing.delete("router", router.token)
    assert cloud.list_ports() == []


def test_a_port_that_was_not_connected_is_deleted_with_its_router(cloud: FaultyCloud) -> None:
    subnet = build_subnet()
    cloud.network.ensure_subnet(subnet)
    interface = {"subnet_id": subnet.token, "ip_address": "10.70.0.9"}
    router = RoutingObject("router", str(uuid4()), "edge", {"interfaces": [interface], "gateway": None})
    cloud.proxy.add(PORT, lose)
    with pytest.raises(CloudUnreachable):
        cloud.routing.apply(router)
    cloud.routing.delete("router", router.token)
    assert cloud.list_ports() == []


def test_a_copy_of_a_snapshot_that_is_refused_leaves_no_volume(cloud: FaultyCloud) -> None:
    volume = cloud.create_volume()
    source = cloud.snapshot.create(SnapshotSpec(str(uuid4()), "source", volume.id))
    wait_until(lambda: cloud.snapshot.get(source.id).state.value == "available", "no snapshot", 20)
    cloud.proxy.add(
        r"POST /volume/v3[^?]*/snapshots$", answer(413, b'{"overLimit": {"message": "Quota exceeded: snapshots"}}')
    )
    with pytest.raises(InsufficientCapacity):
        cloud.snapshot.create(SnapshotSpec(str(uuid4()), "backup", "", source.id))

    def list_all() -> list[str]:
        list(cloud.volume.list())  # as the observer, which deletes retired volumes
        volumes = cloud.peer.admin.block_storage.volumes(all_projects=True)
        return [item.id for item in volumes if item.metadata.get(tags.INSTALLATION) == cloud.installation_id]

    wait_until(lambda: list_all() == [volume.id], "the copy remains", 20)


def test_the_snapshot_of_an_image_is_deleted_when_the_deletion_is_repeated(cloud: FaultyCloud) -> None:
    volume = cloud.create_volume()
    source = cloud.snapshot.create(SnapshotSpec(str(uuid4()), "source", volume.id))
    wait_until(lambda: cloud.snapshot.get(source.id).state.value == "available", "no snapshot", 20)
    image = cloud.snapshot.create_image(source.id, str(uuid4()), "golden")
    cloud.proxy.add(r"DELETE /volume/v3[^?]*/snapshots/", drop)
    with pytest.raises(CloudUnreachable):
        cloud.image.delete(image.id)
    cloud.image.delete(image.id)
    assert list(cloud.snapshot.list()) == []


def test_attachments_are_read_once_per_list(cloud: FaultyCloud) -> None:
    server, volumes = cloud.create_server(), [cloud.create_volume() for _ in range(3)]

    def reserve(body: bytes) -> bytes:
        document = json.loads(body)
        for item in document["volumes"]:
            item |= {"status": "reserved", "attachments": []}
        return json.dumps(document).encode()

    cloud.compute.attach_volume(server.id, volumes[0].id, "/dev/vdb")
    cloud.proxy.add(r"GET .*/volumes/detail", change(reserve))
    cloud.proxy.requests.clear()
    servers = {item.id: item.server_id for item in cloud.volume.list()}
    assert servers == {volumes[0].id: server.id, volumes[1].id: "", volumes[2].id: ""}
    assert len(find_requests(cloud.proxy, r"GET .*/attachments")) == 1


def test_a_lost_response_to_a_deletion_leaves_no_ports(cloud: FaultyCloud) -> None:
    spec = cloud.build_spec(has_network=True)
    server = cloud.compute.create(spec)
    cloud.wait_for_server(server.id)
    cloud.proxy.add(r"DELETE .*/servers/", lose)
    with pytest.raises(CloudUnreachable):
        cloud.compute.delete(server.id)
    cloud.compute.delete(server.id)
    wait_until(lambda: cloud.compute.find(spec.token) is None, "the server remains", 20)
    # The next server with the address, or the deletion of the subnet, deletes a port that remains.
    subnet_id = spec.interfaces[0].subnet_id
    cloud.network.delete_subnet(subnet_id)
    assert cloud.list_ports() == []
    assert list(cloud.network.list_subnets()) == []


def test_the_port_of_a_deleted_server_is_replaced(cloud: FaultyCloud) -> None:
    spec = cloud.build_spec(has_network=True)
    cloud.proxy.add(SERVER, drop)
    with pytest.raises(CloudUnreachable):
        cloud.compute.create(spec)
    assert cloud.list_ports() == [spec.token]
    other = cloud.build_spec(interfaces=spec.interfaces)
    assert cloud.wait_for_server(cloud.compute.create(other).id).addresses == (ADDRESS,)
    assert cloud.list_ports() == [other.token]
    with pytest.raises(RequestRejected, match=f"IP address {ADDRESS} is in use"):
        cloud.compute.create(spec)


def test_a_server_that_is_being_deleted_is_not_returned_as_the_new_one(cloud: FaultyCloud) -> None:
    spec = cloud.build_spec()
    server = cloud.compute.create(spec)
    cloud.wait_for_server(server.id)

    def mark_deleting(body: bytes) -> bytes:
        document = json.loads(body)
        for item in document["servers"]:
            item["OS-EXT-STS:task_state"] = "deleting"
        return json.dumps(document).encode()

    cloud.proxy.add(r"GET .*/servers/detail", change(mark_deleting), times=2)
    existing = cloud.compute.find(spec.token)
    assert existing is not None
    assert existing.state is NativeServerState.DELETING
    with pytest.raises(CloudUnreachable, match="still being deleted"):
        cloud.compute.create(spec)


def test_a_copy_of_a_snapshot_is_made_once(cloud: FaultyCloud) -> None:
    volume = cloud.create_volume()
    source = cloud.snapshot.create(SnapshotSpec(str(uuid4()), "copy", volume.id))
    wait_until(lambda: cloud.snapshot.get(source.id).state.value == "available", "no snapshot", 20)
    spec = SnapshotSpec(str(uuid4()), "backup", "", source.id)
    cloud.proxy.add(r"POST /volume/v3[^?]*/volumes$", lose)
    cloud.proxy.add(r"POST /volume/v3[^?]*/snapshots$", lose)
    for _ in range(2):
        with suppress(CloudUnreachable):
            cloud.snapshot.create(spec)
    copy = cloud.snapshot.create(spec)
    assert {item.id for item in cloud.snapshot.list()} == {source.id, copy.id}
    assert [item.id for item in cloud.volume.list()] == [volume.id]
    wait_until(lambda: cloud.snapshot.get(copy.id).state.value == "available", "no copy", 20)
    for snapshot_id in (source.id, copy.id):
        cloud.snapshot.delete(snapshot_id)
    wait_until(lambda: not list(cloud.snapshot.list()), "the snapshots remain", 20)

    def list_all() -> list[str]:
        list(cloud.volume.list())  # as the observer, which deletes retired volumes
        volumes = cloud.peer.admin.block_storage.volumes(all_projects=True)
        return [item.id for item in volumes if item.metadata.get(tags.INSTALLATION) == cloud.installation_id]

    wait_until(lambda: list_all() == [volume.id], "the retired volume remains", 20)
