"""Conformance to contract.server_operations: each operation works, or the connector declares why it does not."""

from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import pytest

from conformance.clouds import CloudUnderTest
from stratiform.contract.compute import ComputeDriver, NativeServerState, NetworkInterface, ServerSpec
from stratiform.contract.errors import NativeNotFound, NotSupported, RequestRejected
from stratiform.contract.network import SubnetSpec
from stratiform.contract.registry import find_unsupported_reason
from stratiform.contract.server_operations import ServerOperation
from stratiform.contract.volume import VolumeSpec

Request = Callable[[ComputeDriver, str], object]

UNKNOWN = "no-such-server"


def require_operation(cloud: CloudUnderTest, operation: ServerOperation, request: Request) -> None:
    """Skip the test if the connector declares that the cloud lacks an operation, which it then rejects."""
    compute = cloud.compute
    if find_unsupported_reason(cloud.kind, operation) is not None:
        with pytest.raises(NotSupported):
            request(compute, cloud.create_server().id)
        pytest.skip(f"this cloud cannot {operation.value} a server")


@pytest.mark.parametrize(
    ("operation", "change", "state", "reversal"),
    [
        (ServerOperation.PAUSE, ComputeDriver.pause, NativeServerState.PAUSED, ComputeDriver.unpause),
        (ServerOperation.SUSPEND, ComputeDriver.suspend, NativeServerState.SUSPENDED, ComputeDriver.resume),
    ],
)
def test_states_change_and_return(
    cloud: CloudUnderTest, operation: ServerOperation, change: Request, state: NativeServerState, reversal: Request
) -> None:
    name, reversal_name = change.__name__, reversal.__name__
    require_operation(cloud, operation, lambda compute, server_id: getattr(compute, name)(server_id))
    server = cloud.create_server()
    request = getattr(cloud.compute, name)
    request(server.id)
    cloud.wait_for_server(server.id, state)
    request(server.id)
    assert cloud.compute.get(server.id).state is state
    getattr(cloud.compute, reversal_name)(server.id)
    cloud.wait_for_server(server.id)
    with pytest.raises(NativeNotFound):
        request(UNKNOWN)


def test_a_server_boots_from_a_volume(cloud: CloudUnderTest) -> None:
    if find_unsupported_reason(cloud.kind, ServerOperation.BOOT_FROM_VOLUME) is not None:
        pytest.skip("this cloud cannot boot a server from a volume")
    if not cloud.stores_data:
        pytest.skip("the volumes of the test server have no data")
    volume = cloud.create_volume(VolumeSpec(str(uuid4()), "root", 2, image_id=cloud.image))
    size = replace(cloud.small, disk_gib=0)
    server = cloud.create_server(ServerSpec(str(uuid4()), "web", size, "", boot_volume_id=volume.id))
    assert (server.size.disk_gib, server.volume_ids) == (0, (volume.id,))
    assert cloud.volume.get(volume.id).server_id == server.id
    with pytest.raises(RequestRejected):
        cloud.compute.detach_volume(server.id, volume.id)
    with pytest.raises(RequestRejected):
        cloud.compute.create(ServerSpec(str(uuid4()), "web", size, "", boot_volume_id=volume.id))
    cloud.compute.delete(server.id)
    cloud.wait_until_deleted(server)
    assert cloud.wait_for_volume(volume.id).server_id == ""


def test_an_attached_volume_is_swapped(cloud: CloudUnderTest) -> None:
    require_operation(
        cloud, ServerOperation.SWAP_VOLUME, lambda compute, server_id: compute.swap_volume(server_id, "old", "new")
    )
    server, old = cloud.create_server(), cloud.create_volume()
    new = cloud.create_volume(VolumeSpec(str(uuid4()), "larger", 3))
    small = cloud.create_volume(VolumeSpec(str(uuid4()), "smaller", 1))
    with pytest.raises(RequestRejected):
        cloud.compute.swap_volume(server.id, old.id, new.id)
    cloud.compute.attach_volume(server.id, old.id, "/dev/vdb")
    with pytest.raises(RequestRejected):
        cloud.compute.swap_volume(server.id, old.id, small.id)
    for _ in range(2):
        cloud.compute.swap_volume(server.id, old.id, new.id)
    assert cloud.compute.get(server.id).volume_ids == (new.id,)
    assert cloud.volume.get(old.id).server_id == ""


def test_a_rescued_server_returns(cloud: CloudUnderTest) -> None:
    require_operation(
        cloud, ServerOperation.RESCUE, lambda compute, server_id: compute.rescue(server_id, cloud.other_image)
    )
    server = cloud.create_server()
    with pytest.raises(RequestRejected):
        cloud.compute.rescue(server.id, cloud.unknown_image)
    cloud.compute.rescue(server.id, cloud.other_image)
    cloud.wait_for_server(server.id, NativeServerState.RESCUED)
    cloud.compute.unrescue(server.id)
    assert cloud.wait_for_server(server.id).image_id == cloud.image


def test_an_image_of_a_server_is_created_once_and_boots(cloud: CloudUnderTest) -> None:
    if not cloud.stores_data:
        pytest.skip("the servers of the test server have no data")
    server, token = cloud.create_server(), str(uuid4())
    cloud.compute.create_image(server.id, token, "golden")
    image = cloud.wait_for(
        lambda: cloud.compute.create_image(server.id, token, "golden"), lambda native: native.is_ready
    )
    assert cloud.compute.create_image(server.id, token, "golden").id == image.id
    assert image.token == token
    spec = ServerSpec(str(uuid4()), "clone", cloud.small, image.id)
    assert cloud.create_server(spec).image_id == image.id
    cloud.images.delete(image.id)
    cloud.images.delete(image.id)
    with pytest.raises(NativeNotFound):
        cloud.images.get(image.id)


def test_interfaces_are_replaced(cloud: CloudUnderTest) -> None:
    require_operation(
        cloud, ServerOperation.CHANGE_INTERFACES, lambda compute, server_id: compute.set_interfaces(server_id, ())
    )
    subnet = cloud.network.ensure_subnet(SubnetSpec(str(uuid4()), str(uuid4()), "n", "10.66.0.0/24", "10.66.0.1"))
    interfaces = [NetworkInterface(subnet.id, f"10.66.0.{number}", f"fa:16:3e:00:00:{number:02x}") for number in (5, 6)]
    server = cloud.create_server()
    cloud.compute.set_interfaces(server.id, interfaces)
    cloud.compute.set_interfaces(server.id, interfaces)
    assert cloud.compute.get(server.id).addresses == ("10.66.0.5", "10.66.0.6")
    cloud.compute.set_interfaces(server.id, interfaces[1:])
    assert cloud.compute.get(server.id).addresses == ("10.66.0.6",)


def test_passwords_and_crash_dumps(cloud: CloudUnderTest) -> None:
    require_operation(
        cloud, ServerOperation.SET_PASSWORD, lambda compute, server_id: compute.set_password(server_id, "secret")
    )
    server = cloud.create_server()
    cloud.compute.set_password(server.id, "secret")
    cloud.compute.trigger_crash_dump(server.id)
    assert "secret" not in cloud.compute.get_console_output(server.id)
    assert cloud.compute.get(server.id).state is NativeServerState.RUNNING
    cloud.compute.stop(server.id)
    cloud.wait_for_server(server.id, NativeServerState.STOPPED)
    with pytest.raises(RequestRejected):
        cloud.compute.set_password(server.id, "secret")
