"""Conformance to contract.compute."""

import base64
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest

from conformance.clouds import PUBLIC_KEY, CloudUnderTest
from stratiform.contract.compute import NativeServer, NativeServerState, NetworkInterface, ServerSpec
from stratiform.contract.errors import NativeNotFound, NotSupported, RequestRejected
from stratiform.contract.network import NativeSubnet, SubnetSpec
from stratiform.contract.registry import has_multiattach
from stratiform.contract.volume import NativeVolumeState, VolumeSpec

RUNNING, STOPPED = NativeServerState.RUNNING, NativeServerState.STOPPED


def new_spec(cloud: CloudUnderTest, **overrides: Any) -> ServerSpec:
    values: dict[str, Any] = {"name": "web-1", "size": cloud.small, "image_id": cloud.image, **overrides}
    return ServerSpec(token=str(uuid4()), **values)


def create_stopped_server(cloud: CloudUnderTest) -> NativeServer:
    server = cloud.create_server()
    cloud.compute.stop(server.id)
    return cloud.wait_for_server(server.id, STOPPED)


def create_subnet(cloud: CloudUnderTest, cidr: str = "10.77.0.0/24", network_id: str = "") -> NativeSubnet:
    gateway_ip = cidr.replace(".0/24", ".1")
    spec = SubnetSpec(str(uuid4()), network_id or str(uuid4()), "private", cidr, gateway_ip)
    return cloud.network.ensure_subnet(spec)


def interface_in(subnet: NativeSubnet, ip_address: str, number: int = 1) -> NetworkInterface:
    return NetworkInterface(subnet.id, ip_address, f"fa:16:3e:00:00:{number:02x}")


def test_created_server_becomes_running(cloud: CloudUnderTest) -> None:
    spec = new_spec(cloud)
    created = cloud.compute.create(spec)
    assert created.state in (NativeServerState.BUILDING, RUNNING)
    server = cloud.wait_for_server(created.id)
    assert (server.id, server.token, server.image_id) == (created.id, spec.token, cloud.image)
    assert server.size.vcpus >= cloud.small.vcpus
    assert server.size.ram_mib >= cloud.small.ram_mib
    assert server.launched_at is not None
    assert server.volume_ids == ()
    assert server.fault == ""


def test_create_with_the_same_token_returns_the_same_server(cloud: CloudUnderTest) -> None:
    spec = new_spec(cloud)
    server = cloud.compute.create(spec)
    assert cloud.compute.create(spec).id == server.id
    assert [item.id for item in cloud.compute.list()] == [server.id]


def test_concurrent_creates_with_one_token_create_one_server(cloud: CloudUnderTest) -> None:
    if not cloud.supports_concurrent_creates:
        pytest.skip("the test server ignores idempotency tokens")
    compute = cloud.compute
    with ThreadPoolExecutor(4) as pool:
        servers = list(pool.map(compute.create, [new_spec(cloud)] * 8))
    assert len({server.id for server in servers}) == 1
    assert len(list(compute.list())) == 1


def test_find_returns_the_server_with_a_token(cloud: CloudUnderTest) -> None:
    spec = new_spec(cloud)
    assert cloud.compute.find(spec.token) is None
    created = cloud.compute.create(spec)
    server = cloud.compute.find(spec.token)
    assert server is not None
    assert (server.id, server.token) == (created.id, spec.token)


def test_servers_of_other_installations_are_not_listed(cloud: CloudUnderTest) -> None:
    spec = new_spec(cloud)
    server = cloud.compute.create(spec)
    other = cloud.connect(uuid4().hex).compute
    assert other is not None
    assert other.find(spec.token) is None
    assert list(other.list()) == []
    assert other.create(spec).id != server.id
    assert [item.id for item in cloud.compute.list()] == [server.id]


def test_deleted_server_is_not_found(cloud: CloudUnderTest) -> None:
    server, compute = cloud.create_server(), cloud.compute
    compute.delete(server.id)
    cloud.wait_until_deleted(server)
    with suppress(NativeNotFound):
        assert compute.get(server.id).state is NativeServerState.DELETED
    if not cloud.rejects_deleted_servers:
        pytest.skip("the test server starts deleted servers")
    for operation in (compute.start, compute.stop):
        with pytest.raises((NativeNotFound, RequestRejected)):
            operation(server.id)
    assert compute.find(server.token) is None


