"""Servers of OpenStack: flavors, key pairs, stopping without cost, resizes, passwords."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from connectors.openstack.conftest import ADDRESS, SMALL, FaultyCloud
from stratiform.connectors.openstack import tags
from stratiform.contract.compute import NativeServerState, NetworkInterface, ServerSize
from stratiform.contract.errors import CloudUnreachable, NativeNotFound, RequestRejected
from support.faulty_proxy import answer, find_requests
from support.processes import wait_until

RUNNING, STOPPED = NativeServerState.RUNNING, NativeServerState.STOPPED
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAUvLI9mXdKLRyHozbgasiH63sk85vKv+J1+g6K3IT2f test"


@pytest.mark.parametrize("native_type", ["", "1", "m1.tiny"])
def test_a_size_is_a_flavor(cloud: FaultyCloud, native_type: str) -> None:
    server = cloud.create_server(size=replace(SMALL, native_type=native_type))
    assert server.size == ServerSize(1, 512, 1, "m1.tiny")


def test_the_disk_of_a_flavor_may_be_larger(cloud: FaultyCloud) -> None:
    assert cloud.create_server(size=ServerSize(1, 2048, 12)).size == ServerSize(1, 2048, 20, "m1.small")


@pytest.mark.parametrize(
    ("size", "message"),
    [
        (ServerSize(3, 512, 1), "no flavor of the cloud has 3 vCPUs, 512 MiB of memory and a disk of 1 GiB"),
        (ServerSize(1, 512, 50), "a disk of 50 GiB"),
        (replace(SMALL, native_type="x9.huge"), "flavor 'x9.huge' of the cloud not found"),
    ],
)
def test_a_size_without_a_flavor_is_rejected_with_the_flavors(
    cloud: FaultyCloud, size: ServerSize, message: str
) -> None:
    with pytest.raises(RequestRejected, match=message) as raised:
        cloud.compute.create(cloud.build_spec(has_network=True, size=size))
    assert "m1.tiny" in raised.value.hint
    assert cloud.list_ports() == []


def test_no_key_pair_remains(cloud: FaultyCloud) -> None:
    server = cloud.create_server(public_key=PUBLIC_KEY)
    native = cloud.peer.admin.compute.get_server(server.id)
    assert native.key_name == f"stratiform-{server.token}"
    assert list(cloud.peer.connect_sdk().compute.keypairs()) == []


def test_a_key_pair_that_remained_is_deleted_with_the_server(cloud: FaultyCloud) -> None:
    cloud.proxy.add("DELETE .*/os-keypairs/.*", answer(404, b"{}"))
    cloud.proxy.add("DELETE .*/os-keypairs/.*", answer(503, b"{}"))
    server = cloud.create_server(public_key=PUBLIC_KEY)
    assert len(list(cloud.peer.connect_sdk().compute.keypairs())) == 1
    cloud.compute.delete(server.id)
    assert list(cloud.peer.connect_sdk().compute.keypairs()) == []


def test_an_invalid_key_is_rejected(cloud: FaultyCloud) -> None:
    with pytest.raises(RequestRejected):
        cloud.compute.create(cloud.build_spec(has_network=True, public_key="no key"))
    assert cloud.list_ports() == []


def test_a_server_has_our_metadata_and_tags_that_guests_cannot_read(cloud: FaultyCloud) -> None:
    server = cloud.create_server(metadata={"role": "web"}, config_drive=b"iso")
    native = cloud.peer.admin.compute.get_server(server.id)
    assert native.metadata == {"role": "web"}
    assert sorted(native.tags) == sorted(tags.build_tags(cloud.installation_id, server.token))
    assert native.has_config_drive


def test_a_deleted_server_leaves_no_ports(cloud: FaultyCloud) -> None:
    server = cloud.create_server(has_network=True)
    assert server.addresses == (ADDRESS,)
    cloud.compute.delete(server.id)
    wait_until(lambda: cloud.compute.find(server.token) is None, "the server remains", 20)
    assert cloud.list_ports() == []


def test_ports_that_only_nova_may_release_are_deleted_afterwards(cloud: FaultyCloud) -> None:
    """Neutron 29 permits members to delete the port of a server only after its release."""
    server = cloud.create_server(has_network=True)
    cloud.proxy.add("DELETE .*/ports/", answer(403, b'{"NeutronError": {"message": "not allowed by policy"}}'))
    cloud.compute.delete(server.id)
    assert cloud.list_ports() == [server.token]
    wait_until(lambda: cloud.compute.find(server.token) is None, "the server remains", 20)
    list(cloud.compute.list())  # as the observer
    assert cloud.list_ports() == []


def test_a_replaced_interface_leaves_no_port(cloud: FaultyCloud) -> None:
    spec = cloud.build_spec(has_network=True)
    server = cloud.wait_for_server(cloud.compute.create(spec).id)
    other = NetworkInterface(spec.interfaces[0].subnet_id, "10.70.0.21", "fa:16:3e:00:00:02")
    cloud.compute.set_interfaces(server.id, [other])
    assert cloud.compute.get(server.id).addresses == ("10.70.0.21",)
    assert cloud.list_ports() == [server.token]


def test_stop_releases_the_host_if_the_cloud_charges_for_stopped_servers(connect: Callable[..., FaultyCloud]) -> None:
    cloud = connect(stop_mode="shelve")
    server = cloud.create_server(has_network=True)
    for _ in range(2):
        cloud.compute.stop(server.id)
    cloud.wait_for_server(server.id, STOPPED)
    nova = cloud.peer.admin.compute
    wait_until(lambda: nova.get_server(server.id).status == "SHELVED_OFFLOADED", "the server keeps its host", 20)
    usage = cloud.connection.usage
    assert usage is not None
    assert [item.state for item in usage.list_inventory() if item.id == server.token] == ["stopped"]
    for _ in range(2):
        cloud.compute.start(server.id)
    assert cloud.wait_for_server(server.id).addresses == server.addresses


def test_a_server_that_was_stopped_from_within_releases_its_host(connect: Callable[..., FaultyCloud]) -> None:
    cloud = connect(stop_mode="shelve")
    server = cloud.create_server()
    cloud.peer.admin.compute.stop_server(server.id)
    cloud.wait_for_server(server.id, STOPPED)

    def is_shelved() -> bool:
        list(cloud.compute.list())  # as the observer
        return bool(cloud.peer.admin.compute.get_server(server.id).status == "SHELVED_OFFLOADED")

    wait_until(is_shelved, "the server keeps its host", 20)


def test_a_shelved_server_is_resized(connect: Callable[..., FaultyCloud]) -> None:
    """The caller repeats the request as long as the server is not ready for it, and shown as stopped."""
    cloud = connect(stop_mode="shelve")
    server, large = cloud.create_server(), ServerSize(1, 2048, 20)
    cloud.compute.stop(server.id)
    cloud.wait_for_server(server.id, STOPPED)

    def resize() -> bool:
        if cloud.compute.get(server.id).state is not STOPPED:
            assert cloud.compute.get(server.id).state is not RUNNING
            return False
        try:
            cloud.compute.resize(server.id, large)
        except CloudUnreachable:
            return False
        return True

    wait_until(resize, "the server is not resized", 30)
    wait_until(lambda: cloud.compute.get(server.id).state is STOPPED, "the server is not stopped", 20)
    resized = cloud.compute.get(server.id)
    assert (resized.size.ram_mib, resized.token) == (2048, server.token)
    assert tags.RESIZING not in cloud.peer.admin.compute.get_server(server.id).tags
    cloud.compute.start(server.id)
    cloud.wait_for_server(server.id)


def test_a_resize_is_confirmed(cloud: FaultyCloud) -> None:
    server = cloud.create_server()
    cloud.compute.stop(server.id)
    cloud.wait_for_server(server.id, STOPPED)
    cloud.compute.resize(server.id, ServerSize(1, 2048, 20))
    wait_until(lambda: cloud.compute.get(server.id).state is STOPPED, "the resize is not confirmed", 20)
    assert cloud.peer.admin.compute.get_server(server.id).status == "SHUTOFF"
    assert find_requests(cloud.proxy, "/action$")


def test_a_password_is_not_in_an_error(cloud: FaultyCloud) -> None:
    server = cloud.create_server()
    body = b'{"badRequest": {"message": "Invalid input for field adminPass. Value: pass-123. Too short"}}'
    cloud.proxy.add("/action$", answer(400, body))
    with pytest.raises(RequestRejected) as raised:
        cloud.compute.set_password(server.id, "pass-123")
    assert "pass-123" not in raised.value.message
    assert "Too short" in raised.value.message
    assert raised.value.__cause__ is None


def test_operations_on_unknown_servers(cloud: FaultyCloud) -> None:
    for operation in (cloud.compute.start, cloud.compute.stop, cloud.compute.get):
        with pytest.raises(NativeNotFound):
            operation("no-such-server")
    cloud.compute.delete("no-such-server")
    cloud.compute.detach_volume("no-such-server", "no-such-volume")
