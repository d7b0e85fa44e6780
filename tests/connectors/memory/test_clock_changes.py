"""The clock is set back by an hour: what was deleted before stays deleted."""

import pytest

from stratiform.contract.compute import NativeServerState, NetworkInterface, ServerSize, ServerSpec
from stratiform.contract.errors import NativeNotFound
from stratiform.contract.network import SubnetSpec
from stratiform.contract.volume import VolumeSpec
from stratiform.kit.clock import HOUR_US, ManualClock

from .conftest import Connect

SIZE = ServerSize(1, 512, 1)


@pytest.mark.parametrize("restarted", [False, True], ids=["same-process", "restarted"])
def test_addresses_and_capacity_are_free_after_a_deletion(
    connect: Connect, clock: ManualClock, restarted: bool
) -> None:
    cloud = connect(capacity_vcpus="1")
    assert cloud.compute is not None
    assert cloud.network is not None
    subnet = cloud.network.ensure_subnet(SubnetSpec("s", "n", "net", "10.0.0.0/24", "10.0.0.1", "zone-1"))
    interfaces = (NetworkInterface(subnet.id, "10.0.0.5", "fa:16:3e:00:00:01"),)
    first = cloud.compute.create(ServerSpec("t1", "web", SIZE, "memory-cirros", interfaces=interfaces))
    cloud.compute.delete(first.id)
    clock.advance(-HOUR_US)
    compute = connect(capacity_vcpus="1").compute if restarted else cloud.compute
    assert compute is not None
    second = compute.create(ServerSpec("t1", "web", SIZE, "memory-cirros", interfaces=interfaces))
    assert second.id != first.id
    assert [server.id for server in compute.list()] == [second.id]
    with pytest.raises(NativeNotFound):
        compute.get(first.id)


def test_operations_in_progress_are_complete(connect: Connect, clock: ManualClock) -> None:
    cloud = connect()
    assert cloud.compute is not None
    assert cloud.volume is not None
    server = cloud.compute.create(ServerSpec("t1", "web", SIZE, "memory-cirros"))
    volume = cloud.volume.create(VolumeSpec("v1", "data", 1))
    back_at = clock.advance(-HOUR_US)
    server = cloud.compute.get(server.id)
    assert (server.state, server.launched_at) == (NativeServerState.RUNNING, back_at)
    cloud.compute.attach_volume(server.id, volume.id, "/dev/vdb")


def test_a_long_latency_is_kept(connect: Connect, clock: ManualClock) -> None:
    cloud = connect(latency_ms="120000")
    assert cloud.compute is not None
    server = cloud.compute.create(ServerSpec("t1", "web", SIZE, "memory-cirros"))
    other = connect(latency_ms="120000").compute
    assert other is not None
    assert other.get(server.id).state is NativeServerState.BUILDING