def test_unknown_image_is_rejected(cloud: CloudUnderTest) -> None:
    spec = new_spec(cloud, image_id=cloud.unknown_image)
    with pytest.raises(RequestRejected):
        cloud.compute.create(spec)
    assert cloud.compute.find(spec.token) is None


def test_server_has_the_addresses_of_its_interfaces(cloud: CloudUnderTest) -> None:
    network_id = str(uuid4())
    first, second = create_subnet(cloud, network_id=network_id), create_subnet(cloud, "10.77.1.0/24", network_id)
    lowest = max(cloud.network.reserved_head, 2)  # .1 is the gateway
    interfaces = (interface_in(first, f"10.77.0.{lowest}"), interface_in(second, "10.77.1.200", 2))
    server = cloud.create_server(new_spec(cloud, interfaces=interfaces))
    assert server.addresses == tuple(interface.ip_address for interface in interfaces)


def test_used_address_is_rejected_until_its_server_is_deleted(cloud: CloudUnderTest) -> None:
    if not cloud.checks_addresses:
        pytest.skip("the test server accepts used addresses")
    subnet = create_subnet(cloud)
    server = cloud.create_server(new_spec(cloud, interfaces=(interface_in(subnet, "10.77.0.20"),)))
    spec = new_spec(cloud, interfaces=(interface_in(subnet, "10.77.0.20", 2),))
    with pytest.raises(RequestRejected):
        cloud.compute.create(spec)
    assert cloud.compute.find(spec.token) is None
    cloud.compute.delete(server.id)
    cloud.wait_until_deleted(server)
    assert cloud.create_server(spec).addresses == ("10.77.0.20",)


@pytest.mark.parametrize("address", ["10.77.0.0", "10.77.0.255", "10.78.0.9", "not-an-address"])
def test_invalid_address_is_rejected(cloud: CloudUnderTest, address: str) -> None:
    if not cloud.checks_addresses:
        pytest.skip("the test server accepts all addresses")
    subnet = create_subnet(cloud)
    with pytest.raises(RequestRejected):
        cloud.compute.create(new_spec(cloud, interfaces=(interface_in(subnet, address),)))


def test_server_with_public_key_user_data_and_metadata(cloud: CloudUnderTest) -> None:
    user_data = base64.b64encode(b"#cloud-config\nhostname: web-1\n").decode()
    spec = new_spec(cloud, public_key=PUBLIC_KEY, user_data=user_data, metadata={"role": "web"})
    assert cloud.create_server(spec).state is RUNNING


def test_stop_and_start_are_idempotent(cloud: CloudUnderTest) -> None:
    compute, server_id = cloud.compute, create_stopped_server(cloud).id
    compute.stop(server_id)
    assert compute.get(server_id).state is STOPPED
    compute.start(server_id)
    server = cloud.wait_for_server(server_id)
    compute.start(server_id)
    assert compute.get(server_id).state is RUNNING
    assert server.launched_at is not None


@pytest.mark.parametrize("hard", [False, True])
def test_rebooted_server_becomes_running(cloud: CloudUnderTest, hard: bool) -> None:
    server = cloud.create_server()
    cloud.compute.reboot(server.id, hard=hard)
    cloud.wait_for_server(server.id)


def test_stopped_server_is_resized(cloud: CloudUnderTest) -> None:
    compute, server_id = cloud.compute, create_stopped_server(cloud).id
    for _ in range(2):
        compute.resize(server_id, cloud.large)
    resized = cloud.wait_for(lambda: compute.get(server_id), lambda server: server.size.ram_mib >= cloud.large.ram_mib)
    assert resized.size.vcpus >= cloud.large.vcpus
    compute.start(server_id)
    assert cloud.wait_for_server(server_id).size.ram_mib == resized.size.ram_mib


def test_running_server_cannot_be_resized(cloud: CloudUnderTest) -> None:
    compute, server = cloud.compute, cloud.create_server()
    with pytest.raises(RequestRejected):
        compute.resize(server.id, cloud.large)
    assert compute.get(server.id).size == server.size


def test_rebuild_keeps_id_and_addresses(cloud: CloudUnderTest) -> None:
    interface = interface_in(create_subnet(cloud), "10.77.0.30")
    server = cloud.create_server(new_spec(cloud, interfaces=(interface,)))
    try:
        cloud.compute.rebuild(server.id, cloud.other_image)
    except NotSupported as error:
        pytest.skip(error.message)
    rebuilt = cloud.wait_for_server(server.id)
    assert (rebuilt.id, rebuilt.token, rebuilt.addresses) == (server.id, server.token, server.addresses)
    assert rebuilt.image_id == cloud.other_image


def test_delete_is_idempotent(cloud: CloudUnderTest) -> None:
    compute, server = cloud.compute, cloud.create_server()
    compute.delete(server.id)
    compute.delete(server.id)
    cloud.wait_until_deleted(server)
    compute.delete(server.id)
    assert list(compute.list()) == []


def test_server_can_be_deleted_while_it_is_created(cloud: CloudUnderTest) -> None:
    server = cloud.compute.create(new_spec(cloud))
    cloud.compute.delete(server.id)
    cloud.wait_until_deleted(server)


def test_console_output(cloud: CloudUnderTest) -> None:
    compute, server = cloud.compute, cloud.create_server(new_spec(cloud, name="web-7"))
    try:
        compute.get_console_output(server.id)
    except NotSupported as error:
        pytest.skip(error.message)
    assert cloud.wait_for(lambda: compute.get_console_output(server.id), lambda text: text != "")


def test_attach_and_detach_are_idempotent(cloud: CloudUnderTest) -> None:
    compute, server_id, volume_id = cloud.compute, cloud.create_server().id, cloud.create_volume().id
    for _ in range(2):
        compute.attach_volume(server_id, volume_id, "/dev/vdb")
    assert cloud.wait_for_volume(volume_id, NativeVolumeState.IN_USE).server_id == server_id
    assert compute.get(server_id).volume_ids == (volume_id,)
    for _ in range(2):
        compute.detach_volume(server_id, volume_id)
    assert cloud.wait_for_volume(volume_id).server_id == ""
    assert compute.get(server_id).volume_ids == ()


def test_volume_can_be_attached_to_one_server(cloud: CloudUnderTest) -> None:
    compute, volume_id = cloud.compute, cloud.create_volume().id
    first, second = cloud.create_server(), cloud.create_server()
    compute.attach_volume(first.id, volume_id, "/dev/vdb")
    with pytest.raises(RequestRejected):
        compute.attach_volume(second.id, volume_id, "/dev/vdb")
    compute.detach_volume(second.id, volume_id)
    assert cloud.volume.get(volume_id).server_id == first.id


def test_deleting_a_server_detaches_its_volumes(cloud: CloudUnderTest) -> None:
    server, volume = cloud.create_server(), cloud.create_volume()
    cloud.compute.attach_volume(server.id, volume.id, "/dev/vdb")
    cloud.compute.delete(server.id)
    cloud.wait_until_deleted(server)
    assert cloud.wait_for_volume(volume.id).server_id == ""


def test_attaching_a_deleted_volume_raises(cloud: CloudUnderTest) -> None:
    server, volume, capability = cloud.create_server(), cloud.create_volume(), cloud.volume
    capability.delete(volume.id)
    cloud.wait_for(lambda: capability.find(volume.token), lambda item: item is None)
    with pytest.raises((NativeNotFound, RequestRejected)):
        cloud.compute.attach_volume(server.id, volume.id, "/dev/vdb")


def test_list_returns_all_servers(cloud: CloudUnderTest) -> None:
    compute = cloud.compute
    ids = {compute.create(new_spec(cloud)).id for _ in range(12)}
    assert {server.id for server in compute.list()} == ids


def test_a_multiattach_volume_is_attached_to_two_servers(cloud: CloudUnderTest) -> None:
    if not has_multiattach(cloud.kind) or not cloud.supports_multiattach:
        pytest.skip("this cloud has no multiattach volumes")
    volume, other = cloud.create_volume(VolumeSpec(str(uuid4()), "shared", 1, multiattach=True)), cloud.create_volume()
    cloud.volume.set_multiattach(other.id, multiattach=True)
    servers = [cloud.create_server() for _ in range(2)]
    for server in servers * 2:
        cloud.compute.attach_volume(server.id, volume.id, "/dev/vdb")
        cloud.compute.attach_volume(server.id, other.id, "/dev/vdc")
    assert [cloud.compute.get(server.id).volume_ids for server in servers] == [(volume.id, other.id)] * 2
    with pytest.raises(RequestRejected):
        cloud.volume.set_multiattach(volume.id, multiattach=False)
    cloud.compute.detach_volume(servers[0].id, volume.id)
    assert cloud.volume.get(volume.id).server_id == servers[1].id
    with pytest.raises(RequestRejected):
        cloud.volume.delete(volume.id)
